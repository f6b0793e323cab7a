"""`endpoint` in views.toml: what it may say, and what is said about what it may not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refresh_task.errors import ConfigurationError
from refresh_task.policies import OnStale, Policy, Publication, read_views_files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def _refused(file: Path, content: str) -> ConfigurationError:
    file.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        read_views_files([file])
    return refused.value


def test_a_view_is_not_published_unless_it_says_so(file: Path) -> None:
    file.write_text('[[view]]\nname = "a.b"\n[[view]]\nname = "a.c"\nendpoint = {}\n')
    assert read_views_files([file]).views == {"a.b": Policy(), "a.c": Policy(endpoint=Publication())}


def test_every_key_has_its_place(file: Path) -> None:
    file.write_text("""
[[view]]
name = "a.b"
[view.endpoint]
roles = ["reader", "admin", "reader"]
filters = ["region", "Tipo de venta", "region"]
order = ["region", "-week_start"]
max_limit = 10000
max_staleness = "30 minutes"
on_stale = "base"
base = 'a."V"'
tenant_column = "ciudad"
refresh_within = "1 minute"
""")
    assert read_views_files([file]).views["a.b"].endpoint == Publication(
        roles=("reader", "admin"),
        filters=("region", "Tipo de venta"),
        order=("region", "-week_start"),
        max_limit=10_000,
        max_staleness=timedelta(minutes=30),
        on_stale=OnStale.BASE,
        base='a."V"',
        tenant_column="ciudad",
        refresh_within=timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("line", "message", "remedy"),
    [
        ('rolse = ["admin"]', "unknown key 'rolse'.", "Did you mean 'roles'?"),
        ('roles = "admin"', "endpoint.roles: 'admin': ", ""),
        ('roles = ["a role"]', "endpoint.roles: 'a role': ", ""),
        ('filters = [""]', "endpoint.filters: '': ", ""),
        ('order = ["-"]', "endpoint.order: '-': ", ""),
        ('order = ["--a"]', "endpoint.order: '--a': ", ""),
        ('order = ["a", "-a"]', "endpoint: 'a' stands twice in order.", "Keep one of the two."),
        ("max_limit = 0", "endpoint.max_limit: '0': Input should be greater than or equal to 1.", ""),
        ("max_limit = 10001", "endpoint.max_limit: '10001': Input should be less than or equal to 10000.", ""),
        ("max_limit = true", "endpoint.max_limit: 'True': ", ""),
        ('max_staleness = "soon"', "endpoint.max_staleness: 'soon' is not a duration", ""),
        ('on_stale = "wait"', "endpoint.on_stale: 'wait' is none of serve, base, fail, refresh.", "Write one of them."),
        ('on_stale = "base"', "'on_stale = base' says to read another relation", "Name it with the key 'base'."),
        ('base = "V"', "'V' is not a relation's full name.", "schema.name"),
        ('base = "a.b"', "endpoint.base: it names the view itself.", "Name the relation that the view is made from"),
        ('tenant_column = ""', "endpoint.tenant_column: '': ", ""),
        ("refresh_within = 5", "endpoint.refresh_within: '5' is not a duration", ""),
    ],
)  # fmt: skip
def test_a_mistake_names_the_view_the_key_and_the_remedy(file: Path, line: str, message: str, remedy: str) -> None:
    error = _refused(file, f'[[view]]\nname = "a.b"\n[view.endpoint]\n{line}\n')
    assert error.subject == f"{file}, view a.b"
    assert message in error.message
    assert remedy in error.remedy


def test_only_a_view_with_a_name_is_published(file: Path) -> None:
    error = _refused(file, '[[view]]\npattern = "a.*"\nendpoint = {}\n')
    assert (error.subject, error.remedy) == (
        f"{file}, view a.*",
        "Give the view an entry of its own, with its name.",
    )
    assert "unknown key 'endpoint'" in _refused(file, "[defaults]\nendpoint = {}\n").message


names = st.text(min_size=1, max_size=10)
durations = st.integers(1, 864_000_000).map(lambda seconds: timedelta(seconds=seconds))


@given(
    st.builds(
        Publication,
        roles=st.lists(names).map(tuple),
        filters=st.none() | st.lists(names).map(tuple),
        order=st.lists(names).map(tuple),
        max_limit=st.integers(1, 10_000),
        max_staleness=st.none() | durations,
        on_stale=st.sampled_from(OnStale),
        base=st.none() | names,
        tenant_column=st.none() | names,
        refresh_within=durations,
    )
)
def test_what_is_stored_is_read_back(publication: Publication) -> None:
    assert Publication.from_json(publication.to_json()) == publication
