"""An environment to fill in (docs/environments.md): what is known of the database stands there, the rest are
placeholders in angle brackets, which `make synth` refuses by name until they are replaced."""

from __future__ import annotations

import json
import re

_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com$")


def write_environment_file(address: tuple[str | None, int, str, str], *, uses_iam: bool, interval_minutes: int) -> str:
    """The whole file. `address`: host, port, database and user of the connection; no host is a socket's."""
    host, port, dbname, user = address
    region = _REGION.search(host) if host is not None else None
    if uses_iam:
        way = [
            "[database.iam]",
            *_keys({"host": host or "", "port": port, "user": user, "dbname": dbname}),
            *_keys({"resource_id": "<db-… or cluster-…>"}),
        ]
    else:
        way = [
            "[database.secret]",
            *_keys({"arn": "<the complete ARN of the secret with username and password>"}),
            *(_keys({"host": host}) if host else ['# host = "…"  # needed if the secret has none']),
            *_keys({"port": port, "dbname": dbname}),
        ]
    return "\n".join(
        [
            "# Written by vistafresca init. Replace every <placeholder>, and check it with make synth: ENVIRONMENT is",
            "# its name without .toml. Every key: docs/environments.md.",
            *_keys({"account": "<twelve digits>", "region": region.group(1) if region else "<such as us-east-1>"}),
            "",
            "[network]",
            *_keys({"vpc_id": "<vpc-…>"}),
            'availability_zones = ["<such as us-east-1a>", "<such as us-east-1b>"]',
            'private_subnet_ids = ["<subnet-… in the first>", "<subnet-… in the second>"]',
            "",
            "[pager]",
            'emails = ["<who is told>"]',
            "",
            "[schedule]",
            f"interval_minutes = {interval_minutes}",
            "",
            "[[database]]",
            *_keys({"name": _short_name(dbname), "security_group_id": "<sg-… of the database>"}),
            "",
            *way,
            "",
        ]
    )


def _keys(values: dict[str, str | int]) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def _short_name(dbname: str) -> str:
    """As names of alarms and rules are made of it."""
    name = re.sub(r"[^a-z0-9]+", "-", dbname.lower()).strip("-")
    name = name if re.match(r"[a-z]", name) else f"db-{name}"
    return name[:16].rstrip("-")
