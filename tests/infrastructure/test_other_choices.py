"""The choices that neither shipped file makes, in one environment: clean of findings, and they mean what they say."""

import json
from pathlib import Path

import pytest

from infrastructure.application import application
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.paging_path import broken_links
from tests.infrastructure.template import Template, alarm, as_list, container, told_to, variables

TOPIC = "arn:aws:sns:us-east-1:123456789012:company-pager"
TOPIC_KEY = "arn:aws:kms:us-east-1:123456789012:key/99999999-8888-7777-6666-555555555555"
CHANGES = {
    'emails = ["on-call@example.com"]': f'topic_arn = "{TOPIC}"\ntopic_kms_key_arn = "{TOPIC_KEY}"',
    "log_retention_days = 90": 'log_retention_days = 365\ncpu_architecture = "X86_64"\ncontainer_insights = true',
    "[image]": 'resolver_cidrs = ["10.0.0.2/32"]\n\n[image]',
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/vistafresca@": "ghcr.io/example/vistafresca@",
    "interval_minutes = 10": "interval_minutes = 5\nevent_poll_minutes = 0\nenabled = false\n\n"
    "[alarms]\nfresh_ratio_percent = 99.5\nviews_suspended = 2\n\n"
    "[guards]\nmax_replica_lag_s = 30\nwait_s = 120\n\n"
    "[task]\nconnections = 4\nvacuum = false",
    # Lambda would not pull this image.
    'enabled = true\nauthorizer = "jwt"': 'enabled = false\nauthorizer = "jwt"',
    'enabled = true\nauthorizer = "iam"': 'enabled = false\nauthorizer = "iam"',
    'name = "fluxion"': 'name = "fluxion"\ninstance_id = "fluxion-1"\nguards = {min_free_storage_gib = 20}',
}


GUARDS = {
    "CONNECTIONS": "4",
    "VACUUM": "false",
    "MAX_REPLICA_LAG_S": "30",
    "MAX_TRANSACTION_AGE_S": None,
    "MIN_FREE_STORAGE_GIB": "20",
    "LOAD_WAIT_S": "120",
    "DB_INSTANCE": "fluxion-1",
}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("environments")
    text = (ROOT / "environments/production.toml.example").read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "other.toml").write_text(text, encoding="utf-8")
    application(environments=folder, name="other", outdir=str(folder / "out")).synth()  # raises on a finding of cdk-nag
    assert json.loads((folder / "out/validation-report.json").read_text(encoding="utf-8"))["pluginReports"] == []
    return Template.read(folder / "out/vistafresca-other.template.json")


def test_an_existing_topic_is_published_to_and_its_owner_is_told_what_to_allow(other: Template) -> None:
    assert broken_links(other) == []
    assert [topic.properties["TopicName"] for topic in other.resources("AWS::SNS::Topic")] == [
        "vistafresca-other-alarms"
    ]
    (function,) = other.resources("AWS::Lambda::Function")
    assert told_to(function)["VISTAFRESCA_PEOPLE_TOPIC_ARN"] == TOPIC
    direct = alarm(other, "other", "pager-failing").properties
    assert (direct["AlarmActions"], direct["OKActions"]) == ([TOPIC], [TOPIC])
    told = other.resolve(other.json["Outputs"]["PagerPolicy"]["Value"])
    role = function.properties["Role"]["Fn::GetAtt"][0]
    for needed in (TOPIC, "cloudwatch.amazonaws.com", f"<{role}.Arn>", "sns:Publish", "kms:GenerateDataKey*"):
        assert needed in told
    assert "events.amazonaws.com" not in told  # EventBridge publishes to the stack's own topic only


def test_the_key_of_an_existing_topic_may_be_used_and_no_other(other: Template) -> None:
    uses = {
        str(statement["Resource"])
        for policy in other.resources("AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "kms:GenerateDataKey" in as_list(statement["Action"])
    }
    assert uses == {TOPIC_KEY}


def test_an_existing_topic_without_that_output_is_a_broken_link(other: Template) -> None:
    cut = other.copy()
    del cut.json["Outputs"]["PagerPolicy"]
    assert any("no output says what its policy must allow" in problem for problem in broken_links(cut))


def test_processor_insights_and_image(other: Template) -> None:
    for task in other.resources("AWS::ECS::TaskDefinition"):
        assert task.properties["RuntimePlatform"]["CpuArchitecture"] == "X86_64"
        assert container(task)["Image"].startswith("ghcr.io/example/vistafresca@sha256:")
    other.one("AWS::ECS::Cluster", ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}])


def test_own_dns_servers_are_let_through(other: Template) -> None:
    for group in other.resources("AWS::EC2::SecurityGroup"):
        ways = {(way["IpProtocol"], way["FromPort"], way["CidrIp"]) for way in group.properties["SecurityGroupEgress"]}
        assert {("udp", 53, "10.0.0.2/32"), ("tcp", 53, "10.0.0.2/32")} < ways


def test_a_disabled_schedule_is_deployed_disabled_and_another_interval_reaches_everything(other: Template) -> None:
    rule = other.one("AWS::Events::Rule", Name="other-fluxion-bi-views-refresh-5min")
    assert rule.properties["State"] == "DISABLED"
    assert rule.properties["ScheduleExpression"] == "cron(0,5,10,15,20,25,30,35,40,45,50,55 * * * ? *)"
    given = next(variables(task) for task in other.resources("AWS::ECS::TaskDefinition"))
    assert (given["VISTAFRESCA_INTERVAL_S"], given["VISTAFRESCA_RUN_DEADLINE_S"]) == ("300", "240")
    assert given["VISTAFRESCA_SCHEDULE"] == "*/5 * * * *"


def test_without_a_rule_for_the_event_queue_nothing_speaks_of_one(other: Template) -> None:
    fluxion = [rule for rule in other.resources("AWS::Events::Rule") if "fluxion" in rule.properties["Name"]]
    assert not [rule for rule in fluxion if "requested" in rule.properties["Name"]]
    assert "requested" not in other.json["Outputs"]["FluxionDisable"]["Value"]
    names = {alarm.properties["AlarmName"] for alarm in other.resources("AWS::CloudWatch::Alarm")}
    assert "vistafresca-other-fluxion-requests-waiting" not in names


def test_a_service_level_objective_pages_when_asked_for(other: Template) -> None:
    slo = alarm(other, "other-fluxion", "freshness-slo").properties
    assert (slo["MetricName"], slo["Statistic"], slo["Period"]) == ("FreshRatio", "Average", 86_400)
    assert (slo["ComparisonOperator"], slo["Threshold"]) == ("LessThanThreshold", 99.5)
    (dashboard,) = other.resources("AWS::CloudWatch::Dashboard")
    assert '"value":99.5' in other.resolve(dashboard.properties["DashboardBody"])


def test_guards_and_parallelism_reach_the_task_and_the_right_to_ask_only_where_it_asks(other: Template) -> None:
    fluxion, driver = other.resources("AWS::ECS::TaskDefinition")
    given = variables(fluxion)
    assert {name: given.get(f"VISTAFRESCA_{name}") for name in GUARDS} == GUARDS
    assert "VISTAFRESCA_DB_INSTANCE" not in variables(driver)
    asking = [
        policy.properties["Roles"]
        for policy in other.resources("AWS::IAM::Policy")
        if "cloudwatch:" in json.dumps(policy.properties["PolicyDocument"])
    ]
    role = other.referred(fluxion.properties["TaskRoleArn"])
    assert role is not None
    assert asking == [[{"Ref": role.id}]]


def test_the_free_storage_of_a_provisioned_instance_is_watched_by_its_own_name(tmp_path: Path) -> None:
    text = (ROOT / "environments/sandbox.toml").read_text(encoding="utf-8")
    (tmp_path / "guarded.toml").write_text(
        text.replace("[network]", "[guards]\nmin_free_storage_gib = 2\n\n[network]"), encoding="utf-8"
    )
    application(environments=tmp_path, name="guarded", outdir=str(tmp_path / "out")).synth()
    template = Template.read(tmp_path / "out/vistafresca-guarded.template.json")
    (task,) = template.resources("AWS::ECS::TaskDefinition")
    watched = template.referred(variables(task)["VISTAFRESCA_DB_INSTANCE"])
    assert watched is not None
    assert watched.type == "AWS::RDS::DBInstance"


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_other_partitions_are_named_throughout(tmp_path: Path, region: str, partition: str) -> None:
    text = (ROOT / "environments/production.toml.example").read_text(encoding="utf-8")
    text = text.replace("us-east-1", region).replace("arn:aws:", f"arn:{partition}:")
    (tmp_path / "far.toml").write_text(text, encoding="utf-8")
    application(environments=tmp_path, name="far", outdir=str(tmp_path / "out")).synth()
    template = (tmp_path / "out/vistafresca-far.template.json").read_text(encoding="utf-8")
    assert f"arn:{partition}:" in template
    assert "arn:aws:" not in template
