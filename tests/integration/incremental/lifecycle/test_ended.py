"""A command that the database or a person ended says of which view, what is left, and how to go on."""

from __future__ import annotations

import signal

import pytest

from refresh_task import incremental
from refresh_task.errors import StatementFailedError
from refresh_task.incremental.lifecycle import enabling
from tests.fix_command_line import CommandLine
from tests.fix_database import WAITING_SESSIONS, Database
from tests.fix_task import StartTask, finish
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, StoppedError, stop_at

_DISABLE = f"vistafresca incremental disable {VIEW}"


def test_an_error_of_the_query(shop: Shop, command_line: CommandLine) -> None:
    """After the fill, when some index cannot be built; and when the given back one cannot be filled."""
    shop.database.execute(
        "CREATE INDEX mv_revenue_ratio ON shop.mv_revenue ((1000 / (sales - 9)));"
        "INSERT INTO shop.sale SELECT 1000 + n, 7, 1, 'x' FROM generate_series(1, 1) AS n"
    )
    failed = command_line(shop.database, "incremental", "enable", VIEW)
    assert failed.exit_code == 2
    for words in (f"{VIEW}: division by zero.", "It is half enabled", "run the command again", _DISABLE):
        assert words in failed.stderr, failed.stderr
    shop.database.execute("DROP INDEX shop.mv_revenue_ratio")
    shop.enable()


def test_a_key_that_is_there_twice_is_shown(database: Database) -> None:
    database.execute(
        "CREATE TABLE piece (id integer, kind integer); INSERT INTO piece VALUES (1, 3);"
        "CREATE MATERIALIZED VIEW mv_pieces AS SELECT p.id, p.kind FROM piece AS p;"
        "CREATE UNIQUE INDEX mv_pieces_key ON mv_pieces (id);"
        "INSERT INTO piece VALUES (1, 4)"
    )
    database.manage("public.mv_pieces")
    with database.session() as session, pytest.raises(StatementFailedError) as failed:
        incremental.enable(session, "public.mv_pieces")
    assert failed.value.subject == "public.mv_pieces"
    assert "Key (id)=(1) is duplicated" in failed.value.message
    assert failed.value.sqlstate == "23505"


def test_control_c(shop: Shop, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(enabling, "copy_indexes", press)
        ended = command_line(shop.database, "incremental", "enable", VIEW)
    assert ended.exit_code == 3
    for words in (f"{VIEW}: interrupted.", "It is half enabled", _DISABLE):
        assert words in ended.stderr
    shop.enable()
    shop.write()
    shop.refresh()
    assert shop.differing_rows() == 0


def test_control_c_before_there_is_a_view(
    shop: Shop, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(incremental, "verify", press)
    assert command_line(shop.database, "incremental", "verify", VIEW).exit_code == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("command", "stopped_at", "words"),
    [
        ("enable", "capture", ('up to the step "registered"', "read and refreshed as ever", _DISABLE)),
        ("enable", "fill", ('up to the step "captured"', "goes on where it was", _DISABLE)),
        ("verify", None, ("It stays enabled: run the command again.",)),
        ("disable", None, ("It stays enabled: run the command again.",)),
    ],
)
def test_a_signal_cancels_the_statement_under_way_and_says_what_is_left(
    shop: Shop, start_task: StartTask, *, command: str, stopped_at: str | None, words: tuple[str, ...], number: int
) -> None:
    if stopped_at is None:
        shop.enable()
    else:
        with pytest.raises(StoppedError):
            shop.enable(on_progress=stop_at(stopped_at))
    with shop.database.connect(autocommit=False) as somebody:
        somebody.execute("LOCK TABLE shop.sale IN ACCESS EXCLUSIVE MODE")
        under_way = start_task(shop.database, "incremental", command, VIEW, VISTAFRESCA_LOCK_TIMEOUT_S="60")
        shop.database.wait_for(f"{WAITING_SESSIONS} AND relation = 'shop.sale'::regclass")
        under_way.send_signal(number)
        ended = finish(under_way)
        assert shop.database.rows(WAITING_SESSIONS) == []
    assert ended.exit_code == 3
    interrupted = "interrupted by SIGTERM." if number == signal.SIGTERM else "interrupted."
    for expected in (f"{VIEW}: {interrupted}", *words):
        assert expected in ended.stderr
    shop.enable()
    shop.write()
    shop.refresh()
    assert shop.differing_rows() == 0


def test_sigterm_ends_other_commands_with_3(shop: Shop, start_task: StartTask) -> None:
    with shop.database.connect(autocommit=False) as somebody:
        somebody.execute("LOCK TABLE bi_refresh.view_policy IN ACCESS EXCLUSIVE MODE")
        under_way = start_task(shop.database, "status", VISTAFRESCA_LOCK_TIMEOUT_S="60")
        shop.database.wait_for(f"{WAITING_SESSIONS} AND relation = 'bi_refresh.view_policy'::regclass")
        under_way.send_signal(signal.SIGTERM)
        ended = finish(under_way)
    assert (ended.exit_code, "aborted by SIGTERM" in ended.stderr) == (3, True)
