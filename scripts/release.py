"""What must hold before a version is tagged: the changelog tells of it, the tag is free, nothing is uncommitted.

docs/releasing.md has all the steps. Exit code 1: something does not hold.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from refresh_task import __version__

ROOT = Path(__file__).parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
"""https://semver.org: no pre-releases and no build metadata; what is not released is under Unreleased."""

HEADING = re.compile(r"\[(?P<version>[^\]]+)\] - (?P<day>\d{4}-\d{2}-\d{2})")


def headings(changelog: str) -> Sequence[str]:
    """Its sections, the newest first."""
    return re.findall(r"^## (.+)$", changelog, flags=re.MULTILINE)


def changelog_complaints(changelog: str, version: str) -> list[str]:
    """What is wrong with the changelog, whether or not a release is near."""
    found = headings(changelog)
    complaints = []
    if not SEMANTIC.fullmatch(version):
        complaints.append(f"{version} is not MAJOR.MINOR.PATCH: correct refresh_task/__init__.py")
    if not found or found[0] != "[Unreleased]":
        complaints.append("the first section is not [Unreleased]: put one there, if need be an empty one")
    releases = [HEADING.fullmatch(heading) for heading in found[1:]]
    for heading, release in zip(found[1:], releases, strict=True):
        if release is None or not SEMANTIC.fullmatch(release["version"]):
            complaints.append(f'"{heading}" is not "[MAJOR.MINOR.PATCH] - YYYY-MM-DD"')
    ordered = [_number(release["version"]) for release in releases if release is not None]
    if any(newer <= older for newer, older in pairwise(ordered)):
        complaints.append("the releases are not in order, the newest first")
    if ordered and _number(version) < ordered[0]:
        complaints.append(f"{version} (refresh_task/__init__.py) is older than the newest release: raise it")
    return complaints


def release_complaints(changelog: str, version: str, *, tags: Collection[str], uncommitted: str) -> list[str]:
    """What stands in the way of tagging this version now."""
    complaints = changelog_complaints(changelog, version)
    released = [heading for heading in headings(changelog) if heading.startswith(f"[{version}] - ")]
    if not released:
        complaints.append(
            f"CHANGELOG.md has no section [{version}] - YYYY-MM-DD: move what is under [Unreleased] there"
        )
    elif re.search(r"^## \[Unreleased\]\s*\n+(?!## )\S", changelog, flags=re.MULTILINE):
        complaints.append(
            f"something is left under [Unreleased]: it would be in the image, and not in [{version}]'s section"
        )
    if f"v{version}" in tags:
        complaints.append(f"the tag v{version} exists: raise the version in refresh_task/__init__.py")
    if uncommitted:
        complaints.append("there are uncommitted changes: commit them")
    return complaints


def main() -> int:
    """See the module's docstring."""
    complaints = release_complaints(
        CHANGELOG.read_text(encoding="utf-8"),
        __version__,
        tags=_git("tag", "--list").split(),
        uncommitted=_git("status", "--porcelain"),
    )
    for complaint in complaints:
        print(f"v{__version__}: {complaint}.", file=sys.stderr)
    if complaints:
        return 1
    print(f"v{__version__} can be tagged. docs/releasing.md says how.")
    return 0


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
