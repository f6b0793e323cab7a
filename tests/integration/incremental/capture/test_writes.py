"""Whatever writes to a captured table: the log says which rows were there before and after."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.capture.captured import capture

_TABLES = """
    CREATE TABLE facts (id integer PRIMARY KEY, "Käufer" text, amount numeric(8, 2));
    CREATE TABLE details (id integer PRIMARY KEY, fact integer REFERENCES facts ON DELETE CASCADE ON UPDATE CASCADE);
    INSERT INTO facts VALUES (1, 'a', 10), (2, 'b', 20);
    INSERT INTO details VALUES (1, 1), (2, 2), (3, 2);
"""


_WRITES: dict[str, list[tuple[object, ...]]] = {
    "INSERT INTO facts VALUES (3, 'c', 30), (4, NULL, 40)": [(1, 3, "c"), (1, 4, None)],
    "UPDATE facts SET amount = 11 WHERE id = 1": [(1, 1, "a"), (-1, 1, "a")],
    "UPDATE facts SET \"Käufer\" = 'z' WHERE id = 1": [(1, 1, "z"), (-1, 1, "a")],
    "UPDATE facts SET id = 9 WHERE id = 1": [(1, 9, "a"), (-1, 1, "a")],
    "DELETE FROM facts": [(-1, 1, "a"), (-1, 2, "b")],
    "DELETE FROM facts WHERE false": [],
    "TRUNCATE facts CASCADE": [(0, None, None)],
    "INSERT INTO facts VALUES (1, 'x', 99), (5, 'e', 50) ON CONFLICT (id) DO UPDATE SET \"Käufer\" = 'z'": [
        (1, 5, "e"), (1, 1, "z"), (-1, 1, "a"),
    ],
    "INSERT INTO facts VALUES (1, 'x', 99) ON CONFLICT DO NOTHING": [],
    "SET LOCAL session_replication_role = replica; INSERT INTO facts VALUES (3, 'c', 30)": [(1, 3, "c")],
    "WITH w AS (INSERT INTO facts VALUES (3, 'c', 30) RETURNING id) SELECT * FROM w": [(1, 3, "c")],
    "SAVEPOINT s; DELETE FROM facts; ROLLBACK TO s; INSERT INTO facts VALUES (3, 'c', 30)": [(1, 3, "c")],
    "INSERT INTO facts VALUES (3, 'c', 30); ROLLBACK; BEGIN": [],
}  # fmt: skip


def test_the_log_says_what_was_there_before_and_after(database: Database) -> None:
    database.execute(_TABLES)
    facts = capture(database, "facts", "id", "Käufer")
    with database.connect() as writer:
        logged = {write: facts.entries_of(writer, write) for write in _WRITES}
    assert logged == {write: Counter(entries) for write, entries in _WRITES.items()}
    assert facts.problems() == []


def test_a_foreign_key_s_cascade_is_in_the_log(database: Database) -> None:
    database.execute(_TABLES)
    details = capture(database, "details", "fact")
    with database.connect() as writer:
        assert details.entries_of(writer, "DELETE FROM facts WHERE id = 2") == Counter({(-1, 2): 2})
        assert details.entries_of(writer, "UPDATE facts SET id = 7 WHERE id = 2") == Counter({(1, 7): 2, (-1, 2): 2})
        assert details.entries_of(writer, "TRUNCATE facts CASCADE") == Counter([(0, None)])


def test_a_merge_is_in_the_log(database: Database) -> None:
    if database.value("SELECT current_setting('server_version_num')::integer") < 150000:
        pytest.skip("MERGE came with PostgreSQL 15")
    database.execute(_TABLES)
    facts = capture(database, "facts", "id", "Käufer")
    database.execute(
        "MERGE INTO facts USING (VALUES (1, 'x'), (2, NULL), (5, 'e')) AS n (id, buyer) ON facts.id = n.id"
        ' WHEN MATCHED AND n.buyer IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET "Käufer" = n.buyer'
        " WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.buyer)"
    )
    assert facts.entries() == Counter([(1, 1, "x"), (-1, 1, "a"), (-1, 2, "b"), (1, 5, "e")])


def test_copy_is_in_the_log(database: Database) -> None:
    database.execute(_TABLES)
    facts = capture(database, "facts", "id")
    with database.connect() as writer, writer.cursor() as cursor, cursor.copy("COPY facts FROM STDIN") as copy:
        copy.write_row((3, "c", 30))
        copy.write_row((4, "d", 40))
    assert facts.entries() == Counter([(1, 3), (1, 4)])


def test_a_prepared_transaction_is_in_the_log_when_it_is_committed(database: Database) -> None:
    database.execute(_TABLES)
    facts = capture(database, "facts", "id")
    database.execute(f"BEGIN; INSERT INTO facts VALUES (3, 'c', 30); PREPARE TRANSACTION 'capture_{database.name}'")
    assert facts.entries() == Counter()
    database.execute(f"COMMIT PREPARED 'capture_{database.name}'")
    assert facts.entries() == Counter([(1, 3)])


def test_a_statement_over_very_many_rows_says_that_everything_changed(database: Database) -> None:
    database.execute(_TABLES)
    details = capture(database, "details", "fact")
    insert = "INSERT INTO details SELECT i, 1 FROM generate_series(10, {}) AS i"
    with database.connect() as writer:
        assert details.entries_of(writer, insert.format(100_009)) == Counter({(1, 1): 100_000})
        assert details.entries_of(writer, insert.format(100_010))[(0, None)] == 1
        database.execute(insert.format(100_010) + f"; DELETE FROM {details.log}")
        assert details.entries_of(writer, "UPDATE details SET fact = 2 WHERE id BETWEEN 10 AND 50009")[(0, None)] == 0
        # an image before and one after each
        assert details.entries_of(writer, "UPDATE details SET fact = 2 WHERE id BETWEEN 10 AND 50010")[(0, None)] == 1
        assert details.entries_of(writer, "DELETE FROM details")[(0, None)] == 1


_TYPES = """
    CREATE DOMAIN code AS varchar(3) NOT NULL CHECK (value <> '');
    CREATE DOMAIN strict_code AS code CHECK (length(value) > 1);
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TYPE pair AS (a integer, b text);
    CREATE TABLE typed (
        gone integer,
        code strict_code,
        mood mood,
        pair pair,
        codes code[],
        fixed char(4),
        bits bit(5),
        cents numeric(6, 2),
        doubled numeric GENERATED ALWAYS AS (cents * 2) STORED,
        found boolean,
        new_rows jsonb,
        "a""b, %s" point,
        "WEIGHT" integer,
        weight integer
    );
    ALTER TABLE typed DROP COLUMN gone;
"""


def test_values_of_every_kind_are_captured_as_they_are(database: Database) -> None:
    database.execute(_TYPES)
    columns = [name for (name,) in database.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attnum > 0 AND NOT attisdropped"
    )]  # fmt: skip
    typed = capture(database, "typed", *columns)
    database.execute(
        "INSERT INTO typed VALUES ('abc', 'sad', (1, 'x'), '{xy}', 'ab', '10101', 1.5, DEFAULT, true, '{\"a\": 1.0}',"
        " '(1, 2)', 1, 2)"
    )
    pairs = [f"(t.{column}::text, l.{column}::text)" for column in map(_quoted, columns)]
    with database.connect() as connection:
        (values,) = connection.execute(f"SELECT {', '.join(pairs)} FROM typed AS t, {typed.log} AS l".encode())
    assert all(base == logged is not None for base, logged in values), values
    database.execute("TRUNCATE typed")
    assert database.value(f"SELECT count(*) FROM {typed.log} WHERE bi_refresh_weight = 0") == 1


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_virtual_columns_and_system_columns_are_refused(database: Database) -> None:
    database.execute(_TABLES)
    with pytest.raises(
        psycopg.errors.FeatureNotSupported, match="xmin is a system column, which triggers are not shown"
    ):
        capture(database, "facts", "xmin")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="facts has no column nothing"):
        capture(database, "facts", "nothing")
    if database.value("SELECT current_setting('server_version_num')::integer") >= 180000:
        database.execute("ALTER TABLE facts ADD COLUMN twice numeric GENERATED ALWAYS AS (amount * 2) VIRTUAL")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="twice is a virtual column"):
            capture(database, "facts", "twice")
