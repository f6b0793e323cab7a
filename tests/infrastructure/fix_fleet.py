"""Environments with as many databases as a test wants, synthesized once per process."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from infrastructure.application import application, synthesize
from scripts.fleet import settings


@cache
def synthesize_fleet(databases: int, *, layout: str, event_poll_minutes: int = 0) -> Path:
    """The assembly's folder. Raises where synth does."""
    folder = Path(mkdtemp(prefix="vistafresca-fleet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environments = folder / "environments"
    environments.mkdir()
    text = settings(databases, layout=layout, event_poll_minutes=event_poll_minutes)
    (environments / "fleet.toml").write_text(text, encoding="utf-8")
    return synthesize(application(environments=environments, name="fleet", outdir=str(folder / "cdk.out")))
