"""The corrections of the emulator that the deployed stack itself does not put to the test, through AWS's own API."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import FAMILY, RULE, STACK
from tests.emulation.journal_reader import Entry

_SECRET = {
    "Resources": {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}}},
    "Outputs": {"Ref": {"Value": {"Ref": "Secret"}}},
}
_PROGRAM = "def handler(event, context):\n    raise ValueError('as the test wants it')\n"


def test_ref_of_a_secret_is_its_arn(deployed: Deployed) -> None:
    cloudformation = deployed.emulator.client("cloudformation")
    cloudformation.create_stack(StackName="secret", TemplateBody=json.dumps(_SECRET))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="secret", WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName="secret")["Stacks"]
    arn = stack["Outputs"][0]["OutputValue"]
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:")
    cloudformation.delete_stack(StackName="secret")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="secret", WaiterConfig={"Delay": 1})
    assert arn not in [each["ARN"] for each in deployed.emulator.client("secretsmanager").list_secrets()["SecretList"]]


def test_an_unknown_image_is_an_error(deployed: Deployed) -> None:
    ecr = deployed.emulator.client("ecr")
    (repository,) = ecr.describe_repositories()["repositories"]
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        ecr.describe_images(repositoryName=repository["repositoryName"], imageIds=[{"imageTag": "unknown"}])


def test_a_deregistered_task_definition_cannot_be_run(deployed: Deployed) -> None:
    ecs = deployed.emulator.client("ecs")
    definition = ecs.register_task_definition(
        family="short-lived", containerDefinitions=[{"name": "any", "image": "any", "memory": 64}]
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=definition)
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        ecs.run_task(cluster=STACK, taskDefinition=definition)


def test_a_task_that_is_stopped_ends_by_itself(deployed: Deployed) -> None:
    """SIGTERM reaches the process, which cancels, records, reports and says so by its exit code."""
    with deployed.shop.held("sales.mv_stock"):
        (arn,), _ = deployed.account.start_next(RULE)
        deployed.shop.wait_until_held()
        deployed.emulator.client("ecs").stop_task(cluster=STACK, task=arn, reason="a test")
        ended = deployed.account.wait_until_ended(arn)
    assert (ended.exit_code, ended.detail["stopCode"], ended.detail["stoppedReason"]) == (3, "UserInitiated", "a test")
    assert ended.detail["group"] == f"family:{FAMILY}"


def test_a_function_hears_of_a_topic_only_where_its_policy_lets_it_and_its_failure_is_counted(
    deployed: Deployed,
) -> None:
    lambda_, sns, iam = (deployed.emulator.client(name) for name in ("lambda", "sns", "iam"))
    name = f"probe-{uuid.uuid4().hex[:8]}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    function = lambda_.create_function(
        FunctionName=name, Runtime="python3.12", Handler="program.handler", Role=role, Code={"ZipFile": _zip(_PROGRAM)}
    )["FunctionArn"]
    topic = sns.create_topic(Name=name)["TopicArn"]
    try:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
        assert _published(deployed, topic, "refused")["function"] == function
        lambda_.add_permission(
            FunctionName=name,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=topic,
        )
        assert _published(deployed, topic, "function_failed")["function"] == name
    finally:
        sns.delete_topic(TopicArn=topic)
        lambda_.delete_function(FunctionName=name)
        iam.delete_role(RoleName=name)


def _published(deployed: Deployed, topic: str, kind: str) -> Entry:
    position = len(deployed.account.journal)
    deployed.emulator.client("sns").publish(TopicArn=topic, Message="a word")
    return deployed.account.journal.wait_for(
        lambda entry: entry["kind"] == kind, since=position, what=f"{kind} after a publication"
    )


def _zip(program: str) -> Any:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("program.py", program)
    return archive.getvalue()
