"""What reading a view is refused with."""

from __future__ import annotations

from http import HTTPStatus

from api.database import Selection
from api.problems import Problem
from api.reads.view import PublishedView

__all__ = ["InvalidValueError", "unavailable", "wrong_type"]


class InvalidValueError(Problem):
    """One of the selection's values is none of its column's type; which one is asked once the transaction is over.
    Where it is no filter's, it is the cursor's."""

    def __init__(self, view: PublishedView, selection: Selection) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "invalid-cursor",
            "The cursor holds values that its columns cannot have.",
            remedy="Pass next_cursor of the former answer as it is, or begin again without a cursor.",
        )
        self.view = view
        self.selection = selection


def wrong_type(view: PublishedView, column: str, type_name: str) -> Problem:
    """422 for a filter's value; 403 where it is the caller's own tenant."""
    if column == view.endpoint.tenant_column:
        return Problem(
            HTTPStatus.FORBIDDEN,
            "no-tenant",
            f"The caller's tenant is none that {view.name} knows.",
            remedy="Ask with a token of another tenant.",
        )
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-value",
        f"A value for {column} is no {type_name}.",
        remedy=f"Write one as PostgreSQL writes a {type_name}; times as ISO 8601.",
        extra={"column": column, "column_type": type_name},
    )


def unavailable(view: PublishedView) -> Problem:
    """503: why neither the view nor its base relation can be read."""
    if view.view_oid is None:
        why = "does not exist at the moment"
    elif not view.is_populated:
        why = "has no data yet"
    else:
        age = "of unknown age" if view.lag_s is None else f"{view.lag_s:.0f} s old"
        why = f"has data {age}, which is too old for this request"
    return Problem.later(
        "view-too-stale" if view.has_rows else "view-unavailable",
        f"{view.name} {why}.",
        remedy="Try again after its next refresh, or accept older data with max_staleness or on_stale.",
        retry_after_s=60,
        view=view.name,
        freshness=view.freshness,
        lag_s=view.lag_s,
    )
