"""Every alarm and every rule of the stack becomes a message that is whole, whatever the log has to say."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from paging.evidence.task import STREAM
from paging.sections import SECTIONS, split_name
from tests.infrastructure.conftest import synthesize
from tests.infrastructure.fix_fleet import synthesize_fleet
from tests.infrastructure.template import Template, container, told_to, variables
from tests.paging.conftest import SETTINGS, Compose
from tests.paging.notifications import alarm, record, stopped_task
from tests.paging.recorded_log import API_GROUP, RecordedLog, a_failing_view, a_run

DIRECTLY = "pager-failing"  # to people, past the function
NOT_SHIPPED = "freshness-slo"  # in neither environment
RULES = ("task-not-started", "task-exited")


def a_bad_day(log: RecordedLog) -> None:
    """Something for every section."""
    a_run(log, run_id=15, began="18:00:01", ended="18:00:06")
    a_run(log, run_id=16, began="18:10:01")
    log.write("18:20:01", stream="run/refresh/17", event="run_skipped", kind="scheduled")
    log.write("18:20:03", stream="run/refresh/18", event="run_failed", kind="scheduled", message="no connection")
    a_failing_view(
        log,
        conditions=["late", "failing", "suspended", "distrusted"],
        suspended_since="2026-11-25T18:30:04+00:00",
        distrusted_since="2026-11-25T18:30:04+00:00",
        run_id=19,
    )
    log.write(
        "18:30:05", stream="run/refresh/19", event="step_failed", status="failed", run_id=19, view="public.b",
        duration_s=300.0, message="public.b failed",
    )  # fmt: skip
    waiting = {"public.b": "2026-11-25T18:15:00+00:00"}
    a_run(
        log,
        run_id=19,
        began="18:24:00",
        ended="18:30:06",
        duration_s=500.0,
        requests_waiting_since=waiting,
        exit_code=1,
        database="main",
        message="public.b failed",
    )
    log.write(
        "18:30:30", group=API_GROUP, stream="x", level="WARNING", counts="ApiFallbacks", view="public.b",
        message="Usando vista base",
    )  # fmt: skip


@cache
def mapped_fleet() -> Template:
    """Two databases behind a state machine."""
    folder = synthesize_fleet(2, layout="map")
    return Template.read(folder / "vistafresca-fleet.template.json")


def descriptions(template: Template) -> dict[str, tuple[str, float]]:
    """Section → description and threshold of the alarms of one database."""
    found = {}
    for resource in template.resources("AWS::CloudWatch::Alarm"):
        properties = resource.properties
        name = re.fullmatch(
            r"vistafresca-(?:sandbox-main|production-fluxion|fleet-fleet)-(.+)", properties["AlarmName"]
        )
        if name is not None:
            found[name[1]] = (str(properties["AlarmDescription"]), float(properties["Threshold"]))
    return found


@pytest.mark.parametrize("section", [*sorted(set(SECTIONS) - {NOT_SHIPPED, *RULES})])
def test_an_alarm_of_each_section(section: str, log: RecordedLog, composed: Compose) -> None:
    a_bad_day(log)
    description, threshold = (descriptions(mapped_fleet()) | descriptions(synthesize("production").template))[section]
    message = composed(alarm(section, description=description, threshold=threshold))
    lines = message.text.splitlines()
    what, first = re.fullmatch(r"(.+) Database: .+ First: (.+) Runbook: .+", description).groups()  # type: ignore[union-attr]  # or it fails here
    assert lines[0].startswith("main in sandbox: ")
    assert "(since 2026-11-25 18:" in lines[0]
    assert f"What happened: {what}" in lines
    assert f"What to do first: {first}" in lines
    assert f"Runbook: docs/runbook.md#{section}" in lines
    (affected,) = [line for line in lines if line.startswith("To which views: ")]
    expected = (
        {"public.b."} if SECTIONS[section].says else {"all of main.", "those that the API of main serves.", "public.b."}
    )
    assert affected.removeprefix("To which views: ") in expected
    assert "No details" not in message.text
    assert any(line.startswith("- ") for line in lines)


def test_every_alarm_and_rule_of_the_stack_is_known_to_the_function_and_no_other() -> None:
    named = set()
    environments = {name: synthesize(name).template for name in ("sandbox", "production")}
    for environment, template in (environments | {"fleet": mapped_fleet()}).items():
        names = [found.properties["AlarmName"] for found in template.resources("AWS::CloudWatch::Alarm")]
        names += [
            found.properties["Name"]
            for found in template.resources("AWS::Events::Rule")
            if "EventPattern" in found.properties
        ]
        names.remove(f"vistafresca-{environment}-{DIRECTLY}")
        for name in names:
            found = split_name(name, environment=environment)
            assert found is not None, name
            assert found[0] in ("main", "fluxion", "driver-matrix", "fleet")
            named.add(found[1])
    assert named | {NOT_SHIPPED} == set(SECTIONS)


def test_a_name_can_be_cut_in_one_way_only() -> None:
    for section in SECTIONS:
        assert [other for other in SECTIONS if other != section and other.endswith(f"-{section}")] == []
    assert split_name("vistafresca-sandbox-late-views-late", environment="sandbox") == ("late", "views-late")
    assert split_name("vistafresca-sandbox--views-late", environment="sandbox") is None
    assert split_name("vistafresca-sandbox-views-late", environment="sandbox") is None
    assert split_name("vistafresca-sandbox-main-pager-failing", environment="sandbox") is None
    assert split_name("vistafresca-other-main-views-late", environment="sandbox") is None


@pytest.mark.parametrize("section", RULES)
def test_a_task_of_each_rule(section: str, log: RecordedLog, composed: Compose) -> None:
    a_bad_day(log)
    message = composed(stopped_task(section, exit_code=None if section == "task-not-started" else 139))
    for needed in ("What happened: ", "To which views: all of main.", "Since when: ", "What to do first: "):
        assert needed in message.text
    assert f"Runbook: docs/runbook.md#{section}" in message.text


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_the_end_of_each(section: str, composed: Compose) -> None:
    message = composed(alarm(section, state="OK"))
    assert message.subject == f"OK main in sandbox: {section} is over"
    assert "What it was: What the stack says." in message.text
    assert f"docs/runbook.md#{section}" in message.text


def test_an_alarm_of_another_stack_is_passed_on_with_its_own_description(composed: Compose) -> None:
    message = composed(alarm("views-late", service="shop-main", description="The shop is on fire."))
    assert message.first_line.startswith("sandbox: the shop is on fire (since 2026-11-25 18:31:00 UTC)")
    assert "What happened: The shop is on fire." in message.text
    assert "No details: vistafresca-shop-main-views-late is none of the alarms of sandbox." in message.text


@pytest.mark.parametrize("text", ["a test", '{"AlarmName": "x"}', '["x"]', "3", '{"section": "views-late"}'])
def test_what_is_neither_an_alarm_nor_a_task_is_passed_on_as_it_came(text: str, composed: Compose) -> None:
    message = composed(text)
    assert message.subject == "sandbox: ALARM"
    assert text in message.text.splitlines()
    assert record(text)["Message"] == text


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_the_function_looks_where_the_task_and_the_api_write(environment: str) -> None:
    """The names are written twice, since neither package imports the other."""
    template = synthesize(environment).template
    settings = replace(SETTINGS, environment=environment)
    groups = {group.properties["LogGroupName"] for group in template.resources("AWS::Logs::LogGroup")}
    for task in template.resources("AWS::ECS::TaskDefinition"):
        database = variables(task)["VISTAFRESCA_DATABASE"]
        options = container(task)["LogConfiguration"]["Options"]
        assert settings.task_log_group(database) in groups
        assert f"{options['awslogs-stream-prefix']}/{container(task)['Name']}" == STREAM
        if environment == "production":
            assert settings.api_log_group(database) in groups
    pager = template.one("AWS::Lambda::Function", FunctionName=f"vistafresca-{environment}-pager")
    assert set(told_to(pager)) == {
        "VISTAFRESCA_ENVIRONMENT",
        "VISTAFRESCA_PEOPLE_TOPIC_ARN",
        "VISTAFRESCA_RUNBOOK_URL",
    }
