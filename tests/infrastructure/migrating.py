"""A template that migrates its databases: what runs there, and after what."""

import json
import re
from pathlib import Path

from infrastructure.application import application
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.template import Resource, Template, as_list
from tests.infrastructure.test_least_privilege import task_of

KIND = "Custom::VistafrescaTask"


def synthesized(folder: Path, name: str, *changes: tuple[str, str]) -> Template:
    """A shipped environment with changes. Raises on a finding of cdk-nag."""
    text = (ROOT / f"environments/{name}.toml{'' if name == 'sandbox' else '.example'}").read_text(encoding="utf-8")
    for old, new in (("log_retention_days", "migrate_on_deploy = true\nlog_retention_days"), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    application(environments=folder, name=name, outdir=str(folder / "out")).synth()
    return Template.read(folder / f"out/vistafresca-{name}.template.json")


def steps(template: Template, service: str) -> tuple[Resource, Resource]:
    """A database's two resources, migrate and apply."""
    definition = task_of(template, service)
    migrate, apply = (step for step in template.resources(KIND) if definition.id in json.dumps(step.properties))
    return migrate, apply


def comes_before(template: Template, later: str) -> set[str]:
    """All that CloudFormation makes or changes before the resource `later`: what it depends on, and so on."""
    known: set[str] = set()
    pending = [later]
    while pending:
        body = template.json["Resources"][pending.pop()]
        text = json.dumps(body.get("Properties", {}))
        named = set(re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', text)) | set(as_list(body.get("DependsOn", [])))
        pending += (named & set(template.json["Resources"])) - known
        known |= named
    return known & set(template.json["Resources"])


def functions(template: Template) -> list[Resource]:
    """Ours, which the framework calls."""
    return [
        function
        for function in template.resources("AWS::Lambda::Function")
        if str(function.properties.get("Handler", "")).startswith("deployment.")
    ]
