"""That benchmarks/incremental works, with hardly any data. Nothing here is about times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.incremental import page
from benchmarks.incremental.growth import Point
from benchmarks.incremental.refreshes import Row, measure
from benchmarks.incremental.sides import differing_rows
from benchmarks.incremental.subjects import UNIVERSAL
from benchmarks.incremental.writers import Throughput
from demo.server import EmbeddedServer
from tests.fix_database import Database
from tests.fix_task import ROOT

pytestmark = pytest.mark.version_independent

_TIMES = "\N{MULTIPLICATION SIGN}"


def test_both_sides_are_measured_and_compared(server: EmbeddedServer) -> None:
    subject = replace(UNIVERSAL, name="benchmark")
    told: list[Row] = []
    rows = measure(server, subject, scale=0.0005, shares=(0.0, 0.01), most_runs=1, tell=told.append)
    assert rows == told
    assert [(row.share, row.changed, row.view_rows) for row in rows] == [(0.0, 0, 500), (0.01, 5, 500)]
    assert rows[0].how.startswith("skip: nothing changed")
    assert rows[1].how.startswith(("incremental", "difference"))
    assert all(row.ratio > 0 for row in rows)


@pytest.mark.parametrize(
    ("statement", "differing"),
    [
        ("SELECT 1", 0),
        ("DELETE FROM held WHERE id = 1", 1),
        ("INSERT INTO held VALUES (4, 1.0)", 1),
        ("UPDATE held SET n = 1.00 WHERE n = 1.0", 2),  # equal, and not the same
        ("UPDATE held SET n = NULL WHERE id = 3", 1),
    ],
)
def test_rows_that_differ_are_counted(database: Database, statement: str, differing: int) -> None:
    subject = replace(UNIVERSAL, key=("id",))
    with database.connect() as connection:
        connection.execute("CREATE TABLE held AS SELECT * FROM (VALUES (1, 1.0), (2, 1.0), (3, 2.5)) AS v (id, n)")
        connection.execute("CREATE TABLE meant AS TABLE held")
        connection.execute(statement.encode())
        assert differing_rows(connection, subject, "public.held", "SELECT * FROM meant") == differing


def test_the_page_and_the_chart_are_written(tmp_path: Path) -> None:
    """The marks in the project's own page are where the results go; the chart is an image that XML readers read."""
    rows = [
        Row("fluxion", 36, "800 sales", None, 800, 5, 5.0, 0.1, "incremental", 40),
        Row("teloo", 15, "0.01 %", 0.0001, 44, 5, 1.2, 1.5, "difference", None),
        Row("teloo", 15, "10 %", 0.1, 44_000, 3, 1.2, 0.01, "skip", None),
    ]
    points = [Point(250_000, 2, 0.02, 0.03), Point(1_000_000, 8, 0.08, 0.03)]
    throughputs = [
        Throughput("one row inserted", synchronous_commit=True, plain=1000, captured=900, ratio=0.9, target=0.85)
    ]
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    (tmp_path / "benchmarks.md").write_text(text)

    page.write(tmp_path, setting="Measured now.", rows=rows, points=points, throughputs=throughputs)
    written = (tmp_path / "benchmarks.md").read_text()
    assert (
        f"| fluxion, 36 rows | 800 sales | 50 {_TIMES} (5.00 s over 100 ms, 5 runs) | over 40 | incremental |"
        in written
    )
    assert f"| 0.01 % (44) | **0.8 {_TIMES}** (1.20 s over 1.50 s, 5 runs) | at least 0.9 | difference |" in written
    assert "| one row inserted | on | 0.90 (900 over 1,000 per second) | at least 0.85 |" in written
    assert [line for line in written.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]
    root = ElementTree.parse(tmp_path / page.CHART).getroot()  # noqa: S314  # our own
    labels = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"fluxion", "teloo", "CONCURRENTLY", "10 %", "1 M"} <= labels
