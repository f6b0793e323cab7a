"""Whether a view is equal to its definition, in one snapshot: by EXCEPT ALL both ways, and by the rows' images, for
which 1.0 and 1.00 are not the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

# EXCEPT cannot compare what has no order.
_HAS_ORDER = """
    SELECT bool_and(atttypid <> ALL ('{json, xml, point}'::regtype[]))
    FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
# No column is called like that, nor is any alias of a generated statement.
_ROW = '"a row of the suite"'
# The n-th rows of both sides in the order of their images are the same for each n.
_DIFFERENT_IMAGES = f"""
    SELECT coalesce(a.image, b.image) FROM
        (SELECT {_ROW}::text AS image, {_ROW} AS whole,
            row_number() OVER (ORDER BY {_ROW} USING OPERATOR(pg_catalog.*<)) AS n
         FROM {{contents}} AS {_ROW}) AS a
        FULL JOIN
        (SELECT {_ROW}::text AS image, {_ROW} AS whole,
            row_number() OVER (ORDER BY {_ROW} USING OPERATOR(pg_catalog.*<)) AS n
         FROM ({{definition}}) AS {_ROW}) AS b
        USING (n)
    WHERE a.n IS NULL OR b.n IS NULL OR a.whole OPERATOR(pg_catalog.*<>) b.whole
"""
_KEPT = """
    SELECT m.relation::regclass::text, coalesce(m.definition, m.whole)::regclass::text
    FROM bi_refresh.maintained_table AS m
    WHERE m.view_name = %s AND m.relation IS NOT NULL ORDER BY m.position
"""


def differences(connection: psycopg.Connection[Any], contents: str, definition: str) -> list[str]:
    """What rows `contents`, a relation, and `definition`, a query, differ in: as text, some of them."""
    (has_order,) = connection.execute(_HAS_ORDER, [contents]).fetchone() or (False,)
    found: list[str] = []
    if has_order:
        for name, left, right in (
            ("surplus", f"TABLE {contents}", definition), ("missing", definition, f"TABLE {contents}"),
        ):  # fmt: skip
            rows = connection.execute(f"SELECT x::text FROM (({left}) EXCEPT ALL ({right})) AS x LIMIT 5".encode())
            found += [f"{name}: {row}" for (row,) in rows]
    if not found:
        rows = connection.execute(_DIFFERENT_IMAGES.format(contents=contents, definition=definition).encode())
        found = [f"another image: {row}" for (row,) in rows.fetchmany(5)]
    return found


_FOUND = "SELECT to_jsonb(m)::text FROM bi_refresh.incremental_mismatch AS m WHERE m.view_name = %s LIMIT 1"


def wrong_tables(connection: psycopg.Connection[Any], view: str, definition: str) -> Iterator[str]:
    """Of a view and of all that is maintained for it, what is not equal to its definition."""
    for difference in differences(connection, view, definition):
        yield f"{view}: {difference}"
    for relation, defining_view in connection.execute(_KEPT, [view]).fetchall():
        for difference in differences(connection, relation, f"TABLE {defining_view}"):
            yield f"{relation} of {view}: {difference}"
    # what its own comparisons find is mended at once
    for (mismatch,) in connection.execute(_FOUND, [view]).fetchall():
        yield f"{view} was found to differ: {mismatch}"
