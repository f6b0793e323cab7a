"""The templates of an environment, made for counting and thrown away. Importing this needs CDK."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infrastructure.application import application


def templates(environments: Path, name: str) -> Sequence[Mapping[str, Any]]:
    """Of the environment's stack and those nested in it. Raises SettingsError where its file cannot be used."""
    with TemporaryDirectory(prefix="vistafresca-cost-") as folder:
        application(environments=environments, name=name, outdir=folder).synth()
        return templates_in(Path(folder))


def templates_in(assembly: Path) -> Sequence[Mapping[str, Any]]:
    """All that were synthesized into this folder."""
    files = sorted(assembly.glob("*.template.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
