"""views.toml: what is declared, read and validated; and its difference from what the database has."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError, UnknownViewError

__all__ = ["Change", "Policy", "apply_changes", "compare", "missing_unique_indexes", "read_views_files"]

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_LONGEST_S = 10_000 * 86_400
_LONGEST_TIMEOUT = timedelta(days=1)  # as for VISTAFRESCA_STATEMENT_TIMEOUT_S
_NAME = r'([a-z_][a-z0-9_$]*|"([^"]|"")+")'  # as PostgreSQL writes an identifier that needs no quotes, or one that does


def _duration(written: Any) -> Any:
    if not isinstance(written, str):
        raise ValueError('is not a duration such as "15 minutes"')  # noqa: TRY004  # pydantic turns ValueError into its own
    parts = re.findall(r"(\d+)\s*(second|minute|hour|day)s?", written)
    if not parts or re.sub(r"(\d+)\s*(second|minute|hour|day)s?", "", written).strip(" ,"):
        raise ValueError('is not a duration such as "15 minutes" or "1 hour 30 minutes"')
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError("is not between 1 second and 10000 days")
    return timedelta(seconds=seconds)


def _timeout(written: Any) -> Any:
    duration = _duration(written)
    if duration > _LONGEST_TIMEOUT:
        raise ValueError("is longer than 1 day")
    return duration


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Timeout = Annotated[timedelta, BeforeValidator(_timeout)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Policy(_Model):
    """What is declared for one view. `name` is schema.name, as PostgreSQL writes it."""

    name: Annotated[str, Field(pattern=rf"^{_NAME}\.{_NAME}$")]
    target_lag: Duration = timedelta(minutes=15)
    timeout: Timeout | None = None
    enabled: bool = True


class _Defaults(_Model):
    target_lag: Duration | None = None
    timeout: Timeout | None = None


class _ViewsFile(_Model):
    defaults: _Defaults = _Defaults()
    view: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what the database has (`before`) and what the file declares (`after`); None: no policy."""

    view: str
    before: Policy | None
    after: Policy | None

    @property
    def description(self) -> str:
        """In words, for people."""
        if self.before is None and self.after is not None:
            return ", ".join(f"{key} {_written(value)}" for key, value in self.after if key != "name")
        if self.before is not None and self.after is not None:
            old = dict(self.before)
            return ", ".join(
                f"{key} {_written(old[key])} → {_written(value)}" for key, value in self.after if old[key] != value
            )
        return "no longer declared: it will not be refreshed any more; its data and its log stay"

    @property
    def sign(self) -> str:
        """+ added, ~ changed, - removed."""
        return "+" if self.before is None else "-" if self.after is None else "~"


def read_views_files(files: Sequence[Path]) -> tuple[Policy, ...]:
    """The policies of all files together. Raises ConfigurationError naming the file, the view, the key and the
    remedy."""
    policies: dict[str, Policy] = {}
    for file in files:
        for policy in _read(file):
            if policy.name in policies:
                raise ConfigurationError(
                    f"{policy.name} is declared twice.",
                    subject=str(file),
                    remedy="Keep one of the two [[view]] entries.",
                )
            policies[policy.name] = policy
    return tuple(policies.values())


def compare(session: Session, declared: Sequence[Policy]) -> tuple[Change, ...]:
    """What has to change in the database, by view. Raises UnknownViewError for a view that the database does not
    have."""
    existing = [row["view_name"] for row in session.fetch_all("read_materialized_views")]
    for policy in declared:
        if policy.name not in existing:
            near = difflib.get_close_matches(policy.name, existing, n=1)
            raise UnknownViewError(
                f"{session.server} has no such materialized view.",
                subject=policy.name,
                remedy=f"Did you mean {near[0]}?" if near else "Create it first, or take it out of views.toml.",
            )
    before = {row["view_name"]: _stored(row) for row in session.fetch_all("read_policies")}
    after = {policy.name: policy for policy in declared}
    return tuple(
        Change(view, before.get(view), after.get(view))
        for view in sorted(before.keys() | after.keys())
        if before.get(view) != after.get(view)
    )


def missing_unique_indexes(session: Session, declared: Sequence[Policy]) -> dict[str, str]:
    """Views that cannot be refreshed while they are read, each with the statement that mends it."""
    names = {policy.name for policy in declared}
    return {
        row["view_name"]: row["unique_index_ddl"]
        for row in session.fetch_all("read_materialized_views")
        if row["view_name"] in names and not row["has_unique_index"]
    }


def apply_changes(session: Session, changes: Sequence[Change]) -> None:
    """Write the changes, all or none. Raises ConfigurationError for a role that may not."""
    try:
        with session.transaction():
            for change in changes:
                _write(session, change)
    except ConfigurationError as error:
        # The refresher, whom the usual remedy would make of this role, may not write policies either.
        raise ConfigurationError(
            error.message, subject=error.subject, remedy="Connect as the schema's owner: only it changes policies."
        ) from None


def _write(session: Session, change: Change) -> None:
    if change.after is None:
        session.execute("delete_policy", view_name=change.view)
    else:
        session.execute(
            "upsert_policy",
            view_name=change.view,
            enabled=change.after.enabled,
            target_lag=change.after.target_lag,
            statement_timeout=change.after.timeout,
        )


def _read(file: Path) -> tuple[Policy, ...]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}.", subject=str(file), remedy="Name another with --file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is not TOML: {error}.", subject=str(file), remedy="Correct that line.") from None
    try:
        parsed = _ViewsFile.model_validate(content)
    except ValidationError as error:
        raise _explain(file, content, error) from None
    defaults = {key: value for key, value in parsed.defaults if value is not None}
    return tuple(
        policy.model_copy(update={key: value for key, value in defaults.items() if key not in policy.model_fields_set})
        for policy in parsed.view
    )


def _explain(file: Path, content: dict[str, Any], error: ValidationError) -> ConfigurationError:
    first = error.errors()[0]
    path, key = first["loc"][:-1], str(first["loc"][-1])
    where = str(file)
    if len(first["loc"]) > 1 and first["loc"][0] == "view" and isinstance(first["loc"][1], int):
        entry = content["view"][first["loc"][1]]
        where += f", view {entry.get('name', first['loc'][1] + 1) if isinstance(entry, dict) else first['loc'][1] + 1}"
    if first["type"] == "extra_forbidden":
        model = _Defaults if "defaults" in path else Policy if "view" in path else _ViewsFile
        near = difflib.get_close_matches(key, model.model_fields, n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"The known keys are: {', '.join(model.model_fields)}."
        return ConfigurationError(f"unknown key '{key}'.", subject=where, remedy=remedy)
    if first["type"] == "string_pattern_mismatch":
        return ConfigurationError(
            f"'{first['input']}' is not a view's full name.",
            subject=where,
            remedy="Write it as schema.name, in lower case or quoted.",
        )
    if first["type"] == "missing":
        return ConfigurationError(f"has no key '{key}'.", subject=where, remedy="See docs/configuration.md.")
    if first["loc"][0] == "view" and len(first["loc"]) <= 2:  # noqa: PLR2004  # ("view",) or ("view", number)
        return ConfigurationError("a view is not a table.", subject=where, remedy="Begin each with a line [[view]].")
    message = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(
        f"{key}: '{first['input']}' {message}.", subject=where, remedy="See docs/configuration.md."
    )


def _stored(row: dict[str, Any]) -> Policy:
    return Policy.model_construct(
        name=row["view_name"],
        target_lag=row["target_lag"],
        timeout=row["statement_timeout"],
        enabled=row["enabled"],
    )


def _written(value: object) -> str:
    return "as the task's setting" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
