"""The image needs no shell: neither its own start nor anything that it runs asks for one, so a base without one would
serve. That the image really starts without one is not covered: that takes a container engine."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOYED = [ROOT / name for name in ("refresh_task", "api", "paging", "deployment") if (ROOT / name).is_dir()]
RECIPE = (ROOT / "refresh_task" / "Dockerfile").read_text(encoding="utf-8")
LAST_STAGE = RECIPE[RECIPE.rindex("\nFROM ") :]
SHELLS = {
    *("os.system", "os.popen", "pty.spawn", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("asyncio.create_subprocess_shell", "commands.getoutput"),
}
PROGRAMS = {"subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen"}


def shells_in(source: str) -> Iterator[str]:
    """Each place where this code asks for a shell: by a function, by shell=…, or by a command in one string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "subprocess", "asyncio", "pty"):
            yield from (f"{node.module}.{name.name}" for name in node.names if f"{node.module}.{name.name}" in SHELLS)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in SHELLS or called.startswith(("os.exec", "os.spawn")):
            yield f"line {node.lineno}: {called}"
        if any(keyword.arg == "shell" for keyword in node.keywords):
            yield f"line {node.lineno}: shell="
        if called in PROGRAMS and node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr):
            yield f"line {node.lineno}: a command in one string"


def test_nothing_that_is_deployed_asks_for_a_shell() -> None:
    sources = [file for folder in DEPLOYED for file in folder.rglob("*.py")]
    assert len(sources) > 100
    found = {str(file.relative_to(ROOT)): list(shells_in(file.read_text(encoding="utf-8"))) for file in sources}
    assert {file: places for file, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.system('ls')",
        "from os import system",
        "import subprocess\nsubprocess.run(command, shell=True)",
        "import subprocess\nsubprocess.run(f'ls {folder}')",
        "import os\nos.execvp('sh', ['sh'])",
        "import asyncio\nasyncio.create_subprocess_shell('ls')",
    ],
)
def test_the_search_finds_a_shell(source: str) -> None:
    assert list(shells_in(source)) != []


def test_the_image_starts_a_program_and_no_shell() -> None:
    """The exec form is a JSON array; anything else Docker hands to /bin/sh -c."""
    starts = re.findall(r"^(?:CMD|ENTRYPOINT|HEALTHCHECK.*?CMD) (.+)$", LAST_STAGE, flags=re.MULTILINE)
    assert [json.loads(start) for start in starts] == [["python", "-m", "refresh_task", "run"]]
    assert "SHELL" not in LAST_STAGE
