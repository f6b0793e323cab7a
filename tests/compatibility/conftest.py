"""The previous release's task, out of the repository's history; without one, tests of it are skipped and say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compatibility.release import extract, recorded, why_not_there


@pytest.fixture(scope="session")
def previous_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with its refresh_task/, sql/ and views.toml."""
    commit = recorded().commit
    if (reason := why_not_there(commit)) is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("previous_release")
    extract(commit, folder)
    return folder
