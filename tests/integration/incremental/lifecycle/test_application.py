"""An application that only knew the materialized view sees no error, no empty moment and no lost grant while the view
is enabled, refreshed, redefined and given back under load."""

from __future__ import annotations

import os

import pytest

from refresh_task import incremental
from tests.integration.incremental.lifecycle.application import Application, rights
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop

pytestmark = pytest.mark.version_independent

_ROUNDS = 20 if os.environ.get("VISTAFRESCA_LONG_TESTS") else 1
_REDEFINED = """
    SELECT s.customer_id, max(c.name) AS name, count(*) AS sales, sum(s.amount) + 1 AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    GROUP BY s.customer_id
"""
_FORMER = _REDEFINED.replace(" + 1", "")


def test_an_application_notices_nothing(shop: Shop) -> None:
    application = Application(shop)
    application.prepare()
    before = rights(shop.database, shop.reader)
    application.enter()
    try:
        for _ in range(_ROUNDS):
            shop.enable()
            application.wait_for_answers(20)
            assert shop.refresh()["status"] in ("completed", "skipped")
            with shop.database.session() as session:
                incremental.redefine(session, VIEW, _REDEFINED)
                application.wait_for_answers(20)
                shop.refresh()
                incremental.redefine(session, VIEW, _FORMER)
            shop.refresh()
            shop.disable()
            application.wait_for_answers(20)
    finally:
        application.leave()
    assert application.problems == []
    assert rights(shop.database, shop.reader) == before
    shop.refresh()
    assert (shop.differing_rows(), shop.leftovers()) == (0, [])
