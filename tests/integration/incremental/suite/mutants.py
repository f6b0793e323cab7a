"""What incremental refresh rests on, and what goes wrong without it: a function of bi_refresh with something else in
some places, and a history that shows it. Nothing in these runs at the same time, so nothing is left to chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.fix_database import Database
from tests.integration.incremental.suite.clock import days_pass
from tests.integration.incremental.suite.history import Event, Refresh, Run, Write

_FUNCTIONS = Path(__file__).parents[4] / "sql" / "bi_refresh" / "functions"
_RECAPTURE = """
    DO $$
    DECLARE
        found record;
    BEGIN
        FOR found IN
            SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger WHERE tgname ~ '^bi_refresh_capture'
        LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
        END LOOP;
        PERFORM bi_refresh.set_capture_functions(id), bi_refresh.set_capture_triggers(id)
        FROM bi_refresh.captured_table;
    END
    $$
"""


@dataclass(frozen=True)
class Mutant:
    """What is replaced: (function, right, wrong); and the history, of one view, after its first refresh."""

    places: tuple[tuple[str, str, str], ...]
    view: str
    events: tuple[Event, ...]
    # The capturing functions and triggers are made anew by the functions that were replaced.
    recaptures: bool = False
    # Without it the refresh fails, rather than leaving wrong rows.
    fails: bool = False

    def install(self, database: Database) -> None:
        """In this database alone."""
        texts: dict[str, str] = {}
        for function, right, wrong in self.places:
            text = texts.get(function) or (_FUNCTIONS / f"{function}.sql").read_text()
            assert text.count(right) == 1, f"{function}.sql has {text.count(right)} times: {right}"
            texts[function] = text.replace(right, wrong)
        for text in texts.values():
            database.execute(text)
        if self.recaptures:
            database.execute(_RECAPTURE)


def _write(*statements: str) -> Write:
    return Write(statements)


_UPDATE = "UPDATE orders SET kind = 7, amount = 77 WHERE id IN (1, 2)"
_ENABLED = ("capture_triggers", "g.tgenabled = 'A'", "true")
_OLD_LAYOUT = (
    "DO $$DECLARE log text := (SELECT format('bi_refresh_incremental.log_%s', id) FROM bi_refresh.captured_table"
    " WHERE relation = 'orders'::regclass); BEGIN EXECUTE format('UPDATE %s SET bi_refresh_layout = 0, kind = NULL',"
    " log); END$$"
)
_EVERYTHING = """DELETE FROM %2$s AS p
            WHERE p.ctid = ANY (ARRAY(
                SELECT e.ctid FROM %2$s AS e
                WHERE e.bi_refresh_weight = 0 AND EXISTS (SELECT FROM moved)
                FOR UPDATE SKIP LOCKED
            ))
            RETURNING p.bi_refresh_table
"""
_IN_FULL = "WHERE i.in_full AND EXISTS (SELECT FROM moved)"
_INDIRECT = (
    "(s.capture_id = ANY (everything) OR (s.slice IS NULL AND target.kind = 'slices' AND s.capture_id = ANY (changed)))"
)
_NEW_AND_LOST = "'present.row_id IS NULL OR latest.number IS NULL '\n                'OR %2$s"
_REWRITE = "UPDATE bi_refresh.maintained_table AS t\n            SET data_timestamp = t.data_timestamp"
_CONTENTS = "t.id, pg_catalog.to_jsonb(t.data_timestamp) #>> '{}' AS moment"
_DISTRIBUTE = Run("SELECT bi_refresh.distribute_changes()")
_LINEAR = "public.linear"
_CHILD = "CREATE TABLE more () INHERITS (payments)"

MUTANTS: dict[str, Mutant] = {
    "rows as they were before an update": Mutant(
        (("capture_body", "image.not_of <> capture_body.event",
          "image.not_of <> capture_body.event AND (image.not_of = 'delete' OR capture_body.event = 'delete')"),),
        "public.filters", (_write(_UPDATE),), recaptures=True,
    ),
    "triggers that are enabled always": Mutant(
        (("set_capture_triggers", "ENABLE ALWAYS TRIGGER", "ENABLE TRIGGER"), _ENABLED),
        "public.filters", (_write("SET LOCAL session_replication_role = replica", _UPDATE),), recaptures=True,
    ),
    "a look at the triggers": Mutant(
        (_ENABLED, ("capture_triggers", "concat_ws('/', g.oid, g.xmin, g.tgenabled)", "concat_ws('/', g.oid)")),
        "public.filters", (_write("ALTER TABLE orders DISABLE TRIGGER ALL", _UPDATE),),
    ),
    "triggers for TRUNCATE, and a look at files": Mutant(
        (("capture_triggers", "'old_rows'),\n        ('truncate', 32, NULL, NULL)\n", "'old_rows')\n"),
         ("maintained_structures", "p.xmin AS version, p.relfilenode AS file", "'0'::xid AS version, 0 AS file")),
        "public.filters", (_write("TRUNCATE orders CASCADE"),), recaptures=True,
    ),
    "triggers on every partition": Mutant(
        (("capture_members", "ON member.relation = i.inhparent", "ON member.relation = i.inhparent AND false"),),
        "public.two_levels", (_write("UPDATE readings_2026_low SET value = 100"),), recaptures=True,
    ),
    "over-large statements, which say: everything": Mutant(
        (("capture_body", "most_rows CONSTANT integer := 100000", "most_rows CONSTANT integer := 2"),
         ("capture_body", "OPERATOR(pg_catalog.>) ', most_rows,", "OPERATOR(pg_catalog.>) ', 99999,")),
        "public.filters", (_write("UPDATE orders SET amount = 5"),), recaptures=True,
    ),
    "entries of an older layout, which say: everything": Mutant(
        (("waiting_changes", " OR e.bi_refresh_layout < $2", ""),),
        "public.filters", (_write(_UPDATE, _OLD_LAYOUT),),
    ),
    "everything, said anew when more is handed out": Mutant(
        (("move_entries", _EVERYTHING,
          "SELECT p.bi_refresh_table FROM %2$s AS p WHERE p.bi_refresh_weight = 0\n"),
         ("move_entries", _IN_FULL,
          f"{_IN_FULL} AND NOT EXISTS (SELECT FROM everything AS e WHERE e.bi_refresh_table = i.table_id)")),
        "public.full_join_using",
        (_write("TRUNCATE payments"), _DISTRIBUTE,
         Refresh("public.full_join_using",
                 meanwhile=(_write("INSERT INTO payments VALUES (1, 1, 3, 4)"), _DISTRIBUTE))),
    ),
    "handing out all that was captured": Mutant(
        (("move_entries", "WHERE NOT i.in_full", "WHERE NOT i.in_full AND m.bi_refresh_weight = 1"),),
        "public.filters", (_write(_UPDATE), _DISTRIBUTE),
    ),
    "each change once, where they are counted": Mutant(
        (("must_move", "t.kind = 'linear' OR EXISTS", "EXISTS"),),
        _LINEAR, (_write("UPDATE payments SET paid = paid + 1"), Refresh(_LINEAR), _DISTRIBUTE),
    ),
    "what is claimed is taken away": Mutant(
        (("claim_changes", "WHERE p.bi_refresh_table = $1', source.capture_id",
          "WHERE p.bi_refresh_table = $1 AND false', source.capture_id"),),
        _LINEAR, (_write("UPDATE payments SET paid = paid + 1"), Refresh(_LINEAR), _DISTRIBUTE),
    ),
    "rows with a NULL in the slice's columns": Mutant(
        (("find_dirty_slices", "IF has_null OR (counted -> 1)::bigint > 0 THEN", "IF false THEN"),),
        "public.null_group", (_write("UPDATE orders SET label = NULL WHERE id IN (1, 2)"),),
    ),
    "a comparison that finds new and lost rows, too": Mutant(
        (("find_differences", _NEW_AND_LOST, "'present.row_id IS NOT NULL AND latest.number IS NOT NULL AND (%2$s)"),),
        "public.filters", (_write("DELETE FROM orders WHERE kind = 3", "UPDATE orders SET kind = 99 WHERE id = 7"),),
    ),
    "files that stay where they were": Mutant(
        (("require_unaltered", "PERFORM bi_refresh.require_unmoved(relations);", ""),
         ("require_unaltered", "IF altered IS NOT NULL", "IF false"),
         # a sample of the slices would find it, and ask for another try
         ("audit_table", "l.attempts = 1", "false")),
        "public.full_join_using",
        (_write(_UPDATE), Refresh("public.full_join_using", meanwhile=(_write("TRUNCATE payments"),))),
    ),
    "partitions that are attached as the snapshot has them": Mutant(
        (("require_unaltered", "IF altered IS NOT NULL", "IF false"), ("audit_table", "l.attempts = 1", "false")),
        "public.list_partitions",
        (
            _write("INSERT INTO stock VALUES ('west', 'apple', 1)", "DELETE FROM stock WHERE region = 'west'"),
            Refresh(
                "public.list_partitions",
                meanwhile=(_write("ALTER TABLE stock ATTACH PARTITION stock_west FOR VALUES IN ('west')"),),
            ),
            _write("ALTER TABLE stock DETACH PARTITION stock_west"),
        ),
    ),
    "other unique indexes": Mutant(
        (("apply_differences", "replaces CONSTANT boolean := other > 0 AND EXISTS (",
          "replaces CONSTANT boolean := false AND EXISTS ("),),
        "public.keys_that_swap",
        (_write("UPDATE orders SET amount = -coalesce(amount, 100) - id WHERE kind = 2"),), fails=True,
    ),
    "each slice once": Mutant(
        (("dirty_keys_query", "'FROM (SELECT DISTINCT * FROM ('", "'FROM (SELECT * FROM ('"),),
        "public.duplicates", (_write("UPDATE clicks SET n = 9 WHERE kind = 2"),), fails=True,
    ),
    "rows that an earlier cut has brought": Mutant(
        (("recompute_slices", "bi_refresh.outside_slices(target, earlier, 'result')", "''"),),
        "public.right_join_by_customer",
        (_write("UPDATE customers SET name = 'new' WHERE id = 1", "UPDATE orders SET kind = 9 WHERE customer = 1"),),
        fails=True,
    ),
    "slices that are looked up": Mutant(
        (("lookup_join", "'changed.w%1$s = looked_up.w%1$s'", "'changed.w%1$s = looked_up.w%1$s + 1'"),),
        "public.looked_up", (_write("UPDATE lines SET quantity = quantity + 1 WHERE order_id = 1"),),
    ),
    "windows over what is looked up": Mutant(
        (("dirty_keys_query", "' WHERE (%1$s) IS DISTINCT FROM (%2$s) AND", "' WHERE (%1$s) IS NULL AND"),),
        "public.looked_up_in_a_window", (days_pass(1),),
    ),
    "windows that move": Mutant(
        (("dirty_keys_query", "WHERE is_moved", "WHERE false"),), "public.last_days", (days_pass(1),),
    ),
    "rows that were in a window, and are no more": Mutant(
        (("dirty_keys_query", "' AND '\n                    ) || ' OR ' || pg_catalog.string_agg(",
          "' AND '\n                    ) || ' AND ' || pg_catalog.string_agg("),),
        "public.last_days",
        (days_pass(1), _write("DELETE FROM sales WHERE day = CURRENT_DATE - 3 OR day = CURRENT_DATE")),
    ),
    "what a window does not look at is passed over, and nothing else": Mutant(
        (("entries_that_matter", "THEN (%s) IS TRUE", "THEN (%s) IS NOT TRUE"),),
        "public.last_days_of_a_place", (_write("UPDATE sales SET amount = amount + 1"), _DISTRIBUTE),
    ),
    "windows that do not move over what was passed over": Mutant(
        (("entries_that_matter", _REWRITE,
          f"SELECT {_CONTENTS} FROM bi_refresh.maintained_table AS t"),
         ("entries_that_matter", f"\n            RETURNING {_CONTENTS}", "")),
        "public.last_days_of_a_place",
        (days_pass(1),
         Refresh("public.last_days_of_a_place",
                 meanwhile=(_write("INSERT INTO sales (kind, amount, at, day) VALUES (1, 5, now(), CURRENT_DATE)"),
                            _DISTRIBUTE))),
    ),
    "both ends of a window": Mutant(
        (("dirty_keys_query", "BETWEEN LEAST(%1$s, %2$s) AND GREATEST(%1$s, %2$s)",
          "BETWEEN LEAST(%1$s, %2$s) AND LEAST(%1$s, %2$s)"),),
        "public.last_days", (days_pass(2),),
    ),
    "dates that are no windows": Mutant(
        (("why_in_full", "WHERE (target.moments ->> k.detail = moments ->> k.detail) IS NOT true", "WHERE false"),
         ("why_in_full", "WHERE target.moments ->> k.detail IS DISTINCT FROM k.moment", "WHERE false")),
        "public.age_of_rows", (days_pass(1),),
    ),
    "a look at the date where nothing was written": Mutant(
        (("nothing_changed", "m.moments = bi_refresh.moments_now(m.moments)", "true"),),
        "public.last_days", (days_pass(1),),
    ),
    "what is known to be everything": Mutant(
        (("why_in_full", "s.capture_id = ANY (everything) OR ", ""),),
        "public.filters", (_write(_UPDATE, _OLD_LAYOUT),), fails=True,
    ),
    "tables of which any row may touch everything": Mutant(
        (("why_in_full", _INDIRECT, "false"),),
        "public.cross_join_with_a_total", (_write("DELETE FROM payments WHERE id < 5", _UPDATE),),
    ),
    "a proof that holds no more": Mutant(
        (("examine_table", "bi_refresh.proof_holds(target.view_name) IS NOT true", "false"),),
        "public.distinct_on",
        (Run("ALTER TABLE orders ALTER COLUMN kind DROP NOT NULL"), Refresh("public.distinct_on"),
         _write("UPDATE orders SET kind = NULL WHERE id < 9")),
    ),
    "triggers that stay away": Mutant(
        (("examine_table", "IF problem IS NULL THEN\n        SELECT pg_catalog.string_agg(p.problem",
          "IF false THEN\n        SELECT pg_catalog.string_agg(p.problem"),),
        "public.filters",
        (Run("ALTER TABLE orders DISABLE TRIGGER ALL"), Refresh("public.filters"), _write(_UPDATE)),
    ),
    "how often a row stands there": Mutant(
        (("find_differences", "paired.occurrence > paired.others AS differs", "paired.others = 0 AS differs"),
         ("find_differences", "WHERE paired.occurrence > paired.others OR", "WHERE paired.others = 0 OR")),
        "public.duplicates", (_write("INSERT INTO clicks SELECT kind, word, n FROM clicks WHERE kind = 1"),),
    ),
    "rows that an earlier cut has compared": Mutant(
        (("slices_query", "ARRAY(SELECT e.cut FROM pg_catalog.unnest(cuts) AS e (cut) WHERE e.cut < c.cut)",
          "'{}'::integer[]"),),
        "public.right_join_by_customer",
        (_write("UPDATE customers SET name = 'new' WHERE id = 1", "UPDATE orders SET kind = 9 WHERE customer = 1"),),
        fails=True,
    ),
    "rows with a NULL that a cut has brought": Mutant(
        (("recompute_null_slices", "bi_refresh.outside_slices(target, earlier, 'query')", "''"),),
        "public.right_join",
        (_write("UPDATE customers SET id = 99 WHERE id = 2", "UPDATE orders SET kind = 9 WHERE customer IS NULL"),),
        fails=True,
    ),
    "no counting where children came and went": Mutant(
        (("examine_table", "IF problem IS NULL AND target.kind = 'linear' THEN", "IF false THEN"),),
        _LINEAR,
        (_write(_CHILD), Refresh(_LINEAR), _write("DROP TABLE more"), Refresh(_LINEAR),
         _write(_CHILD, "INSERT INTO more VALUES (900, 1, 1, 5)", "DELETE FROM payments WHERE id = 900",
                "DROP TABLE more")),
    ),
    "a look at the structure": Mutant(
        (("present_state", "IF structure IS NULL OR structure IS DISTINCT FROM target.structure THEN",
          "IF false THEN"),),
        "public.ordinary_views",
        (_write("CREATE OR REPLACE VIEW open_orders AS SELECT id, customer, kind, amount + 1 AS amount, at FROM orders",
                "UPDATE orders SET amount = 5 WHERE id = 1"),),
    ),
}  # fmt: skip
