"""What the commands share: the database of the environment, and JSON for machines."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any

import click

from refresh_task.database import Session, connect
from refresh_task.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="JSON for machines instead of a table.")


def open_session(*, schema_required: bool = True) -> Session:
    """A session with the settings of the environment."""
    return connect(Settings.from_environment(os.environ), environment=os.environ, schema_required=schema_required)


def print_json(value: object) -> None:
    """Times as ISO 8601, durations in seconds."""
    click.echo(json.dumps(value, indent=2, default=_encode, ensure_ascii=False))


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
