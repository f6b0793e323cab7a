"""Who may do what. A wildcard needs a reason, and the reason is written here too."""

from typing import Any

from tests.infrastructure.template import Resource, Template, as_list, services, variables

INTERFACES = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# What AWS lets nobody narrow further, or what stands inside a policy that belongs to the very resource.
WHY_ANY_RESOURCE = {
    "ecr:GetAuthorizationToken": "has no resource: it only says who one is to the registry",
    "cloudwatch:GetMetricStatistics": "knows no resources; granted where a guard watches free storage",
    **dict.fromkeys(INTERFACES, "Lambda makes the function's network interfaces so; its code is denied them"),
}


def statements(template: Template, role: Resource) -> list[dict[str, Any]]:
    return [
        statement
        for policy in template.resources("AWS::IAM::Policy")
        if {"Ref": role.id} in policy.properties["Roles"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]


def role_of(template: Template, task: Resource, kind: str) -> Resource:
    role = template.referred(task.properties[kind])
    assert role is not None
    return role


def task_of(template: Template, service: str) -> Resource:
    return next(
        task
        for task in template.resources("AWS::ECS::TaskDefinition")
        if variables(task)["POWERTOOLS_SERVICE_NAME"] == service
    )


def test_every_resource_is_named_but_where_aws_knows_none(template: Template) -> None:
    for policy in template.resources("AWS::IAM::Policy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            if "*" in as_list(statement["Resource"]):
                assert set(as_list(statement["Action"])) <= set(WHY_ANY_RESOURCE)


def test_no_action_is_a_wildcard(template: Template) -> None:
    for policy in template.resources("AWS::IAM::Policy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            assert [action for action in as_list(statement["Action"]) if "*" in action] == []


def test_no_role_has_a_managed_policy_or_can_be_assumed_by_anyone_but_its_service(template: Template) -> None:
    for role in template.resources("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties
        (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"]["Service"] in {
            "ecs-tasks.amazonaws.com",
            "events.amazonaws.com",
            "lambda.amazonaws.com",
        }


def test_the_task_may_read_its_own_secrets_and_use_their_key_through_secrets_manager_only(production: Template) -> None:
    role = role_of(production, task_of(production, "production-fluxion"), "TaskRoleArn")
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
    given = [(s["Action"], s["Resource"], s.get("Condition")) for s in statements(production, role)]
    key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    reads = [
        resource
        for action, resources, _ in given
        if action == "secretsmanager:GetSecretValue"
        for resource in as_list(resources)
    ]
    assert sorted(reads) == [f"{secret}fluxion/bi-refresh-GhIjKl", f"{secret}vistafresca/sentry-dsn-AbCdEf"]
    assert [entry for entry in given if entry[0] != "secretsmanager:GetSecretValue"] == [("kms:Decrypt", key, through)]


def test_with_a_token_the_task_may_connect_as_one_user_to_one_resource_id(production: Template) -> None:
    role = role_of(production, task_of(production, "production-driver-matrix"), "TaskRoleArn")
    connects = [s for s in statements(production, role) if s["Action"] == "rds-db:connect"]
    (only,) = connects
    assert production.resolve(only["Resource"]) == (
        "arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/bi_refresh"
    )


def test_the_execution_role_may_pull_and_log_and_nothing_else(template: Template) -> None:
    for service in services(template):
        role = role_of(template, task_of(template, service), "ExecutionRoleArn")
        actions = {action for statement in statements(template, role) for action in as_list(statement["Action"])}
        assert actions == {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetAuthorizationToken",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        }


def test_eventbridge_may_start_this_revision_on_this_cluster_and_pass_its_two_roles(template: Template) -> None:
    for service in services(template):
        task = task_of(template, service)
        roles = {
            str(rule.properties["Targets"][0]["RoleArn"]): template.referred(rule.properties["Targets"][0]["RoleArn"])
            for rule in template.resources("AWS::Events::Rule")
            if rule.properties.get("Name", "").startswith(f"{service}-bi-views")
        }
        (role,) = roles.values()
        assert role is not None
        given = {statement["Action"]: statement for statement in statements(template, role)}
        assert set(given) == {"ecs:RunTask", "ecs:TagResource", "iam:PassRole"}
        assert given["ecs:RunTask"]["Resource"] == {"Ref": task.id}
        (cluster,) = template.resources("AWS::ECS::Cluster")
        assert given["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": [cluster.id, "Arn"]}}}
        passed = [template.referred(resource) for resource in given["iam:PassRole"]["Resource"]]
        both = {role_of(template, task, "ExecutionRoleArn").id, role_of(template, task, "TaskRoleArn").id}
        assert {resource.id for resource in passed if resource is not None} == both
        assert f"task/<{cluster.id}>/*" in template.resolve(given["ecs:TagResource"]["Resource"])


def test_an_image_of_one_s_own_registry_may_be_pulled_from_that_repository_only(production: Template) -> None:
    role = role_of(production, task_of(production, "production-fluxion"), "ExecutionRoleArn")
    (pull,) = [s for s in statements(production, role) if "ecr:BatchGetImage" in as_list(s["Action"])]
    assert production.resolve(pull["Resource"]) == "arn:aws:ecr:us-east-1:123456789012:repository/vistafresca"
