"""Renews refresh_task/database/certificates/rds-global-bundle.pem from AWS: python -m scripts.refresh_rds_bundle

Downloads AWS's bundle for RDS and Aurora and the Amazon roots that RDS Proxy's certificates come from, checks them and
replaces the file. On a machine without internet: fetch the URLs below elsewhere and name the files with --from.
"""

from __future__ import annotations

import argparse
import os
import re
import ssl
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).parent.parent / "refresh_task" / "database" / "certificates" / "rds-global-bundle.pem"
SOURCES = (
    "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
    *(f"https://www.amazontrust.com/repository/AmazonRootCA{number}.pem" for number in range(1, 5)),
    "https://www.amazontrust.com/repository/SFSRootCAG2.pem",
)
# Certificates that expire sooner than this fail the project's tests, so they are not worth taking.
LEAST_VALIDITY_DAYS = 180

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----", re.DOTALL)
_AWS_INTERNAL = re.compile(r"Amazon RDS (Beta|Preview) ")
_TIMEOUT_S = 30
_DAY_S = 86_400


class BundleError(Exception):
    """Why a bundle is not taken."""


@dataclass(frozen=True)
class Authority:
    """One CA certificate. `name` is its common name, such as 'Amazon RDS eu-west-1 Root CA RSA2048 G1'."""

    name: str
    pem: str
    is_root: bool
    expires_at: float

    @property
    def region(self) -> str | None:
        """The region it signs database certificates for; None for the Amazon roots of RDS Proxy."""
        found = re.fullmatch(r"Amazon RDS (\S+) Root CA .+", self.name)
        return found and found[1]


def parse(text: str) -> tuple[Authority, ...]:
    """Every certificate of a PEM text, in its order. Raises BundleError for anything that is not a CA's."""
    written = [match[0] for match in _PEM.finditer(text.replace("\r\n", "\n"))]
    if not written or len(written) != text.count("BEGIN CERTIFICATE"):
        raise BundleError("it is not a sequence of PEM certificates")
    return tuple(_parse_one(pem) for pem in written)


def choose(found: Sequence[Authority], *, now: float) -> tuple[Authority, ...]:
    """The roots to keep, by name: without AWS's internal ones, and without the intermediates and expired certificates
    that AWS's own file has carried. Raises BundleError where two different ones have one name."""
    chosen: dict[str, Authority] = {}
    for root in found:
        expires_soon = root.expires_at < now + LEAST_VALIDITY_DAYS * _DAY_S
        if not root.is_root or expires_soon or _AWS_INTERNAL.match(root.name):
            continue
        if chosen.setdefault(root.name, root).pem != root.pem:
            raise BundleError(f"there are two different certificates named {root.name}")
    return tuple(sorted(chosen.values(), key=lambda root: (root.region is None, root.name)))


def check_nothing_is_lost(before: Sequence[Authority], after: Sequence[Authority]) -> None:
    """Raise BundleError for a region or root that would no longer be trusted: its databases could not be reached."""
    if lost_regions := {root.region for root in before if root.region} - {root.region for root in after}:
        raise BundleError(f"it has no roots for {', '.join(sorted(map(str, lost_regions)))}, which the old one has")
    if lost := {root.name for root in before} - {root.name for root in after}:
        raise BundleError(f"it lacks {', '.join(sorted(lost))}, which the old one has")


def write(file: Path, roots: Sequence[Authority]) -> None:
    """Replace the file in one step: whoever reads it meanwhile sees the old one or the new one, whole."""
    text = "\n".join(f"# {root.name}, until {_day(root.expires_at)}\n{root.pem}\n" for root in roots)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=file.parent, delete=False) as new:
        try:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
            Path(new.name).chmod(0o644)
            Path(new.name).replace(file)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise


def refresh(file: Path, texts: Mapping[str, str], *, now: float, force: bool) -> str:
    """Make the file that of the texts (each by where it came from) and say what changed. Raises BundleError, with the
    file as it was."""
    found: list[Authority] = []
    for source, text in texts.items():
        try:
            found += parse(text)
        except BundleError as error:
            raise BundleError(f"{source}: {error}") from None
    after = choose(found, now=now)
    if not any(root.region for root in after):
        raise BundleError("it has no valid root for any region")
    before = parse(file.read_text(encoding="ascii")) if file.exists() else ()
    if not force:
        check_nothing_is_lost(before, after)
    write(file, after)
    added, removed = ({r.name for r in a} - {r.name for r in b} for a, b in ((after, before), (before, after)))
    regions = {root.region for root in after if root.region}
    return "\n".join(
        [
            *(f"+ {name}" for name in sorted(added)),
            *(f"- {name}" for name in sorted(removed)),
            f"{len(after)} roots for {len(regions)} regions in {file}.",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1: the new bundle was not taken, and the file is as it was."""
    parser = argparse.ArgumentParser(prog="python -m scripts.refresh_rds_bundle", description=(__doc__ or "").strip())
    parser.add_argument(
        "--from", dest="files", type=Path, nargs="+", metavar="FILE", help="PEM files instead of AWS's URLs"
    )
    parser.add_argument("--force", action="store_true", help="also if roots are lost that are trusted now")
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="the file to replace (default: the task's)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.files:
            texts = {str(file): file.read_text(encoding="utf-8") for file in chosen.files}
        else:
            texts = {url: _download(url) for url in SOURCES}
        print(refresh(chosen.bundle, texts, now=time.time(), force=chosen.force))
    except (BundleError, OSError, UnicodeDecodeError) as error:
        print(f"The bundle stays as it was: {error}.", file=sys.stderr)
        return 1
    return 0


def _parse_one(pem: str) -> Authority:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise BundleError(f"one of its certificates cannot be read ({error})") from None
    if not (certificates := context.get_ca_certs()):  # lists CA certificates only
        raise BundleError("one of its certificates is not that of a certificate authority")
    (certificate,) = certificates
    subject: Any = certificate["subject"]  # tuples of (name, value) pairs
    names = {key: value for part in subject for key, value in part}
    name = str(names.get("commonName") or names.get("organizationalUnitName") or "without a name")
    is_root = subject == certificate["issuer"]
    return Authority(name, pem, is_root, ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _download(url: str) -> str:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310  # the URLs above, all https
        text: str = answer.read().decode("utf-8")
    return text


if __name__ == "__main__":
    sys.exit(main())
