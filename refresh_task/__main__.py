"""Arguments → exit code. The deployed commands, `run` and `run --requested`, go straight to the task: no command-line
library is imported."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """The exit code of the command in sys.argv (docs/exit-codes.md)."""
    exit_code = _command()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        # Nobody reads it, or the disk is full. Python would try once more at its end, and make that the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code


def _command() -> int:
    if sys.argv[1:] in (["run"], ["run", "--requested"]):
        from refresh_task import task  # noqa: PLC0415  # either this or the command line, never both
        from refresh_task.model import RunKind  # noqa: PLC0415

        kind = RunKind.SCHEDULED if sys.argv[1:] == ["run"] else RunKind.REQUESTED
        return task.main(os.environ, kind=kind, for_a_terminal=sys.stdout is not None and sys.stdout.isatty())
    from refresh_task.command_line import vistafresca  # noqa: PLC0415

    return vistafresca()


if __name__ == "__main__":
    sys.exit(main())
