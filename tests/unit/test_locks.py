"""Both requirement files pin every package by version and hash, agree with each other and with pyproject.toml. Offline:
that they are the newest is not covered (make lock), nor that they are harmless (make audit)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ALL, IMAGE = ROOT / "requirements.txt", ROOT / "refresh_task" / "requirements.txt"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def entries(lock: Path) -> Iterator[str]:
    """Each requirement with its hashes, as one line."""
    text = re.sub(r"\\\n\s*", "", lock.read_text(encoding="utf-8"))
    yield from (line for line in text.splitlines() if line and not line.lstrip().startswith("#"))


def pins(lock: Path) -> dict[str, list[Requirement]]:
    """What is locked by name; more than one where versions depend on Python's."""
    found: dict[str, list[Requirement]] = {}
    for entry in entries(lock):
        requirement = Requirement(entry.partition("--hash")[0])
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("lock", [ALL, IMAGE], ids=["all", "image"])
def test_every_line_is_one_version_with_its_hashes_and_nothing_else(lock: Path) -> None:
    """No index, no link, no file: where packages come from is each machine's own setting."""
    line = re.compile(
        r"[a-z0-9-]+(\[[a-z,]+\])?==[^\s;]+ (; [^#\\]+? )?--hash=sha256:[0-9a-f]{64}( *--hash=sha256:[0-9a-f]{64})*"
    )
    assert [entry[:80] for entry in entries(lock) if line.fullmatch(entry) is None] == []
    assert len(list(entries(lock))) > 20


def test_the_image_s_versions_are_those_that_are_tested() -> None:
    everything = pins(ALL)
    for name, requirements in pins(IMAGE).items():
        assert {str(requirement.specifier) for requirement in requirements} <= {
            str(requirement.specifier) for requirement in everything[name]
        }, name


@pytest.mark.parametrize(
    ("lock", "extras"), [(ALL, list(PROJECT["optional-dependencies"])), (IMAGE, ["lambda"])], ids=["all", "image"]
)
def test_the_lock_agrees_with_pyproject(lock: Path, extras: list[str]) -> None:
    """Red: run make lock."""
    declared = [
        *PROJECT["dependencies"],
        *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
    ]
    locked = pins(lock)
    for requirement in map(Requirement, declared):
        found = locked.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement} is not locked"
        for pin in found:
            (version,) = (specifier.version for specifier in pin.specifier)
            assert requirement.specifier.contains(version, prereleases=True), f"{requirement} is locked at {version}"


def test_what_only_tools_and_tests_need_is_not_in_the_image() -> None:
    development = {
        canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["development"]
    }
    assert development & pins(IMAGE).keys() == set()
