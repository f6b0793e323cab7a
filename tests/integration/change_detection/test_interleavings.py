"""Skipping against every kind of change, begun and ended at each pair of five points of a step, one at a time
(interleavings.py). A step that skips leaves the rows of its snapshot, one that keeps a fingerprint has made them, and
when everybody has committed one step brings the view to its definition and a second is skipped.

550 interleavings here, a third of them on another server than the main run's, 8,400 with VISTAFRESCA_LONG_TESTS=1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.fix_database import Database
from tests.integration.change_detection.cases import Case, Look, one_writer, two_writers
from tests.integration.change_detection.interleavings import open_stage

# One of so many. When imported: tests do not see the machine's settings. Prime to the number of spans, so that each
# comes up for each change.
if os.environ.get("VISTAFRESCA_LONG_TESTS"):
    _STRIDES = (1, 463)
elif "VISTAFRESCA_POSTGRES_BIN" in os.environ:  # the version matrix
    _STRIDES = (61, 16001)
else:
    _STRIDES = (17, 6007)


@pytest.mark.parametrize(("cases", "stride"), [(one_writer, _STRIDES[0]), (two_writers, _STRIDES[1])])
@pytest.mark.parametrize("look", Look)
def test_no_interleaving_hides_a_change(
    database: Database, look: Look, cases: Callable[[Look, int, int], Iterator[Case]], stride: int
) -> None:
    with open_stage(database) as stage:
        for case in cases(look, list(Look).index(look), stride):
            stage.run(case)
    print(dict(sorted(stage.counts.items())))  # noqa: T201  # pytest -s, or a failure, shows how many of each there were
    assert stage.wrong == []
    assert stage.counts["SKIPPED"] > 0
    assert stage.counts["not verified" if look is Look.VERIFICATION else "SUCCESS"] > 0
    # the writers did hold locks that the step needs
    assert look is Look.VERIFICATION or stage.counts["waited for a writer"] > 0
