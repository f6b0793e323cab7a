"""The bill of materials is complete and valid, and what is in it may be given away. Licences are those that the
packages declare; whether they tell the truth is not covered."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from refresh_task import __version__
from scripts import sbom
from scripts.sbom import SbomError, bill_of_materials, main, validate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image's packages are installed on Linux alone")

PERMISSIVE = "may be used, changed and passed on with its notice, which its dist-info in the image is"
ALLOWED = {
    "MIT": PERMISSIVE,
    "MIT-0": "as MIT, and not even the notice is asked for",
    "BSD-2-Clause": PERMISSIVE,
    "BSD-3-Clause": PERMISSIVE,
    "Apache-2.0": PERMISSIVE,
    "PSF-2.0": PERMISSIVE,
    "License :: OSI Approved :: BSD License": PERMISSIVE,
    "License :: OSI Approved :: Apache Software License": PERMISSIVE,
    "MIT OR AFL-2.1": "MIT is chosen",
    "MPL-2.0": "certifi, a list of certificates: copyleft by file, and we pass its file on unchanged",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "as MPL-2.0",
    "LGPL-3.0-only": "psycopg, imported as a library: unchanged, in folders of its own that anybody can replace",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Shared: copy it before changing it."""
    return bill_of_materials()


def every_component(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for component in document["components"]:
        yield component
        yield from component.get("components", [])


def test_every_line_of_the_image_s_lock_is_in_it_and_no_other_package(document: dict[str, Any]) -> None:
    listed = {
        canonicalize_name(component["name"]): component["version"]
        for component in every_component(document)
        if component.get("purl", "").startswith("pkg:pypi/")
    }
    assert listed == sbom.locked()
    lines = [line for line in sbom.LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    for_linux = [line for line in lines if "sys_platform == 'win32'" not in line]
    assert len(listed) == len(for_linux) > 20


def test_our_own_folders_and_the_base_image_are_named(document: dict[str, Any]) -> None:
    names = {component["name"]: component["version"] for component in every_component(document)}
    assert {"refresh_task", "api", "sql"} <= names.keys()
    assert {names[name] for name in ("vistafresca", "refresh_task", "api", "sql")} == {__version__}
    assert f"python:{names['python']}" == sbom.base_image()
    assert document["metadata"]["component"]["version"] == __version__


def test_everything_hangs_together(document: dict[str, Any]) -> None:
    """A graph of dependencies from the image down to every component."""
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += edges[reference]
    assert reached == edges.keys()
    assert {component["bom-ref"] for component in document["components"]} <= reached


def test_every_licence_is_one_that_we_may_pass_on(document: dict[str, Any]) -> None:
    """Red: may the image be given away with it? Then it belongs in ALLOWED, with the reason."""
    not_allowed = {}
    for component in every_component(document):
        if component["bom-ref"] == "base-image":
            continue
        names = {
            entry.get("expression") or entry["license"].get("id") or entry["license"]["name"]
            for entry in component.get("licenses", [])
        }
        if not names or names - ALLOWED.keys():
            not_allowed[component["name"]] = names
    assert not_allowed == {}


def test_the_pushed_image_is_named_by_its_digest() -> None:
    digest = "a" * 64
    image = bill_of_materials(image=f"123456789012.dkr.ecr.us-east-1.amazonaws.com/vistafresca@sha256:{digest}")
    component = image["metadata"]["component"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert component["purl"] == (
        f"pkg:oci/vistafresca@sha256%3A{digest}?repository_url=123456789012.dkr.ecr.us-east-1.amazonaws.com/vistafresca"
    )


def test_what_the_schema_does_not_allow_is_refused(document: dict[str, Any]) -> None:
    broken = deepcopy(document)
    del broken["components"][-1]["name"]
    with pytest.raises(SbomError, match="no CycloneDX"):
        validate(broken)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "locked", lambda: {"psycopg": "0.1"})
    with pytest.raises(SbomError, match=r"not installed here: psycopg 0\.1\. Run make install"):
        bill_of_materials()


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dist" / "image.cdx.json"
    assert main(["--output", str(file)]) == 0
    assert json.loads(file.read_text(encoding="utf-8"))["bomFormat"] == "CycloneDX"
    assert str(file) in capsys.readouterr().out


def test_the_command_refuses_an_image_without_a_digest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--image", "vistafresca:latest", "--output", str(tmp_path / "file")]) == 1
    assert "give the pushed image's digest" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
