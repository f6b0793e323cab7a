"""What skipping rests on, taken away piece by piece: each time an interleaving has to go wrong. Otherwise the suite
would not see it missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fix_database import Database
from tests.integration.change_detection.cases import Look, one_writer, two_writers
from tests.integration.change_detection.interleavings import open_stage

_FUNCTIONS = Path(__file__).parents[3] / "sql" / "bi_refresh" / "functions"


@dataclass(frozen=True)
class Mutant:
    """A function of bi_refresh with something else in a place, and the changes of which view it does not see."""

    function: str
    right: str
    wrong: str
    look: Look
    view: str
    changes: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] | None = None  # all

    def install(self, database: Database) -> None:
        """In this database alone."""
        text = (_FUNCTIONS / f"{self.function}.sql").read_text()
        assert text.count(self.right) == 1
        database.execute(text.replace(self.right, self.wrong))


_MUTANTS = {
    "row versions without the transaction": Mutant(
        "physical_state", "t.xmin::text::bigint", "0", Look.FINGERPRINT, "plain", ("replace in place",)
    ),
    "no look at which rows there are": Mutant(
        "physical_state",
        "pg_catalog.bit_xor(pg_catalog.hashtidextended(t.ctid, t.xmin::text::bigint))",
        "0",
        Look.FINGERPRINT, "plain", ("update",),
    ),
    "files moved after the snapshot, by reading": Mutant(
        "require_unmoved", "IF moved IS NOT NULL", "IF false", Look.FINGERPRINT, "plain", ("truncate and refill",)
    ),
    "files moved after the snapshot, by touch": Mutant(
        "require_unmoved", "IF moved IS NOT NULL", "IF false", Look.TOUCH, "plain", ("truncate and refill",)
    ),
    "reads that were not foreseen": Mutant(
        "unforeseen_reads", "FROM other\n$$", "FROM other WHERE false\n$$", Look.FINGERPRINT, "parts", ("attach",)
    ),
    "children that were not foreseen, by touch": Mutant(
        "unforeseen_reads", "FROM other\n$$", "FROM other WHERE false\n$$", Look.TOUCH, "family", ("inherit",)
    ),
    "touches of the tables above": Mutant(
        "touch_states",
        "ON written_through.target = i.inhrelid",
        "ON written_through.target = i.inhrelid AND false",
        Look.TOUCH, "leaf", ("insert through the root",),
    ),
    "half the touches": Mutant(
        "touch_states",
        "coalesce(touched.touches, 0)", "pg_catalog.div(coalesce(touched.touches, 0), 2)",
        Look.VERIFICATION, "plain", ("insert",),
    ),
    "partitions": Mutant(
        "view_structures", ", edges.versions\n", "\n", Look.FINGERPRINT, "parts", ("attach",)
    ),
    "definitions": Mutant(
        "view_structures",
        # a view's row of pg_class is written anew with its definition
        "CASE WHEN c.relkind <> 'm' THEN c.xmin::text END,\n            queries.versions, ", "",
        Look.FINGERPRINT, "derived", ("replace the view beneath",),
    ),
    "structure, when many are verified": Mutant(
        "unchanged_views",
        "WHERE present.structure = s.fingerprint ->> 'structure'", "WHERE true",
        Look.VERIFICATION, "parts", ("attach",),
    ),
    "functions": Mutant(
        "view_structures",
        "coalesce(queries.use_code, false) OR coalesce(columns.use_code, false)", "false",
        Look.TOUCH, "derived", ("replace the function",),
    ),
    "refreshes by others": Mutant(
        "contents_version",
        "pg_catalog.concat_ws('/', c.xmin, c.relfilenode)", "'1'::text",
        Look.FINGERPRINT, "plain", ("refresh with a row that goes again",),
    ),
    "refreshes by others, by touch": Mutant(
        "contents_version",
        "pg_catalog.concat_ws('/', c.xmin, c.relfilenode)", "'1'::text",
        Look.TOUCH, "plain", ("refresh under an old snapshot", "insert"), ((0, 4), (0, 0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("left_out", _MUTANTS)
def test_what_skipping_rests_on_is_needed(database: Database, left_out: str) -> None:
    mutant = _MUTANTS[left_out]
    mutant.install(database)
    tried = 0
    with open_stage(database) as stage:
        for case in (one_writer, two_writers)[len(mutant.changes) - 1](mutant.look):
            changes = tuple(change.name for change, _, _ in case.writers)
            spans = tuple((begin, end) for _, begin, end in case.writers)
            if (case.view, changes) == (mutant.view, mutant.changes) and mutant.spans in (None, spans):
                stage.run(case)
                tried += 1
                if stage.wrong:
                    break
    assert tried > 0
    assert stage.wrong != [], f"{tried} interleavings did not notice"
