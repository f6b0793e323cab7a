"""Writes down the checksums of new migrations, whose SQL must not change from then on.

    python -m scripts.freeze_migrations

Databases that have run a migration will not run it again: a change to it would reach only new ones, and the two would
differ from then on. What has to change goes into a new migration. Until the first release `--again` freezes anew.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

SQL_FOLDER = Path(__file__).parent.parent / "sql"
CHECKSUMS = SQL_FOLDER / "checksums.txt"


def current(folder: Path = SQL_FOLDER) -> dict[str, str]:
    """The SHA-256 of each migration's SQL file, by its path under sql/."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.glob("**/migrations/*.sql"))
    }


def frozen(file: Path = CHECKSUMS) -> dict[str, str]:
    """What checksums.txt says, in the same form."""
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name: checksum for checksum, name in lines}


def complaints(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """One sentence for each migration that is not as it was frozen, with what to do about it."""
    said = []
    for name in sorted(now.keys() | then.keys()):
        if name not in now:
            said.append(f"sql/{name} is gone, and databases have run it: put it back, and write a new migration.")
        elif name not in then:
            said.append(f"sql/{name} is new: run python -m scripts.freeze_migrations.")
        elif now[name] != then[name]:
            said.append(f"sql/{name} changed, and databases have run it: put it back, and write a new migration.")
    return said


def main(arguments: Sequence[str] | None = None, *, folder: Path = SQL_FOLDER) -> int:
    """Exit code 1: a frozen migration changed or is gone, and nothing was written."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.freeze_migrations", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--again", action="store_true", help="before the first release only: also those that changed")
    again = parser.parse_args(arguments).again
    file = folder / CHECKSUMS.name
    now, then = current(folder), frozen(file) if file.exists() else {}
    broken = [sentence for sentence in complaints(now, then) if "is new" not in sentence]
    if broken and not again:
        print("\n".join(broken), file=sys.stderr)
        return 1
    # The form that `sha256sum --check` reads, from inside sql/.
    file.write_text("".join(f"{checksum}  {name}\n" for name, checksum in sorted(now.items())), encoding="utf-8")
    print(f"{len(now)} files in {file}, {len(now.keys() - then.keys())} of them new.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
