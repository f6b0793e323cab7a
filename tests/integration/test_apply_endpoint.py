"""vistafresca apply: what is published, stored as the API reads it, and checked against the database beforehand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_views import make_view

STORED = "SELECT view_name, endpoint FROM bi_refresh.view_policy ORDER BY 1"
EVERY_KEY = """
roles = ["reader", "admin", "reader"]
filters = ["label"]
order = ["label", "-id"]
max_limit = 50
max_staleness = "30 minutes"
on_stale = "base"
base = "public.v_a"
tenant_column = "label"
refresh_within = "8 seconds"
"""
DEFAULTS: dict[str, object] = {
    "roles": [],
    "filters": None,
    "order": [],
    "max_limit": 1000,
    "max_staleness_s": None,
    "on_stale": "serve",
    "base": None,
    "tenant_column": None,
    "refresh_within_s": 5,
}


@pytest.fixture
def views(database: Database) -> Database:
    """A database with the views public.a (id, label) and b, not managed, and two others: a base of a, and none."""
    make_view(database, "a")
    make_view(database, "b")
    database.execute("CREATE VIEW v_a AS SELECT id, label, 1 AS more FROM source; CREATE VIEW v_b AS SELECT 1 AS id")
    database.execute("DELETE FROM bi_refresh.view_policy")
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def _publish(file: Path, keys: str | None) -> None:
    file.write_text('[[view]]\nname = "public.a"\n' + ("" if keys is None else f"[view.endpoint]\n{keys}\n"))


def test_every_key_is_stored_as_the_api_reads_it_and_compares_equal(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    _publish(file, EVERY_KEY)
    first = command_line(views, "apply", "--file", str(file))
    assert first.stdout.splitlines() == [
        (
            "+ public.a: target_lag 15 min, timeout as the task's setting, enabled true, endpoint published "
            "(roles reader, admin; filters label; order label, -id; max_limit 50; max_staleness 30 min; "
            "on_stale base; base public.v_a; tenant_column label; refresh_within 8 s)"
        ),
        "1 of 1 declared policy changed.",
    ]
    assert views.rows(STORED) == [
        (
            "public.a",
            {
                "roles": ["reader", "admin"],
                "filters": ["label"],
                "order": ["label", "-id"],
                "max_limit": 50,
                "max_staleness_s": 1800,
                "on_stale": "base",
                "base": "public.v_a",
                "tenant_column": "label",
                "refresh_within_s": 8,
            },
        )
    ]
    assert command_line(views, "apply", "--file", str(file)).stdout == "0 of 1 declared policy changed.\n"


def test_publishing_changing_and_withdrawing_are_in_the_difference(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    changes = []
    for keys in (None, "", "filters = []", None):
        _publish(file, keys)
        changes.append(command_line(views, "apply", "--file", str(file)).stdout.splitlines()[0])
        expected = None if keys is None else {**DEFAULTS, "filters": [] if keys else None}
        assert views.rows(STORED) == [("public.a", expected)]
    assert changes[1:] == [
        "~ public.a: endpoint not published → published (to every authenticated caller)",
        "~ public.a: endpoint published (to every authenticated caller) → published (filters none)",
        "~ public.a: endpoint published (filters none) → not published",
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('filters = ["label", "lable"]', r"filters: the view has no column 'lable'\.\nDid you mean 'label'\?"),
        ('order = ["-lable"]', r"order: the view has no column 'lable'\.\nDid you mean 'label'\?"),
        ('tenant_column = "ciudad"', r"tenant_column: the view has no column 'ciudad'\.\nIts columns are: id, label\."),
        ('base = "public.v_aa"', r"base: .* has no relation public\.v_aa\.\nDid you mean 'public\.v_a'\?"),
        (
            'base = "ventas.hechos"',
            r"base: .* has no relation ventas\.hechos\.\nCreate it first, or take the key out\.",
        ),
        ('base = "public.v_b"', r"base: public\.v_b has no column label\.\nName a relation with all columns of .*"),
    ],
)
def test_what_the_database_does_not_have_is_refused_before_anything_is_written(
    views: Database, file: Path, command_line: CommandLine, keys: str, said: str
) -> None:
    _publish(file, keys)
    file.write_text(f'[[view]]\nname = "public.b"\n{file.read_text()}')
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, result.stdout, views.rows(STORED)) == (2, "", [])
    assert re.fullmatch(rf"error: public\.a, endpoint\.{said}\n", result.stderr)
