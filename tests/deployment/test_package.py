"""What Lambda gets: this folder, its own runtime, and nothing of ours beside."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import boto3
import moto
import pytest

from deployment import tasks

ROOT = Path(__file__).parent.parent.parent
RUNTIME = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html: what the runtime brings."""


def test_the_functions_import_what_the_runtime_brings_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "deployment").symlink_to(ROOT / "deployment")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); before = set(sys.modules); import deployment.handlers; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    owners = packages_distributions()
    imported = {owner for module in done.stdout.split() for owner in owners.get(module, [])}
    optional = {"certifi"}  # botocore takes it where it is there
    assert imported - RUNTIME - optional - {"vistafresca"} == set()
    assert "boto3" in imported


def test_clients_have_the_rights_of_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto.mock_aws():
        role = boto3.client("iam").create_role(RoleName="starter", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client = tasks.client_of(role)
        me = client("sts").get_caller_identity()["Arn"]
    assert me == "arn:aws:sts::123456789012:assumed-role/starter/deployment"
