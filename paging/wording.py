"""The sentences. Every message says what happened, to what, since when, what to do first, and where the rest is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paging.evidence import Beginning, Evidence, Finding
from paging.message import Message
from paging.notification import About, Alarm, Notification, StoppedTask, Unknown
from paging.sections import SECTIONS, Source
from paging.settings import Settings
from paging.words import MOST_NAMED, shown_length, shown_list, shown_time

_MOST_DETAILS = 20_000
"""Characters: what comes after them, the remedy and the runbook, must never be cut."""

_KILLED = "killed: for want of memory, or since it did not end within the stop timeout"
_EXIT_CODES = {
    134: "aborted",
    137: _KILLED,
    139: "a crash below Python",
    143: "ended by a signal before it could answer",
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """The two sentences that the stack gives each alarm and rule (infrastructure/pager.py writes them)."""

    what: str
    first: str

    @classmethod
    def read(cls, text: str) -> "Description":
        parts = re.fullmatch(r"(?P<what>.+?) (?:Database|Environment): .+? First: (?P<first>.+) Runbook: \S+", text)
        if parts is None:
            return cls(what=text or "The alarm has no description.", first="See the runbook.")
        return cls(what=parts["what"], first=parts["first"])


def of_alarm(alarm: Alarm, evidence: Evidence, settings: Settings) -> Message:
    """Something is wrong."""
    said = Description.read(alarm.description)
    headline = _headline(alarm, evidence, said)
    since = evidence.since or alarm.at
    place = alarm.about.place if alarm.about else settings.environment
    return Message(
        subject=f"{alarm.state} {place}: {headline}",
        text="\n".join(
            [
                f"{place}: {headline} (since {shown_time(since)}).",
                "",
                f"What happened: {said.what}",
                f"To which views: {_affected(alarm.about, evidence)}.",
                *_details(evidence),
                f"Since when: {shown_time(since)}; the alarm fired at {shown_time(alarm.at)}.",
                f"What to do first: {said.first}",
                f"Runbook: {settings.runbook(alarm.section)}",
                "",
                *_source(evidence),
                f"CloudWatch: {alarm.name} is in state {alarm.state}: {alarm.reason}",
            ]
        ),
        alarm=alarm.written,
        views=tuple(evidence.views),
        attributes=_attributes(alarm),
    )


def of_end(alarm: Alarm, beginning: Beginning | None, problem: str | None, settings: Settings) -> Message:
    """It is over: what, and how long it lasted. `problem` says why that could not be read."""
    said = Description.read(alarm.description)
    place = alarm.about.place if alarm.about else settings.environment
    name = alarm.about.section if alarm.about else alarm.name
    if beginning is not None:
        headline = f"{name} is over after {shown_length(alarm.at - beginning.at)}"
        length = f"From {shown_time(beginning.at)} to {shown_time(alarm.at)}."
    else:
        headline = f"{name} is over"
        length = f"Until {shown_time(alarm.at)}; {problem or 'no message of the last 14 days says since when'}."
    views = beginning.views if beginning else ()
    return Message(
        subject=f"OK {place}: {headline}",
        text="\n".join(
            [
                f"{place}: {headline}.",
                "",
                f"What it was: {said.what}",
                f"To which views: {_affected(alarm.about, Evidence(views=views))}.",
                f"How long: {length}",
                "What to do first: Nothing. If you told anybody that data is late, tell them that this is over.",
                f"Runbook, should it come back: {settings.runbook(alarm.section)}",
                "",
                f"CloudWatch: {alarm.name} is in state {alarm.state}: {alarm.reason}",
            ]
        ),
        alarm=alarm.written,
        views=views,
        attributes=_attributes(alarm),
    )


def of_task(task: StoppedTask, evidence: Evidence, settings: Settings) -> Message:
    """A task could not start, or was killed or crashed."""
    said = Description.read(task.description)
    headline = "a refresh task could not start"
    meaning = []
    if task.exit_code is not None:
        doing = f" while refreshing {shown_list(evidence.views)}" if evidence.views else ""
        headline = f"a refresh task ended with exit code {task.exit_code}{doing}"
        meaning = [f"Exit code {task.exit_code}: {_EXIT_CODES.get(task.exit_code, 'a crash')}."]
    started_by = task.detail.get("startedBy") or "nobody named"
    return Message(
        subject=f"{task.about.section} {task.about.place}: {headline}",
        text="\n".join(
            [
                f"{task.about.place}: {headline} (at {shown_time(task.at)}).",
                "",
                f"What happened: {said.what}",
                *meaning,
                f"To which views: {_affected(task.about, evidence)}.",
                f"Why, says ECS: {task.why}",
                *_details(evidence),
                f"Since when: {shown_time(task.at)}. Started by: {started_by}. Task: {task.task_id}",
                f"What to do first: {said.first}",
                f"Runbook: {settings.runbook(task.about.section)}",
                *([""] if evidence.source else []),
                *_source(evidence),
            ]
        ),
        views=tuple(evidence.views),
        attributes={"database": task.about.database, "section": task.about.section},
    )


def of_unknown(unknown: Unknown, settings: Settings) -> Message:
    """Passed on: better one message too many."""
    return Message(
        subject=f"{settings.environment}: {unknown.subject}",
        text="\n".join(
            [
                f"{settings.environment}: what came on the topic of alarms is none that Vistafresca knows.",
                "",
                unknown.text,
                "",
                f"Runbook: {settings.runbook(None)}",
            ]
        ),
    )


def of_what_could_not_be_worded(notification: Notification, problem: str, settings: Settings) -> Message:
    """In as few steps as can be: what arrived, and where to read what to do."""
    alarm: Mapping[str, Any] | None = None
    match notification:
        case Alarm():
            subject, said = f"{notification.state} {notification.name}", f"{notification.description}"
            section, alarm = notification.section, notification.written
        case StoppedTask():
            subject, said = notification.about.section, f"{notification.description} {notification.why}"
            section = notification.about.section
        case Unknown():
            subject, said, section = notification.subject, notification.text, None
    return Message(
        subject=subject,
        text=f"{subject}\n\n{said}\n\nNo details: {problem}.\nRunbook: {settings.runbook(section)}",
        alarm=alarm,
    )


def _headline(alarm: Alarm, evidence: Evidence, said: Description) -> str:
    says = SECTIONS[alarm.about.section].says if alarm.about else None
    if evidence.views and says:
        return f"{shown_list(evidence.views)} {says[len(evidence.views) > 1]}"
    if evidence.headline:
        return evidence.headline
    sentence = re.split(r"[.;:] ", said.what, maxsplit=1)[0].rstrip(".")
    # Not of a name: EventBridge, ECS.
    is_a_word = sentence.split(maxsplit=1)[0][1:].islower() or sentence.startswith("A ")
    return f"{sentence[:1].lower()}{sentence[1:]}" if is_a_word else sentence


def _affected(about: About | None, evidence: Evidence) -> str:
    """Names, where any are known; otherwise what is certain."""
    named, more = evidence.views[:MOST_NAMED], len(evidence.views) - MOST_NAMED
    if named:
        return ", ".join(named) + (f" and {more} more (vistafresca status names them)" if more > 0 else "")
    if about is None:
        return "not known"
    section = SECTIONS[about.section]
    if section.source is Source.API_LOG:
        return f"those that the API of {about.database} serves"
    return f"some of {about.database} (vistafresca status names them)" if section.says else f"all of {about.database}"


def _details(evidence: Evidence) -> Iterator[str]:
    if evidence.problem is not None:
        yield f"No details: {evidence.problem}."
        return
    yield ""
    shown, length = 0, 0
    for finding in evidence.findings[:MOST_NAMED]:
        lines = _shown(finding)
        length += sum(map(len, lines))
        if length > _MOST_DETAILS:
            break
        yield from lines
        shown += 1
    if (more := len(evidence.findings) - shown) > 0:
        yield f"- and {more} more: vistafresca status"
    yield ""


def _shown(finding: Finding) -> Sequence[str]:
    return [f"- {finding.subject}", *(f"  {fact}" for fact in finding.facts)]


def _source(evidence: Evidence) -> Sequence[str]:
    return [] if evidence.source is None else [f"Read from: {evidence.source}"]


def _attributes(alarm: Alarm) -> dict[str, str]:
    about = alarm.about
    return {"state": alarm.state} | ({"database": about.database, "section": about.section} if about else {})
