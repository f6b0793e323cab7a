"""View shapes that incremental refresh is proved and tested with: what SQL people write, over small base tables
(shape_tables.py), and what is expected of each.

The source systems' own views are in SYSTEM_VIEWS: their tables come with `migrate_up(session, systems=[...])`.
"""

from __future__ import annotations

from dataclasses import dataclass

from refresh_task.incremental.lifecycle.outcome import Output


@dataclass(frozen=True, slots=True)
class Shape:
    """A view as somebody would have created it before asking for incremental refresh."""

    name: str
    query: str
    # Columns of its unique index; None: it has none.
    key: str | None
    # Tables, the topmost of each tree: a change of theirs touches only slices that it names; ...
    direct: tuple[str, ...] = ()
    # ... or may touch everything.
    indirect: tuple[str, ...] = ()
    # More unique indexes.
    more_keys: tuple[str, ...] = ()
    # Its rows change without anybody writing: by the date, or with every moment.
    moves: str | None = None
    # CTEs that become tables of their own; direct and indirect are those of all of them together.
    stages: tuple[str, ...] = ()
    # What stands under its name once it is enabled.
    output: Output = "table"
    # Whatever the tables: a part of why it cannot be enabled.
    obstacle: str | None = None

    @property
    def ddl(self) -> str:
        """It as a populated materialized view of schema public with its indexes."""
        keys = [*([self.key] if self.key is not None else []), *self.more_keys]
        indexes = "".join(
            f"; CREATE UNIQUE INDEX {self.name}_key_{number} ON {self.name} ({key})" for number, key in enumerate(keys)
        )
        return f"CREATE MATERIALIZED VIEW {self.name} AS {self.query}{indexes}"

    @property
    def can_be_enabled(self) -> bool:
        """Something would come of it."""
        return bool(self.direct) and self.obstacle is None

    @property
    def view(self) -> str:
        """Its full name."""
        return f"public.{self.name}"

    @property
    def tables(self) -> tuple[str, ...]:
        """All that it reads."""
        return self.direct + self.indirect


_JOINS = (
    Shape(
        "join_group",
        "SELECT c.id, c.name, count(*) AS orders, sum(o.amount) AS amount"
        " FROM customers AS c JOIN orders AS o ON o.customer = c.id GROUP BY c.id, c.name",
        "id", ("customers", "orders"),
    ),
    Shape(
        "left_join_of_groups",
        "SELECT c.id, c.name, c.zone, coalesce(o.orders, 0) AS orders, o.latest FROM customers AS c LEFT JOIN"
        " (SELECT customer, count(*) AS orders, max(at) AS latest FROM orders WHERE is_open GROUP BY customer) AS o"
        " ON o.customer = c.id",
        "id", ("customers", "orders"),
    ),
    Shape(
        "right_join",
        "SELECT o.id, o.kind, c.name, c.tier FROM customers AS c RIGHT JOIN orders AS o ON c.id = o.customer",
        "id", ("orders", "customers"),
    ),
    Shape(
        "right_join_by_customer",
        "SELECT o.id, o.customer, c.name, c.tier FROM customers AS c RIGHT JOIN orders AS o ON c.id = o.customer",
        "customer, id", ("orders", "customers"),
    ),
    Shape(
        "full_join_coalesce",
        "WITH o AS (SELECT kind, sum(amount) AS amount, count(*) AS orders FROM orders GROUP BY kind),"
        " p AS (SELECT kind, sum(paid) AS paid FROM payments GROUP BY kind)"
        " SELECT coalesce(o.kind, p.kind) AS kind, o.amount, o.orders, p.paid FROM o FULL JOIN p ON o.kind = p.kind",
        "kind", ("orders", "payments"),
    ),
    Shape(
        "full_join_using",
        "WITH o AS (SELECT kind, sum(amount) AS amount FROM orders GROUP BY kind),"
        " p AS (SELECT kind, sum(paid) AS paid FROM payments GROUP BY kind)"
        " SELECT kind, o.amount, p.paid FROM o FULL JOIN p USING (kind)",
        "kind", ("orders", "payments"),
    ),
    # NULL on both sides: it comes out twice, matched with nothing
    Shape(
        "full_join_nullable",
        "WITH o AS (SELECT label, count(*) AS orders FROM orders GROUP BY label),"
        " w AS (SELECT lower(word) AS word, sum(n) AS n FROM clicks GROUP BY 1)"
        " SELECT coalesce(o.label, w.word) AS label, o.orders, w.n FROM o FULL JOIN w ON o.label = w.word",
        None, ("orders", "clicks"),
    ),
    Shape(
        "three_tables",
        "SELECT o.customer, l.item, sum(l.quantity * l.price) AS worth, min(c.zone) AS zone FROM orders AS o"
        " JOIN lines AS l ON l.order_id = o.id LEFT JOIN customers AS c ON c.id = o.customer"
        " WHERE o.customer IS NOT NULL GROUP BY o.customer, l.item",
        "customer, item", ("orders", "customers", "lines"),
    ),
    Shape(
        "self_join",
        "SELECT a.kind, count(*) AS pairs FROM orders AS a JOIN orders AS b ON a.kind = b.kind AND a.id < b.id"
        " GROUP BY a.kind",
        "kind", ("orders",),
    ),
    Shape(
        "self_join_on_another_column",
        "SELECT f.id, f.name, p.name AS parent, (SELECT count(*) FROM folders AS s WHERE s.parent = f.id) AS children"
        " FROM folders AS f LEFT JOIN folders AS p ON p.id = f.parent",
        "id", (), ("folders",),
    ),
    Shape(
        "composite_key",
        "SELECT l.order_id, l.line, l.item, o.kind, l.quantity * l.price AS price"
        " FROM lines AS l JOIN orders AS o ON o.id = l.order_id",
        "order_id, line", ("lines", "orders"),
    ),
    Shape(
        "cross_join_with_a_total",
        "SELECT o.kind, count(*) AS n, t.all_n FROM orders AS o"
        " CROSS JOIN (SELECT count(*) AS all_n FROM payments) AS t GROUP BY o.kind, t.all_n",
        "kind", ("orders",), ("payments",),
    ),
    Shape(
        "ordinary_views",
        "SELECT t.kind, t.orders, t.amount, l.lines FROM totals AS t LEFT JOIN"
        " (SELECT kind, count(item) AS lines FROM order_lines GROUP BY kind) AS l USING (kind)",
        "kind", ("orders", "lines"),
    ),
)  # fmt: skip

# Rows that name no slice, but a row of another table that does.
_LOOKUPS = (
    Shape(
        "looked_up",
        "SELECT o.kind, count(DISTINCT l.item) AS items, sum(l.quantity) AS quantity"
        " FROM lines AS l JOIN orders AS o ON o.id = l.order_id GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_beside_its_own",
        "SELECT o.kind, l.line, count(*) AS n, max(l.item) AS item FROM lines AS l JOIN orders AS o"
        " ON o.id = l.order_id GROUP BY o.kind, l.line",
        "kind, line", ("orders", "lines"),
    ),
    Shape(
        "looked_up_nullable",
        "SELECT o.label, sum(l.quantity) AS quantity FROM lines AS l JOIN orders AS o ON o.id = l.order_id"
        " GROUP BY o.label",
        None, ("orders", "lines"),
    ),
    Shape(
        "looked_up_or_missing",
        "SELECT o.day, count(*) AS n, sum(l.quantity) AS quantity FROM lines AS l LEFT JOIN orders AS o"
        " ON o.id = l.order_id GROUP BY o.day",
        None, ("orders", "lines"),
    ),
    Shape(
        "looked_up_left",
        "SELECT o.kind, count(*) AS n, sum(l.quantity) AS quantity FROM orders AS o LEFT JOIN lines AS l"
        " ON l.order_id = o.id GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_not_exists",
        "SELECT o.kind, count(*) AS n FROM orders AS o WHERE NOT EXISTS"
        " (SELECT FROM lines AS l WHERE l.order_id = o.id AND l.quantity > 1) GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_in",
        "SELECT o.kind, count(*) AS n FROM orders AS o WHERE o.id IN (SELECT l.order_id FROM lines AS l"
        " WHERE l.item <> 'plum') GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_by_a_subquery",
        "SELECT o.kind, sum((SELECT count(*) FROM lines AS l WHERE l.order_id = o.id)) AS lines FROM orders AS o"
        " GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_groups",
        "SELECT o.kind, sum(l.n) AS lines FROM orders AS o JOIN (SELECT order_id, count(*) AS n FROM lines"
        " GROUP BY order_id HAVING count(*) > 1) AS l ON l.order_id = o.id GROUP BY o.kind",
        "kind", ("orders", "lines"),
    ),
    Shape(
        "looked_up_from_partitions",
        "SELECT c.tier, sum(r.value) AS value, count(*) AS n FROM readings AS r JOIN customers AS c ON c.id = r.sensor"
        " GROUP BY c.tier",
        "tier", ("customers", "readings"),
    ),
    Shape(
        "looked_up_in_a_window",
        "SELECT c.tier, count(*) AS n, sum(s.amount) AS amount FROM sales AS s JOIN customers AS c ON c.id = s.kind"
        " WHERE s.day >= CURRENT_DATE - 3 GROUP BY c.tier",
        "tier", ("customers", "sales"), moves="date",
    ),
    # of an order there may be many, of a kind too
    Shape(
        "joined_by_no_key",
        "SELECT o.label, count(*) AS n, sum(p.paid) AS paid FROM orders AS o JOIN payments AS p ON p.kind = o.kind"
        " GROUP BY o.label",
        None, ("orders",), ("payments",),
    ),
    # a line changes the rank of others
    Shape(
        "ranked_before_it_is_joined",
        "SELECT o.kind, max(l.place) AS place FROM orders AS o JOIN (SELECT order_id, rank() OVER (ORDER BY quantity,"
        " price) AS place FROM lines) AS l ON l.order_id = o.id GROUP BY o.kind",
        "kind", ("orders",), ("lines",),
    ),
    Shape(
        "first_before_it_is_joined",
        "SELECT o.kind, count(*) AS n FROM orders AS o JOIN (SELECT order_id FROM lines ORDER BY price, order_id, line"
        " LIMIT 20) AS l ON l.order_id = o.id GROUP BY o.kind",
        "kind", ("orders",), ("lines",),
    ),
)  # fmt: skip

_GROUPS = (
    Shape(
        "groups_with_having",
        "SELECT kind, count(*) AS n, avg(amount)::numeric(40, 4) AS mean FROM orders GROUP BY kind HAVING count(*) > 5",
        "kind", ("orders",),
    ),
    Shape(
        "filters",
        "SELECT kind, count(*) FILTER (WHERE is_open) AS open, sum(amount) FILTER (WHERE label = 'a') AS a,"
        " bool_and(is_open) AS all_open, count(DISTINCT customer) AS customers FROM orders GROUP BY kind",
        "kind", ("orders",),
    ),
    Shape(
        "distinct_rows",
        "SELECT DISTINCT kind, label FROM orders WHERE label IS NOT NULL", "kind, label", ("orders",),
    ),
    Shape(
        "distinct_on",
        "SELECT DISTINCT ON (kind) kind, id, amount, at FROM orders ORDER BY kind, amount DESC NULLS LAST, id",
        "kind", ("orders",),
    ),
    Shape(
        "null_group",
        "SELECT label, count(*) AS n, sum(amount) AS amount FROM orders GROUP BY label", "label", ("orders",),
    ),
    Shape(
        "null_group_of_two",
        "SELECT customer, label, count(*) AS n FROM orders GROUP BY customer, label",
        "customer, label", ("orders",),
    ),
    Shape(
        "null_from_an_outer_join",
        "SELECT p.kind AS paid_kind, count(*) AS n, sum(o.amount) AS amount"
        " FROM orders AS o LEFT JOIN payments AS p ON p.order_id = o.id GROUP BY p.kind",
        "paid_kind", ("payments",), ("orders",),
    ),
    Shape(
        "expression_group",
        "SELECT kind % 3 AS third, band(kind) AS band, count(*) AS n FROM orders GROUP BY 1, 2",
        "third, band", ("orders",),
    ),
    Shape(
        "case_group",
        "SELECT CASE WHEN is_large(amount) THEN 'large' WHEN amount IS NULL THEN NULL ELSE 'small' END AS size,"
        " count(*) AS n, min(id) AS first FROM orders GROUP BY 1",
        None, ("orders",),
    ),
    Shape(
        "months",
        "SELECT date_trunc('month', day::timestamp) AS month, count(*) AS n, count(DISTINCT kind) AS kinds,"
        " sum(amount) AS amount FROM orders WHERE day IS NOT NULL GROUP BY 1",
        "month", ("orders",),
    ),
    # the writer's TimeZone is not the refresher's
    Shape(
        "days_of_moments",
        "SELECT date_trunc('day', at) AS day, count(*) AS n, sum(amount) AS amount FROM orders GROUP BY 1",
        "day", ("orders",),
    ),
    Shape(
        "days_in_a_zone",
        "SELECT (at AT TIME ZONE 'Europe/Madrid')::date AS day, count(*) AS n FROM orders GROUP BY 1",
        "day", ("orders",),
    ),
    Shape(
        "days_as_text",
        "SELECT at::text AS at, to_char(at, 'HH24') AS hour, count(*) AS n FROM orders GROUP BY 1, 2",
        "at, hour", ("orders",),
    ),
    Shape("enum_group", "SELECT tier, count(*) AS n, max(id) AS last FROM customers GROUP BY tier", "tier",
          ("customers",)),
    Shape("enum_as_text", "SELECT tier::text AS tier, max(tier) AS best, count(*) AS n FROM customers GROUP BY tier",
          None, ("customers",)),
    Shape(
        "jsonb_group",
        "SELECT details ->> 'city' AS city, details -> 'score' AS score, count(*) AS n FROM customers GROUP BY 1, 2",
        None, (), ("customers",),
    ),
    Shape("array_group", "SELECT tags, count(*) AS n FROM customers GROUP BY tags", "tags", ("customers",)),
    Shape(
        "unnested",
        "SELECT t.tag, count(*) AS n FROM customers AS c CROSS JOIN LATERAL unnest(c.tags) AS t (tag) GROUP BY t.tag",
        "tag", (), ("customers",),
    ),
    Shape(
        "collations",
        'SELECT name, upper(name) COLLATE "C" AS loud, count(*) AS n FROM customers GROUP BY 1, 2',
        "name", ("customers",),
    ),
    Shape(
        "inner_group_of_groups",
        "SELECT n, count(*) AS kinds FROM (SELECT kind, count(*) AS n FROM orders GROUP BY kind) AS k GROUP BY n",
        "n", (), ("orders",),
    ),
    Shape(
        "ordered_aggregates",
        "SELECT kind, array_agg(id ORDER BY id) AS ids, string_agg(label, ',' ORDER BY id) AS labels,"
        " (array_agg(amount ORDER BY at DESC, id))[1] AS latest,"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY id) AS median FROM orders GROUP BY kind",
        "kind", ("orders",),
    ),
    Shape(
        "grouping_sets",
        "SELECT coalesce(kind, -1) AS kind, coalesce(is_open::text, '*') AS open, grouping(kind, is_open) AS level,"
        " count(*) AS n FROM orders GROUP BY GROUPING SETS ((kind, is_open), (kind), ())",
        "kind, open, level", (), ("orders",),
    ),
    Shape("one_row", "SELECT 1 AS id, count(*) AS n, sum(amount) AS amount FROM orders", "id", (), ("orders",)),
    Shape("no_key_and_one_row", "SELECT count(*) AS n, max(at) AS latest FROM orders", None, (), ("orders",)),
)  # fmt: skip

_WINDOWS = (
    Shape(
        "window_partition",
        "SELECT id, kind, amount, rank() OVER (PARTITION BY kind ORDER BY amount DESC NULLS LAST, id) AS place,"
        " sum(amount) OVER (PARTITION BY kind) AS total, lag(id) OVER (PARTITION BY kind ORDER BY id) AS previous"
        " FROM orders",
        "id", ("orders",),
    ),
    Shape(
        "two_partitions",
        "SELECT id, kind, label, count(*) OVER (PARTITION BY kind) AS of_kind,"
        " row_number() OVER (PARTITION BY kind, label ORDER BY id) AS of_label FROM orders",
        "id", ("orders",),
    ),
    Shape(
        "unlike_partitions",
        "SELECT id, count(*) OVER (PARTITION BY kind) AS of_kind, count(*) OVER (PARTITION BY label) AS of_label"
        " FROM orders",
        "id", (), ("orders",),
    ),
    Shape(
        "global_rank",
        "SELECT id, kind, rank() OVER (ORDER BY amount DESC NULLS LAST, id) AS place FROM orders",
        "id", (), ("orders",),
    ),
    Shape(
        "global_share",
        "SELECT kind, sum(amount) AS amount, round(sum(amount) / nullif((SELECT sum(amount) FROM orders), 0), 4)"
        " AS share FROM orders GROUP BY kind",
        "kind", (), ("orders",),
    ),
    Shape(
        "top_five",
        "SELECT id, kind, amount FROM orders ORDER BY amount DESC NULLS LAST, id LIMIT 5", "id", (), ("orders",),
    ),
    Shape(
        "top_of_each",
        "SELECT c.id, o.id AS order_id, o.amount FROM customers AS c CROSS JOIN LATERAL"
        " (SELECT id, amount FROM orders WHERE customer = c.id ORDER BY amount DESC NULLS LAST, id LIMIT 2) AS o",
        "id, order_id", ("customers", "orders"),
    ),
    Shape(
        "top_by_window",
        "SELECT kind, id, amount FROM (SELECT kind, id, amount, row_number() OVER (PARTITION BY kind ORDER BY"
        " amount DESC NULLS LAST, id) AS place FROM orders) AS o WHERE place <= 2",
        "kind, id", ("orders",),
    ),
    Shape(
        "window_over_groups",
        "SELECT customer, kind, count(*) AS n, sum(count(*)) OVER (PARTITION BY customer) AS of_customer"
        " FROM orders WHERE customer IS NOT NULL GROUP BY customer, kind",
        "customer, kind", ("orders",),
    ),
)  # fmt: skip

_SETS = (
    Shape(
        "union_all",
        "SELECT 'order'::text AS source, o.id, o.kind, o.amount FROM orders AS o"
        " UNION ALL SELECT 'payment', p.id, p.kind, p.paid FROM payments AS p",
        "source, id", ("orders", "payments"),
    ),
    Shape(
        "union_all_of_joins",
        "SELECT 'order'::text AS source, o.id, c.name, o.amount FROM orders AS o JOIN customers AS c"
        " ON c.id = o.customer UNION ALL SELECT 'payment', p.id, o.label, p.paid FROM payments AS p"
        " LEFT JOIN orders AS o ON o.id = p.order_id",
        "source, id", ("payments", "customers"), ("orders",),
    ),
    Shape("union_rows", "SELECT kind, label AS word FROM orders UNION SELECT kind, word FROM clicks", None,
          ("orders", "clicks")),
    Shape(
        "intersect_all",
        "SELECT kind, customer AS n FROM orders INTERSECT ALL SELECT kind, order_id FROM payments",
        None, ("orders", "payments"),
    ),
    Shape("except_rows", "SELECT kind FROM orders EXCEPT SELECT kind FROM clicks", "kind", (),
          ("orders", "clicks")),
    Shape(
        "except_all", "SELECT kind, n FROM clicks EXCEPT ALL SELECT kind, customer FROM orders", None,
        (), ("clicks", "orders"),
    ),
)  # fmt: skip

_SUBQUERIES = (
    Shape(
        "referenced_twice",
        "WITH k AS (SELECT kind, sum(amount) AS amount FROM orders GROUP BY kind)"
        " SELECT a.kind, a.amount, b.amount AS again FROM k AS a JOIN k AS b ON b.kind = a.kind",
        "kind", (), ("orders",),
    ),
    Shape(
        "referenced_twice_inlined",
        "WITH k AS NOT MATERIALIZED (SELECT kind, sum(amount) AS amount FROM orders GROUP BY kind)"
        " SELECT a.kind, a.amount, b.amount AS again FROM k AS a JOIN k AS b ON b.kind = a.kind",
        "kind", ("orders",),
    ),
    Shape(
        "materialized_cte",
        "WITH k AS MATERIALIZED (SELECT kind, count(*) AS n FROM orders GROUP BY kind) SELECT kind, n FROM k",
        "kind", (), ("orders",),
    ),
    Shape(
        "recursive",
        "WITH RECURSIVE f AS (SELECT id, parent, name AS path FROM folders WHERE parent IS NULL UNION ALL"
        " SELECT c.id, c.parent, f.path || '/' || c.name FROM folders AS c JOIN f ON f.id = c.parent)"
        " SELECT id, path FROM f",
        "id", (), ("folders",),
    ),
    Shape(
        "with_and_without",
        "SELECT o.id, o.kind, o.amount FROM orders AS o WHERE EXISTS (SELECT FROM payments AS p"
        " WHERE p.order_id = o.id) AND NOT EXISTS (SELECT FROM lines AS l WHERE l.order_id = o.id AND l.quantity > 2)",
        "id", ("orders", "payments", "lines"),
    ),
    Shape(
        "in_and_not_in",
        "SELECT kind, count(*) AS n FROM orders WHERE kind IN (SELECT kind FROM payments)"
        " AND id NOT IN (SELECT order_id FROM payments WHERE order_id IS NOT NULL) GROUP BY kind",
        "kind", ("orders",), ("payments",),
    ),
    # one NULL among the payments empties it
    Shape(
        "not_in_with_null",
        "SELECT id, kind FROM orders WHERE id NOT IN (SELECT order_id FROM payments)", "id", ("orders",),
        ("payments",),
    ),
    Shape(
        "correlated_scalars",
        "SELECT c.id, c.name, (SELECT max(o.amount) FROM orders AS o WHERE o.customer = c.id) AS most,"
        " (SELECT count(*) FROM payments AS p WHERE p.kind = c.id) AS payments FROM customers AS c",
        "id", ("customers", "orders", "payments"),
    ),
    Shape(
        "lateral_group",
        "SELECT c.id, o.n, o.amount FROM customers AS c LEFT JOIN LATERAL"
        " (SELECT count(*) AS n, sum(amount) AS amount FROM orders WHERE customer = c.id) AS o ON true",
        "id", ("customers", "orders"),
    ),
    Shape(
        "any_of_an_array",
        "SELECT c.id, c.name, count(o.id) AS n FROM customers AS c LEFT JOIN orders AS o"
        " ON o.label = ANY (c.tags) OR o.customer = c.id GROUP BY c.id, c.name",
        "id", ("customers",), ("orders",),
    ),
    Shape(
        "eight_ctes",
        "WITH c1 AS (SELECT kind, count(*) AS n FROM orders GROUP BY kind),"
        " c2 AS (SELECT kind, sum(paid) AS paid FROM payments WHERE id > 2 GROUP BY kind),"
        " c3 AS (SELECT kind, max(n) AS most FROM clicks GROUP BY kind),"
        " c4 AS (SELECT kind, min(at) AS first FROM orders WHERE label IS NOT NULL GROUP BY kind),"
        " c5 AS (SELECT DISTINCT ON (kind) kind, id AS asset, value FROM assets ORDER BY kind, value DESC, id),"
        " c6 AS (SELECT coalesce(c1.kind, c2.kind) AS kind, c1.n, c2.paid FROM c1 FULL JOIN c2 ON c1.kind = c2.kind),"
        " c7 AS (SELECT kind, string_agg(word, ',' ORDER BY word) AS words FROM clicks WHERE n > 0 GROUP BY kind),"
        " c8 AS (SELECT kind, count(*) FILTER (WHERE is_open) AS open FROM orders GROUP BY kind)"
        " SELECT c6.kind, c6.n, c6.paid, c3.most, c4.first, c5.asset, c5.value, c7.words, c8.open,"
        " CASE WHEN c6.n > 5 THEN 'many' END AS much FROM c6 LEFT JOIN c3 USING (kind) LEFT JOIN c4 USING (kind)"
        " LEFT JOIN c5 USING (kind) LEFT JOIN c7 USING (kind) LEFT JOIN c8 USING (kind)",
        "kind", ("orders", "payments", "clicks", "assets"),
    ),
)  # fmt: skip

_TREES = (
    Shape(
        "list_partitions",
        "SELECT region, item, count(*) AS n, sum(quantity) AS quantity FROM stock WHERE region IS NOT NULL"
        " GROUP BY region, item",
        "region, item", ("stock",),
    ),
    Shape("null_partition", "SELECT region, sum(quantity) AS quantity FROM stock GROUP BY region", "region",
          ("stock",)),
    Shape("a_leaf", "SELECT item, count(*) AS n FROM stock_south GROUP BY item", "item", ("stock",)),
    Shape(
        "two_levels",
        "SELECT sensor, date_trunc('month', day::timestamp) AS month, avg(value) AS mean, count(*) AS n FROM readings"
        " GROUP BY 1, 2",
        "sensor, month", ("readings",),
    ),
    Shape("two_levels_rows", "SELECT sensor, day, value FROM readings", "sensor, day", ("readings",)),
    Shape("a_branch", "SELECT day, sum(value) AS value FROM readings_2026 GROUP BY day", "day", ("readings",)),
    Shape("inheritance", "SELECT kind, count(*) AS n, sum(value) AS value FROM assets GROUP BY kind", "kind",
          ("assets",)),
    Shape("only_the_parent", "SELECT id, kind, value FROM ONLY assets", None, ("assets",)),
    Shape(
        "system_columns",
        "SELECT tableoid = 'trucks'::regclass AS is_truck, kind, count(*) AS n FROM assets GROUP BY 1, 2",
        "is_truck, kind",
        ("assets",), obstacle="names of database objects",
    ),
    Shape(
        "two_trees",
        "SELECT a.kind, a.n, s.quantity FROM (SELECT kind, count(*) AS n FROM vehicles GROUP BY kind) AS a FULL JOIN"
        " (SELECT coalesce(length(region), 0) AS kind, sum(quantity) AS quantity FROM stock GROUP BY 1) AS s"
        " ON s.kind = a.kind WHERE a.kind IS NOT NULL",
        "kind", ("assets", "stock"),
    ),
)  # fmt: skip

_ROWS = (
    Shape("plain_rows", "SELECT id, kind, label, amount, at, day FROM orders", "id", ("orders",)),
    Shape("duplicates", "SELECT kind, word, n FROM clicks", None, ("clicks",)),
    Shape("duplicates_of_a_join", "SELECT c.kind, c.word, o.label FROM clicks AS c JOIN orders AS o USING (kind)", None,
          ("clicks", "orders")),
    Shape(
        "several_keys",
        "SELECT id, dense_rank() OVER (PARTITION BY kind ORDER BY id) * 1000 + kind AS place, kind, at FROM orders",
        "id", ("orders",), more_keys=("place",),
    ),
    # its second key moves from row to row when the order does
    Shape(
        "keys_that_swap",
        "SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY amount DESC NULLS LAST, id) AS place"
        " FROM orders",
        "id", ("orders",), more_keys=("kind, place", "place, kind, id"),
    ),
    Shape(
        "names_of_ours",
        'SELECT weight, layout, table_id, "order", "Größe", is_everything, d, n, q, r, t, q2 FROM parcels',
        "table_id", ("parcels",),
    ),
    Shape(
        "groups_of_our_names",
        'SELECT weight, "order", count(*) AS n, sum("Größe") AS "Größe", min(t) AS t, max(q) AS r FROM parcels'
        ' GROUP BY weight, "order"',
        'weight, "order"', ("parcels",),
    ),
    Shape(
        "domain_key", "SELECT item, sum(quantity) AS quantity, count(*) AS n FROM lines GROUP BY item", None,
        ("lines",),
    ),
    Shape("generated_column", "SELECT length, count(*) AS n, min(body) AS body FROM documents GROUP BY length",
          "length", ("documents",)),
    Shape("long_values", "SELECT id, kind, repeat(body, 3000) AS body, length FROM documents", "id", ("documents",)),
    Shape("a_range", "SELECT span, count(*) AS n, min(guest) AS guest FROM bookings GROUP BY span", "span",
          ("bookings",)),
    Shape(
        "overlapping",
        "SELECT a.id, count(b.id) AS others FROM bookings AS a LEFT JOIN bookings AS b"
        " ON b.room = a.room AND b.id <> a.id AND b.span && a.span GROUP BY a.id",
        "id", (), ("bookings",),
    ),
    Shape("composite_value", "SELECT id, ROW(kind, label)::text AS both, o AS whole FROM orders AS o", "id",
          ("orders",)),
    Shape("json_without_equality", "SELECT id, attributes FROM measures", "id", ("measures",)),
    Shape("json_without_key", "SELECT code, attributes FROM measures", None, ("measures",)),
)  # fmt: skip

# Equal values that do not look the same: the slice of 1.0 holds the rows of 1.00.
_EQUALS = (
    *(
        Shape(
            f"equal_{column}",
            f"SELECT id, {column} AS value, count(*) OVER (PARTITION BY {column}) AS n FROM measures",
            "id", ("measures",),
        )
        for column in ("n", "span", "word", "code", "f")
    ),
    Shape("image_matters", "SELECT id, n, span, word, code, f, folded FROM measures", "id", ("measures",)),
    Shape("image_matters_without_key", "SELECT n, word, f, folded FROM measures", None, ("measures",)),
    Shape(
        "key_without_image",
        "SELECT word, count(*) AS n, count(DISTINCT code) AS codes FROM"
        " (SELECT lower(word) AS word, code FROM measures WHERE word IS NOT NULL) AS m GROUP BY word",
        "word", ("measures",),
    ),
)  # fmt: skip

_MOVING = (
    Shape(
        "last_days",
        "SELECT kind, count(*) AS n, sum(amount) AS amount FROM sales WHERE day >= CURRENT_DATE - 2 AND"
        " day < CURRENT_DATE + 1 GROUP BY kind",
        "kind", ("sales",), moves="date",
    ),
    Shape(
        "last_days_filtered",
        "SELECT kind, count(*) AS n, count(*) FILTER (WHERE day >= CURRENT_DATE - 1) AS recent FROM sales"
        " GROUP BY kind",
        "kind", ("sales",), moves="date",
    ),
    Shape(
        "last_days_of_a_place",
        "SELECT kind, count(*) AS n, sum(amount) AS amount FROM sales WHERE day >= (now() AT TIME ZONE 'UTC')::date - 2"
        " AND day < (now() AT TIME ZONE 'UTC')::date + 1 GROUP BY kind",
        "kind", ("sales",), moves="date",
    ),
    Shape("age_of_rows", "SELECT id, kind, CURRENT_DATE - day AS age FROM sales", "id", ("sales",), moves="date"),
    Shape(
        "last_seconds",
        "SELECT kind, count(*) AS n, sum(amount) AS amount FROM sales WHERE at > now() - interval '2 seconds'"
        " GROUP BY kind",
        "kind", ("sales",), moves="time",
    ),
    Shape(
        "window_on_both_sides",
        "SELECT id, kind, amount FROM sales WHERE at >= now() - interval '1 second' AND at < now()"
        " + interval '500 milliseconds'",
        "id", ("sales",), moves="time",
    ),
    Shape(
        "since_in_seconds",
        "SELECT kind, max(at) > now() - interval '1 second' AS is_live FROM sales GROUP BY kind",
        "kind", ("sales",), moves="time", obstacle="at every moment",
    ),
)  # fmt: skip

_STAGED = (
    # the global ranks read a table of six rows
    Shape(
        "staged_rank",
        "WITH k AS (SELECT kind, count(*) AS n, sum(amount) AS amount FROM orders GROUP BY kind)"
        " SELECT kind, n, amount, rank() OVER (ORDER BY amount DESC NULLS LAST, kind) AS place FROM k",
        "kind", ("orders",), stages=("k",),
    ),
    Shape(
        "staged_share",
        "WITH k AS (SELECT kind, max(amount) AS amount FROM orders GROUP BY kind),"
        " p AS (SELECT kind, sum(paid) AS paid, count(*) AS n FROM payments GROUP BY kind)"
        " SELECT k.kind, k.amount, p.paid, p.paid / nullif((SELECT sum(paid) FROM p), 0) AS share"
        " FROM k LEFT JOIN p ON p.kind = k.kind",
        "kind", ("orders", "payments"), stages=("k", "p"),
    ),
    Shape(
        "stage_on_a_stage",
        "WITH k AS (SELECT kind, customer, count(*) AS n FROM orders WHERE customer IS NOT NULL"
        " GROUP BY kind, customer),"
        " c AS (SELECT customer, sum(n) AS n, max(kind) AS kind FROM k GROUP BY customer)"
        " SELECT c.customer, c.n, c.kind, x.name FROM c JOIN customers AS x ON x.id = c.customer",
        "customer", ("orders", "customers"), stages=("k", "c"),
    ),
    Shape(
        "stage_with_null_key",
        "WITH l AS (SELECT label, count(*) AS n, sum(amount) AS amount, avg(amount) AS mean FROM orders GROUP BY label)"
        " SELECT coalesce(label, '-') AS label, n, amount, mean, ntile(2) OVER (ORDER BY n, label) AS half FROM l",
        None, ("orders",), stages=("l",),
    ),
    Shape(
        "linear",
        "WITH s AS (SELECT kind, count(*) AS n, count(paid) AS known, sum(paid) AS value, avg(paid) AS mean"
        " FROM payments GROUP BY kind)"
        " SELECT kind, n, known, value, mean, n * 100 / sum(n) OVER () AS percent FROM s",
        "kind", ("payments",), stages=("s",),
    ),
    Shape(
        "linear_extremes",
        "WITH s AS (SELECT kind, count(*) AS n, min(day) AS low, max(day) AS high, max(id) AS latest,"
        " sum(customer) FILTER (WHERE is_open) AS customers FROM orders GROUP BY kind)"
        " SELECT kind, n, low, high, latest, customers, rank() OVER (ORDER BY n DESC, kind) AS place FROM s",
        "kind", ("orders",), stages=("s",),
    ),
    Shape(
        "stage_on_partitions",
        "WITH s AS (SELECT sensor, count(*) AS n, sum(value) AS value, max(day) AS latest FROM readings"
        " GROUP BY sensor) SELECT sensor, n, value, latest, n * 100 / sum(n) OVER () AS percent FROM s",
        "sensor", ("readings",), stages=("s",),
    ),
    Shape(
        "linear_on_linear",
        "WITH a AS (SELECT kind, label, count(*) AS n, sum(customer) AS customers FROM orders GROUP BY kind, label),"
        " b AS (SELECT kind, sum(n) AS n, count(*) AS labels, sum(customers) AS customers FROM a GROUP BY kind)"
        " SELECT kind, n, labels, customers, sum(n) OVER () AS of_all FROM b",
        "kind", ("orders",), stages=("a", "b"),
    ),
    Shape(
        "linear_integers",
        "WITH s AS (SELECT kind, word, count(*) AS n, sum(n) AS total FROM clicks WHERE n > 0 GROUP BY kind, word)"
        " SELECT kind, word, n, total, row_number() OVER (ORDER BY total, kind, word) AS place FROM s",
        None, ("clicks",), stages=("s",),
    ),
)  # fmt: skip

SHAPES = (
    *_JOINS,
    *_LOOKUPS, *_GROUPS, *_WINDOWS, *_SETS, *_SUBQUERIES, *_TREES, *_ROWS, *_EQUALS, *_MOVING, *_STAGED,
)  # fmt: skip

# system → views
SYSTEM_VIEWS = {
    "fluxion": ("fluxion.mv_ubicaciones_summary_regional",),
    "universal_transactions": ("universal_transactions.universal_transactions_mv",),
    "teloo": ("teloo.mv_metricas_mensuales", "teloo.mv_ranking_asesores"),
    "driver_matrix": ("ops.mv_payments_driver_matrix_cabinet",),
}
