"""What became of the latest runs: from the events run_started, run_finished, run_failed, run_skipped and of steps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from paging.evidence.finding import Evidence, Finding
from paging.evidence.window import A_DAY, RECENT, described, look_back
from paging.log import Line, Log
from paging.notification import Alarm
from paging.words import shortened, shown_length, shown_time

_RUNS = ("run_started", "run_finished", "run_failed", "run_skipped")
_SHORTEST_SILENCE = timedelta(minutes=10)
"""Less than any heartbeat alarm waits for: a run that completed later than this, the alarm did not see."""


def last_runs(log: Log, group: str, *, at: datetime) -> Evidence:
    """The last scheduled run that completed, and what came after it."""
    return _since_the_last(look_back(log, group, _RUNS, at=at, windows=A_DAY, is_enough=_is_completed), group)


def silence(log: Log, group: str, alarm: Alarm) -> Evidence:
    """The same for the heartbeat: since when no run has completed, or that only the metrics are lost."""
    lines = look_back(log, group, _RUNS, at=alarm.at, windows=A_DAY, is_enough=_is_completed)
    found = _since_the_last(lines, group)
    last = max((line.at for line in lines if _is_completed(line)), default=None)
    if last is None:
        return replace(found, headline="no run has completed within a day")
    if alarm.at - last < _SHORTEST_SILENCE:
        return replace(found, headline=f"runs complete, the last one at {shown_time(last)}, but their metrics are lost")
    return replace(found, headline="no run has completed", since=last)


def failed_run(log: Log, group: str, alarm: Alarm) -> Evidence:
    """The latest run that could not begin, and the first one since a run last could."""
    lines = look_back(log, group, _RUNS, at=alarm.at, windows=RECENT, is_enough=_is_failed)
    failed = [line for line in lines if _is_failed(line)]
    if not failed:
        return Evidence(problem="no run of the last three hours failed; it may be over")
    good = [line.at for line in lines if line.event == "run_finished" and line.at < failed[-1].at]
    in_a_row = [line for line in failed if not good or line.at > good[-1]]
    facts = [shortened(str(failed[-1].fields.get("message")))]
    if len(in_a_row) > 1:
        facts.append(f"{len(in_a_row)} runs in a row failed, the first at {shown_time(in_a_row[0].at)}")
    return Evidence(
        since=in_a_row[0].at,
        findings=[Finding(subject=f"{_run(failed[-1])} at {shown_time(failed[-1].at)}", facts=facts)],
        source=described(failed[-1], group),
    )


def slow_run(log: Log, group: str, alarm: Alarm) -> Evidence:
    """The latest run that took so long, and the views that took longest in it."""

    def is_slow(line: Line) -> bool:
        return line.event == "run_finished" and line.fields.get("duration_s", 0) >= alarm.threshold

    steps = ("step_finished", "step_failed")
    lines = look_back(log, group, ("run_finished", *steps), at=alarm.at, windows=RECENT, is_enough=is_slow)
    slow = [line for line in lines if is_slow(line)]
    if not slow:
        return Evidence(problem="no run of the last three hours took that long")
    own = [line for line in lines if line.event in steps and line.run == slow[-1].run]
    own.sort(key=lambda line: -float(line.fields.get("duration_s", 0)))
    length = shown_length(timedelta(seconds=slow[-1].fields["duration_s"]))
    facts = [
        f"{line.view}: {shown_length(timedelta(seconds=line.fields['duration_s']))}"
        + (f", {line.fields['status']}" if line.event == "step_failed" else "")
        for line in own[:5]
    ]
    return Evidence(
        headline=f"{_run(slow[-1])} took {length}",
        since=slow[-1].at - timedelta(seconds=slow[-1].fields["duration_s"]),
        findings=[Finding(subject=f"The longest of its {len(own)} refreshes", facts=facts)],
        source=described(slow[-1], group),
    )


def overlapping_runs(log: Log, group: str, alarm: Alarm, *, cluster: str) -> Evidence:
    """The runs that stepped back, and those that have not ended."""
    lines = look_back(
        log, group, _RUNS, at=alarm.at, windows=RECENT, is_enough=lambda line: line.event == "run_skipped"
    )
    skipped = [line for line in lines if line.event == "run_skipped"]
    if not skipped:
        return Evidence(problem="no run of the last three hours stepped back; it may be over")
    stepped = Finding(
        subject=f"{len(skipped)} runs stepped back", facts=[f"at {shown_time(line.at)}" for line in skipped[-5:]]
    )
    working = [
        Finding(
            subject=f"{_run(line)} has not ended",
            facts=(
                f"at work since {shown_time(line.at)}",
                f"to stop it: aws ecs stop-task --cluster {cluster} --task {task_of(line)}",
            ),
        )
        for line in _not_ended(lines)
    ]
    return Evidence(since=skipped[0].at, findings=[*working, stepped], source=f"the events of runs in {group}")


def task_of(line: Line) -> str:
    """A stream is named PREFIX/CONTAINER/TASK."""
    return line.stream.rsplit("/", 1)[-1]


def _since_the_last(lines: Sequence[Line], group: str) -> Evidence:
    completed = [line for line in lines if _is_completed(line)]
    after = [line for line in lines if not completed or line.at > completed[-1].at]
    facts = ["no run has completed in the last 24 hours"]
    if completed:
        facts = [f"the last one that completed: {_run(completed[-1])} at {shown_time(completed[-1].at)}"]
    return Evidence(
        findings=[Finding(subject="Scheduled runs", facts=[*facts, *_what_came_after(after)])],
        source=f"the events of runs in {group}",
    )


def _is_completed(line: Line) -> bool:
    return line.event == "run_finished" and line.fields.get("kind") == "scheduled"


def _is_failed(line: Line) -> bool:
    return line.event == "run_failed"


def _not_ended(lines: Sequence[Line]) -> list[Line]:
    ended = {line.stream for line in lines if line.event in ("run_finished", "run_failed")}
    return [line for line in lines if line.event == "run_started" and line.stream not in ended]


def _what_came_after(lines: Sequence[Line]) -> list[str]:
    # Of the event queue's runs only that they cannot begin either matters here.
    scheduled = [line for line in lines if line.fields.get("kind") == "scheduled"]
    if not scheduled:
        return ["no scheduled run has begun since"]
    facts = [
        f"{_run(line)} began at {shown_time(line.at)} and has not ended (task {task_of(line)})"
        for line in _not_ended(scheduled)
    ]
    failed = [line for line in scheduled if _is_failed(line)]
    if failed:
        times = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
        facts.append(
            f"{times} since failed before refreshing anything, the last at {shown_time(failed[-1].at)}: "
            + shortened(str(failed[-1].fields.get("message")))
        )
    if skipped := [line for line in scheduled if line.event == "run_skipped"]:
        facts.append(f"{len(skipped)} since found another run at work and stepped back")
    return facts


def _run(line: Line) -> str:
    run = line.fields.get("run_id")
    return "a run" if run is None else f"run {run}"
