"""What views read, followed through ordinary views and functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


class Reads:
    """The rows of inspect_reads.sql by view; OIDs all over. Not beneath other materialized views. `readers` pairs each
    relation with the role that reads it."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], views: Sequence[int]) -> None:
        self.relations_of: dict[int, set[int]] = {view: set() for view in views}
        self.functions_of: dict[int, set[int]] = {view: set() for view in views}
        self.readers: dict[int, set[tuple[int, int]]] = {view: set() for view in views}
        self._above: dict[int, dict[int, set[int]]] = {view: {} for view in views}
        for row in rows:
            view, oid = row["view_oid"], row["oid"]
            self._above[view].setdefault(oid, set()).add(row["above_oid"])
            if row["is_relation"]:
                self.relations_of[view].add(oid)
                self.readers[view].add((row["reader_oid"], oid))
            elif row["is_function"]:
                self.functions_of[view].add(oid)

    def between(self, view: int, target: int) -> set[int]:
        """What stands on the ways from a view to what it reads."""
        found: set[int] = set()
        waiting = [target]
        while waiting:
            new = self._above[view].get(waiting.pop(), set()) - found - {view, target}
            found |= new
            waiting += new
        return found

    @property
    def relations(self) -> set[int]:
        """Of all views."""
        return set().union(*self.relations_of.values())

    @property
    def functions(self) -> set[int]:
        """Of all views."""
        return set().union(*self.functions_of.values())
