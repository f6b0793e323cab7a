"""What speaks against refreshing incrementally, or is to be remarked, by what the definition uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.incremental.proof.definition import Definition
from refresh_task.incremental.proof.words import SHAPES

_OBSTACLES = frozenset(
    {"volatile", "session", "opaque_function", "foreign_table", "row_security", "system_catalog", "unlogged"}
)
_MOST_COLUMNS = 1_500  # a table can have 1,600, and those that refreshes make have some more than the view
_INEXACT = (
    "rows are grouped, or told apart, by values of which equal ones may look different, as 1.0 and 1.00 do: any one of "
    "them is shown"
)
_MOMENT = "uses the current time"  # as classify_views() words what slides can be made of


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one definition."""

    obstacles: tuple[str, ...]
    times: tuple[str, ...]  # uses of the time: obstacles, unless all of them are slides
    dates: tuple[str, ...]  # uses of the date, as current_moments() knows them: moving, unless all of them are slides
    remarks: tuple[str, ...]
    groups_inexactly: bool
    caseless: tuple[str, ...]  # collations for which different texts are equal
    functions_ask_the_time: bool
    casts_are_strict: bool
    views: tuple[int, ...]  # ordinary views that it reads, however deep
    misnamed: Mapping[tuple[str, str], str]  # by schema and name of the relation: Table.misnamed


def find(session: Session, definition: Definition, relation: int) -> Findings:
    """By the rule trees, as change detection does (docs/decisions/0008)."""
    reads = session.fetch_all("inspect_reads", views=[relation])
    functions = sorted({row["oid"] for row in reads if row["is_function"]})
    views = _ordinary_views(session, sorted({row["oid"] for row in reads if row["is_relation"]}))
    trees = session.fetch_one("prove_trees", views=[relation, *views], functions=functions)
    classes: dict[str, list[str]] = {}
    for row in session.fetch_portable("classify_views", [relation]):
        classes.setdefault(row["class"], []).append(row["detail"])
    times = sorted(classes.get("time", ()))
    return Findings(
        obstacles=(
            *_too_wide(len(definition.columns)),
            *(f"it {detail}" for name in sorted(_OBSTACLES & classes.keys()) for detail in sorted(classes[name])),
            *(f"it {detail}: its rows may be others at every moment" for detail in times if detail != _MOMENT),
            *(
                f"it reads the materialized view {table.name}, whose changes no trigger captures: a table must "
                f"stand under its name first (vistafresca incremental enable {table.name})"
                for table in definition.tables
                if table.kind == "m"
            ),
        ),
        times=tuple(f"it {detail}: its rows may be others at every moment" for detail in times if detail == _MOMENT),
        dates=tuple(sorted(classes.get("date", ()))),
        remarks=(
            *(
                f"it {detail} and takes its author's word that equal arguments give equal results"
                for detail in sorted(classes.get("immutable_function", ()))
            ),
            *trees["remarks"],
            *([_INEXACT] if trees["groups_inexactly"] else []),
        ),
        groups_inexactly=trees["groups_inexactly"],
        caseless=tuple(trees["collations"]),
        functions_ask_the_time=trees["functions_ask_the_time"],
        casts_are_strict=trees["casts_are_strict"],
        views=tuple(views),
        misnamed={
            (row["schema_name"], row["relation_name"]): SHAPES["alias" if row["is_alias"] else "renamed"].format(
                name=row["reader"] or "what reads it"
            )
            for row in session.fetch_all("prove_names", views=[relation, *views], functions=functions)
        },
    )


def _too_wide(columns: int) -> list[str]:
    if columns <= _MOST_COLUMNS:
        return []
    return [f"it has {columns} columns, and refreshes need tables of some more: {_MOST_COLUMNS} at most"]


def _ordinary_views(session: Session, relations: Sequence[int]) -> list[int]:
    return [row["oid"] for row in session.fetch_all("prove_views", relations=relations)]
