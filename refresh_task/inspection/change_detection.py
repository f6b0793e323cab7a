"""Whether a refresh can be left out where nothing changed, and what finding that out costs."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.statistics import never_analyzed
from refresh_task.inspection.words import duration, listing

# docs/change-detection.md says what each class of classify_views() means.
_NEVER = ("time", "volatile", "session", "opaque_function", "foreign_table", "row_security", "system_catalog")
# 7 million rows in 0.75 to 1.05 s, measured on two cores.
_ROWS_PER_S = 8_000_000
_STORED = ("r", "m", "t")


def examine_change_detection(facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Never skipped, skipped until midnight, or skipped at will; nothing where the role may not look."""
    if view.is_maintained:  # what was captured tells
        return
    never = [found.detail for found in view.classes if found.name in _NEVER]
    calendar = [found.detail for found in view.classes if found.name == "date"]
    settings = [found.detail for found in view.classes if found.name == "settings"]
    if never:
        yield Finding(
            Code.NEVER_SKIPPED,
            Level.ADVICE,
            f"It is never skipped, because it {listing(sorted(never), most=3)}.",
            "The same rows beneath it may give another result each time, so it is refreshed whenever it is due.",
            view.name,
            "Give it a target lag that its cost allows, or take that out of its query.",
        )
        return
    if view.unreadable:  # examine_privileges() says that nothing can be found out then
        return
    yield _detection(view)
    if calendar:
        yield Finding(
            Code.CHANGES_AT_MIDNIGHT,
            Level.ADVICE,
            f"It uses {listing(calendar)}: it is skippable until {_ends(facts, calendar)}.",
            "The first refresh after that makes it anew although no row changed.",
            view.name,
        )
    if settings:
        yield Finding(
            Code.DEPENDS_ON_SETTINGS,
            Level.ADVICE,
            f"Its contents depend on the session's settings: it {listing(settings)}.",
            "They are part of the fingerprint: a refresh under another setting gives another result.",
            view.name,
            _pin_time_zone(facts),
        )


def examine_time_zone(facts: Facts) -> Iterator[Finding]:
    """One finding for all views whose contents depend on the session's time zone."""
    moved = [view.name for view in facts.views if any(found.name in ("date", "settings") for found in view.classes)]
    if moved and not facts.server.time_zone_is_pinned:
        yield Finding(
            Code.TIME_ZONE_NOT_PINNED,
            Level.ADVICE,
            f"Sessions of {facts.server.refresher} are in time zone {facts.server.time_zone}, by the server's default.",
            f"{listing(moved)} would have other contents in another one: after somebody changes the default, or when "
            "somebody refreshes with a setting of their own.",
            remedy=_pin_time_zone(facts),
        )


def looking_cost_s(view: ViewFacts) -> float:
    """About how long finding out whether something changed takes, by the number of rows."""
    return sum(source.row_count or 0 for source in view.sources if source.kind in _STORED) / _ROWS_PER_S


def _detection(view: ViewFacts) -> Finding:
    tables = [source.name for source in view.sources if source.kind in _STORED]
    what = "It reads no table, so it is skipped once it is refreshed."
    if tables:
        effort = "; ".join(filter(None, (f"about {duration(looking_cost_s(view))} to look", never_analyzed(view))))
        what = f"It is skipped when nothing changed in {listing(tables)} ({effort})."
    return Finding(Code.CHANGE_DETECTION, Level.OK, what, "", view.name)


def _ends(facts: Facts, details: list[str]) -> str:
    """ "the date in America/Caracas" → "midnight America/Caracas"; "the current month" → "the end of the current
    month" and the session's time zone."""
    ends = set()
    for detail in details:
        what, _, zone = detail.partition(" in ")
        end = "midnight" if what == "the date" else f"the end of {what}"
        ends.add(f"{end} {zone or facts.server.time_zone}")
    return " and ".join(sorted(ends))


def _pin_time_zone(facts: Facts) -> str:
    return f"ALTER ROLE {facts.server.refresher} SET TimeZone = '{facts.server.time_zone}';"
