"""The tables of docs/fleet.md, from synthesized templates: `python -m scripts.fleet` writes them anew.

Costs are list prices of us-east-1 for a month of 730 hours, without any free tier; what `vistafresca cost` adds is in
cents. https://aws.amazon.com/cloudwatch/pricing/, likewise fargate, step-functions, secrets-manager, kms
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infrastructure.application import application, synthesize
from infrastructure.limits import LIMITS, TemplateSize, template_sizes

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs/fleet.md"
EXAMPLE = ROOT / "environments/fleet.toml.example"
SIZED = ((1, "single"), (10, "single"), (10, "nested"), (50, "nested"), (50, "map"), (300, "map"))

STARTS = 730 * 6
"""Of one database in a month, at a run every ten minutes and none for the event queue."""

VIEWS = 10
RUN_METRICS, VIEW_METRICS, LOG_METRICS = 17, 2, 4
METRIC, ALARM_METRIC, DASHBOARD, KEY = 0.30, 0.10, 3.00, 1.00
TASK_MINUTE = (0.25 * 0.03238 + 0.5 * 0.00356) / 60  # ARM64, 0.25 vCPU and 0.5 GB; a minute is billed at least
SECRET_READS = 2 * (0.05 + 0.03) / 10_000  # the database's and Sentry's, by Secrets Manager and KMS
TRANSITION = 0.025 / 1000
TRANSITIONS_OF_ITEM, TRANSITIONS_OF_EXECUTION = 2, 4


def settings(databases: int, *, layout: str, event_poll_minutes: int = 0) -> str:
    """The shipped example of a fleet, with this many databases."""
    head = EXAMPLE.read_text(encoding="utf-8").split("[[database]]")[0].replace('"nested"', f'"{layout}"', 1)
    head = head.replace("event_poll_minutes = 0", f"event_poll_minutes = {event_poll_minutes}")
    tables = [
        f"""
[[database]]
name = "tenant-{number:03}"
security_group_id = "sg-0123456789abcdef0"
secret.arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tenant-{number:03}/bi-refresh-GhIjKl"
"""
        for number in range(1, databases + 1)
    ]
    return head + "".join(tables)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Dollars a month."""

    tasks: float
    metrics: float
    alarms: float
    orchestration: float
    rest: float

    @property
    def all(self) -> float:
        return self.tasks + self.metrics + self.alarms + self.orchestration + self.rest


def cost(databases: int, *, layout: str, alarm_metrics: int) -> Cost:
    """`alarm_metrics`: what the alarms watch, an expression by each of its metrics."""
    services = 1 if layout == "map" else databases
    executions = STARTS if layout == "map" else 0
    return Cost(
        tasks=databases * STARTS * TASK_MINUTE,
        metrics=services * (RUN_METRICS + LOG_METRICS + VIEWS * VIEW_METRICS) * METRIC,
        alarms=alarm_metrics * ALARM_METRIC,
        orchestration=executions * (TRANSITIONS_OF_EXECUTION + databases * TRANSITIONS_OF_ITEM) * TRANSITION,
        rest=DASHBOARD + KEY + databases * STARTS * SECRET_READS,
    )


def tables(assembly: Callable[[int, str], Path]) -> Mapping[str, str]:
    """Each table's text by its name; `assembly` synthesizes so many databases in that layout."""
    folders = {(databases, layout): assembly(databases, layout) for databases, layout in SIZED}
    return {
        "sizes": "\n".join(_sizes(folders)),
        "costs": "\n".join(_costs(folders)),
    }


def _sizes(folders: Mapping[tuple[int, str], Path]) -> Sequence[str]:
    lines = [
        "| Databases | Layout | Stacks | Resources, largest stack | all | Largest template | Outputs | Parameters |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (databases, layout), folder in folders.items():
        sizes = template_sizes(folder)

        def largest(limited: str, sizes: Sequence[TemplateSize] = sizes) -> int:
            return max(int(getattr(size, limited)) for size in sizes)

        lines.append(
            f"| {databases} | {layout} | {len(sizes)} | {largest('resources')} | "
            f"{sum(size.resources for size in sizes):,} | {largest('bytes') / 1000:.0f} kB | {largest('outputs')} | "
            f"{largest('parameters')} |"
        )
    lines.append(
        f"| limit | | 2,000 in an account | {LIMITS.resources} | | {LIMITS.bytes / 1000:,.0f} kB | {LIMITS.outputs} | "
        f"{LIMITS.parameters} |"
    )
    return lines


def _costs(folders: Mapping[tuple[int, str], Path]) -> Sequence[str]:
    lines = [
        "| Databases | Layout | Tasks | Custom metrics | Alarms | Step Functions | Rest | All, $ a month | Each |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (databases, layout), folder in folders.items():
        found = cost(databases, layout=layout, alarm_metrics=_alarm_metrics(folder))
        parts = (found.tasks, found.metrics, found.alarms, found.orchestration, found.rest, found.all)
        lines.append(
            f"| {databases} | {layout} | {' | '.join(f'{part:.2f}' for part in parts)} | {found.all / databases:.2f} |"
        )
    return lines


def _alarm_metrics(folder: Path) -> int:
    resources: list[dict[str, Any]] = [
        resource
        for path in folder.glob("*.template.json")
        for resource in json.loads(path.read_text(encoding="utf-8"))["Resources"].values()
    ]
    alarms = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(
        sum("MetricStat" in metric for metric in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in alarms
    )


def replaced(document: str, texts: Mapping[str, str]) -> str:
    """The document with each table between its two marks."""
    for name, text in texts.items():
        mark = f"<!-- {name} -->"
        before, _, after = document.split(mark)
        document = f"{before}{mark}\n{text}\n{mark}{after}"
    return document


def main() -> None:
    with TemporaryDirectory() as folder:

        def assembly(databases: int, layout: str) -> Path:
            environments = Path(folder) / f"{databases}-{layout}"
            environments.mkdir()
            (environments / "fleet.toml").write_text(settings(databases, layout=layout), encoding="utf-8")
            return synthesize(application(environments=environments, name="fleet", outdir=str(environments / "out")))

        texts = tables(assembly)
    DOCUMENT.write_text(replaced(DOCUMENT.read_text(encoding="utf-8"), texts), encoding="utf-8")


if __name__ == "__main__":
    main()
