"""docs/incremental-internals.md has every reason for which a table is indirect, in the words that people see."""

from __future__ import annotations

from pathlib import Path

from refresh_task.incremental.proof.words import SHAPES

PAGE = Path(__file__).parents[3] / "docs" / "incremental-internals.md"


def test_every_shape_is_documented_in_its_words() -> None:
    table = [
        line.split("|")[2].strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.count("|") == 3
    ]
    in_words = [
        words.format(columns="*columns*", name="*name*", count="*count*", nodes="*nodes*") for words in SHAPES.values()
    ]
    assert [words for words in in_words if words not in table] == []
