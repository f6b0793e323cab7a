"""Whether a service of AWS may do something to a resource, by the resource's own policy.

ministack has an evaluator of policies, and asks it about callers with credentials. Services that call each other it
lets pass, so that a topic whose policy grants CloudWatch nothing would still page.
https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
"""

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, lambda_svc, sns, sqs

KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_LOOKUPS = {
    "sns": sns.topic_policy_for_arn,
    "sqs": sqs.queue_policy_for_arn,
    "kms": kms.key_policy_for_arn,
    "lambda": lambda_svc.function_policy_for_arn,
}


def refusal(service: str, action: str, resource_arn: str, *, source_arn: str, sends_source: bool = True) -> str | None:
    """Why `service` (events.amazonaws.com) may not do `action`; None: it may. `sends_source`: whether the call says on
    whose behalf it is, for conditions on aws:SourceArn and aws:SourceAccount."""
    found = _LOOKUPS[resource_arn.split(":")[2]](resource_arn)
    if found is None:
        return f"{resource_arn} does not exist"
    source: dict[str, Any] = {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()}
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        secure_transport=True,
        service_context=source if sends_source else {},
    )
    decision = iam_evaluator.evaluate_resource_policy(found[0], context, service=service).decision
    return None if decision == "Allow" else f"the policy of {resource_arn} does not let {service} {action}"


def publish_refusal(service: str, topic_arn: str, *, source_arn: str) -> str | None:
    """Why `service` cannot publish to a topic: its policy, or that of the key it is encrypted with. EventBridge says of
    its calls to the key not on whose behalf they are."""
    if (refused := refusal(service, "sns:Publish", topic_arn, source_arn=source_arn)) is not None:
        return refused
    topic = sns._topic_by_arn_any_scope(topic_arn)
    key = topic.get("attributes", {}).get("KmsMasterKeyId")
    if not key:
        return None
    if key.startswith("alias/aws/"):
        return f"{topic_arn} is encrypted with {key}, which no service of AWS may use"
    key_arn = key if key.startswith("arn:") else f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{key}"
    refusals = (refusal(service, action, key_arn, source_arn=source_arn, sends_source=False) for action in KEY_ACTIONS)
    return next((refused for refused in refusals if refused is not None), None)


def role_refusal(role_arn: str, action: str, resource_arn: str, **context: str) -> str | None:
    """Why a role may not do `action`, by the policies attached to it; None: it may."""
    name = role_arn.rsplit("/", 1)[-1]
    policies = iam_evaluator._gather_role_policies(name, get_account_id())
    asked = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        secure_transport=True,
        service_context=context,
    )
    if iam_evaluator.evaluate(asked, policies).decision == "Allow":
        return None
    return f"{role_arn} is not authorized to perform: {action} on resource: {resource_arn}"
