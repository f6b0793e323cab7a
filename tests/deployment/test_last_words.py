"""What the end of a log comes to."""

from __future__ import annotations

import pytest

from deployment.verdict import MAX_WORDS, last_words


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ""),
        (["", "  "], ""),
        (["applied: bi_refresh_0001"], "applied: bi_refresh_0001"),
        (["a", "b", "c", "d"], "b c d"),
        (["error: x: y.", "Do this."], "error: x: y. Do this."),
        (["error: first", "then", "error: x: y.", "Do this.", ""], "error: x: y. Do this."),
        (["Usage: vistafresca", "Error: No such option: --sistem"], "Error: No such option: --sistem"),
        (
            ["Traceback (most recent call last):\n  File x\n    raise E\nE: it is broken"],
            "File x raise E E: it is broken",
        ),
        (["error: postgresql://ana:s3cr3t@db/x refused"], "error: postgresql://ana:***@db/x refused"),
        (["error: host=db password=s3cr3t user=ana"], "error: host=db password=*** user=ana"),
    ],
)
def test_the_last_error_with_its_remedy_or_the_last_lines(lines: list[str], words: str) -> None:
    assert last_words(lines) == words


def test_they_fit_cloudformation_s_answer() -> None:
    words = last_words(["error: " + "x" * 5000])
    assert (len(words), words[-1]) == (MAX_WORDS, "…")
