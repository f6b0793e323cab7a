"""One deployment for all scenarios, which happen one after the other in one account. Not for parallel workers."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from demo.server import EmbeddedServer
from tests.e2e.deployment.deployed import Deployed, deployment


@pytest.fixture(scope="session")
def _deployment(server: EmbeddedServer) -> Iterator[Deployed]:
    with deployment(server, dict(os.environ)) as deployed:
        yield deployed


@pytest.fixture
def deployed(_deployment: Deployed) -> Deployed:
    """The deployment, in good order: the last run succeeded, no alarm is on, nobody was sent anything."""
    _deployment.settle()
    return _deployment
