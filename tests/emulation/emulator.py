"""The emulator as a process of the harness's: start it, move its clock, get clients, stop it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.config

from tests.emulation.containers.engine import EngineSettings
from tests.emulation.journal_reader import JournalReader
from tests.emulation.server.configuration import Configuration

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_START_TIMEOUT_S = 60


class Emulator:
    """A running emulator. `url` is its endpoint; `log` is the file it writes to."""

    def __init__(self, configuration: Configuration, journal: JournalReader, log: Path) -> None:
        self._configuration = configuration
        self.journal = journal
        self.log = log
        self.url = f"http://127.0.0.1:{configuration.port}"
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client with the account's root credentials."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id=ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=botocore.config.Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    @cached_property
    def environment(self) -> dict[str, str]:
        """For programs that call it as the account's root, with nothing of this machine's credentials."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **ROOT_CREDENTIALS,
        }

    @property
    def now(self) -> datetime:
        """By its clock."""
        ahead_s = float(self._configuration.clock_file.read_text(encoding="utf-8"))
        return datetime.fromtimestamp(time.time() + ahead_s, UTC)

    def set_clock(self, moment: datetime) -> None:
        """From now on its clock goes on from `moment`. Never back: rules fire once for each moment."""
        new = self._configuration.folder / "clock.new"
        new.write_text(str(moment.timestamp() - time.time()), encoding="utf-8")
        new.replace(self._configuration.clock_file)


@contextmanager
def running_emulator(
    *, folder: Path, python: Path, engine: EngineSettings, task_environment: dict[str, str]
) -> Iterator[Emulator]:
    """Run it until the block ends. `python` is the interpreter of its own virtual environment.

    Raises RuntimeError with the end of its log where it does not come up.
    """
    folder.mkdir(parents=True)
    journal = JournalReader()
    port = free_port()
    configuration = Configuration(
        port=port,
        folder=folder,
        region=REGION,
        journal_port=journal.port,
        engine=engine,
        task_environment={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", **task_environment},
    )
    configuration.clock_file.write_text("0", encoding="utf-8")
    configuration.write(folder / "configuration.json")
    emulator = Emulator(configuration, journal, folder / "log")
    with emulator.log.open("w") as log:
        process = subprocess.Popen(
            [str(python), "-m", "tests.emulation.server", str(folder / "configuration.json")],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **emulator.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_up(emulator, process)
        yield emulator
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        journal.close()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_up(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    """A server that is starting offers no event to wait for but its answer."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            end = "\n".join(emulator.log.read_text(encoding="utf-8").splitlines()[-30:])
            raise RuntimeError(f"the emulator did not come up; the end of its log:\n{end}")
        try:
            with urllib.request.urlopen(f"{emulator.url}/_ministack/health", timeout=5):  # noqa: S310  # our own URL
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
