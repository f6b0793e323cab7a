"""Which views are late, failing, suspended, distrusted or asked for in vain: from the events view_unhealthy,
step_failed and run_finished."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paging.evidence.finding import Evidence, Finding
from paging.evidence.window import RECENT, described, look_back, of_the_latest_runs
from paging.log import Line, Log
from paging.notification import Alarm, moment
from paging.sections import Section
from paging.words import shortened, shown_length, shown_time

NOTHING_NAMED = Evidence(problem="no run of the last three hours names a view; it may be well again")


def unhealthy_views(log: Log, group: str, alarm: Alarm, section: Section) -> Evidence:
    """The views in the section's condition, by the latest run that found any."""

    def is_meant(line: Line) -> bool:
        # The alarm failing-repeatedly has a number of failures for its threshold, the others a number of views.
        return section.condition in line.fields.get("conditions", ()) and (
            section.condition != "failing" or line.fields.get("consecutive_failures", 0) >= alarm.threshold
        )

    events = ("view_unhealthy", "step_failed")
    lines = look_back(log, group, events, at=alarm.at, windows=RECENT, is_enough=is_meant)
    meant = [line for line in lines if is_meant(line)]
    if not meant:
        return NOTHING_NAMED
    meant = of_the_latest_runs(meant)
    runs = {line.run for line in meant}
    steps = {line.view: line for line in lines if line.event == "step_failed" and line.run in runs}
    return _evidence(meant, steps, group, section)


def failed_steps(log: Log, group: str, alarm: Alarm, section: Section) -> Evidence:
    """The views that failed in the latest run in which any did."""

    def is_meant(line: Line) -> bool:
        return line.event == "step_failed" and line.fields.get("status") == "failed"

    events = ("view_unhealthy", "step_failed")
    lines = look_back(log, group, events, at=alarm.at, windows=RECENT, is_enough=is_meant)
    failed = [line for line in lines if is_meant(line)]
    if not failed:
        return NOTHING_NAMED
    failed = of_the_latest_runs(failed)
    runs = {line.run for line in failed}
    of_views = {line.view: line for line in lines if line.event == "view_unhealthy" and line.run in runs}
    steps = {line.view: line for line in failed}
    return _evidence([of_views.get(view, step) for view, step in steps.items()], steps, group, section)


def waiting_requests(log: Log, group: str, alarm: Alarm) -> Evidence:
    """The views that the event queue asks for, the longest waiting first, by the latest run that counted them."""

    def is_meant(line: Line) -> bool:
        return bool(line.fields.get("requests_waiting_since"))

    events = ("run_finished", "view_unhealthy")
    lines = look_back(log, group, events, at=alarm.at, windows=RECENT, is_enough=is_meant)
    finished = [line for line in lines if is_meant(line)]
    if not finished:
        return NOTHING_NAMED
    since = {view: moment(text) for view, text in finished[-1].fields["requests_waiting_since"].items()}
    views = sorted(since, key=since.__getitem__)
    of_views = {line.view: line for line in lines if line.event == "view_unhealthy" and line.run == finished[-1].run}
    findings = [
        Finding(
            subject=view,
            facts=(
                f"asked for since {shown_time(since[view])}",
                *(_facts(of_views[view], None) if view in of_views else ("it is neither late nor failing",)),
            ),
        )
        for view in views
    ]
    return Evidence(views=views, since=since[views[0]], findings=findings, source=described(finished[-1], group))


def _evidence(lines: Sequence[Line], steps: dict[str, Line], group: str, section: Section) -> Evidence:
    def since(line: Line) -> datetime | None:
        text = line.fields.get(section.since or "")
        return moment(text) if text else None

    # The longest lasting first; of unknown age is older still.
    ordered = sorted(lines, key=lambda line: (since(line) or datetime.min.replace(tzinfo=line.at.tzinfo), line.view))
    began = [start for line in ordered if (start := since(line))]
    return Evidence(
        views=[line.view for line in ordered],
        since=min(began, default=None),
        findings=[Finding(subject=line.view, facts=_facts(line, steps.get(line.view))) for line in ordered],
        source=described(ordered[0], group),
    )


def _facts(line: Line, step: Line | None) -> tuple[str, ...]:
    known = line.fields
    facts = [*_state(line)]
    if line.event == "step_failed":
        facts.append("this failure was not one of the schedule's, or the view has no state of its own")
    else:
        facts.append(_data(line))
    facts.append(_why(known.get("last_status"), known.get("last_message"), step))
    if remedy := known.get("remedy"):
        facts.append(f"remedy: {shortened(str(remedy))}")
    return tuple(facts)


def _why(status: str | None, said: str | None, step: Line | None) -> str:
    """What its last attempt came to; what a step of the run said comes first, for it has the SQLSTATE."""
    if step is not None and (status in (None, "failed")):
        sqlstate = f" ({step.fields['sqlstate']})" if "sqlstate" in step.fields else ""
        return f"why{sqlstate}: {shortened(said or str(step.fields.get('message')))}"
    if status == "failed":
        return f"why: {shortened(said or 'not known')}"
    return f"its last attempt: {shortened(': '.join(filter(None, (status, said))) or 'none yet')}"


def _state(line: Line) -> Sequence[str]:
    known, facts = line.fields, []
    if "failing_since" in known:
        failures = known.get("consecutive_failures", 1)
        times = "once" if failures == 1 else f"{failures} scheduled runs in a row"
        facts.append(f"failing since {shown_time(moment(known['failing_since']))} ({times})")
    if "suspended_since" in known:
        again = f"; it is tried again at {shown_time(moment(known['probe_at']))}" if "probe_at" in known else ""
        facts.append(f"suspended since {shown_time(moment(known['suspended_since']))}{again}")
    if "distrusted_since" in known:
        found = f": {shortened(str(known['distrust_reason']))}" if "distrust_reason" in known else ""
        facts.append(f"distrusted since {shown_time(moment(known['distrusted_since']))}{found}")
    if "late" in known.get("conditions", ()):
        facts.append(f"late since {shown_time(moment(known['late_since']))}" if "late_since" in known else "late")
    return facts


def _data(line: Line) -> str:
    known = line.fields
    if "data_timestamp" not in known:
        return "it has never been refreshed, so the age of its data is unknown"
    data = f"readers see data of {shown_time(moment(known['data_timestamp']))}"
    if "lag_s" in known:
        data += f", {shown_length(timedelta(seconds=known['lag_s']))} old at {shown_time(line.at)}"
    if "target_lag_s" in known:
        data += f"; its target lag is {shown_length(timedelta(seconds=known['target_lag_s']))}"
    return data
