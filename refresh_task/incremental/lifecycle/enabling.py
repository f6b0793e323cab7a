"""vistafresca incremental enable"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.incremental.lifecycle.building import copy_indexes, fill, make_key_indexes
from refresh_task.incremental.lifecycle.claim import Claim, ViewState, claim_view
from refresh_task.incremental.lifecycle.dependents import dependents_of
from refresh_task.incremental.lifecycle.outcome import EnabledView, OnProgress, Output, say_nothing
from refresh_task.incremental.lifecycle.proving import settle_proof
from refresh_task.incremental.lifecycle.reading import enabled_view
from refresh_task.incremental.lifecycle.redefining import redefine
from refresh_task.incremental.lifecycle.registering import register
from refresh_task.incremental.lifecycle.standing import require_its_table
from refresh_task.incremental.lifecycle.swapping import catch_up, drop_retired, put_in_place
from refresh_task.incremental.lifecycle.waiting import alone, wait_until_seen

# The steps in their order; incremental_view.step is the last one that is complete.
_STEPS = ("registered", "captured", "filled", "indexed", "seen by all", "enabled")


def enable(
    session: Session,
    view: str,
    *,
    stages: Sequence[str] | None = None,
    output: Output | None = None,
    key: Sequence[str] | None = None,
    slices: Sequence[Sequence[str]] | None = None,
    patience_s: float = 600,
    on_progress: OnProgress = say_nothing,
) -> EnabledView:
    """Have a managed view refreshed incrementally from now on. Each step is committed: run again after a crash, it goes
    on where it was; disable() undoes it.

    `session` is one of the schema's owner, in autocommit mode. `stages` names grouped CTEs, `key` the columns that tell
    rows apart; None: what the policy says, then what can be proved. `output` is what will stand under its name; None: a
    table. `patience_s`: how long to wait for other sessions.

    Raises ConfigurationError (there are obstacles: nothing is left behind) and StatementFailedError.
    """
    began = time.monotonic()
    with claim_view(session, view, on_progress) as claim:
        state = _start_over_if_stale(claim, claim.read())
        if state.status is not None:
            _refuse_another_design(claim, state, stages=stages, output=output, key=key)
        attempts = 0
        if state.status in ("enabled", "distrusted"):
            require_its_table(claim, state)
            if session.fetch_one("read_replaced_views", view=claim.view)["replaced"]:
                # its stages are made anew, of what the views beneath it say now
                redefine(session, view, state.query or "", patience_s=patience_s, on_progress=on_progress)
            _prove_again(claim, state, patience_s=patience_s)
            drop_retired(claim, patience_s=min(patience_s, 60))
        else:
            if state.status is None:
                register(
                    claim,
                    state,
                    stages=tuple(stages if stages is not None else state.policy_stages or ()),
                    output=output or "table",
                    key=key if key is not None else state.policy_key,
                    slices=slices,
                )
            with _nothing_left_if_refused(claim):
                _capture(claim)
            attempts = _build_and_swap(claim, patience_s=patience_s)
        return enabled_view(claim, duration_s=time.monotonic() - began, attempts=attempts)


def _refuse_another_design(
    claim: Claim,
    state: ViewState,
    *,
    stages: Sequence[str] | None,
    output: Output | None,
    key: Sequence[str] | None,
) -> None:
    """What was begun is gone on with as it was begun: what else is asked for must not be passed over in silence."""
    tables = claim.tables()
    last = next(table for table in tables if table.stage is None)
    kept = {table.stage for table in tables if table.position < last.position}
    # of a key that could not be used, only the wish is recorded
    keys = [set(known) for known in (last.key, (state.original or {}).get("key")) if known is not None]
    others = []
    if stages is not None and set(stages) != kept:
        others.append(f"stages {', '.join(sorted(filter(None, kept)))}" if kept else "no stages")
    if key is not None and set(key) not in keys:
        others.append("no key" if last.key is None else f"the key {', '.join(last.key)}")
    if output is not None and output != state.output:
        others.append("a table as its output" if state.output == "table" else "a materialized view as its output")
    if others:
        raise ConfigurationError(
            f"it was {'enabled' if state.status != 'enabling' else 'begun'} with {' and '.join(others)}.",
            subject=claim.view,
            remedy=f"Leave the option out; or give it back first: vistafresca incremental disable {claim.view}",
        )


def _prove_again(claim: Claim, state: ViewState, *, patience_s: float) -> None:
    """What is enabled is proved for what is there now, computed in full where a comparison found other rows, and
    trusted again."""
    if state.status == "distrusted" or not claim.session.fetch_one("read_proof_holds", view=claim.view)["holds"]:
        claim.say("prove", "proving it again")
        settle_proof(claim)
    if state.status == "distrusted":
        assert state.relation is not None  # noqa: S101  # it is its table
        claim.say("fill", "computing it in full, and writing what differs")
        with alone(claim, state.relation, patience_s=patience_s), claim.session.snapshot():
            claim.session.execute("forget_structures", view=claim.view)
            claim.session.execute("catch_up", view=claim.view)
            claim.session.execute("record_contents", view=claim.view, relation=state.relation)
            claim.session.execute("trust_view", view=claim.view)


@contextmanager
def _nothing_left_if_refused(claim: Claim) -> Iterator[None]:
    """Undo what was begun where it will not go on without somebody's doing. After a lock that was not to be had, or a
    lost connection, it will."""
    try:
        yield
    except (ConfigurationError, StatementFailedError) as error:
        sqlstate = error.sqlstate if isinstance(error, StatementFailedError) else None
        if claim.session.is_usable and sqlstate not in ("55P03", "40P01", "57014"):
            claim.session.execute("drop_incremental_view", view=claim.view)
            claim.session.execute("release_captures")
        raise


def _start_over_if_stale(claim: Claim, state: ViewState) -> ViewState:
    """What was begun for a materialized view that somebody has made anew since is of no use."""
    if state.status == "disabling":
        raise ConfigurationError(
            "it is being given back.",
            subject=state.name,
            remedy=f"Let that come to its end first: vistafresca incremental disable {state.name}",
        )
    if state.status == "enabling" and (
        state.relkind != "m" or state.original is None or state.original["relation"] != state.relation
    ):
        claim.say("prove", "it is another relation now than when enabling it began: starting over")
        claim.session.execute("drop_incremental_view", view=claim.view)
        return claim.read()
    return state


def _capture(claim: Claim) -> None:
    """Changes are captured, by triggers that are committed, before anything is filled: what the first snapshot does not
    see is in the queues then."""
    if claim.read().step == "registered":
        claim.say("capture", "creating triggers on the tables that it reads")
        settle_proof(claim)
        claim.finish_step("captured")


def _build_and_swap(claim: Claim, *, patience_s: float) -> int:
    """All further steps from the one that follows the last complete one. Returns how often the swap was tried."""
    state = claim.read()
    done = _STEPS.index(state.step) if state.step in _STEPS else 0
    tables = claim.tables()
    output = tables[-1]
    assert state.relation is not None and output.relation is not None  # noqa: S101, PT018  # _start_over_if_stale
    if done < _STEPS.index("filled"):
        fill(claim, tables)
        claim.finish_step("filled")
    if done < _STEPS.index("indexed"):
        copy_indexes(claim, state.relation, output.relation)
        for table in tables:
            make_key_indexes(claim, table)
        claim.finish_step("indexed")
    with dependents_of(claim, state.relation, patience_s=patience_s) as dependents:
        dependents.build(output.relation, lambda: catch_up(claim, output))
        if done < _STEPS.index("seen by all"):
            wait_until_seen(claim, patience_s=patience_s)
            claim.finish_step("seen by all")
        attempts = put_in_place(claim, state.relation, output, dependents, patience_s=patience_s)
    drop_retired(claim, patience_s=min(patience_s, 60))
    return attempts
