"""Whether a view is refreshed by what changed as it ought to be, and whether one that is not could be. What stands in a
query's way is judged by its marks here, so that a thousand views take no longer than ten; `vistafresca incremental
explain` proves it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta

from refresh_task.inspection.facts import Facts, Incremental, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.keys import candidate_key
from refresh_task.inspection.words import duration, listing, size
from refresh_task.model import IncrementalStatus, RefreshMode

WORTH_ENABLING_S = 5.0  # a refresh that takes longer
MUCH_WAITING_BYTES = 64 << 20
_UNFINISHED_S = timedelta(hours=1).total_seconds()
_FEW_REFRESHES = 5  # that nothing can be concluded from

_FEATURES = {
    "limit": "LIMIT or OFFSET: which rows are in depends on all others",
    "grouping_sets": "GROUPING SETS, ROLLUP or CUBE: a total depends on every row",
    "recursive": "WITH RECURSIVE",
    "window_over_all": "a window over all rows (no PARTITION BY): a rank or share depends on every row",
    "shared_cte": "a WITH query that is read more than once, unless it says NOT MATERIALIZED",
}
# Of classify_views(): these make it refreshed in full each time. The date and the time do not where they bound windows.
_CLASSES = {
    "volatile": "a volatile function",
    "opaque_function": "a function whose body PostgreSQL does not look into",
    "foreign_table": "a foreign table",
    "session": "who asks, or with which settings",
    "row_security": "row-level security",
    "system_catalog": "a system catalog",
}


def examine_incremental(facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Of a view that was enabled how it fares; of another one whether it could be."""
    known = view.incremental
    if known is None or known.status is None:
        yield from _of_plain_view(facts, view, known)
    elif known.status in (IncrementalStatus.ENABLING, IncrementalStatus.DISABLING):
        yield from _unfinished(view, known, known.status)
    else:
        yield from _of_maintained_view(view, known)


def examine_displaced(facts: Facts) -> Iterator[Finding]:
    """Enabled views without their table are no views, as far as the catalog can tell."""
    for name in facts.displaced:
        yield Finding(
            Code.INCREMENTAL_TABLES_MISSING,
            Level.PROBLEM,
            "It is enabled for incremental refresh, and what is kept for it is not under its name.",
            "Its refreshes fail. Somebody has dropped or renamed the table, or its schema.",
            name,
            f"It says where the table is, or makes the materialized view again from its definition: vistafresca "
            f"incremental disable {shlex.quote(name)}",
        )


def obstacles(view: ViewFacts) -> list[str]:
    """What seems to stand in the way, by the marks of its query, in words."""
    reasons = [
        _FEATURES[feature] + ("" if where == view.name else f" (in {where})")
        for feature, where in view.features
        if feature in _FEATURES
    ]
    return reasons + [_CLASSES[name] for name in sorted({found.name for found in view.classes} & _CLASSES.keys())]


def _of_plain_view(facts: Facts, view: ViewFacts, known: Incremental | None) -> Iterator[Finding]:
    found = obstacles(view)
    if known is not None and known.refresh_mode is RefreshMode.INCREMENTAL:
        yield Finding(
            Code.INCREMENTAL_NOT_ENABLED,
            Level.ADVICE,
            'Its policy says refresh_mode = "incremental", and it is not enabled.',
            "It is refreshed as a whole until somebody enables it: triggers on what it reads are nobody's to put there "
            "unasked.",
            view.name,
            f"vistafresca incremental enable {shlex.quote(view.name)}",
        )
    elif not found and view.refresh_s is not None and view.refresh_s >= WORTH_ENABLING_S and facts.managed is not None:
        yield Finding(
            Code.INCREMENTAL_CANDIDATE,
            Level.ADVICE,
            f"Its refreshes take up to {duration(view.refresh_s)}; nothing in its query seems to depend on all rows.",
            "Refreshed incrementally, it would cost what changed and not what there is; writers of its tables would "
            "keep 60 to 95 % of their throughput.",
            view.name,
            f"vistafresca incremental explain {shlex.quote(view.name)}",
        )
    if found:
        yield Finding(
            Code.NOT_INCREMENTAL,
            Level.ADVICE,
            f"Refreshed incrementally, it would be computed in full whenever something changes: {'; '.join(found)}.",
            "Only a query whose output rows each depend on a slice of the input can be refreshed slice by slice; parts "
            "of it perhaps as stages."
            + ("" if view.usable_indexes or candidate_key(view)[0] else " Nor has it a key to find its rows by."),
            view.name,
            f"What is proved, and which stages would help: vistafresca incremental explain {shlex.quote(view.name)}",
        )


def _unfinished(view: ViewFacts, known: Incremental, status: IncrementalStatus) -> Iterator[Finding]:
    verb = "enable" if status is IncrementalStatus.ENABLING else "disable"
    since = "" if known.status_age_s is None else f" for {duration(known.status_age_s)}"
    is_stuck = known.status_age_s is None or known.status_age_s >= _UNFINISHED_S
    yield Finding(
        Code.INCREMENTAL_UNFINISHED,
        Level.PROBLEM if is_stuck else Level.ADVICE,
        f"It has been {status}{since}.",
        "Changes are captured for it that nobody reads yet. Readers are served as ever.",
        view.name,
        f"Unless somebody is at it now, go on: vistafresca incremental {verb} {shlex.quote(view.name)}",
    )


def _of_maintained_view(view: ViewFacts, known: Incremental) -> Iterator[Finding]:
    name = shlex.quote(view.name)
    if known.status is IncrementalStatus.DISTRUSTED:
        yield Finding(
            Code.INCREMENTAL_MISMATCH,
            Level.PROBLEM,
            f"A comparison found other rows than its definition gives: {known.distrust_reason or 'not said which'}.",
            "It is refreshed in full since, which makes its data right; before that, readers may have seen wrong rows "
            "for up to its audit interval.",
            view.name,
            f"See docs/runbook.md#incremental-mismatch; then: vistafresca incremental enable {name}",
        )
    if known.missing:
        yield Finding(
            Code.INCREMENTAL_TABLES_MISSING,
            Level.PROBLEM,
            f"Tables or views that were made for it are gone: {listing(known.missing)}.",
            "Its refreshes fail. Somebody has dropped them by hand, or restored a part of the database.",
            view.name,
            f"vistafresca incremental disable {name}",
        )
    if known.altered is not None:
        yield Finding(
            Code.INCREMENTAL_COLUMNS_ALTERED,
            Level.PROBLEM,
            f"Columns of its table were altered: {known.altered}.",
            "Its refreshes fail as soon as something changes beneath it: its query gives the columns that were.",
            view.name,
            f"Undo that (ALTER TABLE {view.name} RENAME COLUMN); or keep the new names: vistafresca incremental "
            f"disable {name}; and enable it again.",
        )
    for problem in known.problems:
        yield Finding(
            Code.CHANGES_NOT_CAPTURED,
            Level.PROBLEM,
            f"Not every change of what it reads is captured: {problem}.",
            "It is refreshed in full until that is mended, which each scheduled run tries.",
            view.name,
            "SELECT * FROM bi_refresh.sync_captures();",
        )
    if known.waiting_bytes >= MUCH_WAITING_BYTES:
        yield _piled_up(view, known)
    if not known.is_kept_fresh:
        yield Finding(
            Code.CHANGES_PILE_UP,
            Level.PROBLEM,
            "It is disabled in views.toml, yet changes are captured for it.",
            "Writers pay for what nobody reads.",
            view.name,
            f"vistafresca incremental disable {name}",
        )
    if not known.is_proved and not known.missing:
        yield Finding(
            Code.INCREMENTAL_UNPROVED,
            Level.ADVICE,
            "What a change does to it is not known for its definition and tables as they are now.",
            "It is computed in full at its next refresh, and after that, too, if what the proof rests on has changed.",
            view.name,
            f"If it stays so: vistafresca incremental enable {name}",
        )
    if known.refreshes >= _FEW_REFRESHES and 2 * known.in_full > known.refreshes:
        yield Finding(
            Code.MOSTLY_IN_FULL,
            Level.ADVICE,
            f"{known.in_full} of its last {known.refreshes} refreshes were computed in full"
            + (f", the last one thus: {known.why_full}." if known.why_full else "."),
            "Capturing changes costs its writers and saves nothing then.",
            view.name,
            f"vistafresca incremental explain {name} says which stages would help; otherwise: vistafresca incremental "
            f"disable {name}",
        )
    elif known.status is IncrementalStatus.ENABLED:
        yield Finding(
            Code.INCREMENTAL,
            Level.OK,
            f"It is refreshed incrementally: {known.refreshes - known.in_full} of its last {known.refreshes} refreshes "
            "computed only what changed."
            if known.refreshes
            else "It is enabled for incremental refresh, and nothing has changed since.",
            "",
            view.name,
        )


def _piled_up(view: ViewFacts, known: Incremental) -> Finding:
    return Finding(
        Code.CHANGES_PILE_UP,
        Level.ADVICE,
        f"{size(known.waiting_bytes)} of captured changes are kept for it and others.",
        "Reading them costs more than their number says. Either no run has moved them for long, or a transaction that "
        "has been open for long keeps what was read from being removed.",
        view.name,
        "See that scheduled runs complete, and end transactions that doctor names; then: VACUUM the tables log_… and "
        "pending_… of bi_refresh_incremental.",
    )
