"""Which stages can be kept by the changes alone, and which cannot, and why."""

from __future__ import annotations

import pytest

from refresh_task.incremental.stages import Linear, split
from refresh_task.incremental.stages.exact import Column
from refresh_task.incremental.stages.linear import linear_form

_NUMERIC, _SCALE_2 = 1700, (12 << 16 | 2) + 4
COLUMNS = {
    "k": Column(25, -1),
    "caseless": Column(25, -1, is_collated_by_bytes=False),
    "kind": Column(70_000, -1, is_enum=True),
    "domain": Column(70_001, -1),
    "at": Column(1184, -1),
    "span": Column(1186, -1),
    "small": Column(21, -1),
    "n": Column(23, -1),
    "big": Column(20, -1),
    "price": Column(_NUMERIC, _SCALE_2),
    "share": Column(_NUMERIC, (5 << 16 | 4) + 4),
    "any": Column(_NUMERIC, -1),
    "f": Column(701, -1),
}


def _form(body: str) -> Linear | str:
    (stage,) = split(f"WITH a AS ({body}) SELECT 1 AS one FROM a", ["a"], subject="public.v").stages
    return linear_form(stage, COLUMNS, subject="public.v")


@pytest.mark.parametrize(
    "measure",
    [
        "count(*)",
        "count(t.f)",
        "count(*) FILTER (WHERE t.f > 1)",
        "sum(t.n)",
        "sum(t.price)",
        "avg(t.big)",
        "avg(t.price) FILTER (WHERE t.f > 1)",
        "sum((t.price * (t.n)::numeric))",
        "sum((t.price * t.share))",
        "sum((t.price + t.share))",
        "sum((- t.price))",
        "sum(COALESCE(t.price, 0.00))",
        "sum(CASE WHEN (t.f > 1) THEN t.price END)",
        "sum((t.small * 2))",
        "(round(avg(t.price), 2))::numeric(12,2)",
        "COALESCE(sum(t.price), 0)",
        "(100.0 * (count(t.f))::numeric) / (count(*))::numeric",
        "max(t.at)",
        "min(t.price) FILTER (WHERE (t.n > 1))",
        "max(t.n) - min(t.n)",
    ],
)
def test_counts_sums_averages_and_extreme_values_are_linear(measure: str) -> None:
    """In any expression, with any condition."""
    form = _form(f"SELECT t.k, {measure} AS m FROM s.t t WHERE (t.f > 0) GROUP BY t.k")
    assert isinstance(form, Linear), form
    assert form.measures["condition"] == "(f > 0)"
    assert form.stage.key == ("k",)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("SELECT t.k, sum(t.f) AS m FROM s.t t GROUP BY t.k", "may differ in scale or are floating point"),
        ("SELECT t.k, avg(t.any) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum(COALESCE(t.price, 0)) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum((t.any)::numeric(10,2)) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum(t.domain) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum((t.n / 2)) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum((t.n OPERATOR(s.+) 2)) AS m FROM s.t t GROUP BY t.k", "may differ in scale"),
        ("SELECT t.k, sum(CASE WHEN (t.n > 1) THEN t.price ELSE t.share END) AS m FROM s.t t GROUP BY t.k", "scale"),
        ("SELECT t.k, max(t.f) AS m FROM s.t t GROUP BY t.k", "equal values in m may look different"),
        ("SELECT t.k, max(t.caseless) AS m FROM s.t t GROUP BY t.k", "equal values in m may look different"),
        ("SELECT t.k, string_agg(t.k, ',') AS m FROM s.t t GROUP BY t.k", "uses string_agg"),
        ("SELECT t.k, s.sum(t.n) AS m FROM s.t t GROUP BY t.k", "uses a function of somebody's"),
        ("SELECT t.k, s.twice(sum(t.n)) AS m FROM s.t t GROUP BY t.k", "uses a function of somebody's"),
        ("SELECT t.k, unnest(ARRAY[count(*)]) AS m FROM s.t t GROUP BY t.k", "uses unnest"),
        ("SELECT t.k, count(DISTINCT t.n) AS m FROM s.t t GROUP BY t.k", "distinct"),
        ("SELECT t.k, sum(count(*)) OVER () AS m FROM s.t t GROUP BY t.k", "window"),
        ("SELECT t.k, ((t.k)::integer + count(*)) AS m FROM s.t t GROUP BY t.k", "is neither a key nor made of counts"),
        ("SELECT t.k, upper(t.k) AS m FROM s.t t GROUP BY t.k", "uses upper"),
        ("SELECT t.k, 1 AS m FROM s.t t GROUP BY t.k", "is neither a key nor made of counts"),
        ("SELECT count(*) AS m FROM s.t t", "no GROUP BY"),
        ("SELECT count(*) AS m FROM s.t t GROUP BY t.k", "groups by what is not among its columns"),
        ("SELECT t.k, count(*) AS m FROM s.t t GROUP BY GROUPING SETS ((t.k), ())", "groups by what is not"),
        ("SELECT t.k, count(*) AS m FROM s.t t GROUP BY t.k HAVING (count(*) > 1)", "HAVING"),
        ("SELECT DISTINCT t.k, count(*) AS m FROM s.t t GROUP BY t.k", "DISTINCT"),
        ("SELECT t.k, count(*) AS m FROM s.t t GROUP BY t.k ORDER BY t.k", "ordered"),
        ("SELECT t.k, count(*) AS m FROM s.t t GROUP BY t.k LIMIT 3", "LIMIT"),
        ("SELECT t.k, count(*) AS m FROM s.t t WHERE (t.n IN (SELECT 1)) GROUP BY t.k", "subquery"),
        ("SELECT t.k, count(t.*) AS m FROM s.t t GROUP BY t.k", "whole rows"),
        ("SELECT t.k, count(*) FILTER (WHERE (t.xmin > 5)) AS m FROM s.t t GROUP BY t.k", "uses xmin"),
        (
            "SELECT t.caseless, count(*) AS m FROM s.t t GROUP BY t.caseless",
            "equal values of caseless may look different",
        ),
        ("SELECT t.any, count(*) AS m FROM s.t t GROUP BY t.any", "equal values of any"),
        ("SELECT t.f, count(*) AS m FROM s.t t GROUP BY t.f", "equal values of f"),
        ("SELECT t.span, count(*) AS m FROM s.t t GROUP BY t.span", "equal values of span"),
        ("SELECT lower(t.caseless) AS k, count(*) AS m FROM s.t t GROUP BY (lower(t.caseless))", "equal values of k"),
        (
            "SELECT date_trunc('day', t.span) AS k, count(*) AS m FROM s.t t GROUP BY (date_trunc('day', t.span))",
            "of k",
        ),
        ("SELECT t.k, count(*) AS m FROM ONLY s.t t GROUP BY t.k", "more than one table"),
        ("SELECT t.k, count(*) AS m FROM s.t t, s.o GROUP BY t.k", "more than one table"),
        ("SELECT t.k, count(*) AS m FROM s.t t TABLESAMPLE system (5) GROUP BY t.k", "more than one table"),
        ("SELECT t.k, count(*) AS bi_refresh_rows FROM s.t t GROUP BY t.k", "a name that additional columns have"),
        ("WITH b AS (SELECT 1) SELECT t.k, count(*) AS m FROM s.t t GROUP BY t.k", "WITH list"),
    ],
)
def test_anything_else_is_not(body: str, why: str) -> None:
    """The words say what it was."""
    form = _form(body)
    assert isinstance(form, str), body
    assert why in form


@pytest.mark.parametrize(
    ("key", "expression"),
    [
        ("t.kind", "kind"),
        ("t.share", "share"),
        ("lower(t.k)", "lower(k)"),
        ("((t.at AT TIME ZONE 'UTC'::text))::date", "((at AT TIME ZONE 'UTC'::text))::date"),
        ("date_trunc('month'::text, t.at)", "date_trunc('month'::text, at)"),
    ],
)
def test_keys_are_named_by_the_changed_rows_own_columns(key: str, expression: str) -> None:
    """The log has another name than the table, so its alias goes."""
    form = _form(f"SELECT {key} AS key, count(*) AS m FROM s.t t GROUP BY {key}")
    assert isinstance(form, Linear), form
    assert form.measures["keys"] == [{"column": "key", "expression": expression}]


def test_a_stage_that_reads_a_stage_is_not_linear() -> None:
    """What changed in a stage is known by its slices only."""
    chain = split(
        "WITH a AS (SELECT k, count(*) AS n FROM s.t GROUP BY k), b AS (SELECT n, count(*) AS m FROM a GROUP BY n)"
        " SELECT b.m FROM b",
        ["a", "b"], subject="public.v",
    )  # fmt: skip
    assert isinstance(linear_form(chain.stages[1], COLUMNS, subject="public.v"), str)


def test_what_is_counted_twice_is_kept_once() -> None:
    """Three measures of one column share its count and its sum."""
    form = _form("SELECT t.k, count(t.n) AS c, sum(t.n) AS s, avg(t.n) AS a FROM s.t t GROUP BY t.k")
    assert isinstance(form, Linear)
    assert [counter["column"] for counter in form.measures["counters"]] == [
        "bi_refresh_rows",
        "bi_refresh_count_1",
        "bi_refresh_sum_2",
    ]
