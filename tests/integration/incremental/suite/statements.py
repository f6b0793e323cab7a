"""Statements at random over the tables of the shapes: every way in which a row comes, changes or goes.

They are text with all values in it, made without looking at the database, so that a history can be replayed and cut
down. One that does not fit (a key that exists, a partition that does not) fails, and its transaction with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.integration.incremental.suite.values import Values

# Of a statement. Above the limit that captures collapse a statement at.
_OVER_LARGE = 100_500


class Statements(Values):
    """`choice` decides everything."""

    def __init__(self, choice: random.Random, tables: frozenset[str], *, server_version: int) -> None:
        super().__init__(choice)
        found = {table: makers for table, makers in _MAKERS.items() if table in tables}
        if {"orders", "payments"} & tables:
            found["between tables"] = _BETWEEN_TABLES
        self.makers = [
            (maker, weight)
            for makers in found.values()
            for maker, weight, since in makers
            if server_version >= since * 10_000
        ]

    def __call__(self) -> str:
        """One more."""
        makers, weights = zip(*self.makers, strict=True)
        maker: Maker = self.choice.choices(makers, weights)[0]
        return maker(self)


Maker = Callable[[Statements], str]


def _over_large(table: str, columns: str, values: str, mark: str) -> Maker:
    """Rows that come and go again in one statement each, in one of the two with the limit exceeded."""
    return lambda s: (
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {_OVER_LARGE}) AS i"
        f" WHERE (SELECT count(*) FROM {table}) < 1000"
        if s.choice.random() < 0.5
        else f"DELETE FROM {table} WHERE {mark}"
    )


_ORDER = "id, customer, kind, label, amount, at, day, is_open"


def _order(s: Statements, key: str) -> str:
    return (
        f"{key}, {s.customer()}, {s.kind()}, {s.label()}, {s.amount()}, {s.moment()}::timestamptz, {s.day()}::date,"
        f" {s.one_of('true', 'false')}"
    )


# table → (makes a statement, how often, the oldest server that knows its syntax)
_MAKERS: dict[str, tuple[tuple[Maker, float, int], ...]] = {
    "customers": (
        (lambda s: f"INSERT INTO customers VALUES ({s.number(0, 16)}, 'name {s.number(0, 9)}', {s.region()},"
                   f" '{s.one_of('bronze', 'silver', 'gold')}', ARRAY['a', 't{s.number(0, 4)}'],"
                   f" '{{\"score\": {s.one_of('1', '1.0', '2', 'null')}}}') ON CONFLICT (id) DO UPDATE"
                   " SET name = excluded.name, tier = excluded.tier, tags = excluded.tags", 3, 14),
        (lambda s: f"UPDATE customers SET name = 'Name {s.number(0, 5)}', zone = {s.region()} WHERE id % 5 ="
                   f" {s.number(0, 4)}", 2, 14),
        (lambda s: f"UPDATE customers SET tags = tags || {s.label()}::text, details = details ||"
                   f" '{{\"city\": \"c{s.number(0, 3)}\"}}' WHERE id = {s.number(0, 14)}", 2, 14),
        # with their orders and the orders' lines
        (lambda s: f"DELETE FROM customers WHERE id = {s.number(0, 14)}", 1, 14),
        (lambda s: f"UPDATE customers SET id = {s.number(0, 30)} WHERE id = {s.number(0, 14)}", 2, 14),
        (lambda _: "UPDATE customers SET name = name", 0.5, 14),
        (lambda _: "TRUNCATE customers CASCADE", 0.15, 14),
    ),
    "orders": (
        (lambda s: f"INSERT INTO orders ({_ORDER}) VALUES ({_order(s, str(s.number(1, 60)))}) ON CONFLICT (id)"
                   " DO UPDATE SET kind = excluded.kind, amount = excluded.amount, label = excluded.label", 5, 14),
        (lambda s: f"INSERT INTO orders ({_ORDER}) SELECT {_order(s, 'i')} FROM generate_series({s.number(41, 80)}, 80)"
                   " AS i ON CONFLICT DO NOTHING", 1, 14),
        (lambda s: f"UPDATE orders SET kind = {s.kind()}, amount = {s.amount()} WHERE kind = {s.kind()}"
                   f" AND id % 3 = {s.number(0, 2)}", 4, 14),
        (lambda s: f"UPDATE orders SET label = {s.label()}, is_open = NOT is_open WHERE id BETWEEN {s.number(1, 40)}"
                   f" AND {s.number(20, 60)}", 3, 14),
        (lambda s: f"UPDATE orders SET at = {s.moment()}, day = {s.day()} WHERE id % 7 = {s.number(0, 6)}", 3, 14),
        (lambda s: f"UPDATE orders SET customer = {s.customer()} WHERE customer IS NOT DISTINCT FROM {s.customer()}",
         3, 14),
        (lambda s: f"UPDATE orders SET id = id + {s.number(60, 200)} WHERE id = {s.number(1, 60)}", 2, 14),
        (lambda s: f"DELETE FROM orders WHERE kind = {s.kind()} AND id % 2 = {s.number(0, 1)}", 2, 14),
        (lambda s: f"DELETE FROM orders WHERE id > {s.number(60, 150)}", 1, 14),
        (lambda s: "MERGE INTO orders AS o USING (SELECT i, i % 7 AS kind FROM generate_series"
                   f"({s.number(1, 50)}, {s.number(30, 60)}) AS i) AS s ON s.i = o.id WHEN MATCHED AND s.kind > 4"
                   " THEN DELETE WHEN MATCHED THEN UPDATE SET kind = s.kind, amount = amount + 1 WHEN NOT MATCHED THEN"
                   f" INSERT ({_ORDER}) VALUES ({_order(s, 's.i')})", 2, 15),
        (lambda s: "COPY orders (id, kind, label, amount, at) FROM STDIN\n" + "\n".join(
            f"{s.number(100, 999)}\t{s.kind()}\t{s.choice.choice([chr(92) + 'N', 'a', 'b'])}\t{s.number(0, 9)}.50\t"
            "2026-04-01 12:00:00+02" for _ in range(s.number(1, 3))), 1, 14),
        (lambda _: "TRUNCATE orders CASCADE", 0.2, 14),
        (lambda s: f"SELECT count(*) FROM (SELECT FROM orders WHERE kind = {s.kind()} FOR UPDATE) AS o", 0.5, 14),
        (lambda _: "UPDATE orders SET kind = kind, label = label, amount = amount", 0.3, 14),
        (lambda s: f"ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text DEFAULT {s.one_of('NULL', chr(39) * 2)}",
         0.1, 14),
    ),
    "lines": (
        (lambda s: f"INSERT INTO lines SELECT id, {s.number(1, 5)}, {s.item()}, {s.number(0, 4)}, {s.number(0, 9)}"
                   f" FROM orders WHERE id % 9 = {s.number(0, 8)} ON CONFLICT (order_id, line) DO UPDATE"
                   " SET quantity = excluded.quantity, item = excluded.item", 3, 14),
        (lambda s: f"UPDATE lines SET item = {s.one_of('NULL', s.item())}, price = {s.number(0, 20)} / 4.0"
                   f" WHERE order_id % 11 = {s.number(0, 10)}", 2, 14),
        (lambda s: f"UPDATE lines SET line = line + 10 WHERE order_id = {s.number(1, 40)}", 1, 14),
        (lambda s: f"DELETE FROM lines WHERE line = {s.number(1, 4)} AND order_id % 4 = {s.number(0, 3)}", 1, 14),
        (lambda _: "TRUNCATE lines", 0.1, 14),
    ),
    "payments": (
        (lambda s: f"INSERT INTO payments VALUES ({s.number(1, 60)}, {s.one_of('NULL', str(s.number(1, 60)))},"
                   f" {s.kind()}, {s.one_of('NULL', '0.25', '7')}) ON CONFLICT (id) DO UPDATE"
                   " SET kind = excluded.kind, order_id = excluded.order_id, paid = excluded.paid", 4, 14),
        (lambda s: f"UPDATE payments SET paid = paid + 1, kind = {s.kind()} WHERE kind = {s.kind()}", 2, 14),
        (lambda s: f"UPDATE payments SET order_id = {s.one_of('NULL', str(s.number(1, 60)))}"
                   f" WHERE id % 6 = {s.number(0, 5)}", 2, 14),
        (lambda s: f"DELETE FROM payments WHERE id % 5 = {s.number(0, 4)}", 1, 14),
        (lambda s: f"DELETE FROM payments WHERE order_id IS NULL OR kind = {s.kind()}", 1, 14),
        (lambda _: "TRUNCATE payments", 0.2, 14),
    ),
    "stock": (
        (lambda s: f"INSERT INTO stock VALUES ({s.region()}, {s.item()}, {s.number(0, 5)}),"
                   f" ({s.region()}, {s.item()}, NULL)", 3, 14),
        (lambda s: f"INSERT INTO stock_south VALUES ({s.one_of(chr(39) + 'south' + chr(39), s.region())}, {s.item()},"
                   f" {s.number(0, 5)})", 2, 14),
        (lambda s: f"UPDATE stock SET region = {s.region()} WHERE region IS NOT DISTINCT FROM {s.region()}"
                   f" AND item = {s.item()}", 3, 14),
        (lambda s: f"UPDATE {s.one_of('stock_north', 'stock_south', 'stock_rest', 'stock_west')}"
                   f" SET quantity = {s.number(0, 9)} WHERE item = {s.item()}", 3, 14),
        (lambda s: f"DELETE FROM {s.one_of('stock', 'stock_rest', 'stock_south')} WHERE item = {s.item()}"
                   f" AND quantity > {s.number(0, 5)}", 2, 14),
        (lambda s: f"TRUNCATE {s.one_of('stock', 'stock_rest', 'stock_south')}", 0.3, 14),
        # rows of the region in the default partition would stand in the way
        (lambda _: "DO $$BEGIN DELETE FROM stock WHERE region = 'west'; ALTER TABLE stock ATTACH PARTITION stock_west"
                   " FOR VALUES IN ('west'); END$$", 1.5, 14),
        (lambda _: "ALTER TABLE stock DETACH PARTITION stock_west", 1.5, 14),
        (lambda _: "COPY stock_south FROM STDIN\nsouth\tpear\t1\nsouth-west\tfig\t\\N", 1, 14),
        (lambda s: "MERGE INTO stock AS t USING (VALUES ('north', 'apple'), ('east', 'fig')) AS s (region, item)"
                   f" ON s.region = t.region AND s.item = t.item WHEN MATCHED AND t.quantity > {s.number(0, 5)} THEN"
                   " UPDATE SET region = 'south' WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN"
                   " INSERT VALUES (s.region, s.item, 8)", 1, 15),
    ),
    "readings": (
        (lambda s: f"INSERT INTO readings VALUES ({s.number(0, 7)}, date '2025-12-20' + {s.number(0, 500)},"
                   f" {s.value()}) ON CONFLICT (sensor, day) DO UPDATE SET value = excluded.value",
         3, 14),
        (lambda s: f"UPDATE readings SET day = day + {s.one_of('1', '-9', '366')} WHERE sensor = {s.number(0, 7)}"
                   f" AND extract(day FROM day) > {s.number(10, 31)}", 2, 14),
        (lambda s: f"UPDATE readings SET sensor = {s.number(0, 30)} WHERE sensor = {s.number(0, 7)}", 2, 14),
        (lambda s: f"UPDATE {s.one_of('readings', 'readings_2026', 'readings_2026_low', 'readings_past')}"
                   f" SET value = value - 1 WHERE sensor % 3 = {s.number(0, 2)}", 3, 14),
        (lambda s: f"DELETE FROM {s.one_of('readings', 'readings_2026', 'readings_2026_rest')}"
                   f" WHERE sensor = {s.number(0, 7)}", 2, 14),
        (lambda s: f"TRUNCATE {s.one_of('readings', 'readings_2026', 'readings_2026_low')}", 0.3, 14),
        (lambda _: "CREATE TABLE readings_2027 PARTITION OF readings FOR VALUES FROM ('2027-03-01') TO ('2028-01-01')",
         0.5, 14),
        (lambda _: "DROP TABLE IF EXISTS readings_2027", 0.5, 14),
    ),
    "assets": (
        (lambda s: f"INSERT INTO {s.one_of('assets', 'vehicles', 'trucks', 'ships')} VALUES ({s.number(1, 99)},"
                   f" {s.kind()}, {s.one_of('NULL', '3', '4.5')})", 4, 14),
        (lambda s: f"UPDATE {s.one_of('assets', 'ONLY assets', 'vehicles', 'trucks', 'ships')} SET kind = {s.kind()},"
                   f" value = value + 1 WHERE id % 4 = {s.number(0, 3)}", 4, 14),
        (lambda s: f"DELETE FROM {s.one_of('assets', 'ONLY assets', 'vehicles', 'trucks', 'ships')}"
                   f" WHERE kind = {s.kind()}", 2, 14),
        (lambda s: f"TRUNCATE {s.one_of('assets', 'ONLY assets', 'trucks')}", 0.3, 14),
        (lambda _: "ALTER TABLE ships INHERIT assets", 1, 14),
        (lambda _: "ALTER TABLE ships NO INHERIT assets", 1, 14),
    ),
    "clicks": (
        (lambda s: f"INSERT INTO clicks SELECT {s.one_of('NULL', str(s.kind()))}, {s.word()}, {s.number(0, 3)}"
                   f" FROM generate_series(1, {s.number(1, 3)})", 4, 14),
        (lambda s: f"UPDATE clicks SET kind = {s.one_of('NULL', str(s.kind()))} WHERE word IS NOT DISTINCT FROM"
                   f" {s.word()} AND n = {s.number(0, 3)}", 2, 14),
        (lambda s: f"UPDATE clicks SET word = {s.word()}, n = {s.one_of('NULL', '1', '2')}"
                   f" WHERE kind = {s.kind()}", 2, 14),
        (lambda s: "DELETE FROM clicks WHERE ctid IN (SELECT ctid FROM clicks ORDER BY kind, word, n"
                   f" LIMIT {s.number(1, 3)})", 2, 14),
        (lambda s: "COPY clicks FROM STDIN\n" + "\n".join(
            f"{s.choice.choice([chr(92) + 'N', '1', '2'])}\tw1\t{s.number(0, 2)}" for _ in range(s.number(1, 4))),
         1, 14),
        # some of these are given another n: without the second condition they pile up, and what a race takes with them
        (_over_large("clicks", "kind, word, n", "i % 5, 'w' || i % 3, 99",
                     "n = 99 OR (SELECT count(*) FROM clicks) > 1000"), 0.25, 14),
        (lambda _: "TRUNCATE clicks", 0.2, 14),
    ),
    "parcels": (
        (lambda s: f"INSERT INTO parcels VALUES ({s.number(-1, 2)}, {s.label()}, {s.number(1, 30)},"
                   f" {s.one_of('NULL', '1', '2')}, {s.amount()}, {s.one_of('NULL', 'true', 'false')},"
                   f" {s.number(0, 3)}, 1, {s.one_of('NULL', '1')}, 3, {s.word()}, 0) ON CONFLICT (table_id) DO UPDATE"
                   " SET weight = excluded.weight, \"order\" = excluded.\"order\", q = excluded.q", 4, 14),
        (lambda s: f"UPDATE parcels SET weight = {s.number(-1, 1)}, \"order\" = {s.one_of('NULL', '0', '3')},"
                   f" \"Größe\" = {s.amount()} WHERE weight = {s.number(-1, 2)}", 3, 14),
        (lambda s: f"UPDATE parcels SET table_id = table_id + 50, layout = {s.label()}"
                   f" WHERE table_id % 8 = {s.number(0, 7)}", 1, 14),
        (lambda s: f"DELETE FROM parcels WHERE \"order\" IS NOT DISTINCT FROM {s.one_of('NULL', '0', '1')}", 1, 14),
    ),
    "measures": (
        (lambda s: f"INSERT INTO measures VALUES ({s.number(1, 40)}, {s.one_of('NULL', '1.0', '1.000', '2')},"
                   f" {s.one_of('NULL', '`1 day`', '`24 hours`', '`1 mon`', '`720 hours`').replace('`', chr(39))},"
                   f" {s.one_of('NULL', '`abc`', '`ABC`', '`x`').replace('`', chr(39))}, 'a',"
                   f" {s.one_of('0', '`-0`', '`NaN`').replace('`', chr(39))}, '{{\"i\":   {s.number(0, 2)}}}')"
                   " ON CONFLICT (id) DO UPDATE SET n = excluded.n, span = excluded.span, word = excluded.word,"
                   " f = excluded.f, attributes = excluded.attributes", 4, 14),
        (lambda s: f"UPDATE measures SET n = {s.one_of('1', '1.0', '1.00', 'NULL')}, f = -f"
                   f" WHERE id % 4 = {s.number(0, 3)}", 2, 14),
        (lambda s: f"UPDATE measures SET word = {s.one_of('upper(word)', 'lower(word)', 'NULL')},"
                   f" code = {s.one_of('code', 'NULL', chr(39) + 'b ' + chr(39))}"
                   f" WHERE id % 3 = {s.number(0, 2)}", 2, 14),
        (lambda s: f"UPDATE measures SET folded = {s.one_of('upper(folded)', 'lower(folded)', 'NULL')}"
                   f" WHERE id % 3 = {s.number(0, 2)}", 1, 14),
        (lambda s: f"DELETE FROM measures WHERE id % 6 = {s.number(0, 5)}", 1, 14),
    ),
    "sales": (
        (lambda s: f"INSERT INTO sales (kind, amount, at, day) SELECT {s.kind()}, i, now() + interval"
                   f" '{s.number(-2500, 800)} milliseconds', CURRENT_DATE + {s.number(-4, 3)}"
                   f" FROM generate_series(1, {s.number(1, 3)}) AS i", 5, 14),
        (lambda s: f"UPDATE sales SET kind = {s.kind()} WHERE kind = {s.kind()} AND id % 3 = {s.number(0, 2)}", 2, 14),
        (lambda s: f"UPDATE sales SET at = at + interval '{s.number(-900, 900)} milliseconds',"
                   f" day = day + {s.number(-1, 1)} WHERE id % 5 = {s.number(0, 4)}", 2, 14),
        (lambda s: f"DELETE FROM sales WHERE kind = {s.kind()} AND id % 4 = {s.number(0, 3)}", 2, 14),
    ),
    "folders": (
        (lambda s: f"INSERT INTO folders VALUES ({s.number(1, 30)}, {s.one_of('NULL', str(s.number(1, 15)))},"
                   f" 'g{s.number(0, 5)}') ON CONFLICT (id) DO UPDATE SET name = excluded.name", 3, 14),
        (lambda s: f"UPDATE folders SET parent = {s.number(1, 8)} WHERE id = {s.number(9, 30)}", 2, 14),
        (lambda s: f"DELETE FROM folders WHERE id = {s.number(4, 30)}", 1, 14),
    ),
    "bookings": (
        (lambda s: f"INSERT INTO bookings VALUES ({s.number(1, 40)}, {s.number(0, 4)}, daterange(date '2026-05-01' +"
                   f" {s.number(0, 9)}, date '2026-05-11' + {s.number(0, 5)}), {s.one_of('NULL', '3')})"
                   " ON CONFLICT (id) DO UPDATE SET span = excluded.span, room = excluded.room", 3, 14),
        (lambda s: f"UPDATE bookings SET span = {s.one_of('NULL', chr(39) + 'empty' + chr(39), 'span * span')},"
                   f" guest = guest + 1 WHERE id % 5 = {s.number(0, 4)}", 2, 14),
        # writes to clicks, by a trigger
        (lambda s: f"DELETE FROM bookings WHERE id % 7 = {s.number(0, 6)}", 1, 14),
    ),
    "documents": (
        (lambda s: f"INSERT INTO documents VALUES ({s.number(1, 30)}, {s.one_of('NULL', str(s.kind()))},"
                   f" repeat('{s.one_of('x', 'Y', 'é')}', {s.number(0, 9)})) ON CONFLICT (id) DO UPDATE"
                   " SET body = excluded.body", 3, 14),
        (lambda s: f"UPDATE documents SET kind = {s.kind()} WHERE id % 4 = {s.number(0, 3)}", 2, 14),
        (lambda s: f"UPDATE documents SET body = {s.one_of('NULL', 'body || body', 'left(body, 2)')}"
                   f" WHERE id % 5 = {s.number(0, 4)}", 2, 14),
        (lambda s: f"DELETE FROM documents WHERE id % 6 = {s.number(0, 5)}", 1, 14),
    ),
}  # fmt: skip

_BETWEEN_TABLES: tuple[tuple[Maker, float, int], ...] = (
    (lambda s: f"WITH gone AS (DELETE FROM orders WHERE id % 9 = {s.number(0, 8)} RETURNING id, kind)"
               " INSERT INTO payments SELECT id + 500, id, kind, 1 FROM gone ON CONFLICT DO NOTHING", 2, 14),
    (lambda s: f"WITH changed AS (UPDATE payments SET kind = {s.kind()} WHERE id % 9 = {s.number(0, 8)} RETURNING *)"
               " INSERT INTO clicks SELECT kind, 'b', id FROM changed", 1, 14),
    (lambda s: f"UPDATE orders AS o SET amount = p.paid FROM payments AS p WHERE p.order_id = o.id"
               f" AND p.kind = {s.kind()}", 1, 14),
    (lambda _: "TRUNCATE payments, clicks", 0.1, 14),
)  # fmt: skip
