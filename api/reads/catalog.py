"""From a name in a path to the published view."""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from api.database import ApiSession
from api.problems import Problem
from api.reads.view import Column, PublishedView
from refresh_task.policies.endpoint import Publication

__all__ = ["Catalog", "find_managed_view"]

# The documents' own short names.
_ALIASES = {"universal-transactions": "universal_transactions.universal_transactions_mv"}
_COLUMNS_KNOWN_FOR_S = 30.0


def find_managed_view(session: ApiSession, written: str) -> str:
    """The full name of the managed view that is meant: with or without schema, with hyphens for underscores, or by its
    short name. Raises Problem 404."""
    candidates = list(dict.fromkeys([written, _ALIASES.get(written, written), written.replace("-", "_")]))
    found = session.ask("find_views", written=candidates)
    fitting = [row["view_name"] for row in found if row["rank"] == found[0]["rank"]]
    if len(fitting) == 1:
        name: str = fitting[0]
        return name
    if fitting:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "ambiguous-view",
            f"{written} may be any of {', '.join(fitting)}.",
            remedy="Write it with its schema.",
            extra={"views": fitting},
        )
    known = [row["name"] for row in session.fetch_all("read_view_status")]
    near = difflib.get_close_matches(written.replace("-", "_"), known + [name.partition(".")[2] for name in known], n=1)
    raise Problem(
        HTTPStatus.NOT_FOUND,
        "unknown-view",
        f"No managed view is called {written}.",
        remedy=f"Did you mean {near[0]}?" if near else "See /api/v1/mv for the managed views.",
    )


class Catalog:
    """Reads what a request needs of a view. Columns and keys are remembered for a while, by relation: for a view that
    is missing, its last known key is what cursors go on by."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._columns: dict[int, tuple[float, tuple[Column, ...]]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def find(self, session: ApiSession, written: str) -> PublishedView:
        """The published view that is meant. Raises Problem 404."""
        found = session.ask("read_published_view", view_name=written)
        if not found:
            name = find_managed_view(session, written)
            found = session.ask("read_published_view", view_name=name)
        (row,) = found
        if row["endpoint"] is None:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                "view-not-published",
                f"The rows of {row['view_name']} are not published.",
                remedy="Give it an endpoint in views.toml ([view.endpoint]) and run vistafresca apply.",
            )
        if row["target_lag_s"] is None:
            row |= session.ask_one("read_downstream_target", view_name=row["view_name"])
        endpoint = Publication.from_json(row["endpoint"])
        return PublishedView(
            name=row["view_name"],
            schema=row["schema_name"],
            relation=row["relation_name"],
            endpoint=endpoint,
            view_oid=row["view_oid"],
            file_node=row["file_node"],
            is_populated=row["is_populated"],
            target_lag_s=row["target_lag_s"],
            data_timestamp=row["data_timestamp"],
            refreshed_at=row["refreshed_at"],
            now=row["now"],
            columns=self._columns_of(session, row["view_name"], row["view_oid"], endpoint.base),
        )

    def forget(self) -> None:
        """Read columns anew: a statement has failed over what was known."""
        with self._lock:
            self._columns.clear()

    def _columns_of(self, session: ApiSession, view: str, view_oid: int | None, base: str | None) -> tuple[Column, ...]:
        if view_oid is not None:
            columns = self._read(session, view_oid)
            with self._lock:
                self._keys[view] = tuple(c.name for c in sorted(columns, key=_by_key) if c.key_position is not None)
            return columns
        relation = None if base is None else session.ask_one("find_relation", relation_name=base)["relation"]
        if relation is None:
            return ()
        with self._lock:
            key = self._keys.get(view, ())
        return tuple(
            Column(column.name, column.type, column.is_comparable, key.index(column.name) + 1)
            if column.name in key
            else column
            for column in self._read(session, relation)
        )

    def _read(self, session: ApiSession, relation: int) -> tuple[Column, ...]:
        with self._lock:
            known = self._columns.get(relation)
        if known is not None and known[0] > self._clock():
            return known[1]
        columns = tuple(Column(**row) for row in session.ask("read_columns", relation=relation))
        with self._lock:
            self._columns[relation] = (self._clock() + _COLUMNS_KNOWN_FOR_S, columns)
        return columns


def _by_key(column: Column) -> int:
    return column.key_position or 0
