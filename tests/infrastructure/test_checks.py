"""cdk-nag and cfn-lint have nothing to say, and what was waved through has a reason."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.application import application
from tests.infrastructure import cfn_lint
from tests.infrastructure.conftest import ENVIRONMENTS, ROOT, Synthesis, synthesize


def findings(report: dict[str, Any]) -> list[str]:
    """What cdk-nag found; it leaves no report of its own where it found nothing."""
    return [
        f"{finding['ruleName']} at {finding['violatingConstructs'][0]['constructPath']}"
        for plugin in report["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
        for finding in plugin["violations"]
    ]


def test_cdk_nag_finds_nothing(synthesis: Synthesis) -> None:
    assert findings(synthesis.report) == []


def test_cdk_nag_does_look(tmp_path: Path) -> None:
    """A queue without TLS and without a dead-letter queue beside ours: found, for no suppression reaches that far."""
    app = application(name="sandbox", outdir=str(tmp_path))
    sqs.Queue(cast("Construct", app.node.find_child("vistafresca-sandbox")), "Careless")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    found = findings(json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8")))
    assert found == [
        "AwsSolutions-SQS3 at vistafresca-sandbox/Careless/Resource",
        "AwsSolutions-SQS4 at vistafresca-sandbox/Careless/Resource",
    ]


def test_cfn_lint_finds_nothing() -> None:
    assert cfn_lint.findings(*(synthesize(name).template_path for name in ENVIRONMENTS)) == []


def test_every_suppression_is_on_one_construct_and_has_a_reason() -> None:
    """None on the stack or the app, where it would hide tomorrow's findings too."""
    folder = ROOT / "infrastructure"
    sources = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    acknowledging = {name: text for name, text in sources.items() if ".acknowledge(" in text}
    assert set(acknowledging) == {
        "api/front.py",
        "api/role.py",
        "cluster.py",
        "dead_letters.py",
        "fleet/state_machine.py",
        "messages.py",
        "migrations.py",
        "network.py",
        "one_off_tasks.py",
        "provisioned_database.py",
        "refresh_task.py",
    }
    for text in acknowledging.values():
        assert "Validations.of(self)" not in text
        assert text.count("Acknowledgment(") == text.count("reason=")
