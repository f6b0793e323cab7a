"""A Sentry of our own on a loopback port: it keeps what it is sent, by the rules in tests/emulation/sentry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulation.sentry.ingest import SentryIngest, sentry_ingest

Sentry = SentryIngest


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A Sentry that answers. What it had to refuse fails the test in the end."""
    with sentry_ingest() as received:
        yield received
    assert received.rejected == []
