"""One synthesis per environment and process: the sandbox as it is, and production with two databases, from its example.

Not covered by anything here: what AWS does with the templates (IAM's decisions, Fargate's network, CloudWatch's clock).
"""

import atexit
import json
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from infrastructure.application import application
from tests.infrastructure.template import Template

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENTS = ("sandbox", "production")


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """What synth leaves behind."""

    template: Template
    template_path: Path
    report: dict[str, Any]


@cache
def synthesize(name: str) -> Synthesis:
    """Settings in, template and report out; once per process."""
    folder = Path(mkdtemp(prefix="vistafresca-synth-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = folder / "environments"
    settings.mkdir()
    shutil.copy(ROOT / "environments/sandbox.toml", settings)
    shutil.copy(ROOT / "environments/production.toml.example", settings / "production.toml")
    app = application(environments=settings, name=name, outdir=str(folder / "cdk.out"))
    try:
        app.synth()
    except RuntimeError as error:
        # Findings of cdk-nag make synth fail, after it has written everything; test_checks.py reads the report.
        if "ValidationFailed" not in str(error):
            raise
    path = folder / f"cdk.out/vistafresca-{name}.template.json"
    report = json.loads((folder / "cdk.out/validation-report.json").read_text(encoding="utf-8"))
    return Synthesis(template=Template.read(path), template_path=path, report=report)


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def synthesis(request: pytest.FixtureRequest) -> Synthesis:
    """Each environment in turn."""
    return synthesize(request.param)


@pytest.fixture(scope="session")
def template(synthesis: Synthesis) -> Template:
    """Each environment's template in turn. Shared: copy it before changing it."""
    return synthesis.template


@pytest.fixture(scope="session")
def sandbox() -> Template:
    """The provisioned network and database."""
    return synthesize("sandbox").template


@pytest.fixture(scope="session")
def production() -> Template:
    """Two existing databases in an existing network: fluxion by secret, driver-matrix by token."""
    return synthesize("production").template


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """A machine without credentials, without Node on its path, and whose network refuses every connection."""
    blocker = tmp_path / "no_network.cjs"
    blocker.write_text(
        "require('net').Socket.prototype.connect = function () {"
        " require('fs').appendFileSync(process.env.CONNECTIONS, new Error('connect').stack + '\\n');"
        " throw new Error('the test allows no network'); };\n",
        encoding="utf-8",
    )
    return {
        # jsii unpacks aws-cdk-lib into its cache below here: anew, that would take half a minute.
        "HOME": os.environ.get("HOME", str(tmp_path)),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.defpath,
        "NODE_OPTIONS": f"--require {blocker}",
        "CONNECTIONS": str(tmp_path / "connections"),
        "CDK_HOME": str(tmp_path / "cdk"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
