"""What a failure means for the rest of the run, by its SQLSTATE. The failure algebra of docs/runbook.md."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONNECTION_FAILURE", "QUERY_CANCELED", "Failure", "backoff_s", "is_transient", "stops_the_run"]

QUERY_CANCELED = "57014"
CONNECTION_FAILURE = "08006"

# The same as bi_refresh.is_transient() says, which decides before the task hears of it; a test compares the two.
_TRANSIENT = frozenset({"55P03", "40001", "40P01", "57P01", "57P02", "57P03", "53300"})
_CONNECTION_EXCEPTION = "08"

# Disk full, out of memory: every further refresh would make it worse.
_STOPS_THE_RUN = frozenset({"53100", "53200"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed. `view` is the member of a group that failed, None where that is not known; `may_pass` says
    whether another try makes sense; `timed_out` that the statement ran into its own timeout, which has the SQLSTATE of
    a cancel request. `remedy` is for failures that SQL has none for."""

    sqlstate: str | None
    message: str
    may_pass: bool
    view: str | None = None
    timed_out: bool = False
    remedy: str | None = None


def is_transient(sqlstate: str | None) -> bool:
    """Whether what it stands for may pass by itself within seconds."""
    return sqlstate is not None and (sqlstate in _TRANSIENT or sqlstate.startswith(_CONNECTION_EXCEPTION))


def stops_the_run(sqlstate: str | None) -> bool:
    """Whether nothing further is to be begun."""
    return sqlstate in _STOPS_THE_RUN


def backoff_s(first_s: float, attempt: int) -> float:
    """Seconds from the failure of try number `attempt` (from 1) to the next try."""
    return first_s * 2.0 ** (attempt - 1)
