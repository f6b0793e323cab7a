"""A migration that somebody's database has run is never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.freeze_migrations import complaints, current, frozen, main


def test_migrations_are_as_they_were_frozen() -> None:
    """Red: the message says what to do. Databases that ran the old text will never run the new one."""
    assert complaints(current(), frozen()) == []


def test_every_migration_has_a_way_up_and_down() -> None:
    names = current().keys()
    assert {name.removesuffix(".up.sql") for name in names if name.endswith(".up.sql")} == {
        name.removesuffix(".down.sql") for name in names if name.endswith(".down.sql")
    }
    assert len(names) >= 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """sql/ with one frozen migration."""
    (tmp_path / "core" / "migrations").mkdir(parents=True)
    (tmp_path / "core" / "migrations" / "0001.up.sql").write_text("CREATE TABLE a ();\n")
    assert main([], folder=tmp_path) == 0
    return tmp_path


def test_a_new_migration_is_to_be_added(folder: Path) -> None:
    (folder / "core" / "migrations" / "0002.up.sql").write_text("CREATE TABLE b ();\n")
    (sentence,) = complaints(current(folder), frozen(folder / "checksums.txt"))
    assert sentence == "sql/core/migrations/0002.up.sql is new: run python -m scripts.freeze_migrations."
    assert main([], folder=folder) == 0
    assert complaints(current(folder), frozen(folder / "checksums.txt")) == []


@pytest.mark.parametrize("what", ["changed", "is gone"])
def test_a_frozen_migration_cannot_be_frozen_in_another_form(
    folder: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "core" / "migrations" / "0001.up.sql"
    if what == "changed":
        file.write_text("CREATE TABLE a (id integer);\n")
    else:
        file.unlink()
    before = (folder / "checksums.txt").read_text()

    assert main([], folder=folder) == 1
    said = capsys.readouterr().err
    assert f"0001.up.sql {what}" in said
    assert "write a new migration" in said
    assert (folder / "checksums.txt").read_text() == before
    assert main(["--again"], folder=folder) == 0
    assert complaints(current(folder), frozen(folder / "checksums.txt")) == []
