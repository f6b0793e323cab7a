"""What is allowed and will not come out as it was meant."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from datetime import timedelta

from refresh_task.database import Session
from refresh_task.model import RefreshMode
from refresh_task.policies.difference import Difference
from refresh_task.policies.wording import in_words
from refresh_task.settings import Settings


def give_advice(difference: Difference, settings: Settings) -> list[str]:
    """Sentences, each beginning with the view or the pattern. The settings are those of whoever applies, which are the
    task's where a deployment does."""
    interval, deadline = timedelta(seconds=settings.interval_s), timedelta(seconds=settings.run_deadline_s)
    sentences = [
        f"pattern {pattern} fits no view now; one that fits is taken up by the first run that finds it."
        for pattern, views in difference.found.items()
        if not views
    ]
    reshaped = {
        change.subject
        for change in difference.views
        if change.before is not None
        and change.after is not None
        and (change.before.key, change.before.stages) != (change.after.key, change.after.stages)
    }
    for view, policy in difference.after.items():
        status = difference.incremental.get(view)
        if status is not None and view in reshaped:
            sentences.append(
                f"{view} was enabled for incremental refresh with another key or other stages: the new ones hold once "
                f"it is disabled and enabled again (vistafresca incremental disable {shlex.quote(view)})."
            )
        if not policy.enabled:
            if status is not None:
                sentences.append(
                    f"{view} is disabled, yet changes are captured for it, and nobody reads them: "
                    f"vistafresca incremental disable {shlex.quote(view)}"
                )
            continue
        if policy.refresh_mode is RefreshMode.INCREMENTAL and status is None:
            sentences.append(
                f"{view} asks for incremental refresh and is not enabled, so it is refreshed as before: "
                f"vistafresca incremental enable {shlex.quote(view)}"
            )
        if policy.target_lag is not None and policy.target_lag < interval:
            sentences.append(
                f"{view} may get {in_words(policy.target_lag)} old, and runs are {in_words(interval)} apart: it will "
                "be late between them. Raise its target_lag, or have runs more often (VISTAFRESCA_INTERVAL_S)."
            )
        if policy.timeout is not None and policy.timeout > deadline:
            sentences.append(
                f"{view} may take {in_words(policy.timeout)}, and a run ends after {in_words(deadline)}: that comes "
                "first. Lower its timeout, or give runs more time (VISTAFRESCA_RUN_DEADLINE_S)."
            )
    return sentences


def missing_unique_indexes(session: Session, views: Collection[str]) -> dict[str, str]:
    """Those of these views that cannot be refreshed while they are read, each with the statement that mends it."""
    return {
        row["view_name"]: row["unique_index_ddl"]
        for row in session.fetch_all("read_materialized_views")
        if row["view_name"] in views and not row["has_unique_index"]
    }
