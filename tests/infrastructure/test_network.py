"""The way to the database is open, and no other but HTTPS."""

from tests.infrastructure.template import Resource, Template


def task_groups(template: Template) -> list[Resource]:
    groups = {}
    for rule in template.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            if "EcsParameters" in target:
                vpc = target["EcsParameters"]["NetworkConfiguration"]["AwsVpcConfiguration"]
                (group,) = [template.referred(group) for group in vpc["SecurityGroups"]]
                assert group is not None
                groups[group.id] = group
    return list(groups.values())


def test_tasks_let_nothing_in_and_out_only_https_and_the_database(template: Template) -> None:
    for group in task_groups(template):
        assert "SecurityGroupIngress" not in group.properties
        (https,) = group.properties["SecurityGroupEgress"]
        assert (https["CidrIp"], https["FromPort"], https["ToPort"], https["IpProtocol"]) == (
            "0.0.0.0/0",
            443,
            443,
            "tcp",
        )
        (database,) = [
            egress
            for egress in template.resources("AWS::EC2::SecurityGroupEgress")
            if egress.properties["GroupId"] == {"Fn::GetAtt": [group.id, "GroupId"]}
        ]
        assert "DestinationSecurityGroupId" in database.properties


def test_an_existing_database_lets_its_task_in_on_its_port(production: Template) -> None:
    ingress = [
        rule
        for rule in production.resources("AWS::EC2::SecurityGroupIngress")
        if rule.properties["Description"] == "refresh task"
    ]
    assert {rule.properties["GroupId"]: rule.properties["FromPort"] for rule in ingress} == {
        "sg-0123456789abcdef0": 5432,
        "sg-0fedcba9876543210": 5432,
    }
    sources = [production.referred(rule.properties["SourceSecurityGroupId"]) for rule in ingress]
    assert {source.id for source in sources if source is not None} == {group.id for group in task_groups(production)}


def test_existing_subnets_are_used_as_given(production: Template) -> None:
    for rule in production.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            if "EcsParameters" in target:
                vpc = target["EcsParameters"]["NetworkConfiguration"]["AwsVpcConfiguration"]
                assert vpc["Subnets"] == ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
                assert vpc["AssignPublicIp"] == "DISABLED"
    assert production.resources("AWS::EC2::VPC") == []


def test_the_sandbox_costs_nothing_by_the_hour_and_pulls_images_for_nothing(sandbox: Template) -> None:
    assert sandbox.resources("AWS::EC2::NatGateway") == []
    (endpoint,) = sandbox.resources("AWS::EC2::VPCEndpoint")
    assert sandbox.resolve(endpoint.properties["ServiceName"]) == "com.amazonaws.us-east-1.s3"
    assert endpoint.properties.get("VpcEndpointType", "Gateway") == "Gateway"


def test_the_sandbox_s_database_is_out_of_everyone_s_reach_but_the_task_s(sandbox: Template) -> None:
    (instance,) = sandbox.resources("AWS::RDS::DBInstance")
    assert instance.properties["PubliclyAccessible"] is False
    assert instance.properties["StorageEncrypted"] is True
    (ingress,) = sandbox.resources("AWS::EC2::SecurityGroupIngress")
    source = sandbox.referred(ingress.properties["SourceSecurityGroupId"])
    assert source is not None
    assert [source.id] == [group.id for group in task_groups(sandbox)]
