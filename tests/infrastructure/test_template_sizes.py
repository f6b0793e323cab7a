"""CloudFormation's limits with 1, 10 and 50 databases, and what is said beyond them."""

import json
from pathlib import Path

import pytest

from infrastructure.limits import LIMITS, TemplateSize, refuse_beyond_limits, template_sizes
from infrastructure.settings import SettingsError
from scripts.fleet import DOCUMENT, replaced, tables
from tests.infrastructure.fix_fleet import synthesize_fleet

MARGIN = 0.8
"""Of each limit, for what a database will have tomorrow."""


@pytest.mark.parametrize(
    ("databases", "layout"), [(1, "single"), (10, "single"), (10, "nested"), (50, "nested"), (300, "map")]
)
def test_every_template_stays_below_the_limits_with_a_margin(databases: int, layout: str) -> None:
    sizes = template_sizes(synthesize_fleet(databases, layout=layout))
    assert len(sizes) == 1 + (databases if layout == "nested" else 0)
    for size in sizes:
        for limited in ("resources", "bytes", "outputs", "parameters"):
            assert getattr(size, limited) <= MARGIN * getattr(LIMITS, limited), (size.name, limited)


def test_a_fleet_of_fifty_has_a_task_a_schedule_and_every_alarm_for_each() -> None:
    folder = synthesize_fleet(50, layout="nested")
    templates = [json.loads(path.read_text()) for path in folder.glob("*.nested.template.json")]
    kinds = [[resource["Type"] for resource in template["Resources"].values()] for template in templates]
    assert len(kinds) == 50
    for kind in kinds:
        assert kind.count("AWS::ECS::TaskDefinition") == 1
        assert kind.count("AWS::Events::Rule") == 3
        assert kind.count("AWS::CloudWatch::Alarm") == 12


def test_fifty_databases_spread_over_all_minutes_of_the_interval() -> None:
    folder = synthesize_fleet(50, layout="nested")
    resources = [
        resource
        for path in folder.glob("*.nested.template.json")
        for resource in json.loads(path.read_text())["Resources"].values()
    ]
    schedules = [resource.get("Properties", {}).get("ScheduleExpression") for resource in resources]
    first = [int(schedule.removeprefix("cron(").split(",")[0]) for schedule in schedules if schedule]
    most = max(first.count(minute) for minute in range(10))
    assert set(first) == set(range(10))
    assert most <= 10  # 20 calls of RunTask a second is what Fargate takes


def test_a_single_stack_that_would_not_fit_is_refused_with_number_limit_and_remedy(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SettingsError) as refused:
        synthesize_fleet(16, layout="single")
    said = str(refused.value)
    assert said.startswith('environments/fleet.toml: layout = "single": vistafresca-fleet would have ')
    assert "resources, and CloudFormation allows 500" in said
    assert 'Write layout = "nested"' in said
    capfd.readouterr()  # CDK's own report, which has no remedy


@pytest.mark.parametrize("limited", ["resources", "bytes", "outputs", "parameters"])
@pytest.mark.parametrize(
    ("layout", "remedy"), [("single", '"nested"'), ("nested", '"map"'), ("map", "share security groups")]
)
def test_each_limit_is_watched_in_each_layout(limited: str, layout: str, remedy: str) -> None:
    fits = {"resources": 500, "bytes": 1_000_000, "outputs": 200, "parameters": 200}
    refuse_beyond_limits([TemplateSize(name="all", **fits)], environment="big", layout=layout)
    one_more = TemplateSize(name="one-more", **{**fits, limited: fits[limited] + 1})
    with pytest.raises(SettingsError, match=f"one-more would have {fits[limited] + 1:,} {limited}.*{remedy}"):
        refuse_beyond_limits([one_more], environment="big", layout=layout)


def test_the_tables_of_the_document_are_those_of_the_templates() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    found = tables(lambda databases, layout: synthesize_fleet(databases, layout=layout))
    assert replaced(document, found) == document, "write it anew: make fleet"


def test_the_sizes_are_those_of_the_files_and_of_no_others(tmp_path: Path) -> None:
    """Another environment's templates, synthesized before, may lie in the same folder."""
    template: dict[str, dict[str, object]] = {"Resources": {"A": {}, "B": {}}, "Outputs": {"C": {}}, "Parameters": {}}
    text = json.dumps(template)
    for name in ("one.nested.template.json", "all.template.json"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("other.template.json", "other.nested.template.json"):
        (tmp_path / name).write_text(json.dumps({"Resources": {str(number): {} for number in range(999)}}))
    assets = {
        "files": {"1": {"source": {"path": "one.nested.template.json"}}, "2": {"source": {"path": "all.template.json"}}}
    }
    (tmp_path / "all.assets.json").write_text(json.dumps(assets))
    artifacts = {
        "all.assets": {"type": "cdk:asset-manifest", "properties": {"file": "all.assets.json"}},
        "all": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "all.template.json"}},
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    size = {"resources": 2, "bytes": len(text), "outputs": 1, "parameters": 0}
    assert template_sizes(tmp_path) == [TemplateSize(name="all", **size), TemplateSize(name="one", **size)]
