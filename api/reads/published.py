"""Reading published views: from a question to rows, by way of the view or of its base relation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus

from api.database import ApiDatabase, ApiSession, Operator, Selection, check_value, select_rows
from api.identity import Principal, require_role
from api.metrics import FALLBACKS
from api.problems import Problem
from api.reads.catalog import Catalog
from api.reads.guard import BUSY, Guard
from api.reads.question import Question, make_selection
from api.reads.reading import Reading, entity_tag, is_known
from api.reads.refusals import InvalidValueError, unavailable, wrong_type
from api.reads.staleness import Way, choose_on_stale, choose_way, parse_staleness
from api.reads.view import PublishedView
from api.services import GuardLimits, Refresher
from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.model import Freshness
from refresh_task.policies.endpoint import OnStale

__all__ = ["PublishedViews"]

_LOG = logging.getLogger("vistafresca.api")
_TIMEOUT_S = 20.0  # of a statement that reads a view
_PIECE = 200  # rows that are in memory at a time
# What PostgreSQL says of a text that is no value of a type.
_INVALID_VALUE = ("22P02", "22007", "22008", "22003", "22P03", "22021", "22P05")
# The view or a column went, or was emptied, between looking and reading.
_MOVED = ("42P01", "42703", "55000")
_MAY_REFRESH = ("admin", "cfo")


class PublishedViews:
    """Reads rows of published views; one per application, for its guards are shared by all routes."""

    def __init__(
        self, database: ApiDatabase, refresher: Refresher | None = None, limits: GuardLimits | None = None
    ) -> None:
        self._database = database
        self._refresher = refresher
        self._limits = limits or GuardLimits()
        self._catalog = Catalog()
        self._guards: dict[str, Guard[tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def open(self, written: str, question: Question, principal: Principal, *, known_tag: str | None = None) -> Reading:
        """Begin to read. Close the reading, or use it as a context manager: it may hold a connection.

        `written` is a view's name as catalog.find_managed_view() takes it; `known_tag` what If-None-Match says: where
        it fits, the reading is not `is_modified` and has no rows. Raises Problem: 400 (filter, order, limit, cursor),
        403 (role, tenant), 404 (view), 422 (a value of another type), 503 with Retry-After.
        """
        try:
            return self._open(written, question, principal, known_tag)
        except InvalidValueError as error:
            raise self._explain(error) from None
        except StatementFailedError as error:
            if error.sqlstate not in _MOVED:
                raise
            self._catalog.forget()
            return self._open(written, question, principal, known_tag)

    def _open(
        self, written: str, question: Question, principal: Principal, known_tag: str | None, *, again: bool = False
    ) -> Reading:
        with ExitStack() as stack:
            session = stack.enter_context(self._database.session())
            stack.enter_context(session.reading(timeout_s=_TIMEOUT_S))
            view = self._catalog.find(session, written)
            require_role(principal, *view.endpoint.roles)
            selection = make_selection(view, question, principal) if view.columns else None
            way = self._choose(view, question, principal, again=again)
            if way is Way.VIEW and selection is not None:
                return self._read_view(stack.pop_all(), session, view, selection, known_tag, at_once=question.at_once)
        if way is Way.BASE and selection is not None:
            return self._read_base(view, selection)
        if way is Way.REFRESH and not again:
            self._refresh(view, principal)
            return self._open(written, question, principal, known_tag, again=True)
        raise unavailable(view)

    def _choose(self, view: PublishedView, question: Question, principal: Principal, *, again: bool) -> Way:
        may_refresh = self._refresher is not None and principal.has_any(_MAY_REFRESH)
        on_stale = choose_on_stale(view, question.on_stale, may_refresh=may_refresh)
        most = None if question.max_staleness is None else parse_staleness(question.max_staleness)
        if again and view.has_rows:
            return Way.VIEW  # as new as it can be now, even if that is older than it should
        way = choose_way(view, on_stale, most)
        if way is Way.REFRESH and self._refresher is None:
            return choose_way(view, OnStale.FAIL, most)
        return way

    def _read_view(
        self,
        stack: ExitStack,
        session: ApiSession,
        view: PublishedView,
        selection: Selection,
        known_tag: str | None,
        *,
        at_once: bool,
    ) -> Reading:
        with stack:
            tag = entity_tag(view, selection)
            if is_known(tag, known_tag):
                return Reading(view, source=Way.VIEW, tag=tag, is_modified=False)
            _LOG.info("Usando vista materializada %s para mejor rendimiento", view.name)
            batches = _begin(session, view, selection, at_once=at_once)
            return Reading(view, source=Way.VIEW, selection=selection, batches=batches, tag=tag, held=stack.pop_all())

    def _read_base(self, view: PublishedView, selection: Selection) -> Reading:
        # A caller may ask for newer data than a view promises: that is no fault, and pages nobody.
        is_fault = not view.has_rows or view.freshness is not Freshness.FRESH
        _LOG.warning(
            "Usando vista base %s: la vista materializada %s no sirve ahora",
            view.endpoint.base,
            view.name,
            extra={"view": view.name, **({"counts": FALLBACKS} if is_fault else {})},
        )
        rows = self._guard(view.name).run(selection, lambda: self._ask_base(view, selection))
        return Reading(view, source=Way.BASE, selection=selection, batches=iter([list(rows)]))

    def _ask_base(self, view: PublishedView, selection: Selection) -> tuple[str, ...]:
        with self._database.session() as session, session.reading(timeout_s=self._limits.timeout_s):
            base = session.ask_one("find_relation", relation_name=view.endpoint.base)
            if base["relation"] is None:
                raise unavailable(view)
            self._take_slot(session, view.name)
            asked = selection.at(base["schema_name"], base["relation_name"])
            return tuple(row for batch in _begin(session, view, asked, at_once=True) for row in batch)

    def _take_slot(self, session: ApiSession, view: str) -> None:
        """Until the transaction ends. The guard knows of this process only, and on AWS each has one request at a time:
        how many are asking the database knows."""
        if not session.ask_one("take_base_slot", view=view, slots=self._limits.queries)["taken"]:
            raise Problem.later(
                BUSY,
                f"{view} cannot be read now, and its base relation is asked by {self._limits.queries} readers already.",
                remedy="Try again later; the view comes back with its next refresh.",
                retry_after_s=self._limits.patience_s,
            )

    def _explain(self, error: InvalidValueError) -> Problem:
        """Which of the values PostgreSQL cannot read as what it stands for: asked only when one has been refused."""
        types = {column.name: column.type for column in error.view.columns}
        for condition in error.selection.conditions:
            for value in condition.values:
                if condition.operator is not Operator.IS_NULL and not self._fits(types[condition.column], value):
                    return wrong_type(error.view, condition.column, types[condition.column])
        return error

    def _fits(self, type_name: str, value: str) -> bool:
        try:
            with self._database.session() as session:
                session.ask_composed(*check_value(type_name, value))
        except StatementFailedError as error:
            if error.sqlstate not in _INVALID_VALUE:
                raise
            return False
        return True

    def _guard(self, view: str) -> Guard[tuple[str, ...]]:
        with self._lock:
            return self._guards.setdefault(view, Guard(view, self._limits))

    def _refresh(self, view: PublishedView, principal: Principal) -> None:
        assert self._refresher is not None  # noqa: S101  # _choose() has seen to it
        if not principal.has_any(_MAY_REFRESH):
            # The endpoint asks, for all its readers together, who are limited as one caller is.
            principal = Principal(f"readers of {view.name}", frozenset(_MAY_REFRESH[:1]))
        started = self._refresher.refresh(view.name, principal, force=True)
        if not started.refreshed and started.status_url is not None:
            raise Problem.later(
                "refresh-started",
                f"{view.name} is being refreshed: {started.message}",
                remedy="Ask again when it is done, or with on_stale=serve for what there is.",
                retry_after_s=10,
                status_url=started.status_url,
            )


def _begin(session: ApiSession, view: PublishedView, selection: Selection, *, at_once: bool) -> Iterator[list[str]]:
    """The batches of a query that has begun: what is wrong with it is known before anything is answered. `at_once`:
    whoever reads them holds them all anyway, so that a cursor and its round trips would serve nobody."""
    # One more than asked for tells whether there is a next page.
    statement, parameters = select_rows(replace(selection, limit=selection.limit + 1))
    most = selection.limit + 1
    batches = session.stream(statement, parameters, limit=most, piece=most if at_once else _PIECE)
    try:
        first = next(batches, [])
    except StatementFailedError as error:
        if error.sqlstate not in _INVALID_VALUE:
            raise
        raise InvalidValueError(view, selection) from None
    except ConfigurationError:
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "view-not-granted",
            f"The API's own role may not read {view.name}.",
            remedy="Have the view's owner grant it SELECT on the view and on its base relation (docs/api.md).",
        ) from None
    return _chain(first, batches)


def _chain(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest
