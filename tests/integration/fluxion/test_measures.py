"""The measures of generated data against plain Python over the same rows."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tests.integration.fluxion.expected import expected_summary
from tests.integration.fluxion.system import (
    CARACAS,
    REFRESH,
    SELECT_VIEW,
    Connection,
    generate,
    read_summary,
    today_in_caracas,
)


def test_generated_data_gives_the_measures_worked_out_in_python(connection: Connection) -> None:
    with connection.transaction():  # one now() for everybody
        generate(connection, 20_000, today_in_caracas(connection))
        connection.execute(REFRESH)
        expected = expected_summary(connection)

        assert read_summary(connection) == expected
        assert read_summary(connection, SELECT_VIEW) == expected

    # Nothing above is true only because nothing was there.
    measures = list(zip(*expected, strict=True))
    assert len(expected) == 36
    assert set(measures[0]) == {"CARACAS", "VALENCIA"}
    assert set(measures[3]) == {"cedi", "mayorista", "tienda"}
    for index in (5, 6, 7, 8, 14):
        assert sum(measures[index]) > 0
    for index in (10, 11, 12, 13):
        assert None in measures[index]
        assert len(set(measures[index])) > 5
    assert [row[4] for row in expected if row[5] == 0] == ["APERTURA"]


def test_new_sales_give_the_measures_worked_out_in_python(connection: Connection) -> None:
    with connection.transaction():
        today = today_in_caracas(connection)
        generate(connection, 5_000, today)
        before = read_summary(connection)
        for days_ago in (0, 1, 30, 31):
            moment = datetime.combine(today - timedelta(days=days_ago), time(0, 3), CARACAS)
            connection.execute("SELECT fluxion.add_sample_sales(800, %s)", [moment])

        after = read_summary(connection)
        assert after == expected_summary(connection)
        assert after != before
