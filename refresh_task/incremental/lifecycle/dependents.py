"""Materialized views that read the relation to be replaced are built anew beside themselves, and swapped along with it.

Nothing binds a materialized view to another relation. So each of them, and each that reads one of them, gets a
successor with the same query over what comes in place of what it reads. Those that read it through ordinary views stay:
these are bound anew. What was built is no use to a later try, for rows, names and readers may be others then."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from refresh_task.errors import ConfigurationError, NotGrantedError, StatementFailedError
from refresh_task.incremental.lifecycle.building import copy_further_indexes, copy_indexes
from refresh_task.incremental.lifecycle.claim import Claim
from refresh_task.incremental.lifecycle.waiting import MAY_PASS, alone
from refresh_task.incremental.stages import exchange_relations
from refresh_task.incremental.stages.quoting import quoted

_SCHEMA = "bi_refresh_incremental"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


@dataclass(slots=True)
class _Built:
    """A materialized view and its successor. `contents` is the refresh that its rows were of before the successor was
    filled, `snapshot_at` the moment that the successor's are right for (None: it has none, as the view itself), and
    `oldest_at` that of the oldest data they are made from, as far as is known."""

    former: int
    name: str
    query: str
    reads: frozenset[int]
    is_populated: bool
    successor: int
    contents: str = ""
    snapshot_at: datetime | None = None
    oldest_at: datetime | None = None


class Dependents:
    """What is swapped along with a relation; as of the last keep_up()."""

    def __init__(self, claim: Claim, former: int, *, patience_s: float) -> None:
        """`former` is what is to be replaced."""
        self._claim, self._session, self._former, self._patience_s = claim, claim.session, former, patience_s
        self._built: list[_Built] = []
        self._locked: set[str] = set()

    @property
    def formers(self) -> list[int]:
        """The relations that get another one in their place, the view's own first."""
        return [self._former, *(built.former for built in self._built)]

    @property
    def successors(self) -> list[int]:
        """What was built beside for the others."""
        return [built.successor for built in self._built]

    def as_json(self) -> str:
        """As swap_dependents() takes it."""
        return json.dumps(
            [
                {
                    "former": built.former,
                    "successor": built.successor,
                    "query": built.query,
                    "contents": built.contents,
                    "snapshot_at": None if built.snapshot_at is None else built.snapshot_at.isoformat(),
                    "oldest_at": None if built.oldest_at is None else built.oldest_at.isoformat(),
                }
                for built in self._built
            ]
        )

    def build(self, successor: int, renew: Callable[[], datetime]) -> None:
        """As keep_up(), for the first time: what an earlier try has left goes, and `renew` is not called where nothing
        is to be built. What others cause is tried again until they have ended."""
        self._session.execute("drop_dependents", relation=successor)
        give_up_at, pause_s = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        while self._session.fetch_all("read_rebuilt_views", relation=self._former):
            try:
                self.keep_up(successor, renew)
            except StatementFailedError as error:
                if error.sqlstate not in MAY_PASS or time.monotonic() > give_up_at:
                    raise
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                return

    def keep_up(self, successor: int, renew: Callable[[], datetime]) -> None:
        """Have for each of the views a successor that is at least as new, over `successor`. `renew` brings that one up
        to date, and returns the moment that it is right for.

        Raises StatementFailedError and ConfigurationError, naming the view that cannot be built.
        """
        # Which refresh its rows are of is read first: so they were made from older data than its successor's will be
        rows = self._session.fetch_all("read_rebuilt_views", relation=self._former)
        for row in rows:
            self._lock(row["name"])
        # nobody else refreshes the successor, or waits for it, while it has another name for a moment
        with alone(self._claim, self._former, patience_s=self._patience_s):
            moment = renew()
            if [(row["relation"], row["query"], row["is_populated"]) for row in rows] != [
                (built.former, built.query, built.is_populated) for built in self._built
            ]:
                self._make(successor, rows)
        for row, built in zip(rows, self._built, strict=True):
            with _named(self._claim, built.name, built.former):
                if row["contents"] != built.contents:
                    self._fill(built, moment)
                if built.contents == "":
                    copy_indexes(self._claim, built.former, built.successor)
                else:
                    copy_further_indexes(self._claim, built.former, built.successor)
            built.contents = row["contents"]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else refreshes the view, or those that were built for it. Raises StatementFailedError."""
        with ExitStack() as stack:
            stack.enter_context(alone(self._claim, self._former, patience_s=self._patience_s))
            for built in self._built:
                stack.enter_context(alone(self._claim, built.former, name=built.name, patience_s=self._patience_s))
            yield

    def release(self) -> None:
        """Let others enable, disable and redefine them again."""
        if self._session.is_usable:
            for name in self._locked:
                self._session.execute("release_life_cycle_lock", view=name)

    def _lock(self, name: str) -> None:
        """Two commands that build one view anew would take each other's for their own."""
        if name not in self._locked:
            if not self._session.fetch_one("try_life_cycle_lock", view=name)["acquired"]:
                raise ConfigurationError(
                    f"another session is enabling, disabling or redefining {name}, which reads it, or a view that it "
                    "reads, too.",
                    subject=self._claim.view,
                    remedy="Run the command again when it is done: it goes on where it was.",
                )
            self._locked.add(name)

    def _make(self, successor: int, rows: list[dict[str, Any]]) -> None:
        self._session.execute("drop_dependents", relation=successor)
        self._built = []
        successors = {self._former: successor}
        if rows:  # their owners must be able to fill them
            self._session.execute("copy_grants", source=self._former, target=successor)
        for row in rows:
            self._claim.say("dependents", f"making {row['name']}, which reads it, anew beside it")
            reads = {read["name"]: read for read in row["reads"]}
            if len(reads) < len(row["reads"]):
                raise ConfigurationError(
                    f"{row['name']} reads two views of one name in different schemas, and both would be replaced.",
                    subject=self._claim.view,
                    remedy="Drop it, run the command again, and make it anew.",
                )
            query = exchange_relations(
                row["query"],
                {(read["schema_name"], name): f"{_SCHEMA}.{quoted(name)}" for name, read in reads.items()},
                subject=row["name"],
            )
            stand_ins = {name: successors[read["relation"]] for name, read in reads.items()}
            with _named(self._claim, row["name"], row["relation"]):
                made = self._session.fetch_one(
                    "make_dependent", former=row["relation"], definition=query, stand_ins=json.dumps(stand_ins)
                )["relation"]
            successors[row["relation"]] = made
            self._built.append(
                _Built(
                    former=row["relation"],
                    name=row["name"],
                    query=row["query"],
                    reads=frozenset(read["relation"] for read in row["reads"]),
                    is_populated=row["is_populated"],
                    successor=made,
                )
            )

    def _fill(self, built: _Built, moment: datetime) -> None:
        """With rows of this moment, where the view has rows."""
        if built.is_populated:
            self._claim.say("dependents", f"filling {built.name} beside it")
            # of what takes another's place only we know how old it is
            made_from = [moment, *(each.oldest_at for each in self._built if each.former in built.reads)]
            known = [each for each in made_from if each is not None]
            built.oldest_at = None
            if len(known) == len(made_from):
                row = self._session.fetch_one("read_oldest_data_timestamp", relation=built.successor, moment=min(known))
                built.oldest_at = row["oldest_at"]
            built.snapshot_at = self._session.fetch_one("fill_plain_view", relation=built.successor)["snapshot_at"]


@contextmanager
def dependents_of(claim: Claim, former: int, *, patience_s: float) -> Iterator[Dependents]:
    """What is to be swapped along with a relation, for this session alone."""
    dependents = Dependents(claim, former, patience_s=patience_s)
    try:
        yield dependents
    finally:
        dependents.release()


@contextmanager
def _named(claim: Claim, name: str, relation: int) -> Iterator[None]:
    """An error that comes of another view than the one that the command was given names it."""
    try:
        yield
    except NotGrantedError as error:
        raise NotGrantedError(
            f"{name}, which reads it, cannot be built anew: {error.message}", subject=claim.view, remedy=error.remedy
        ) from None
    except StatementFailedError as error:
        if error.sqlstate in MAY_PASS or error.connection_lost:
            raise
        message = error.told.replace(f"{_SCHEMA}.dependent_{relation}", name).replace(f"dependent_{relation}", name)
        raise StatementFailedError(
            f"{name}, which reads it, cannot be built anew: {message}",
            subject=claim.view,
            remedy="Mend it or drop it, and run the command again: it goes on where it was.",
            sqlstate=error.sqlstate,
            connection_lost=False,
        ) from None
