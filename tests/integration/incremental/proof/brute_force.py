"""Claims against what happens: a random change of the tables, and each view before and after it. A row that is there
one time and not the other must be in a slice that the proof says the change touches."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from refresh_task.incremental.model import Proof, Source

# No column is called so: there are some called t and q.
_WHOLE = '"the whole row"'
# A change that the table does not allow.
_REFUSED = (psycopg.errors.IntegrityError, psycopg.errors.DataError, psycopg.errors.RaiseException)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A view's query and what is claimed of it."""

    name: str
    query: str
    proof: Proof


class BruteForce:
    """One transaction over a database, never committed: now() stands still."""

    def __init__(self, connection: psycopg.Connection[Any], claimed: Sequence[Claimed], seed: int) -> None:
        self._connection = connection
        self._claimed = [claim for claim in claimed if any(source.slice for source in claim.proof.sources)]
        self._random = random.Random(seed)  # noqa: S311  # a test's choices
        sources = {source.name: source.relation for claim in self._claimed for source in claim.proof.sources}
        self._columns = {name: self._writable(oid) for name, oid in sources.items()}
        self._numbers = {name: number for number, name in enumerate(self._columns)}
        self.changes = self.checks = self.touched = 0

    def run(self, changes: int, *, kept: int = 10) -> list[str]:
        """What was belied, in words. A change is undone before the next one; each `kept`th is not."""
        found: list[str] = []
        self._look()
        self._look_at_changes()
        for number in range(changes):
            with suppress(*_REFUSED), self._connection.transaction():
                said = self._change()
                found += [f"{said}: {words}" for words in self._belied()]
                self.changes += 1
                raise psycopg.Rollback
            if number % kept == kept - 1:
                with suppress(*_REFUSED), self._connection.transaction():
                    self._change()
                self._look()
        return found

    def _look(self) -> None:
        """Remember what all tables and views hold."""
        for name, number in self._numbers.items():
            self._make(f"table_{number}", f"SELECT {_WHOLE}.*, {_WHOLE}::text AS image FROM {name} AS {_WHOLE}")
        for number, claim in enumerate(self._claimed):
            self._make(f"view_{number}", f"SELECT {_kept(claim.proof)} FROM ({claim.query}) AS {_WHOLE}")

    def _look_at_changes(self) -> None:
        """Make the tables of _find_changed() where no rollback takes them away."""
        for name, number in self._numbers.items():
            self._find_changed(name, number)

    def _make(self, name: str, query: str) -> None:
        # one table for all times: dropped ones would keep their locks to the end of the transaction
        self._run(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS {query} WITH NO DATA")
        self._run(f"DELETE FROM pg_temp.{name}; INSERT INTO pg_temp.{name} {query}")

    def _run(self, statement: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(statement.encode())

    def _change(self) -> str:
        name = self._random.choice([name for name, columns in self._columns.items() if columns])
        all_columns = self._columns[name]
        chosen = self._random.sample(all_columns, self._random.randint(1, min(3, len(all_columns))))
        row = f"(SELECT ctid FROM {name} ORDER BY md5(ctid::text || '{self._random.random()}') LIMIT 1)"
        kind = self._random.choice(("insert", "update", "update", "delete"))
        if kind == "delete":
            statement = f"DELETE FROM {name} WHERE ctid = {row}"
        elif kind == "update":
            values = ", ".join(f'"{column}" = {self._value(name, column)}' for column in chosen)
            statement = f"UPDATE {name} SET {values} WHERE ctid = {row}"
        else:
            listed = ", ".join(f'"{column}"' for column in all_columns)
            values = ", ".join(
                self._value(name, column) if column in chosen else f'f."{column}"' for column in all_columns
            )
            statement = f"INSERT INTO {name} ({listed}) SELECT {values} FROM {name} AS f WHERE f.ctid = {row} LIMIT 1"
        self._run(statement)
        return statement

    def _value(self, table: str, column: str) -> str:
        """One that the column has already, NULL, or a number near those of keys."""
        number = self._random.random()
        if number < 0.15:
            return "NULL"
        if number < 0.5 and column in ("id", "line", "kind", "n", "order_id", "customer", "table_id", "parent"):
            return str(self._random.randint(0, 60))
        return f"""(SELECT v."{column}" FROM {table} AS v ORDER BY md5(v::text || '{number}') LIMIT 1)"""

    def _belied(self) -> Iterator[str]:
        changed = {name for name, number in self._numbers.items() if self._find_changed(name, number)}
        for number, claim in enumerate(self._claimed):
            read = {source.name: source for source in claim.proof.sources if source.name in changed}
            if not read or any(source.slice is None for source in read.values()):
                continue
            self.checks += 1
            touched = " OR ".join(
                _touches(claim.proof, source, f"changed_{self._numbers[name]}") for name, source in read.items()
            )
            rows = self._run(
                f"WITH after AS (SELECT {_kept(claim.proof)} FROM ({claim.query}) AS {_WHOLE}), d AS"
                f" ((TABLE pg_temp.view_{number} EXCEPT ALL TABLE after)"
                f" UNION ALL (TABLE after EXCEPT ALL TABLE pg_temp.view_{number}))"
                f" SELECT d.image, coalesce({touched}, false) FROM d"
            ).fetchall()
            self.touched += bool(rows)
            if lost := [image for image, is_touched in rows if not is_touched]:
                yield f"{claim.name}: {lost[:3]} is in no slice of {list(read.values())}"

    def _find_changed(self, name: str, number: int) -> bool:
        """Rows of a table that are there one time only, or not as often, by their images: old and new ones."""
        self._make(
            f"changed_{number}",
            f"WITH now AS (SELECT {_WHOLE}.*, {_WHOLE}::text AS image FROM {name} AS {_WHOLE}), counted AS ("
            f"SELECT image FROM (SELECT image, 1 AS n FROM pg_temp.table_{number} UNION ALL SELECT image, -1 FROM now)"
            " AS both_times GROUP BY image HAVING sum(n) <> 0)"
            f" SELECT * FROM pg_temp.table_{number} WHERE image IN (TABLE counted)"
            " UNION ALL SELECT * FROM now WHERE image IN (TABLE counted)",
        )
        return bool(self._run(f"SELECT count(*) > 0 FROM changed_{number}").fetchall()[0][0])

    def _writable(self, relation: int) -> list[str]:
        rows = self._connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = ''",
            [relation],
        ).fetchall()
        return [name for (name,) in rows]


def _kept(proof: Proof) -> str:
    columns = dict.fromkeys(column for slicing in proof.slices for column in slicing)
    return ", ".join([f"{_WHOLE}::text AS image", *(f'{_WHOLE}."{column}"' for column in columns)])


def _touches(proof: Proof, source: Source, changed: str) -> str:
    """Whether row d is in a slice that a changed row names, or has a NULL that one is said to touch."""
    assert source.slice is not None
    columns = [f'd."{column}"' for column in proof.slices[source.slice - 1]]
    equal = " AND ".join(f"x.e{number} = {column}" for number, column in enumerate(columns))
    is_null = " OR ".join(f"x.e{number} IS NULL" for number, _ in enumerate(columns))
    has_null = " OR ".join(f"{column} IS NULL" for column in columns)
    windows = [f"({slide.column}) {slide.operator} ({slide.bound})" for slide in source.slides if slide.operator]
    kept = " AND ".join(windows).replace("$1", "now()") or "true"
    rows = f"EXISTS (SELECT FROM ({_named(source, changed, kept)}) AS x WHERE"
    touched = f"{rows} ({equal}) OR (({has_null}) AND ({is_null})))"
    return f"{touched} OR ({has_null})" if source.null_slice == "any" else touched


def _named(source: Source, changed: str, kept: str) -> str:
    """A query that gives the slices that a changed row names: e0, e1, …"""
    lookup = source.lookup
    looked_up = lookup.positions if lookup is not None else ()
    own, others = (
        [f"({said}) AS e{n}" for n, said in enumerate(source.expressions) if (n + 1 in looked_up) is is_other]
        for is_other in (False, True)
    )
    if lookup is None:
        return f"SELECT {', '.join(own)} FROM {changed} WHERE {kept}"
    mine, theirs = ([f"({pair[side]}) AS w{n}" for n, pair in enumerate(lookup.pairs)] for side in (0, 1))
    equal = " AND ".join(f"c.w{n} = o.w{n}" for n in range(len(lookup.pairs)))
    return (
        f"SELECT * FROM (SELECT {', '.join(own + mine)} FROM {changed} WHERE {kept}) AS c"
        f" JOIN (SELECT {', '.join(others + theirs)} FROM {lookup.name}) AS o ON {equal}"
    )
