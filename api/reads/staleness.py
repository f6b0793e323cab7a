"""What is answered where a view's data is older than the client accepts: pure decisions."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from http import HTTPStatus

from api.problems import Problem
from api.reads.view import PublishedView
from refresh_task.policies.endpoint import OnStale

__all__ = ["Way", "choose_on_stale", "choose_way", "parse_staleness"]

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_WORDS = re.compile(r"(\d{1,9})\s*(second|minute|hour|day)s?")
_ISO = re.compile(r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?")


class Way(StrEnum):
    """Where the rows of an answer come from."""

    VIEW = "materialized_view"
    BASE = "base"
    REFRESH = "refresh"  # first; then the view
    NONE = "none"  # 503


def parse_staleness(written: str) -> float:
    """Seconds: of `600`, `PT10M` or `10 minutes`. Raises Problem 400."""
    text = written.strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    if (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    words = _WORDS.findall(text)
    if words and not _WORDS.sub("", text).strip():
        return float(sum(int(number) * _UNITS[unit] for number, unit in words))
    raise Problem(
        HTTPStatus.BAD_REQUEST,
        "invalid-max-staleness",
        "max_staleness is no duration.",
        remedy="Write seconds (600), an ISO 8601 duration (PT10M) or words (10 minutes).",
    )


def choose_on_stale(view: PublishedView, written: str | None, *, may_refresh: bool) -> OnStale:
    """What the client wants within what the endpoint allows. Raises Problem 400 naming what it does."""
    own = view.endpoint.on_stale
    if written is None:
        return own
    allowed = _allowed(view, own, may_refresh=may_refresh)
    if written not in allowed:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "on-stale-not-allowed",
            f"{view.name} cannot be asked for on_stale={written}.",
            remedy=f"Use one of: {', '.join(allowed)}.",
            extra={"on_stale": list(allowed)},
        )
    return OnStale(written)


def _allowed(view: PublishedView, own: OnStale, *, may_refresh: bool) -> Collection[str]:
    allowed = {own, OnStale.FAIL}
    if own is not OnStale.FAIL:  # whose endpoint says so wants nobody to see old data
        allowed.add(OnStale.SERVE)
    if view.endpoint.base is not None:
        allowed.add(OnStale.BASE)
    if may_refresh:
        allowed.add(OnStale.REFRESH)
    return [each for each in OnStale if each in allowed]


def choose_way(view: PublishedView, on_stale: OnStale, max_staleness_s: float | None) -> Way:
    """Where to take the rows from. `max_staleness_s` None: the endpoint's, and without one the target lag."""
    own = view.endpoint.max_staleness
    own_s = view.target_lag_s if own is None else own.total_seconds()
    most = own_s if max_staleness_s is None else max_staleness_s
    is_stale = most is not None and (view.lag_s is None or view.lag_s > most)
    if view.has_rows and (not is_stale or on_stale is OnStale.SERVE):
        return Way.VIEW
    if on_stale is OnStale.FAIL:
        return Way.NONE
    if on_stale is OnStale.REFRESH and view.view_oid is not None:
        return Way.REFRESH
    return Way.BASE if view.endpoint.base is not None else Way.NONE
