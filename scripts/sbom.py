"""The image's bill of materials, in CycloneDX: every locked package with its licence, our own folders, the base image.

cyclonedx-py reads names, licences and dependencies from what is installed here, which the lock makes the same versions
as the image's; what only tools need is left out. Not in it: the packages of the base image, which a scanner of the
image itself reads (Amazon Inspector, Trivy), and C libraries that wheels bundle (libpq and OpenSSL in psycopg-binary).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from refresh_task import __version__

ROOT = Path(__file__).parents[1]
LOCK, RECIPE = ROOT / "refresh_task" / "requirements.txt", ROOT / "refresh_task" / "Dockerfile"
APPLICATION, IMAGE = "vistafresca-application", "vistafresca-image"
PINNED = re.compile(r"(?P<repository>[\w.:/-]+)@(?P<digest>sha256:[0-9a-f]{64})")
LICENCE = [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}]

# How packages word their licence that declare it in words alone, which cyclonedx-py leaves out.
WORDED = {"3-Clause BSD License": "BSD-3-Clause"}


class SbomError(Exception):
    """No bill of materials can be made: why, and what to do."""


def locked(lock: Path = LOCK) -> Mapping[str, str]:
    """Name → version of every line of the image's lock that is for Linux and the image's Python."""
    platform = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": base_image().removeprefix("python:").partition("-")[0],
    }
    lines = re.findall(r"^([a-z0-9][^\\\n]+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, str] = {}
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate(platform):
            (pin,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def declared() -> Sequence[str]:
    """The packages that pyproject.toml asks for in the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["lambda"]]
    return [canonicalize_name(Requirement(line).name) for line in lines]


def base_image() -> str:
    """What the Dockerfile builds upon, unless it is told otherwise."""
    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", RECIPE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return str(base)


def own_folders() -> Sequence[str]:
    """What the Dockerfile copies from this repository into /app."""
    copied = re.findall(r"^COPY (\w+) /app/", RECIPE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return sorted(copied)


def bill_of_materials(*, image: str | None = None) -> dict[str, Any]:
    """The document; `image` is the pushed one, REPOSITORY@sha256:….

    Raises SbomError where it would not be complete or not be valid.
    """
    installed = _installed()
    packages: dict[str, Any] = {
        canonicalize_name(component["name"]): component for component in installed["components"]
    }
    wanted = locked()
    if missing := [
        f"{name} {version}"
        for name, version in wanted.items()
        if name not in packages or packages[name]["version"] != version
    ]:
        raise SbomError(
            f"not installed here: {', '.join(missing)}. Run make install; packages that are only for Linux need Linux."
        )
    components = [_licensed(packages[name]) for name in sorted(wanted)]
    references = {component["bom-ref"] for component in components}
    dependencies = [
        {"ref": entry["ref"], "dependsOn": [ref for ref in entry.get("dependsOn", []) if ref in references]}
        for entry in installed["dependencies"]
        if entry["ref"] in references
    ]
    base = _base()
    document = {
        "$schema": installed["$schema"],
        "bomFormat": installed["bomFormat"],
        "specVersion": installed["specVersion"],
        "version": 1,
        "metadata": {"component": _image(image), "tools": installed["metadata"]["tools"]},
        "components": [base, _application(), *components],
        "dependencies": [
            {"ref": IMAGE, "dependsOn": [base["bom-ref"], APPLICATION]},
            {"ref": base["bom-ref"]},
            {"ref": APPLICATION, "dependsOn": sorted(packages[name]["bom-ref"] for name in declared())},
            *dependencies,
        ],
    }
    validate(document)
    return document


def validate(document: Mapping[str, Any]) -> None:
    """Raise SbomError where CycloneDX's own schema, read strictly, does not allow it."""
    version = SchemaVersion.from_version(document["specVersion"])
    if (error := JsonStrictValidator(version).validate_str(json.dumps(document))) is not None:
        raise SbomError(f"this is no CycloneDX {document['specVersion']}: {error}")


def _installed() -> Any:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", sys.prefix),
            *("--output-reproducible", "--no-validate", "--spec-version", "1.6"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if ended.returncode != 0:
        raise SbomError(f"cyclonedx-py ended with exit code {ended.returncode}: {ended.stderr[-500:]}")
    return json.loads(ended.stdout)


def _licensed(component: dict[str, Any]) -> dict[str, Any]:
    if component.get("licenses"):
        return component
    identifiers = [WORDED[words] for words in metadata(component["name"]).get_all("License", []) if words in WORDED]
    return component | {
        "licenses": [{"license": {"id": identifier, "acknowledgement": "declared"}} for identifier in identifiers]
    }


def _image(image: str | None) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "container",
        "bom-ref": IMAGE,
        "name": "vistafresca",
        "version": __version__,
        "licenses": LICENCE,
    }
    if image is None:
        return component
    if (pinned := PINNED.fullmatch(image)) is None:
        raise SbomError(
            f"'{image}' is not REPOSITORY@sha256:… with 64 hexadecimal digits: give the pushed image's digest."
        )
    digest, repository = pinned["digest"], pinned["repository"]
    # https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
    name = repository.rsplit("/", 1)[-1].lower()
    purl = f"pkg:oci/{name}@{quote(digest, safe='')}?repository_url={quote(repository, safe='/.-')}"
    return component | {"purl": purl, "hashes": [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]}


def _application() -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": APPLICATION,
        "name": "vistafresca",
        "version": __version__,
        "licenses": LICENCE,
        "purl": f"pkg:generic/vistafresca@{__version__}",
        "components": [
            {
                "type": "library",
                "bom-ref": f"vistafresca-{folder}",
                "name": folder,
                "version": __version__,
                "licenses": LICENCE,
            }
            for folder in own_folders()
        ],
    }


def _base() -> dict[str, Any]:
    name, _, tag = base_image().partition(":")
    tag, _, digest = tag.partition("@")
    return {
        "type": "container",
        "bom-ref": "base-image",
        "name": name,
        "version": tag,
        "purl": f"pkg:docker/{name}@{quote(digest, safe='') or tag}",
        "description": "The base image: Debian and CPython. Its own packages are not listed here.",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file. Exit code 1: it could not be made."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sbom", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--image", help="the pushed image, REPOSITORY@sha256:…")
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / f"vistafresca-{__version__}.cdx.json")
    chosen = parser.parse_args(arguments)
    try:
        document = bill_of_materials(image=chosen.image)
    except SbomError as error:
        print(error, file=sys.stderr)
        return 1
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(document['components'])} components: {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
