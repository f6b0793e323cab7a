"""Whether what is kept for a view stands under the view's name: somebody may have dropped or renamed it."""

from __future__ import annotations

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.claim import Claim, ViewState


def stands(state: ViewState) -> bool:
    """Whether what is under the name of an enabled view is what refreshes keep."""
    return state.relation is not None and state.relation == state.kept


def kept_words(state: ViewState) -> str:
    """What is, or was, kept for a view."""
    return "the materialized view over stages" if state.output == "materialized_view" else "the table"


def require_its_table(claim: Claim, state: ViewState) -> None:
    """Raise ConfigurationError where another relation, or none, stands under the name of an enabled view, or one whose
    columns were altered."""
    if stands(state):
        altered = claim.session.fetch_one("read_altered_columns", view=claim.view)
        if altered["problems"] is not None:
            raise ConfigurationError(
                f"the table that is kept for it was altered: {altered['problems']}.",
                subject=claim.view,
                remedy=altered["remedy"],
            )
        return
    refuse_where_it_is_elsewhere(claim, state)
    raise ConfigurationError(
        f"{kept_words(state)} that was kept for it was dropped{_and_another(state)}.",
        subject=claim.view,
        remedy=f"Have the materialized view made from its definition: vistafresca incremental disable {claim.view}"
        if state.relation is None
        else _out_of_the_way(claim),
    )


def refuse_where_it_is_elsewhere(claim: Claim, state: ViewState) -> None:
    """Raise ConfigurationError where the table has another name or schema than the view."""
    if not stands(state) and state.kept_name is not None:
        kind = "MATERIALIZED VIEW" if state.output == "materialized_view" else "TABLE"
        raise ConfigurationError(
            f"{kept_words(state)} that is kept for it is called {state.kept_name} now{_and_another(state)}.",
            subject=claim.view,
            remedy=f"Give it its name and schema back (ALTER {kind} {state.kept_name} RENAME TO, SET SCHEMA), "
            "and run the command again.",
        )


def refuse_what_is_nobodys(claim: Claim, state: ViewState) -> None:
    """Raise ConfigurationError where another relation, which we must not replace, has the name of a dropped table."""
    raise ConfigurationError(
        f"{kept_words(state)} that was kept for it was dropped{_and_another(state)}.",
        subject=claim.view,
        remedy=_out_of_the_way(claim),
    )


def _and_another(state: ViewState) -> str:
    return "" if state.relation is None else ", and another relation has the view's name"


def _out_of_the_way(claim: Claim) -> str:
    return (
        f"Rename or drop that one; then the materialized view is made again from its definition by: vistafresca "
        f"incremental disable {claim.view}"
    )
