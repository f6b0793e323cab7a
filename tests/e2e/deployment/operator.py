"""What an operator does with the stack's outputs: run the commands that they are."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from tests.emulation.account import Account, Ended

_MEMBERS = re.compile(r"(\w+)=(\[[^\]]*\]|[^,{}]+)")


def run_task(account: Account, command: str) -> Ended:
    """Run an output that is `aws ecs run-task …`, to the task's end."""
    options = _options(command, service="ecs", action="run-task")
    network = dict(_MEMBERS.findall(options["network-configuration"].removeprefix("awsvpcConfiguration=")))
    return account.run_task(
        cluster=options["cluster"],
        taskDefinition=options["task-definition"],
        launchType=options["launch-type"],
        platformVersion=options["platform-version"],
        propagateTags=options["propagate-tags"],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": network["subnets"].strip("[]").split(","),
                "securityGroups": network["securityGroups"].strip("[]").split(","),
                "assignPublicIp": network["assignPublicIp"],
            }
        },
        overrides=json.loads(options["overrides"]),
    )


def switch_rules(account: Account, command: str, *, action: str) -> None:
    """Run an output that is `aws events enable-rule …` or disable-rule, `&&` between them."""
    events: Any = account.emulator.client("events")
    for one in command.split(" && "):
        name = _options(one, service="events", action=action)["name"]
        {"enable-rule": events.enable_rule, "disable-rule": events.disable_rule}[action](Name=name)


def _options(command: str, *, service: str, action: str) -> dict[str, str]:
    program, *words = shlex.split(command)
    assert [program, *words[:2]] == ["aws", service, action], command
    names = [word.removeprefix("--") for word in words[2::2]]
    return dict(zip(names, words[3::2], strict=True))
