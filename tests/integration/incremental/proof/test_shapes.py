"""What is claimed of the shapes is what is expected, and it is true: random changes touch no other slices than those
named. VISTAFRESCA_LONG_TESTS=1 tries thousands of changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from refresh_task.incremental.model import Proof
from tests.fix_database import Database
from tests.integration.incremental.proof.brute_force import BruteForce, Claimed
from tests.integration.incremental.shapes import Shape

_IS_LONG = os.environ.get("VISTAFRESCA_LONG_TESTS") == "1"
# Where texts that differ by case alone are equal, nothing is claimed of slices by them.
_CASELESS = ("equal_word", "key_without_image")


def test_each_table_is_as_expected(
    shapes: Mapping[str, Shape], proofs: Mapping[str, Proof], shapes_database: Database
) -> None:
    has_caseless = shapes_database.value("SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'caseless')")
    for name, proof in proofs.items():
        if shapes[name].stages or (has_caseless and name in _CASELESS):
            continue
        direct = {source.name for source in proof.sources if source.slice is not None}
        indirect = {source.name for source in proof.sources if source.slice is None}
        expected = [{f"public.{table}" for table in tables} for tables in (shapes[name].direct, shapes[name].indirect)]
        assert [direct, indirect] == expected, name
        expected_obstacle = shapes[name].obstacle
        assert expected_obstacle is None or any(expected_obstacle in said for said in proof.obstacles), name
        assert expected_obstacle is not None or not proof.obstacles, name
        assert all((source.reason is None) == (source.slice is not None) for source in proof.sources), name


def test_a_stage_is_suggested_where_it_helps(shapes: Mapping[str, Shape], proofs: Mapping[str, Proof]) -> None:
    """Each stage that the shapes have, unless the table is direct on the whole."""
    for name, shape in shapes.items():
        indirect = {source.name for source in proofs[name].sources if source.slice is None}
        suggested = {suggestion.name for suggestion in proofs[name].suggestions}
        assert suggested <= set(shape.stages) | {"k"}, name
        if shape.stages and indirect:
            assert suggested, name


def test_what_moves_is_a_slide_or_named(shapes: Mapping[str, Shape], proofs: Mapping[str, Proof]) -> None:
    for name, shape in shapes.items():
        proof = proofs[name]
        slides = [slide for source in proof.sources for slide in source.slides]
        is_known = bool(slides or proof.moving or proof.obstacles)
        assert shape.moves is None or is_known, name
        assert shape.moves is not None or not (slides or proof.moving), name


def test_no_claim_is_belied(
    shapes_database: Database, shapes: Mapping[str, Shape], proofs: Mapping[str, Proof]
) -> None:
    with shapes_database.connect(autocommit=False) as connection:
        tried = BruteForce(connection, _claimed(shapes, proofs), seed=20261130)
        assert tried.run(3_000 if _IS_LONG else 60) == []
        connection.rollback()
    assert tried.changes > (1_000 if _IS_LONG else 20)
    assert tried.touched > (5_000 if _IS_LONG else 100)


def test_a_false_claim_is_belied(
    shapes_database: Database, shapes: Mapping[str, Shape], proofs: Mapping[str, Proof]
) -> None:
    """A wrong column, an expression that loses something, and NULL slices that nothing is said to touch."""
    expressions = {
        "join_group": {"public.orders": "id"},
        "window_partition": {"public.orders": "kind + 1"},
        "null_group": {"public.orders": "label || '?'"},
        "list_partitions": {"public.stock": "upper(region)"},
    }
    planted = {
        name: _with_expressions(proofs[name], wrong) if name in expressions else proofs[name]
        for name, wrong in {**{name: {} for name in expressions}, **expressions}.items()
    }
    with shapes_database.connect(autocommit=False) as connection:
        tried = BruteForce(connection, _claimed(shapes, planted), seed=1)
        found = tried.run(120)
        connection.rollback()
    assert {words.split(": ")[1] for words in found} == set(planted)


def _claimed(shapes: Mapping[str, Shape], proofs: Mapping[str, Proof]) -> list[Claimed]:
    return [Claimed(name, shapes[name].query, proof) for name, proof in proofs.items()]


def _with_expressions(proof: Proof, wrong: Mapping[str, str]) -> Proof:
    return replace(
        proof,
        sources=tuple(
            replace(source, expressions=(wrong[source.name], *source.expressions[1:]))
            if source.name in wrong
            else source
            for source in proof.sources
        ),
    )
