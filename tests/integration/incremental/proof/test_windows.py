"""Rows outside of a window that every scan keeps to: their changes touch nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refresh_task.incremental.model import Proof, Slide

_SALE = "CREATE TABLE sale (id integer PRIMARY KEY, shop integer NOT NULL, at timestamptz NOT NULL, n integer NOT NULL)"
_MONTH = "$1 - '30 days'::interval"


@pytest.mark.parametrize(
    ("condition", "slides"),
    [
        ("at >= now() - interval '30 days'", (Slide("at", _MONTH, ">="),)),
        ("now() - interval '30 days' < at", (Slide("at", _MONTH, ">"),)),
        ("at >= now() - interval '30 days' AND at < now()", (Slide("at", _MONTH, ">="), Slide("at", "$1", "<"))),
        ("(at >= now() - interval '30 days' OR n = 0)", None),
    ],
)
def test_a_window_says_which_rows_are_read(
    proved: Callable[..., Proof], condition: str, slides: tuple[Slide, ...] | None
) -> None:
    proof = proved(_SALE, f"SELECT shop, sum(n) AS n FROM sale WHERE {condition} GROUP BY shop", key="shop")
    (source,) = proof.sources
    assert set(source.slides) == set(slides or ())
    assert bool(proof.moving or proof.obstacles) == (slides is None)
    assert slides is None or "at" in source.columns


def test_rows_that_another_scan_reads_matter(proved: Callable[..., Proof]) -> None:
    query = (
        "SELECT a.shop, a.n, b.n AS of_all FROM"
        " (SELECT shop, sum(n) AS n FROM sale WHERE at >= now() - interval '30 days' GROUP BY shop) AS a"
        " JOIN (SELECT shop, sum(n) AS n FROM sale GROUP BY shop) AS b ON a.shop = b.shop"
    )
    (source,) = proved(_SALE, query, key="shop").sources
    assert source.slides == (Slide("at", _MONTH),)
