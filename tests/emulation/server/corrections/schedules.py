"""EventBridge's rules: what they list, when they fire, and that they start tasks."""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import json_response
from ministack.services import ecs, eventbridge, sqs

from tests.emulation.eventbridge import transformers
from tests.emulation.server.clock import Clock
from tests.emulation.server.journal import Journal
from tests.emulation.server.policies import refusal, role_refusal
from tests.emulation.server.replacing import replace

_TICK_S = 0.1
_SERVICE = "events.amazonaws.com"


def correct_network_configuration() -> None:
    """A target from a template keeps its AwsVpcConfiguration under CloudFormation's name; the API's is
    awsvpcConfiguration."""

    def list_targets(data: dict[str, Any]) -> Any:
        status, _, body = faulty(data)
        document = json.loads(body)
        for target in document.get("Targets", []):
            _rename_network(target)
        return json_response(document, status)

    faulty = replace(eventbridge, "_list_targets_by_rule", list_targets)


def _rename_network(target: dict[str, Any]) -> None:
    network = target.get("EcsParameters", {}).get("NetworkConfiguration", {})
    if "AwsVpcConfiguration" in network:
        network["awsvpcConfiguration"] = network.pop("AwsVpcConfiguration")


def correct_scheduler_clock(clock: Clock) -> None:
    """Rules fire by the emulated clock, at once and not within ten seconds."""
    replace(eventbridge, "_now_ts", clock.now)
    eventbridge._SCHEDULER_TICK_INTERVAL = _TICK_S


def correct_enabling(clock: Clock) -> None:
    """A rule that is enabled fires at its next time (ministack: at once, for the times that it missed)."""

    def enable_rule(data: dict[str, Any]) -> Any:
        rule = eventbridge._rule_key(data["Name"], data.get("EventBusName", "default"))
        for key in eventbridge._rules._data:
            if key[-1] == rule:
                eventbridge._rule_last_fired[key] = clock.now()
        return faulty(data)

    faulty = replace(eventbridge, "_enable_rule", enable_rule)


def correct_input_transformers() -> None:
    """An input path may take an entry of an array, $.detail.containers[0].exitCode (ministack: finds nothing there)."""

    def apply(transformer: dict[str, Any], rule: dict[str, Any], view: Any) -> str:
        return transformers.apply(transformer, view.event_with_detail(), rule_arn=rule["Arn"])

    replace(eventbridge, "_apply_input_transformer", apply)


def correct_starts_of_tasks(*, clock: Clock, journal: Journal) -> None:
    """A rule's ECS target is a call of RunTask with the rule's role; what is refused goes to the dead-letter queue
    (ministack drops both).

    A refusal that a retry would not mend is not tried again. An answer with `failures` (no capacity) is not a refusal:
    nothing tells of it. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if not target["Arn"].startswith("arn:aws:ecs:"):
            faulty(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        text = target.get("Input", "{}")
        if "InputTransformer" in target:
            text = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
        status, error, answer = _run_task(target, rule, json.loads(text))
        if status:
            journal.write("started", rule=rule["Name"], overrides=json.loads(text), tasks=answer)
            return
        journal.metric("AWS/Events", "FailedInvocations", timestamp=clock.now(), RuleName=rule["Name"])
        _bury(target, rule, view.event_with_detail(), error, clock=clock, journal=journal)

    faulty = replace(eventbridge, "_invoke_target", invoke_target)


def _run_task(
    target: dict[str, Any], rule: dict[str, Any], overrides: dict[str, Any]
) -> tuple[bool, tuple[str, str], list[str]]:
    """Whether ECS took it; else the error's code and text; and the ARNs of the tasks."""
    _rename_network(target)
    parameters = target["EcsParameters"]
    definition = parameters["TaskDefinitionArn"]
    refused = role_refusal(target["RoleArn"], "ecs:RunTask", definition, **{"ecs:cluster": target["Arn"]})
    if refused is not None:
        return False, ("AccessDeniedException", refused), []
    request = {
        "cluster": target["Arn"],
        "taskDefinition": definition,
        "count": parameters.get("TaskCount", 1),
        "launchType": parameters.get("LaunchType"),
        "platformVersion": parameters.get("PlatformVersion"),
        "networkConfiguration": parameters["NetworkConfiguration"],
        "group": parameters.get("Group", ""),
        "propagateTags": parameters.get("PropagateTags"),
        "startedBy": f"events-rule/{rule['Name']}"[:128],
        "overrides": overrides,
    }
    status, _, body = ecs._run_task({key: value for key, value in request.items() if value is not None})
    document = json.loads(body)
    if status >= 400:
        return False, (document["__type"].split("#")[-1], document.get("message", "")), []
    return True, ("", ""), [task["taskArn"] for task in document["tasks"]]


def _bury(
    target: dict[str, Any],
    rule: dict[str, Any],
    event: dict[str, Any],
    error: tuple[str, str],
    *,
    clock: Clock,
    journal: Journal,
) -> None:
    """Put it into the target's dead-letter queue, with the attributes that say why."""
    queue_arn = target.get("DeadLetterConfig", {}).get("Arn")
    if queue_arn is None:
        journal.write("lost", rule=rule["Name"], error=error)
        return
    refused = refusal(_SERVICE, "sqs:SendMessage", queue_arn, source_arn=rule["Arn"])
    if refused is not None:
        journal.metric("AWS/Events", "InvocationsFailedToBeSentToDlq", timestamp=clock.now(), RuleName=rule["Name"])
        journal.write("lost", rule=rule["Name"], error=error, why=refused)
        return
    attributes = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": error[0],
        "ERROR_MESSAGE": error[1],
    }
    queue = sqs._queue_by_arn(queue_arn)
    iam_evaluator.pin_request_origin("127.0.0.1", True)  # noqa: FBT003  # in this thread there is no request
    sqs._act_send_message(
        {
            "QueueUrl": queue["url"],
            "MessageBody": json.dumps(event),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        },
        queue["url"],
    )
    journal.metric("AWS/Events", "InvocationsSentToDlq", timestamp=clock.now(), RuleName=rule["Name"])
    journal.write("buried", rule=rule["Name"], error=error, queue=queue_arn)
