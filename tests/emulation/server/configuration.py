"""What the harness tells the emulator's process."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.emulation.containers.engine import EngineSettings


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Where it listens, where it keeps its files, whom it tells what happens, and how it runs containers."""

    port: int
    folder: Path
    region: str
    journal_port: int
    """Where the harness listens on 127.0.0.1 for what happens (journal.py)."""

    engine: EngineSettings
    task_environment: dict[str, str]
    """What a task is told besides what its task definition, its overrides and ECS tell it."""

    @property
    def clock_file(self) -> Path:
        """Holds how many seconds the emulated clock is ahead of the machine's."""
        return self.folder / "clock"

    def write(self, path: Path) -> None:
        """For the emulator's process."""
        path.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Configuration":
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **{
                **document,
                "folder": Path(document["folder"]),
                "engine": EngineSettings.from_document(document["engine"]),
            }
        )
