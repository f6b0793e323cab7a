"""The tables of docs/fleet.md, from synthesized templates: `python -m scripts.fleet` writes them anew.

Costs are what `vistafresca cost` says, its lines added up by column.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infrastructure.application import application, synthesize
from infrastructure.cost import Assumptions, Estimate, Way, count, estimate, prices
from infrastructure.cost.synthesis import templates_in
from infrastructure.limits import LIMITS, TemplateSize, template_sizes
from infrastructure.settings import read

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs/fleet.md"
EXAMPLE = ROOT / "environments/fleet.toml.example"
SIZED = ((1, "single"), (10, "single"), (10, "nested"), (50, "nested"), (50, "map"), (300, "map"))

ASSUMED = Assumptions(views=10, way=Way.S3_ENDPOINT)

COLUMNS = {
    "Tasks": ("Fargate, scheduled runs", "Fargate, runs for the event queue"),
    "Custom metrics": ("Custom metrics of runs and views", "Metrics counted from log lines"),
    "Alarms": ("Alarms on a metric", "Alarms on metric math"),
    "Step Functions": ("Step Functions",),
}
"""Which lines of an estimate a column adds up; all others are the rest."""


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
        f"| Databases | Layout | {' | '.join(COLUMNS)} | Rest | All, $ a month | Each |",
        f"|---|---|{'---|' * (len(COLUMNS) + 3)}",
    ]
    for (databases, layout), folder in folders.items():
        found = estimated(folder, databases, layout=layout)
        columns = [sum(line.dollars for line in found.lines if line.what in counted) for counted in COLUMNS.values()]
        parts = (*columns, found.dollars - sum(columns), found.dollars)
        lines.append(
            f"| {databases} | {layout} | {' | '.join(f'{part:.2f}' for part in parts)} | "
            f"{found.dollars / databases:.2f} |"
        )
    return lines


def estimated(assembly: Path, databases: int, *, layout: str) -> Estimate:
    """What `vistafresca cost --views 10 --way s3-endpoint` would say of it."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "fleet.toml").write_text(settings(databases, layout=layout), encoding="utf-8")
        environment = read(Path(folder), "fleet")
    return estimate(environment, count(templates_in(assembly)), ASSUMED, prices())


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
