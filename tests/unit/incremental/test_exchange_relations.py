"""A query is given other relations by their names alone: nothing else of its text is touched."""

from __future__ import annotations

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.stages import exchange_relations

_NAMES = {("shop", "mv"): 'beside."mv"', ("a b", "m.v"): 'beside."m.v"'}


@pytest.mark.parametrize(
    "text",  # with @ for the relation
    [
        "SELECT mv.a\n   FROM @",
        "SELECT 'shop.mv'::text AS mv FROM @ m",
        # a column of something called shop
        "SELECT shop.mv FROM (SELECT 1 AS mv FROM @) shop",
        "WITH mv AS (SELECT 1 FROM @) SELECT 'ñ' FROM mv, other.mv",
        "SELECT 'ñ', (SELECT max(x.a) FROM @ x) FROM @",
        "SELECT 1 FROM @ UNION ALL SELECT 2 FROM shop.mvs",
        "SELECT 1 FROM t JOIN (@ JOIN ONLY @ b USING (a)) USING (a)",
    ],
)
def test_names_of_relations_alone_are_exchanged(text: str) -> None:
    query, expected = f" {text.replace('@', 'shop.mv')};", text.replace("@", 'beside."mv"')
    assert exchange_relations(query, _NAMES, subject="shop.d") == expected


def test_a_name_in_quotes() -> None:
    assert exchange_relations('SELECT 1 FROM "a b"."m.v"', _NAMES, subject="shop.d") == 'SELECT 1 FROM beside."m.v"'


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        exchange_relations("SELECT FROM FROM", _NAMES, subject="shop.d")
