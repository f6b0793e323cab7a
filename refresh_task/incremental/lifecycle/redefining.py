"""vistafresca incremental redefine"""

from __future__ import annotations

import time
from contextlib import suppress

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.incremental.lifecycle.building import copy_indexes, make_key_indexes
from refresh_task.incremental.lifecycle.claim import Claim, ViewState, claim_view
from refresh_task.incremental.lifecycle.dependents import dependents_of
from refresh_task.incremental.lifecycle.design import Design, MadeTable, make_tables, say_how_stages_are_kept
from refresh_task.incremental.lifecycle.outcome import EnabledView, OnProgress, say_nothing
from refresh_task.incremental.lifecycle.proving import capture, capture_sources, settle_proof
from refresh_task.incremental.lifecycle.reading import enabled_view
from refresh_task.incremental.lifecycle.registering import refuse_dependents, refuse_what_is_indirect
from refresh_task.incremental.lifecycle.standing import require_its_table
from refresh_task.incremental.lifecycle.swapping import catch_up, drop_retired, put_in_place
from refresh_task.incremental.lifecycle.waiting import wait_until_seen
from refresh_task.incremental.stages import read_definition, written_select

# What the output of the new definition is called until it stands under the view's name: refreshes keep it up to date
# like a stage.
_NEW = "new definition"
_ATTEMPTS = 3


def redefine(
    session: Session, view: str, query: str, *, patience_s: float = 600, on_progress: OnProgress = say_nothing
) -> EnabledView:
    """Give an enabled view another query: with the same columns, or more at the end. What reads the view stays bound to
    it. Run again after a crash, it begins anew.

    Raises ConfigurationError (nothing is changed then) and StatementFailedError.
    """
    began = time.monotonic()
    with claim_view(session, view, on_progress) as claim:
        state = claim.read()
        if state.status not in ("enabled", "distrusted"):
            raise ConfigurationError(
                "it is not refreshed incrementally.",
                subject=claim.view,
                remedy="Create a materialized view anew by DROP and CREATE; or enable it first.",
            )
        require_its_table(claim, state)
        assert state.relation is not None  # noqa: S101  # it is its table
        query = written_select(query, subject=claim.view)
        refuse_dependents(claim, state.relation)
        drop_unfinished(claim)
        tables = claim.tables()
        last = tables[-1].position
        output = _build(claim, state, query, last + 1)
        with dependents_of(claim, state.relation, patience_s=patience_s) as dependents:
            try:
                copy_indexes(claim, state.relation, output)
                built = [table for table in claim.tables() if table.position > last]
                for table in built:
                    make_key_indexes(claim, table)
                dependents.build(output, lambda: catch_up(claim, built[-1]))
            except (ConfigurationError, StatementFailedError) as error:
                if session.is_usable:
                    drop_unfinished(claim)
                # 23505: another unique index does not hold any more
                if isinstance(error, ConfigurationError) or error.sqlstate != "23505":
                    raise
                raise ConfigurationError(
                    f"a unique index does not hold for the new query: {error.told}",
                    subject=claim.view,
                    remedy="Mend the query, or drop the index first.",
                ) from None
            wait_until_seen(claim, patience_s=patience_s)
            attempts = put_in_place(claim, state.relation, built[-1], dependents, patience_s=patience_s)
        settle_proof(claim)
        drop_retired(claim, patience_s=min(patience_s, 60))
        session.execute("release_captures")
        return enabled_view(claim, duration_s=time.monotonic() - began, attempts=attempts)


def drop_unfinished(claim: Claim) -> None:
    """Take away what was built for a definition that did not come to stand under the view's name."""
    state = claim.read()
    tables = claim.tables()
    current = next((table.position for table in tables if table.relation == state.relation), None)
    unfinished = [table.id for table in tables if current is not None and table.position > current]
    if unfinished:
        claim.session.execute("drop_maintained_tables", tables=unfinished)


class _UndoneError(Exception):
    """Carries out of a transaction, which it undoes, what was found in it."""

    def __init__(self, made: list[MadeTable]) -> None:
        super().__init__()
        self.made = made


def _build(claim: Claim, state: ViewState, query: str, position: int) -> int:
    """Make and fill the tables of the new definition, from this position on. Returns the output's OID.

    Refreshes keep every table that is there, and take it for one that is filled: so tables appear filled. What they
    need captured is found out by making them once before, and undoing it: triggers are committed before that snapshot.
    """
    session = claim.session
    for attempt in range(_ATTEMPTS):
        claim.say("prove", "proving which tables' changes touch which rows by the new query")
        try:
            with session.transaction():
                raise _UndoneError(_make(claim, state, query, position))
        except _UndoneError as undone:
            made = undone.made
        refuse_what_is_indirect(claim.view, made)
        for words in say_how_stages_are_kept(made) if attempt == 0 else ():
            claim.say("prove", words)
        claim.say("capture", "creating triggers on tables that were not captured yet")
        captures = [row["id"] for table in made for _, row in capture(session, table.proof.sources)]
        before = session.fetch_one("read_capture_structure", captures=captures)
        claim.say("fill", "filling the tables of the new query beside it")
        with suppress(_ReleasedError), session.snapshot():
            made = _make(claim, state, query, position)
            for table in made:
                capture_sources(session, table.id, table.proof.sources)
            if session.fetch_one("read_capture_structure", captures=captures) != before:
                raise _ReleasedError
            for table in made:
                session.execute("fill_table", table=table.id)
            return _relation(claim, made[-1].id)
    raise ConfigurationError(
        "the tables that it reads are being altered at this moment.", subject=claim.view, remedy="Try again later."
    )


class _ReleasedError(Exception):
    """Somebody released or altered a capture that the new definition was about to rely on."""


def _make(claim: Claim, state: ViewState, query: str, position: int) -> list[MadeTable]:
    """In the caller's transaction."""
    session = claim.session
    assert state.relation is not None and state.owner is not None  # noqa: S101, PT018  # it is enabled
    tables = claim.tables()
    current = next(table for table in tables if table.relation == state.relation)
    # by way of a definition, PostgreSQL spells the query, and finds the views beneath it
    table = session.fetch_one("insert_maintained_table", view=claim.view, position=position - 1_000_000, stage=_NEW)
    spelled = session.fetch_one("make_definition", table=table["id"], definition=query, owner=state.owner)["relation"]
    problems = session.fetch_one("read_column_problems", former=state.relation, successor=spelled)["problems"]
    if problems is not None:
        raise ConfigurationError(
            f"the new query's columns are not those that its readers know: {problems}.",
            subject=claim.view,
            remedy="Give it the same columns, and new ones at the end. Otherwise: vistafresca incremental disable, and "
            "create the materialized view anew.",
        )
    text, views = read_definition(session, spelled)
    session.execute("drop_maintained_tables", tables=[table["id"]])
    text = text.rstrip().removesuffix(";")
    session.execute("update_new_query", view=claim.view, definition=text)
    design = Design(
        view=claim.view,
        query=text,
        views=views,
        owner=state.owner,
        model=state.relation,
        stages=tuple(table.stage for table in tables if table.stage is not None and table.position < current.position),
        output=state.output or "table",
        key=current.key,
    )
    return make_tables(session, design, first_position=position, output_stage=_NEW)


def _relation(claim: Claim, table: int) -> int:
    found = next(each.relation for each in claim.tables() if each.id == table)
    assert found is not None  # noqa: S101  # it was made
    return found
