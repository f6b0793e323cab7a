"""Every command that the template starts is a list of a program and its arguments, none of them a shell."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.infrastructure.template import Template, container

PROGRAM = "python"


def commands(template: Template) -> Iterator[tuple[str, Any]]:
    """Where it stands, and the command."""
    for task in template.resources("AWS::ECS::TaskDefinition"):
        definition = container(task)
        yield task.id, definition["Command"]
        assert {"EntryPoint", "HealthCheck"} & definition.keys() == set(), "then it belongs here, too"
    for rule in template.resources("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            if "EcsParameters" in target:
                for override in overrides(target["InputTransformer"]["InputTemplate"]):
                    if "command" in override:
                        yield rule.id, override["command"]
    for function in template.resources("AWS::Lambda::Function"):
        if (configuration := function.properties.get("ImageConfig")) is not None:
            yield function.id, [*configuration["EntryPoint"], *configuration["Command"]]


def overrides(written: str) -> list[dict[str, Any]]:
    """The container overrides of a target's input: JSON in a string, but for the places that the event fills."""
    found = json.loads(re.sub(r"<(\w+)>", r'"\1"', written))["containerOverrides"]
    assert isinstance(found, list)
    return found


def test_every_command_is_a_program_with_its_arguments(template: Template) -> None:
    found = dict(commands(template))
    assert len(found) >= 2
    for where, command in found.items():
        assert isinstance(command, list), where
        assert command[:2] == [PROGRAM, "-m"], where
        assert [part for part in command if not isinstance(part, str) or {" ", ";", "&", "|"} & set(part)] == [], where
