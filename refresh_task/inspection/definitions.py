"""Where to read what a view holds: in its own query, or, of an incremental view, in those of the tables kept for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from refresh_task.database import Session


@dataclass(frozen=True, slots=True)
class Definitions:
    """OIDs all over. `by_view` has the incremental views alone; `made` are the tables kept for them and the defining
    views, which nobody but they themselves reads."""

    by_view: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    views: Mapping[int, int] = field(default_factory=dict)
    made: frozenset[int] = frozenset()

    def of(self, views: Iterable[int]) -> list[int]:
        """What to ask about, to know of these views."""
        return [definition for view in views for definition in self.by_view.get(view, (view,))]

    def folded(self, rows: Iterable[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
        """The answers, each of its view: `view_oid` and the OIDs under `keys`, without what was made for it."""
        return [
            {
                **row,
                "view_oid": self.views.get(row["view_oid"], row["view_oid"]),
                **{key: self.views.get(row[key], row[key]) for key in keys},
            }
            for row in rows
            if all(row.get(key) not in self._hidden for key in ("oid", "relation"))
        ]

    @property
    def _hidden(self) -> frozenset[int]:
        return self.made - self.by_view.keys()


def read_definitions(session: Session) -> Definitions:
    """Of every incremental view that the current role may know of."""
    by_view: defaultdict[int, list[int]] = defaultdict(list)
    made: set[int] = set()
    for row in session.fetch_anywhere("inspect_definitions"):
        by_view[row["view_oid"]].append(row["definition_oid"])
        made |= {row["definition_oid"], row["table_oid"]}
    views = {definition: view for view, definitions in by_view.items() for definition in definitions}
    return Definitions({view: tuple(found) for view, found in by_view.items()}, views, frozenset(made))


def read_reads(session: Session, definitions: Definitions, views: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of inspect_reads.sql, of views of either kind."""
    return definitions.folded(session.fetch_all("inspect_reads", views=definitions.of(views)), "above_oid")
