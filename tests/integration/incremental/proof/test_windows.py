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
        (
            "at >= now() - interval '30 days' AND at < now()",
            # a day has not as many hours in each time zone
            (Slide("at", _MONTH, ">="), Slide("at", "$1", "<", is_absolute=True)),
        ),
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


_CARACAS = "(now() AT TIME ZONE 'America/Caracas')::date"


@pytest.mark.parametrize(
    ("condition", "is_absolute"),
    [
        (f"day >= {_CARACAS} - 30", True),
        (f"day < {_CARACAS}", True),
        ("day >= CURRENT_DATE - 30", False),
        (f"at >= ({_CARACAS} - 30)::timestamp AT TIME ZONE 'America/Caracas'", True),
        # the session's time zone says when that day begins
        (f"at >= {_CARACAS}", False),
        (f"local_at >= {_CARACAS}::timestamp", True),
        (f"local_at >= {_CARACAS}", False),
        ("at >= now() - interval '2 hours'", False),
        (f"day >= public.week_before({_CARACAS})", False),
        # a function of the user's is run by nobody but a refresh
        (f"own_day >= {_CARACAS}", False),
        (f"day + 1 >= {_CARACAS}", False),
        # in the order of a language's rules
        ("year >= extract(year FROM now() AT TIME ZONE 'UTC')::text", False),
    ],
)
def test_windows_that_are_the_same_for_every_session(
    proved: Callable[..., Proof], condition: str, *, is_absolute: bool
) -> None:
    tables = (
        "CREATE FUNCTION week_before(day date) RETURNS date LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN day - 7; END';"
        "CREATE DOMAIN business_day AS date;"
        "CREATE TABLE sale (id integer PRIMARY KEY, shop integer NOT NULL, day date NOT NULL, at timestamptz NOT NULL,"
        " local_at timestamp NOT NULL, own_day business_day NOT NULL, year text NOT NULL)"
    )
    (source,) = proved(tables, f"SELECT shop, count(*) FROM sale WHERE {condition} GROUP BY shop", key="shop").sources
    assert [slide.is_absolute for slide in source.slides] == [is_absolute]
