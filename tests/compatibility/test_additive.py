"""Migrations since the previous release only add (sql/bi_refresh/README.md), so that its task goes on working."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from refresh_task.migrations import migrate_up
from tests.compatibility.release import Release, recorded, why_not_there
from tests.compatibility.schema import Schema, taken_away
from tests.fix_database import Database, create_database, drop_database
from tests.fix_task import RunTask


@pytest.fixture
def upgraded(database: Database, previous_release: Path, vistafresca: RunTask) -> Iterator[tuple[Schema, Schema]]:
    """The schema as the previous release made it, and after today's migrate on top."""
    older = create_database(database.server)
    migrated = vistafresca(older, "migrate", cwd=previous_release, PYTHONPATH=str(previous_release))
    assert migrated.exit_code == 0, migrated.stderr
    before = Schema.of(older)
    with older.session() as session:
        migrate_up(session)
    yield before, Schema.of(older)
    drop_database(older)


def test_nothing_that_the_previous_release_relies_on_was_taken_away(upgraded: tuple[Schema, Schema]) -> None:
    listed = recorded().not_additive
    assert [said for said in taken_away(*upgraded) if said not in listed] == []


def test_what_is_listed_as_an_exception_is_one(upgraded: tuple[Schema, Schema]) -> None:
    assert recorded().not_additive.keys() - set(taken_away(*upgraded)) == set()


def test_an_upgrade_from_the_previous_release_gives_today_s_schema(
    upgraded: tuple[Schema, Schema], database: Database
) -> None:
    assert upgraded[1] == Schema.of(database)


ADDITIVE = [
    "ALTER TABLE bi_refresh.view_policy ADD COLUMN later text",
    "ALTER TABLE bi_refresh.view_policy ADD COLUMN later text NOT NULL DEFAULT 'x'",
    "ALTER TABLE bi_refresh.view_policy ADD COLUMN later bigint GENERATED ALWAYS AS IDENTITY",
    "CREATE TABLE bi_refresh.later (id integer PRIMARY KEY, label text NOT NULL CHECK (label <> ''))",
    "CREATE INDEX ON bi_refresh.mv_refresh_log (started_at)",
    "CREATE FUNCTION bi_refresh.later() RETURNS text LANGUAGE sql AS 'SELECT NULL'",
    "ALTER TABLE bi_refresh.mv_refresh_run DROP CONSTRAINT mv_refresh_run_status_is_known",
    "ALTER TABLE bi_refresh.mv_refresh_log ALTER COLUMN view_name DROP NOT NULL",
]
NOT_ADDITIVE = {
    "ALTER TABLE bi_refresh.view_policy DROP COLUMN endpoint": ["column view_policy.endpoint is gone"],
    "ALTER TABLE bi_refresh.view_policy RENAME COLUMN endpoint TO published": [
        "column view_policy.endpoint is gone",
    ],
    "ALTER TABLE bi_refresh.manual_refresh_claim RENAME TO claim": [
        "column manual_refresh_claim.claimed_at is gone",
        "column manual_refresh_claim.claimed_by is gone",
        "column manual_refresh_claim.id is gone",
        "column manual_refresh_claim.view_name is gone",
    ],
    "ALTER TABLE bi_refresh.manual_refresh_claim ALTER COLUMN claimed_by TYPE varchar(63)": [
        "column manual_refresh_claim.claimed_by was text and is character varying(63)"
    ],
    "ALTER TABLE bi_refresh.view_policy ALTER COLUMN endpoint SET NOT NULL": [
        "column view_policy.endpoint must not be NULL any more"
    ],
    "ALTER TABLE bi_refresh.view_policy ADD COLUMN later text NOT NULL": [
        "column view_policy.later is new and must be given a value"
    ],
    "ALTER TABLE bi_refresh.view_policy ALTER COLUMN priority DROP DEFAULT": [
        "column view_policy.priority has no default any more"
    ],
    "ALTER TABLE bi_refresh.view_policy ADD CONSTRAINT later CHECK (target_lag > '1 s')": [
        "table view_policy has a new constraint: CHECK ((target_lag > '00:00:01'::interval))"
    ],
    "CREATE UNIQUE INDEX later ON bi_refresh.mv_refresh_log (started_at)": [
        (
            "table mv_refresh_log has a new constraint: "
            "CREATE UNIQUE INDEX later ON bi_refresh.mv_refresh_log USING btree (started_at)"
        )
    ],
    "DROP FUNCTION bi_refresh.get_mv_stats()": ["function get_mv_stats() is gone"],
    "DROP FUNCTION bi_refresh.remedy(text, text);"
    " CREATE FUNCTION bi_refresh.remedy(view_name text, failure_sqlstate text, language text) RETURNS text"
    " LANGUAGE sql AS 'SELECT NULL'": ["function remedy(view_name text, failure_sqlstate text) is gone"],
}


@pytest.mark.parametrize("statement", ADDITIVE)
def test_what_adds_takes_nothing_away(database: Database, statement: str) -> None:
    before = Schema.of(database)
    database.execute(statement)
    assert taken_away(before, Schema.of(database)) == []


@pytest.mark.parametrize("statement", NOT_ADDITIVE)
def test_what_takes_something_away_is_named(database: Database, statement: str) -> None:
    before = Schema.of(database)
    database.execute(statement)
    said = taken_away(before, Schema.of(database))
    assert said == NOT_ADDITIVE[statement]


def test_a_view_that_goes_is_named_column_by_column(database: Database) -> None:
    before = Schema.of(database)
    database.execute("DROP VIEW bi_refresh.mv_refresh_metrics")
    said = taken_away(before, Schema.of(database))
    assert len(said) > 3
    assert all(re.fullmatch(r"column mv_refresh_metrics\.\w+ is gone", sentence) for sentence in said)


# ---- The record ----------------------------------------------------------------------------------


def clone(source: Path, folder: Path, *options: str) -> Path:
    subprocess.run(["git", "clone", "--quiet", *options, source.as_uri(), str(folder)], check=True)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits."""
    folder = tmp_path / "origin"
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    for message in ("one", "other"):
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", message], check=True)
    return folder


def revision(repository: Path, name: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), "rev-parse", name], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_whole_clone_has_the_previous_release(repository: Path, tmp_path: Path) -> None:
    whole = clone(repository, tmp_path / "whole")
    assert why_not_there(revision(repository, "HEAD~1"), whole) is None


def test_a_shallow_clone_says_why_it_has_not(repository: Path, tmp_path: Path) -> None:
    shallow = clone(repository, tmp_path / "shallow", "--depth=1")
    said = why_not_there(revision(repository, "HEAD~1"), shallow)
    assert said is not None
    assert said.endswith("git fetch --unshallow")


def test_a_folder_without_history_says_so(tmp_path: Path) -> None:
    assert "no git checkout" in str(why_not_there(recorded().commit, tmp_path))


def test_a_repository_that_git_cannot_read_says_so(tmp_path: Path) -> None:
    """One of another user's, say: its history is not known, so the record is not called wrong."""
    (tmp_path / ".git").mkdir()
    assert "git cannot read this repository: fatal:" in str(why_not_there(recorded().commit, tmp_path))


def test_a_record_that_is_wrong_fails(repository: Path) -> None:
    with pytest.raises(AssertionError, match="whole history does not have"):
        why_not_there("0" * 40, repository)


def test_every_exception_has_a_reason() -> None:
    release: Release = recorded()
    assert len(release.commit) == 40
    assert all(release.not_additive.values())
