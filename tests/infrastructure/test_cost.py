"""Dollars per month against answers worked out by hand, and counts against the templates and the code that they are of.
That prices.toml is what AWS asks today is not covered."""

import json
import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner

from infrastructure.cost import Assumptions, Inventory, Way, advice, count, estimate, prices
from infrastructure.cost.command_line import cost, text
from infrastructure.cost.estimate import Estimate, fargate_dollars, nat_dollars
from infrastructure.cost.synthesis import templates, templates_in
from infrastructure.cost.workload import (
    EMPTY_QUEUE_LOG_BYTES,
    HOURS,
    RUN_LOG_BYTES,
    RUN_METRICS,
    TRANSITIONS_OF_DATABASE,
    TRANSITIONS_OF_ROUND,
    VIEW_LOG_BYTES,
    VIEW_METRICS,
    starts,
)
from infrastructure.fleet.definition import definition
from infrastructure.settings import Environment, read
from refresh_task.model import Outcome, RunKind, RunResult, RunStatus, Status, Step, Strategy, TriggerType
from refresh_task.report import reporters_for_run
from refresh_task.settings import Settings
from scripts.cost_page import PAGE, page
from scripts.fleet import DOCUMENT, estimated
from scripts.fleet import settings as fleet
from tests.infrastructure.conftest import ROOT, synthesize
from tests.infrastructure.fix_fleet import synthesize_fleet
from tests.infrastructure.template import Template
from tests.unit.test_reporters import VIEW

PRICES = prices()


def settings_of(folder: Path, text: str) -> Environment:
    (folder / "some.toml").write_text(text, encoding="utf-8")
    return read(folder, "some")


def environment(folder: Path, *, databases: int = 1, above: str = "", each: str = "") -> Environment:
    """In an existing network, with tokens: nothing but what is asked for."""
    return settings_of(
        folder,
        f"""region = "us-east-1"
{above}
[network]
vpc_id = "vpc-0123456789abcdef0"
availability_zones = ["us-east-1a"]
private_subnet_ids = ["subnet-0123456789abcdef0"]
[pager]
"""
        + "".join(
            f"""[[database]]
name = "d{number}"
security_group_id = "sg-0123456789abcdef0"
[database.iam]
host = "h"
user = "u"
dbname = "d"
resource_id = "db-ABC"
{each}
"""
            for number in range(databases)
        ),
    )


def dollars(found: Estimate, what: str) -> float:
    return sum(line.dollars for line in found.lines if line.what == what)


# ---- By hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mib", "expected"), [(60, 11), (150, 28), (400, 76)])
def test_an_image_through_nat_at_4320_runs(mib: float, expected: int) -> None:
    assert round(nat_dollars(mib=4320 * mib, prices=PRICES)) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(5, 0.71), (60, 0.71), (90, 1.07)])
def test_the_smallest_task_on_arm_at_4320_runs(seconds: float, expected: float) -> None:
    """Less than a minute is billed as one."""
    found = fargate_dollars(tasks=4320, seconds=seconds, cpu=256, memory_mib=512, arm=True, prices=PRICES)
    assert round(found, 2) == expected


def test_x86_costs_a_quarter_more() -> None:
    """4,320 minutes are 72 hours: 72 × (0.25 × 0.04048 + 0.5 × 0.004445) = 0.89."""
    found = fargate_dollars(tasks=4320, seconds=60, cpu=256, memory_mib=512, arm=False, prices=PRICES)
    assert round(found, 2) == 0.89


def test_a_database_in_an_existing_network(tmp_path: Path) -> None:
    """Every 10 minutes 4,380 starts, every 5 minutes 8,760; 64 MiB each are 821.25 GB, for 36.96."""
    found = estimate(environment(tmp_path), Inventory(), Assumptions(), PRICES)
    assert {line.what: round(line.dollars, 2) for line in found.lines} == {
        "Fargate, scheduled runs": 0.72,
        "Fargate, runs for the event queue": 1.44,
        "Image pulls through NAT": 36.96,
        "Custom metrics of runs and views": 8.40,  # 28 × 0.30
        "Log lines taken in": 0.03,  # 4,380 × 11,400 + 8,760 × 900 bytes are 0.054 GB
        "Log lines kept": 0.00,
    }


def test_what_is_there_all_the_time(tmp_path: Path) -> None:
    inventory = Inventory(
        standard_alarms=9, math_alarms=3, math_alarm_metrics=5, log_metrics=4, dashboards=1, keys=1, secrets=1,
        endpoint_zones=3, nat_gateways=1, instances=(("db.t4g.micro", 20),),
    )  # fmt: skip
    off = environment(tmp_path, above="[schedule]\nenabled = false")
    found = {line.what: round(line.dollars, 2) for line in estimate(off, inventory, Assumptions(), PRICES).lines}
    assert found == {
        "Alarms on a metric": 0.90,
        "Alarms on metric math": 0.50,
        "Metrics counted from log lines": 1.20,
        "Dashboard": 3.00,
        "KMS keys": 1.00,
        "Secrets": 0.40,
        "Private endpoints": 21.90,  # 3 × 730 × 0.01
        "NAT gateways": 32.85,  # 730 × 0.045
        "Provisioned database": 13.98,  # 730 × 0.016 + 20 × 0.115
    }


def test_the_api_by_its_requests(tmp_path: Path) -> None:
    """A million of 100 ms and 512 MiB: 1.00 + 0.20 + 50,000 GB-seconds × 0.0000133334."""
    enabled = '[database.api]\nenabled = true\nauthorizer = "iam"'
    settings = environment(tmp_path, each=enabled)
    found = estimate(settings, Inventory(), Assumptions(api_requests=1_000_000), PRICES)
    assert round(dollars(found, "HTTP API and its function"), 2) == 1.87
    assert starts(settings.database[0]).daily == pytest.approx(HOURS / 24)


def test_two_secrets_are_read_at_every_start(production: Template) -> None:
    """fluxion: password and DSN. driver-matrix has a token, and reads the DSN alone."""
    found = estimate(shipped("production"), count([production.json]), Assumptions(), PRICES)
    lines = {line.database: line.formula for line in found.lines if line.what == "Reading secrets"}
    counted = {database.name: starts(database).all for database in shipped("production").database}
    assert lines["fluxion"].startswith(f"{2 * counted['fluxion']:,.0f} × ")
    assert lines["driver-matrix"].startswith(f"{counted['driver-matrix']:,.0f} × ")


def test_a_new_network_pays_for_addresses_and_not_for_pulls(sandbox: Template) -> None:
    """219 hours a month at 0.005."""
    found = estimate(shipped("sandbox"), count([sandbox.json]), Assumptions(), PRICES)
    assert round(dollars(found, "Public addresses of tasks"), 2) == 1.09
    assert dollars(found, "Image pulls through NAT") == 0


def test_fifty_equal_databases_share_a_row_and_cost_fifty_times_as_much(tmp_path: Path) -> None:
    one = estimate(environment(tmp_path), Inventory(), Assumptions(), PRICES)
    fifty = estimate(environment(tmp_path, databases=50), Inventory(), Assumptions(), PRICES)
    assert fifty.dollars == pytest.approx(50 * one.dollars)
    assert text(fifty).count("Fargate, scheduled runs") == 1
    assert "50 × (4,380 × 60 s" in text(fifty)


# ---- Many databases ------------------------------------------------------------------------------

FIFTY = {
    "Fargate, scheduled runs": 36.04,  # 50 × 4,380 minutes × 0.0001646
    "Log lines taken in": 1.93,  # 50 × 4,380 × (3,900 + 10 × 1,500) bytes are 3.855 GB × 0.50
    "Log lines kept": 0.11,  # 30 days of them × 0.03
    "Reading secrets": 3.50,  # 50 × 2 × 4,380 × 0.08 / 10,000
    "Dashboard": 3.00,
    "KMS keys": 1.00,
}
"""What costs the same in either layout; ten views each, and no NAT gateway."""


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (
            "nested",
            {
                "Custom metrics of runs and views": 570.00,  # 50 × (18 + 2 × 10) × 0.30
                "Metrics counted from log lines": 60.00,  # 50 × 4 × 0.30
                "Alarms on a metric": 45.00,  # 50 × 9 × 0.10
                "Alarms on metric math": 15.40,  # (50 × 3 + 4 of the pager's) × 0.10
            },
        ),
        (
            "map",
            {
                "Custom metrics of runs and views": 11.40,  # (18 + 2 × 10) × 0.30, whoever writes them
                "Metrics counted from log lines": 1.20,
                "Step Functions": 11.39,  # 4,380 × (4 + 2 × 50) × 0.025 / 1,000
                "Alarms on a metric": 0.60,
                "Alarms on metric math": 1.00,  # (6 + 4 of the pager's) × 0.10
            },
        ),
    ],
)
def test_fifty_databases_by_layout(layout: str, expected: dict[str, float]) -> None:
    found = estimated(synthesize_fleet(50, layout=layout), 50, layout=layout)
    sums = {line.what: round(dollars(found, line.what), 2) for line in found.lines}
    assert sums == FIFTY | expected
    assert f"| 50 | {layout} | 36.04 |" in DOCUMENT.read_text(encoding="utf-8")


def test_a_map_that_looks_at_event_queues_starts_rounds_for_them_too(tmp_path: Path) -> None:
    """Every 5 minutes 8,760 more: (4,380 + 8,760) × (4 + 2 × 3) × 0.025 / 1,000."""
    settings = settings_of(tmp_path, fleet(3, layout="map", event_poll_minutes=5))
    found = estimate(settings, Inventory(), Assumptions(), PRICES)
    assert dollars(found, "Step Functions") == pytest.approx(3.285)


def test_a_map_that_is_off_writes_and_starts_nothing(tmp_path: Path) -> None:
    off = fleet(3, layout="map").replace("[schedule]", "[schedule]\nenabled = false")
    assert estimate(settings_of(tmp_path, off), Inventory(), Assumptions(), PRICES).lines == []


def test_the_transitions_are_those_of_the_machine() -> None:
    """A machine of three states takes four, the last one to its end."""
    machine = definition(partition="aws", bucket="b", key="k", databases=1, concurrency=1, run_task={})
    processor = machine["States"]["ForEachDatabase"]["ItemProcessor"]
    assert len(states_to_a_good_end(machine)) + 1 == TRANSITIONS_OF_ROUND
    assert len(states_to_a_good_end(processor)) + 1 == TRANSITIONS_OF_DATABASE


def states_to_a_good_end(machine: dict[str, Any]) -> list[str]:
    passed: list[str] = []
    following: str | None = machine["StartAt"]
    while following is not None:
        passed.append(following)
        state = machine["States"][following]
        following = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next")
    return passed


# ---- The counts are those of what is deployed ----------------------------------------------------


def shipped(name: str) -> Environment:
    source = ROOT / ("environments/sandbox.toml" if name == "sandbox" else "environments/production.toml.example")
    with TemporaryDirectory() as folder:
        shutil.copy(source, Path(folder) / f"{name}.toml")
        return read(Path(folder), name)


def test_alarms_and_the_rest_are_counted_in_the_template(template: Template) -> None:
    found = count([template.json])
    alarms = template.resources("AWS::CloudWatch::Alarm")
    assert found.standard_alarms == sum("MetricName" in alarm.properties for alarm in alarms)
    assert found.math_alarms == len(alarms) - found.standard_alarms > 0
    assert found.math_alarm_metrics == sum(json.dumps(alarm.properties).count('"MetricStat"') for alarm in alarms)
    services = len(template.resources("AWS::ECS::TaskDefinition"))
    names = {"RunsStarted", "RunsFinished", "ViewsFailed", "RunsFailed"}
    assert found.log_metrics == services * len(names)
    assert found.dashboards == found.keys == 1


def test_an_alarm_on_all_rules_costs_as_much_as_it_has_rules(production: Template) -> None:
    """fluxion: by schedule, for the event queue, and daily."""
    (alarm,) = (
        body
        for body in production.json["Resources"].values()
        if body["Properties"].get("AlarmName") == "vistafresca-production-fluxion-launch-refused"
    )
    found = count([{"Resources": {"it": alarm}}])
    assert (found.math_alarms, found.math_alarm_metrics) == (1, 3)


def test_everything_that_is_deployed_is_priced_or_free(template: Template) -> None:
    """Red: what does that type cost? Count it in inventory.py, or say there why it is free."""
    assert count([template.json]).unknown == ()


def test_a_fleet_s_and_a_migrating_environment_s_too(tmp_path: Path) -> None:
    assert count(templates_in(synthesize_fleet(50, layout="map"))).unknown == ()
    text = fleet(1, layout="single").replace("log_retention_days", "migrate_on_deploy = true\nlog_retention_days")
    (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
    assert count(templates(tmp_path, "fleet")).unknown == ()


def test_what_nobody_has_priced_is_named(tmp_path: Path) -> None:
    inventory = count([{"Resources": {"it": {"Type": "AWS::SageMaker::Endpoint"}}}])
    assert (
        "Not priced: AWS::SageMaker::Endpoint."
        in estimate(environment(tmp_path), inventory, Assumptions(), PRICES).notes
    )


def test_nested_stacks_are_counted_too(sandbox: Template) -> None:
    once, twice = count([sandbox.json]), count([sandbox.json, sandbox.json])
    assert (twice.standard_alarms, twice.keys) == (2 * once.standard_alarms, 2 * once.keys)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a scheduled run that refreshes three views, and after it of a run for an empty queue."""
    names = [f"reporting.mv_of_middling_length_{number}" for number in range(3)]
    settings = Settings(service=f"production-{uuid.uuid4().hex[:8]}", trigger_type=TriggerType.CRON)
    reporter = reporters_for_run(settings)
    reporter.run_started(1234)
    for name in names:
        reporter.step_started(Step(name, Strategy.CONCURRENT, "by its unique index", 300))
        reporter.step_finished(
            Outcome(
                name, Status.COMPLETED, Strategy.CONCURRENT, "data would be late", 12.5, rows_inserted=100, rows_total=9
            )
        )
    views = tuple(replace(VIEW, name=name, target_lag=timedelta(minutes=15)) for name in names)
    outcomes = tuple(Outcome(name, Status.COMPLETED, Strategy.CONCURRENT, None, 12.5) for name in names)
    reporter.run_finished(RunResult(1234, RunStatus.SUCCEEDED, None, 13.0, outcomes, views, RunKind.SCHEDULED))
    reporter.close()
    requested = reporters_for_run(replace(settings, service=f"{settings.service}-r"), kind=RunKind.REQUESTED)
    requested.nothing_requested()
    requested.close()
    return capsys.readouterr().out.splitlines()


def names_of(lines: list[str], dimensions: list[str]) -> set[str]:
    return {
        metric["Name"]
        for line in map(json.loads, lines)
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        if sorted(directive["Dimensions"][0]) == dimensions
        for metric in directive["Metrics"]
    }


def test_the_metrics_are_those_that_runs_write(written: list[str]) -> None:
    """Red: a metric more or less is 0.30 a month for every database or view: correct workload.py and docs/cost.md."""
    assert len(names_of(written, ["service"])) == RUN_METRICS
    assert len(names_of(written, ["service", "view"])) == VIEW_METRICS


def test_the_log_lines_are_about_as_long_as_is_said(written: list[str]) -> None:
    """awslogs adds 26 bytes a line, says CloudWatch."""
    at = next(number for number, line in enumerate(written) if '"kind":"requested"' in line or '-r"' in line)
    of_views = [line for line in written[:at] if '"view":' in line]
    run = sum(len(line.encode()) + 26 for line in written[:at] if line not in of_views)
    view = sum(len(line.encode()) + 26 for line in of_views) / 3
    empty = sum(len(line.encode()) + 26 for line in written[at:])
    for measured, said in ((run, RUN_LOG_BYTES), (view, VIEW_LOG_BYTES), (empty, EMPTY_QUEUE_LOG_BYTES)):
        assert 0.75 * said <= measured <= 1.25 * said, (measured, said)


# ---- What a person reads -------------------------------------------------------------------------


def test_the_page_is_what_the_command_says() -> None:
    """Red: python -m scripts.cost_page"""
    today = page(PAGE.read_text(encoding="utf-8"), lambda _, name: count([synthesize(name).template.json]))
    assert PAGE.read_text(encoding="utf-8") == today
    assert len(re.findall("all together", today)) == 3


def test_the_readme_s_figures_are_the_sandbox_s(sandbox: Template) -> None:
    found = estimate(shipped("sandbox"), count([sandbox.json]), Assumptions(), PRICES)
    database = dollars(found, "Provisioned database")
    said = f"{found.dollars:.0f} dollars for the sandbox, of which its database is {database:.0f}"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_dearest_line_has_advice_with_its_saving(tmp_path: Path) -> None:
    settings = environment(tmp_path)
    said = advice(estimate(settings, Inventory(), Assumptions(), PRICES), PRICES)
    assert said is not None
    assert said.startswith("Image pulls through NAT is the largest line (36.96). An S3 gateway endpoint")
    assert "it saves 36.96 a month" in said
    spared = estimate(settings, Inventory(), Assumptions(way=Way.S3_ENDPOINT), PRICES)
    assert str(advice(spared, PRICES)).startswith("Custom metrics of runs and views is the largest line (8.40)")


def test_another_region_s_prices_are_said_to_differ(tmp_path: Path) -> None:
    source = (ROOT / "environments/sandbox.toml").read_text(encoding="utf-8")
    settings = settings_of(tmp_path, source.replace("us-east-1", "sa-east-1"))
    (note,) = estimate(settings, Inventory(), Assumptions(), PRICES).notes
    assert note == "The prices are those of us-east-1; sa-east-1's differ, by up to a factor of two."


def test_a_class_without_a_price_is_named(tmp_path: Path) -> None:
    inventory = Inventory(instances=(("db.x9.huge", 20),))
    found = estimate(environment(tmp_path), inventory, Assumptions(), PRICES)
    assert round(dollars(found, "Provisioned database"), 2) == 2.30
    assert any("There is no price of db.x9.huge" in note for note in found.notes)


def test_prices_say_of_when_and_from_where() -> None:
    assert PRICES.as_of <= datetime.now(UTC).date()
    sources = [table["source"] for table in PRICES.model_dump().values() if isinstance(table, dict)]
    assert len(sources) == 8
    assert [source for source in sources if not source.startswith("https://aws.amazon.com/")] == []


def test_the_command_in_json() -> None:
    """The whole command, as it is typed."""
    ended = subprocess.run(
        [sys.executable, "-m", "refresh_task", "cost", "sandbox", "--json", "--views", "7"],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    said: dict[str, Any] = json.loads(ended.stdout)
    assert said["dollars_per_month"] == round(sum(line["dollars"] for line in said["lines"]), 2) > 10
    assert said["prices"] == {"region": "us-east-1", "as_of": PRICES.as_of.isoformat()}
    assert said["assumptions"]["views"] == 7
    assert {"what", "database", "formula", "dollars"} == said["lines"][0].keys()


def test_an_environment_that_is_not_there_is_explained() -> None:
    ended = CliRunner().invoke(cost, ["nowhere"])
    assert ended.exit_code != 0
    assert 'there is no environment "nowhere"' in ended.output


def test_without_cdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("infrastructure.cost.synthesis", "infrastructure.application"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "aws_cdk", None)
    ended = CliRunner().invoke(cost, ["sandbox"])
    assert ended.exit_code != 0
    assert "needs aws_cdk, which is not installed. In a checkout: make install" in ended.output
