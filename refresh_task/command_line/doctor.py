"""vistafresca doctor"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console

from refresh_task.command_line.doctor_gains import with_expected_gains
from refresh_task.command_line.names import counted, select_views
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.inspection import Facts, Finding, Level, examine, read_facts
from refresh_task.model import ExitCode
from refresh_task.report.terminal import wide_console
from refresh_task.settings import Settings

_COLOURS = {Level.OK: "green", Level.ADVICE: "yellow", Level.PROBLEM: "red"}


@click.command()
@click.argument("views", nargs=-1)
@json_option
def doctor(views: tuple[str, ...], *, as_json: bool) -> int:
    """What stands in the way of fresh data, and what to do about it; of the VIEWs named, or of all.

    Changes nothing and needs nothing installed. Exit code 1: there is at least one problem.
    """
    settings = Settings.from_environment(os.environ)
    with open_session(schema_required=False) as session:
        with session.read_only():
            facts = read_facts(session)
        if views:
            unknown = f"{session.server} has no such materialized view"
            facts = facts.only(select_views(views, facts.names, unknown))
        findings = with_expected_gains(session, examine(facts), facts, interval_s=settings.interval_s)
    if as_json:
        print_json(_as_json(facts, findings))
    else:
        _print(facts, findings)
    return ExitCode.VIEWS_FAILED if _count(findings, Level.PROBLEM) else ExitCode.OK


def _as_json(facts: Facts, findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "server": {
            "database": facts.server.database_name,
            "version": facts.server.version,
            "role": facts.server.role_name,
            "refresher": facts.server.refresher,
            "installed": facts.server.is_installed,
        },
        "views": [{"view": name, "level": _worst(findings, name)} for name in facts.names],
        "findings": [asdict(finding) for finding in findings],
        "not_checked": list(facts.not_checked),
        "problems": _count(findings, Level.PROBLEM),
        "advice": _count(findings, Level.ADVICE),
    }


def _print(facts: Facts, findings: Sequence[Finding]) -> None:
    console = wide_console()
    server = facts.server
    _say(console, f"PostgreSQL {server.version}, database {server.database_name}, as {server.role_name}", style="bold")
    for finding in findings:
        if finding.view is None:
            _print_finding(console, finding)
    for name in facts.names:
        level = _worst(findings, name)
        _say(console, f"\n{name}: {level}", style=f"bold {_COLOURS[level]}")
        for finding in findings:
            if finding.view == name:
                _print_finding(console, finding)
    for text in facts.not_checked:
        _say(console, f"\nnot checked: {text}", style="dim")
    if not facts.names:
        _say(console, "\nThere is no materialized view here that this role can see.")
    _say(
        console,
        f"\n{counted(len(facts.names), 'view')}: {counted(_count(findings, Level.PROBLEM), 'problem')}, "
        f"{counted(_count(findings, Level.ADVICE), 'piece')} of advice. Each is explained in docs/doctor.md.",
    )


def _print_finding(console: Console, finding: Finding) -> None:
    if finding.level is Level.OK:
        _say(console, f"  ok       {finding.what}", style="dim")
        return
    _say(console, f"  {finding.level:<8} {finding.what}", style=_COLOURS[finding.level])
    _say(console, f"           {finding.why} [{finding.code}]")
    if finding.remedy is not None:
        _say(console, f"           → {finding.remedy}", style="bold")


def _say(console: Console, text: str, *, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _worst(findings: Sequence[Finding], view: str) -> Level:
    return max((found.level for found in findings if found.view == view), key=lambda it: it.rank, default=Level.OK)


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(finding.level is level for finding in findings)
