"""What the documents tell a newcomer to type works, and what they link to exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from refresh_task.policies import read_views_files
from tests.fix_database import Database
from tests.fix_task import ROOT, environment

_DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("sql/**/README.md")]
)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_readmes_sessions_work_on_a_database_that_has_never_seen_vistafresca(
    empty_database: Database, tmp_path: Path
) -> None:
    looking, using = _blocks("console")
    url = re.compile(r"^export DATABASE_URL=.*$", re.MULTILINE)
    assert url.search(looking)
    command = tmp_path / "vistafresca"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m refresh_task "$@"\n')
    command.chmod(0o755)
    (tmp_path / "views.toml").write_text("[defaults]\n")  # ours is the user's own, and may hold anything
    process = subprocess.run(
        ["bash", "-euxc", url.sub("", looking) + using],
        check=False,
        cwd=tmp_path,
        env={**environment(empty_database), "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert "applied: bi_refresh_0001" in process.stdout
    assert (tmp_path / "my-views.toml").exists()


def test_the_readmes_statements_work(database: Database) -> None:
    refresh, trigger = _blocks("sql")
    assert database.rows(refresh) == []
    database.execute("CREATE SCHEMA sales; CREATE TABLE sales.orders (id integer, total numeric)")
    database.execute("CREATE MATERIALIZED VIEW sales.mv_daily_revenue AS SELECT count(*) AS n FROM sales.orders")
    database.manage("sales.mv_daily_revenue")
    database.execute(trigger)
    database.execute("INSERT INTO sales.orders VALUES (1, 9999.99), (2, 10000)")
    assert database.rows("SELECT view_name, priority, reason FROM bi_refresh.mv_refresh_triggers") == [
        ("sales.mv_daily_revenue", "critical", "large sale")
    ]


def test_the_readmes_policy_is_understood(tmp_path: Path) -> None:
    (policy,) = _blocks("toml")
    file = tmp_path / "views.toml"
    file.write_text(policy)
    assert list(read_views_files([file]).views) == ["sales.mv_daily_revenue"]


def test_every_make_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    mentioned = {
        target
        for document in _DOCUMENTS
        for target in re.findall(r"(?:`|^ *)make ([a-z0-9]+)", document.read_text(), re.MULTILINE)
    }
    assert {"demo", "test"} <= mentioned
    assert mentioned <= targets


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if not re.match(r"[a-z]+:", link):
            assert (document.parent / link).exists(), link
