"""Whether a step takes its view's fingerprint, compares it, or does without (docs/change-detection.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from refresh_task.model import ChangeDetection, Fingerprinting, View
from refresh_task.plan.due import audit_has_passed, has_no_data
from refresh_task.plan.wording import in_words

_TRY_AGAIN_AFTER = 20  # refreshes without: what did not pay may have come to


def choose_fingerprinting(view: View, now: datetime, *, forced: bool) -> tuple[Fingerprinting, str]:
    """What to do, and a remark where that needs one. `forced`: it is refreshed whatever a check would say."""
    if view.is_maintained:  # what was captured tells
        return Fingerprinting.KEEP if forced else Fingerprinting.NONE, ""
    if view.change_detection is ChangeDetection.NONE:
        return Fingerprinting.NONE, ""
    remark = ""
    if has_no_data(view) or view.global_data_timestamp is None:
        forced = True
    elif audit_has_passed(view, now):
        forced, remark = True, "refreshed whatever a check would say, for its audit"
    elif view.changed_tables:
        forced, remark = True, f"{_some(view.changed_tables)} changed"
    if not forced and view.has_fingerprint:
        # Where it does not pay, too: one is at hand, and nothing is known to have been written since.
        return Fingerprinting.CHECK, ""
    if _pays(view) or view.checks_passed_over >= _TRY_AGAIN_AFTER:
        return Fingerprinting.KEEP, remark
    return Fingerprinting.NONE, "; ".join(part for part in (remark, _why_it_does_not_pay(view)) if part)


def _pays(view: View) -> bool:
    """Whether what the skips save is more than what the checks cost, as far as is known. Touches are read in no
    time."""
    if view.change_detection is ChangeDetection.TOUCH:
        return True
    if view.unchanged_ratio is None or view.p50_s is None or view.fingerprint_s is None:
        return True
    return view.unchanged_ratio * view.p50_s > view.fingerprint_s


def _why_it_does_not_pay(view: View) -> str:
    fingerprint, refresh = (in_words(timedelta(seconds=seconds or 0.0)) for seconds in (view.fingerprint_s, view.p50_s))
    found = f"{view.unchanged_ratio or 0.0:.0%} of its checks found nothing changed"
    return f"its fingerprint costs {fingerprint} and a refresh {refresh}, and {found}, so it is not taken"


def _some(tables: tuple[str, ...], most: int = 3) -> str:
    named = ", ".join(tables[:most])
    return named if len(tables) <= most else f"{named} and {len(tables) - most} more"
