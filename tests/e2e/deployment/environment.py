"""The environment that is deployed: production's shape, in the emulator's network."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

NAME = "e2e"
DATABASE = "shop"
SERVICE = f"{NAME}-{DATABASE}"
STACK = f"vistafresca-{NAME}"
LOG_GROUP = f"/aws/ecs/{SERVICE}-bi-refresh"
RULE = f"{SERVICE}-bi-views-refresh-10min"
FAMILY = f"vistafresca-{SERVICE}"
ON_CALL = "on-call@example.com"
RUNBOOK = "https://example.com/vistafresca/runbook"

_FILE = """\
region = "us-east-1"
removal_policy = "destroy"
log_retention_days = 7
migrate_on_deploy = true
cpu_architecture = "{architecture}"

[network]
vpc_id = "{network.vpc_id}"
availability_zones = ["us-east-1a", "us-east-1b"]
private_subnet_ids = ["{network.subnet_ids[0]}", "{network.subnet_ids[1]}"]

[pager]
emails = ["{on_call}"]
runbook_url = "{runbook}"

[schedule]
interval_minutes = 10
event_poll_minutes = 0

[task]
lock_timeout_s = 120 # a scenario may hold a run while others come and go

[alarms]
slow_run_s = 12 # the least that a scenario must wait for

[sentry]
dsn_secret_arn = "{sentry_secret_arn}"

[[database]]
name = "{database}"
security_group_id = "{network.security_group_id}"

[database.secret]
arn = "{database_secret_arn}"
port = {port}
"""


@dataclass(frozen=True, kw_only=True)
class ImportedNetwork:
    """A VPC that is there already, two of its subnets, and the database's security group."""

    vpc_id: str
    subnet_ids: tuple[str, str]
    security_group_id: str


def write_environment(
    folder: Path, *, network: ImportedNetwork, database_secret_arn: str, port: int, sentry_secret_arn: str
) -> None:
    """Write <folder>/e2e.toml, for this machine's architecture. `port` is the database's."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _FILE.format(
        architecture="ARM64" if platform.machine() in ("aarch64", "arm64") else "X86_64",
        network=network,
        on_call=ON_CALL,
        runbook=RUNBOOK,
        sentry_secret_arn=sentry_secret_arn,
        database=DATABASE,
        database_secret_arn=database_secret_arn,
        port=port,
    )
    (folder / f"{NAME}.toml").write_text(text, encoding="utf-8")
