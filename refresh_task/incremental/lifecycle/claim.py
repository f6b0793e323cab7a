"""A view that one session alone enables, disables or redefines, as the catalog has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import (
    CommandInterruptedError,
    ConfigurationError,
    NotGrantedError,
    StatementFailedError,
    UnknownViewError,
    VistafrescaError,
)
from refresh_task.incremental.lifecycle.outcome import OnProgress, Output, Progress

_ASKING_S = 5.0  # a command that was told to end does not wait longer for what it says in the end


@dataclass(frozen=True, slots=True)
class ViewState:
    """What stands under a managed view's name, and how far it is on its way. `relation` is None where nothing does;
    `status` is None where it was never enabled; `relkind` as in pg_class. `kept` is the table
    that refreshes keep, `kept_name` what it is called now; None: it is gone."""

    name: str
    policy_key: Sequence[str] | None
    policy_stages: Sequence[str] | None
    relation: int | None
    relkind: str | None
    owner: int | None
    owner_name: str | None
    is_populated: bool
    current_query: str | None
    is_owner: bool | None
    may_create: bool | None
    schema_name: str | None
    user_name: str
    status: str | None
    step: str | None
    output: Output | None
    query: str | None
    original: dict[str, Any] | None
    distrust_reason: str | None
    kept: int | None
    kept_name: str | None


@dataclass(frozen=True, slots=True)
class MaintainedTable:
    """A row of maintained_table: what is kept, and by which view it is defined."""

    id: int
    position: int
    stage: str | None
    kind: str
    relation: int | None
    definition: int | None
    key: Sequence[str] | None
    slices: Sequence[Sequence[str]]
    measures: dict[str, Any] | None
    data_timestamp: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """A view whose life cycle is in this session's hands."""

    session: Session
    view: str
    on_progress: OnProgress

    def say(self, step: str, message: str) -> None:
        """Show what is being done."""
        self.on_progress(Progress(self.view, step, message))

    def read(self) -> ViewState:
        """The view as it is now."""
        return ViewState(**self.session.fetch_one("read_incremental_view", view=self.view))

    def tables(self) -> list[MaintainedTable]:
        """What is maintained for it, in the order of refreshes."""
        return [MaintainedTable(**row) for row in self.session.fetch_all("read_maintained_tables", view=self.view)]

    def finish_step(self, step: str) -> None:
        """Record a step that is complete."""
        self.session.execute("update_incremental_step", view=self.view, step=step)


@contextmanager
def claim_view(session: Session, written: str, on_progress: OnProgress) -> Iterator[Claim]:
    """The managed view that a name with or without schema means, for this session alone, whose statements may take as
    long as they need meanwhile. What the server refuses names the view then, and says what is left.

    Raises UnknownViewError, and ConfigurationError where another session has it."""
    found = session.fetch_one("find_view", written=written)
    if found["problem"] is not None:
        message = found["problem"].removeprefix(f'"{written}" ')
        raise UnknownViewError(f"{message}.", subject=written, remedy=found["remedy"])
    view = str(found["view_name"])
    if not session.fetch_one("try_life_cycle_lock", view=view)["acquired"]:
        raise ConfigurationError(
            "another session is enabling, disabling or redefining it.", subject=view, remedy="Wait until it is done."
        )
    former = session.fetch_one("read_timeouts")
    session.set_statement_timeout(0)
    claim = Claim(session, view, on_progress)
    try:
        yield claim
    except (StatementFailedError, NotGrantedError) as error:
        raise _of_the_view(claim, error) from None
    except KeyboardInterrupt as interrupt:  # which says so where it was SIGTERM
        message = " by ".join(["interrupted", *map(str, interrupt.args)])
        raise CommandInterruptedError(f"{message}.", subject=view, remedy=_what_is_left(claim, cause="")) from None
    finally:
        if session.is_usable:
            session.set_statement_timeout(former["statement_timeout_ms"] / 1000)
            session.execute("release_life_cycle_lock", view=view)


def _of_the_view(claim: Claim, error: StatementFailedError | NotGrantedError) -> VistafrescaError:
    """The error as one of the view's, if it is the server's own words alone."""
    if error.subject != claim.session.server:
        return error
    left = _what_is_left(claim)
    if isinstance(error, NotGrantedError):
        return NotGrantedError(error.message, subject=claim.view, remedy=f"{error.remedy} {left}")
    return StatementFailedError(
        error.told,
        subject=claim.view,
        remedy=left if error.hint is None else f"{error.hint} {left}",
        sqlstate=error.sqlstate,
        connection_lost=error.connection_lost,
        table_name=error.table_name,
    )


def _what_is_left(claim: Claim, *, cause: str = "mend what was in the way, and ") -> str:
    """How far the view is when a command ends before its end, and how to go on, in sentences."""
    session, status, step = claim.session, None, None
    try:
        session.set_statement_timeout(_ASKING_S)
        for row in session.fetch_all("read_incremental_step", view=claim.view):
            status, step = row["status"], row["step"]
    except VistafrescaError:
        return "Run the command again when the server answers: it goes on where it was."
    disable = f"vistafresca incremental disable {claim.view}"
    return {
        None: f"Nothing is left of it: {cause}run the command again.",
        "enabling": f'It is half enabled, up to the step "{step}", which is committed, and read and refreshed as '
        f"ever: run the command again, which goes on where it was; or undo it: {disable}",
        "disabling": f"It is nearly given back: let that come to its end: {disable}",
    }.get(status, f"It stays {status}: {cause}run the command again.")
