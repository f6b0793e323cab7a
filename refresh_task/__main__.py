"""Arguments → exit code. The deployed command, `run` alone, goes straight to the task: no command-line library is
imported."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """The exit code of the command in sys.argv (docs/exit-codes.md)."""
    if sys.argv[1:] == ["run"]:
        from refresh_task import task  # noqa: PLC0415  # either this or the command line, never both

        return task.main(os.environ, for_a_terminal=sys.stdout.isatty())
    from refresh_task.command_line import vistafresca  # noqa: PLC0415

    return vistafresca()


if __name__ == "__main__":
    sys.exit(main())
