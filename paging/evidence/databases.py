"""Which of many databases are not well (layout = "map"): from the events run_finished and run_failed."""

from paging.evidence.finding import Evidence, Finding
from paging.evidence.window import RECENT, look_back
from paging.log import Line, Log
from paging.notification import Alarm
from paging.words import shortened, shown_list, shown_time

_NO_LOG = "Tasks that could not start have written nothing here: the output WhichFailed names their databases, too"


def failed_databases(log: Log, group: str, alarm: Alarm) -> Evidence:
    """Those whose latest run ended with another exit code than 0."""

    def is_bad(line: Line) -> bool:
        return line.event == "run_failed" or line.fields.get("exit_code", 0) != 0

    lines = look_back(log, group, ("run_finished", "run_failed"), at=alarm.at, windows=RECENT, is_enough=is_bad)
    latest = {line.database: line for line in lines}
    failed = [line for _, line in sorted(latest.items()) if is_bad(line)]
    if not failed:
        return Evidence(problem=f"the latest run of each database ended well. {_NO_LOG}")
    return Evidence(
        headline=f"{shown_list([line.database for line in failed])} did not end well",
        findings=[
            *(
                Finding(
                    subject=f"{line.database}, exit code {line.fields.get('exit_code')}, at {shown_time(line.at)}",
                    facts=[shortened(str(line.fields.get("message")))],
                )
                for line in failed
            ),
            Finding(subject=_NO_LOG),
        ],
        source=f"the latest run of each database in {group}",
    )
