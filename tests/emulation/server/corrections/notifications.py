"""Who may publish to a topic and call a function, when AWS's own services do it.

ministack delivers whatever they publish: a topic without a policy for CloudWatch, or whose key no one may use, would
page all the same. On AWS the message is lost without a word.
"""

import json
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import eventbridge, lambda_svc, sns
from ministack.services.cloudformation import provisioners

from tests.emulation.server.clock import Clock
from tests.emulation.server.journal import Journal
from tests.emulation.server.policies import publish_refusal, refusal
from tests.emulation.server.replacing import replace


def correct_encrypted_topics() -> None:
    """A topic from a template keeps its key (ministack: none, so that the key's policy would never be asked)."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    create, update = handlers["create"], handlers["update"]

    def remember_key(topic_arn: str, properties: dict[str, Any]) -> None:
        if properties.get("KmsMasterKeyId"):
            sns._topic_by_arn_any_scope(topic_arn)["attributes"]["KmsMasterKeyId"] = properties["KmsMasterKeyId"]

    def corrected_create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        arn, attributes = create(logical_id, properties, stack)
        remember_key(arn, properties)
        return arn, attributes

    def corrected_update(physical_id: str, old: Any, new: Any, stack: str, logical_id: str | None = None) -> Any:
        result = update(physical_id, old, new, stack, logical_id)
        remember_key(result[0] if isinstance(result, tuple) else result or physical_id, new)
        return result

    handlers.update(create=corrected_create, update=corrected_update)


def publish_as(service: str, topic_arn: str, message: str, *, subject: str, source_arn: str, journal: Journal) -> None:
    """Publish if the topic's policy and its key's let `service`; otherwise only the journal knows."""
    refused = publish_refusal(service, topic_arn, source_arn=source_arn)
    if refused is not None:
        journal.write("refused", service=service, topic=topic_arn, why=refused)
        return
    sns._fanout(topic_arn, new_uuid(), message, subject)
    journal.write("published", service=service, topic=topic_arn, subject=subject)


def correct_events_to_topics(journal: Journal) -> None:
    """A rule's SNS target."""

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if not target["Arn"].startswith("arn:aws:sns:"):
            faulty(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        message = json.dumps(view.event_with_detail())
        if "InputTransformer" in target:
            message = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
        elif "Input" in target:
            message = target["Input"]
        publish_as("events.amazonaws.com", target["Arn"], message, subject="", source_arn=rule["Arn"], journal=journal)

    faulty = replace(eventbridge, "_invoke_target", invoke_target)


def correct_deliveries_to_functions(*, clock: Clock, journal: Journal) -> None:
    """SNS calls a function only where the function's policy lets it, and as an asynchronous invocation: with retries,
    and with the function's on-failure destination (ministack: once, whatever becomes of it)."""

    def deliver(
        endpoint: str,
        envelope: str,
        topic_arn: str,
        subscription_arn: str,
        message_id: str,
        _message: str,
        _attributes: Any,
    ) -> None:
        refused = refusal("sns.amazonaws.com", "lambda:InvokeFunction", endpoint, source_arn=topic_arn)
        function, configuration, name = lambda_svc._get_func_record_for_ref(endpoint)
        if refused is not None or not function or not configuration:
            journal.write("refused", service="sns.amazonaws.com", function=endpoint, why=refused or "no such function")
            journal.write("handled", message=message_id)
            return
        record = {
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "EventSource": "aws:sns",
            "Sns": json.loads(envelope),
        }
        lambda_svc.invoke_async_with_retry(function, {"Records": [record]})
        journal.write("invoked", function=name, topic=topic_arn)

    replace(sns, "_deliver_to_lambda", deliver)

    def execute(record: Any, event: Any, *more: Any, **named: Any) -> Any:
        result = faulty(record, event, *more, **named)
        if isinstance(result, dict) and result.get("error"):
            name = (record.get("config") or record)["FunctionName"]
            journal.metric("AWS/Lambda", "Errors", timestamp=clock.now(), FunctionName=name)
            journal.write("function_failed", function=name, result=result)
        for handed in event.get("Records", []) if isinstance(event, dict) else []:
            journal.write("handled", message=handed.get("Sns", {}).get("MessageId"))
        return result

    faulty = replace(lambda_svc, "_execute_function", execute)


def correct_mail(journal: Journal) -> None:
    """An address gets its mail: the journal is the letter box (ministack only logs that there would be one).

    A template's subscription counts as confirmed: the person's click is not part of this.
    """

    def fan_out(topic_arn: str, message_id: str, message: str, subject: str, *more: Any, **named: Any) -> None:
        # Before whoever published is answered: functions are called in threads of their own.
        for subscription in sns._topic_by_arn_any_scope(topic_arn)["subscriptions"]:
            if subscription["protocol"] == "lambda":
                journal.write("handed_on", message=message_id, function=subscription["endpoint"])
        faulty(topic_arn, message_id, message, subject, *more, **named)
        structure = more[0] if more else named.get("message_structure", "")
        text = sns._resolve_message_for_protocol(message, structure, "email")
        for subscription in sns._topic_by_arn_any_scope(topic_arn)["subscriptions"]:
            if subscription["protocol"] == "email" and subscription["confirmed"]:
                journal.write("mail", to=subscription["endpoint"], topic=topic_arn, subject=subject, text=text)

    faulty = replace(sns, "_fanout", fan_out)
