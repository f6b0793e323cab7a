"""Secrets Manager as moto plays it: inside the process, for calls made under moto.mock_aws()."""

from __future__ import annotations

import uuid
from typing import Any

import botocore.session


def secrets_manager() -> Any:
    """A client of the region that the tests' secrets are in."""
    return botocore.session.get_session().create_client("secretsmanager", region_name="eu-west-1")


def create_secret(value: str | bytes) -> str:
    """A new secret with this value; returns its complete ARN."""
    kind = "SecretString" if isinstance(value, str) else "SecretBinary"
    return str(secrets_manager().create_secret(Name=f"test-{uuid.uuid4().hex}", **{kind: value})["ARN"])


def change_secret(arn: str, value: str) -> None:
    """What a rotation does."""
    secrets_manager().put_secret_value(SecretId=arn, SecretString=value)
