"""Views of every kind that a refresh treats in its own way, over three small tables with keys that move, repeat and are
NULL."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

TABLES = """
    CREATE TABLE items (id serial PRIMARY KEY, a integer, b integer, label text, at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE groups (id integer PRIMARY KEY, name text, weight numeric);
    CREATE TABLE parts (id serial, a integer, n numeric) PARTITION BY HASH (id);
    CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE INDEX ON items (a);
    CREATE INDEX ON parts (a);
    INSERT INTO items (a, b, label) SELECT n % 7, n % 5, 'label ' || n % 3 FROM generate_series(1, 60) AS n;
    INSERT INTO items (a, b, label) VALUES (NULL, 1, NULL), (NULL, NULL, 'none'), (1, NULL, '');
    INSERT INTO groups SELECT n, 'group ' || n, n FROM generate_series(0, 5) AS n;
    INSERT INTO parts (a, n) SELECT n % 7, n FROM generate_series(1, 40) AS n
"""


@dataclass(frozen=True)
class Shape:
    """An incremental view: its output, or its stages and the query over them."""

    output: Kept | None
    stages: dict[str, Kept] | None = None
    view: str | None = None
    view_reads: tuple[str, ...] = ()

    def keep(self, database: Database, name: str) -> KeptView:
        """Make it."""
        return keep(database, name, self.output, stages=self.stages, view=self.view, view_reads=self.view_reads)


_BY_A = Kept(
    "SELECT a AS id, count(*) AS n, sum(b) AS b, min(label) AS label FROM items WHERE a IS NOT NULL GROUP BY a",
    (Reads("items", ("a",), null_slice="rows"),),
)

# Names that our own statements use, and types that have no equality or one that is not identity.
_NAMES = """
    SELECT id AS present, a AS latest, b::numeric(5, 2) * 1.0 AS number, label AS c1, to_json(label) AS "100 % it's %s",
        at::date AS "select", point(a, b) AS "Point", ARRAY[a, b] AS row_id, ROW(a, b) IS NULL AS differs,
        -a::double precision AS slice, label::char(9) AS "char", (id, label)::text AS "a ""quoted"" name"
    FROM items
"""

SHAPES = {
    "by its key": _BY_A,
    "a key with NULLs, so none": Kept(
        "SELECT a AS id, count(*) AS n, array_agg(label ORDER BY id) AS labels FROM items GROUP BY a",
        (Reads("items", ("a",), null_slice="rows"),),
        key=None,
    ),
    "no key, and duplicates": Kept(
        "SELECT a, b, label FROM items", (Reads("items", ("a", "b")),), key=None, slices=(("a", "b"),)
    ),
    "images that are equal and not the same": Kept(
        "SELECT i.id, i.a, i.b, g.weight FROM items AS i JOIN groups AS g ON g.id = i.b",
        (Reads("items", ("id",), 1), Reads("groups", ("id",), 2)),
        slices=(("id",), ("b",)),
        indexes=("CREATE INDEX ON {table} (b)",),
    ),
    "a full join": Kept(
        "SELECT coalesce(i.a, p.a) AS id, i.n AS items, p.n AS parts FROM"
        " (SELECT a, count(*) AS n FROM items WHERE a IS NOT NULL GROUP BY a) AS i"
        " FULL JOIN (SELECT a, sum(n) AS n FROM parts WHERE a IS NOT NULL GROUP BY a) AS p ON p.a = i.a",
        (Reads("items", ("a",)), Reads("parts", ("a",))),
    ),
    "a left join with NULLs on its right": Kept(
        "SELECT i.id, g.id AS group_id, g.name FROM items AS i LEFT JOIN groups AS g ON g.id = i.a",
        (Reads("items", ("id",), 1), Reads("groups", ("id",), 2)),
        slices=(("id",), ("group_id",)),
    ),
    "three cuts": Kept(
        "SELECT i.id, i.a, g.id AS b, g.name, (SELECT sum(p.n) FROM parts AS p WHERE p.a = i.a) AS parts"
        " FROM items AS i JOIN groups AS g ON g.id = i.b",
        (Reads("items", ("id",), 1), Reads("groups", ("id",), 2), Reads("parts", ("a",), 3)),
        slices=(("id",), ("b",), ("a",)),
    ),
    "further unique indexes": Kept(
        "SELECT id, label, row_number() OVER (PARTITION BY a ORDER BY id) AS n, a FROM items WHERE a IS NOT NULL",
        (Reads("items", ("a",)),),
        slices=(("a",),),
        indexes=("CREATE UNIQUE INDEX ON {table} (a, n)",),
    ),
    "partitions": Kept(
        "SELECT a AS id, count(*) AS n, sum(n) AS total FROM parts WHERE a IS NOT NULL GROUP BY a",
        (Reads("parts", ("a",)),),
    ),
    "a window over time": Kept(
        "SELECT a AS id, count(*) AS n, max(at) AS latest FROM items"
        " WHERE a IS NOT NULL AND at > now() - interval '150 ms' GROUP BY a",
        (Reads("items", ("a",), slides=(("at", ">", "($1 - '00:00:00.15'::interval)"),)),),
    ),
    "a window with two ends": Kept(
        "SELECT a, label, at FROM items WHERE at > now() - interval '200 ms' AND at <= now() - interval '60 ms'",
        (
            Reads(
                "items",
                ("a",),
                slides=(("at", ">", "($1 - '00:00:00.2'::interval)"), ("at", "<=", "($1 - '00:00:00.06'::interval)")),
            ),
        ),
        key=None,
        slices=(("a",),),
    ),
    "names and types of every kind": Kept(_NAMES, (Reads("items", ("id",)),), key=("present",), slices=(("present",),)),
    "names and types, without a key": Kept(
        _NAMES, (Reads("items", ("a", "label"), null_slice="rows"),), key=None, slices=(("latest", "c1"),)
    ),
    "an indirect table": Kept(
        "SELECT i.id, i.a, g.n FROM items AS i CROSS JOIN (SELECT count(*) AS n FROM groups) AS g",
        (Reads("items", ("id",)), Reads("groups", slice=None)),
    ),
}

STAGED = {
    "a table over stages": Shape(
        Kept(
            "SELECT g.id, g.name, s.n, s.b FROM groups AS g LEFT JOIN {by_a} AS s ON s.id = g.id",
            (Reads("groups", ("id",)), Reads("{by_a}", ("id",))),
        ),
        stages={"by_a": _BY_A},
    ),
    "stages over stages": Shape(
        Kept("SELECT n AS id, total FROM {by_n} WHERE total > 0", (Reads("{by_n}", ("n",)),)),
        stages={
            "by_a": _BY_A,
            "by_n": Kept(
                "SELECT n, sum(b) AS total, count(*) AS groups FROM {by_a} GROUP BY n",
                (Reads("{by_a}", ("n",)),),
                key=("n",),
                slices=(("n",),),
            ),
        },
    ),
    "a materialized view over stages": Shape(
        None,
        stages={"by_a": _BY_A},
        view="SELECT g.id, g.name, s.n FROM groups AS g LEFT JOIN {by_a} AS s ON s.id = g.id",
        view_reads=("groups", "{by_a}"),
    ),
}

ALL = {**{name: Shape(kept) for name, kept in SHAPES.items()}, **STAGED}
