"""The environment that `vistafresca init` writes: refused key by key until every placeholder is replaced, and then
complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infrastructure.settings import SettingsError, read
from refresh_task.inspection import write_environment_file

_REPLACEMENTS = {
    "account": "123456789012",
    "region": "us-east-1",
    "vpc_id": "vpc-0123456789abcdef0",
    "availability_zones": ["us-east-1a", "us-east-1b"],
    "private_subnet_ids": ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    "emails": ["on-call@example.com"],
    "security_group_id": "sg-0123456789abcdef0",
    "arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/bi-refresh-GhIjKl",
    "resource_id": "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


@pytest.mark.parametrize("uses_iam", [False, True])
@pytest.mark.parametrize("host", [None, "db.example.com"])
def test_synth_names_each_placeholder(tmp_path: Path, host: str | None, *, uses_iam: bool) -> None:
    if uses_iam and host is None:
        pytest.skip("IAM authentication has a host")
    text = write_environment_file((host, 5432, "shop", "bi"), uses_iam=uses_iam, interval_minutes=10)
    file = tmp_path / "production.toml"
    while re.search(r"^(\w+) = .*<.*$", text, re.MULTILINE):
        file.write_text(text)
        with pytest.raises(SettingsError) as refused:
            read(tmp_path, "production")
        named = re.match(r"[^:]*: (?:\w+(?:\[\d+\])?\.)*(\w+)(?:\[\d+\])? = ", str(refused.value))
        assert named is not None, refused.value
        assert named.group(1) in _REPLACEMENTS
        key = named.group(1)
        text = re.sub(rf"^{key} = .*<.*$", f"{key} = {json.dumps(_REPLACEMENTS[key])}", text, flags=re.MULTILINE)
    file.write_text(text)
    assert read(tmp_path, "production").database[0].name == "shop"
