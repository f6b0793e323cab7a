"""The documents say what the code says: every settings key, every alarm and rule, every file they name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import botocore
import botocore.session
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infrastructure.settings import Environment
from paging.sections import SECTIONS
from refresh_task.command_line import _commands as command_line
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.template import Template

ENVIRONMENTS = ROOT / "docs/environments.md"
RUNBOOK = ROOT / "docs/runbook.md"
OVERRIDES = ("schedule", "task", "guards", "alarms", "sentry", "api")
NOT_SHIPPED = {"freshness-slo", "databases-failed"}
"""Alarms that neither shipped environment asks for (test_other_choices.py and test_fleet.py have them)."""


def section_of(annotation: object) -> type[BaseModel] | None:
    """The table that a field holds, if it holds one: itself, optional, or one of an array."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := section_of(part)) is not None), None)


def rows(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """One row of the table per key, in the file's order."""
    for name, field in section.model_fields.items():
        inner = section_of(field.annotation)
        key = f"{prefix}{name}"
        if section is Environment and name == "name":
            continue
        if inner is None or (prefix and name in OVERRIDES):
            yield f"| `{key}` | {default(field)} | {meaning(field)} |"
        else:
            yield from rows(inner, f"{key}[]." if name == "database" else f"{key}.")


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, BaseModel):
        return "as above"
    if field.default is None:
        return "(absent)"
    toml = {"True": "true", "False": "false", "()": "[]", "{}": "{}"}
    return f"`{toml.get(str(field.default), field.default)}`"


def meaning(field: FieldInfo) -> str:
    assert field.description, "every key needs a docstring"
    return " ".join(field.description.split())


def test_the_table_of_settings_is_that_of_the_code() -> None:
    expected = ["| Key | Default | Meaning |", "|---|---|---|", *rows(Environment)]
    written = [line for line in ENVIRONMENTS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert written == expected, "the table in docs/environments.md should be:\n" + "\n".join(expected)


def test_every_key_in_the_shipped_files_is_in_the_table() -> None:
    keys = set(re.findall(r"^\| `([^`]+)`", ENVIRONMENTS.read_text(encoding="utf-8"), flags=re.MULTILINE))
    last = {key.rsplit(".", 1)[-1] for key in keys}
    for file in (ROOT / "environments").glob("*.toml*"):
        used = set(re.findall(r"^(\w+) = ", file.read_text(encoding="utf-8"), flags=re.MULTILINE))
        assert used - last == set(), file.name


def sections() -> dict[str, str]:
    """Anchor → text of every section of the runbook that an alarm or a rule may link to."""
    parts = re.split(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def linked(template: Template) -> set[str]:
    """The anchors in what people are sent."""
    sent = [alarm.properties["AlarmDescription"] for alarm in template.resources("AWS::CloudWatch::Alarm")]
    for rule in template.resources("AWS::Events::Rule"):
        if "EventPattern" in rule.properties:
            sent += [rule.properties["Targets"][0]["InputTransformer"]["InputTemplate"], rule.properties["Description"]]
    anchors = [re.findall(r"Runbook: [^\s#]+#([\w-]+)", text) for text in sent]
    assert all(len(found) == 1 for found in anchors)
    return {found[0] for found in anchors}


def test_every_alarm_and_rule_links_to_a_section_and_every_section_is_linked_to(
    production: Template, sandbox: Template
) -> None:
    assert linked(production) | NOT_SHIPPED == set(sections())
    assert linked(sandbox) <= set(sections())


def test_every_section_is_one_that_messages_are_composed_for_and_the_other_way_round() -> None:
    assert set(SECTIONS) | {"pager-failing"} == set(sections())


def commands(text: str) -> set[str]:
    """What stands between backticks and begins with a program's name, on one line."""
    found = re.findall(r"`((?:aws|vistafresca) [^`]+)`", text)
    return {" ".join(command.split()) for command in found}


def typed(program: str) -> list[list[str]]:
    """The runbook's commands of that program, in words."""
    words = [shlex.split(command) for command in commands(RUNBOOK.read_text(encoding="utf-8"))]
    return [command for command in words if command[0] == program]


def test_the_runbooks_aws_commands_exist_and_take_these_options() -> None:
    """By botocore's own descriptions of the services, which the AWS CLI is made of."""
    session = botocore.session.get_session()
    typed = [
        shlex.split(command) for command in commands(RUNBOOK.read_text(encoding="utf-8")) if command.startswith("aws")
    ]
    assert len(typed) >= 5
    for _, service, operation, *rest in typed:
        model = session.get_service_model(service)
        known = {botocore.xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
        assert operation in known, f"aws {service} {operation}"
        shape = known[operation].input_shape
        assert shape is not None
        options = {f"--{botocore.xform_name(member, '-')}" for member in shape.members} | {"--query", "--region"}
        assert {word for word in rest if word.startswith("--")} <= options


def test_the_runbooks_own_commands_exist() -> None:
    typed = {
        command.split()[1] for command in commands(RUNBOOK.read_text(encoding="utf-8")) if command.startswith("vista")
    }
    assert typed >= {"status", "resume"}
    assert typed <= set(command_line.commands)


def test_the_links_of_an_environment_lead_to_its_own_runbook(production: Template, sandbox: Template) -> None:
    for template, url in ((production, "https://wiki.example.com/vistafresca/runbook#"), (sandbox, "docs/runbook.md#")):
        for alarm in template.resources("AWS::CloudWatch::Alarm"):
            assert f"Runbook: {url}" in alarm.properties["AlarmDescription"]


@pytest.mark.parametrize("part", ["**What happened.**", "**What to check.**", "**What to do.**"])
def test_every_section_of_the_runbook_is_whole(part: str) -> None:
    assert [name for name, text in sections().items() if part not in text] == []


def test_the_runbook_names_real_log_events_outputs_and_alarms(production: Template) -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    outputs = {name for name in production.json["Outputs"] if not name.startswith(("Main", "Fluxion", "DriverMatrix"))}
    outputs |= {re.sub(r"^(Main|Fluxion|DriverMatrix)", "", name) for name in production.json["Outputs"]}
    assert set(re.findall(r"output `(\w+)`", text)) <= outputs
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "refresh_task").rglob("*.py"))
    assert [event for event in sorted(set(re.findall(r"event `(\w+)`", text))) if event not in source] == []


@pytest.mark.parametrize("document", [ENVIRONMENTS, RUNBOOK], ids=lambda path: path.name)
def test_files_that_a_document_names_exist(document: Path) -> None:
    named = re.findall(
        r"`((?:docs|environments|infrastructure|refresh_task|sql|tests)/[\w./-]+)`", document.read_text()
    )
    missing = [name for name in named if not (ROOT / name).exists() and name != "environments/production.toml"]
    assert missing == []
