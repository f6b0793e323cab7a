"""What can be said of the image without a container engine: its recipe. That it builds and runs is not covered here."""

import json
import re

from tests.infrastructure.conftest import ROOT, synthesize

RECIPE = (ROOT / "refresh_task/Dockerfile").read_text(encoding="utf-8")
LAST_STAGE = RECIPE[RECIPE.rindex("\nFROM ") :]


def test_what_is_copied_exists_and_is_let_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"  # after the comment: nothing, but for what follows
    for source in re.findall(r"^COPY (?!--)(\S+) ", RECIPE, flags=re.MULTILINE):
        assert (ROOT / source).exists(), source
        top = source.split("/")[0]
        assert f"!{top}/" in ignored or f"!{top}" in ignored, source


def test_what_the_cdk_cli_builds_from_has_the_recipe_in_it() -> None:
    """It copies what .dockerignore lets in, and builds there."""
    outdir = synthesize("sandbox").template_path.parent
    (image,) = json.loads((outdir / "vistafresca-sandbox.assets.json").read_text(encoding="utf-8"))[
        "dockerImages"
    ].values()
    source = image["source"]
    assert (outdir / source["directory"] / source["dockerFile"]).is_file()


def test_dependencies_are_those_that_are_locked_by_hash() -> None:
    assert '"--require-hashes"' in RECIPE
    assert '"--no-deps"' in RECIPE
    assert '"--only-binary=:all:"' in RECIPE
    assert "--hash=sha256:" in (ROOT / "refresh_task/requirements.txt").read_text(encoding="utf-8")


def test_the_base_is_pinned_to_a_minor_version_and_can_be_pinned_by_digest() -> None:
    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", RECIPE, flags=re.MULTILINE)
    assert re.fullmatch(r"python:3\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    assert set(re.findall(r"^FROM (\S+)", RECIPE, flags=re.MULTILINE)) == {"${PYTHON_IMAGE}"}


def test_the_last_stage_runs_nothing_needs_no_shell_and_is_nobody() -> None:
    assert "RUN" not in LAST_STAGE
    assert re.search(r"^USER 10001:10001$", LAST_STAGE, flags=re.MULTILINE)
    assert re.search(r'^CMD \["python", "-m", "refresh_task", "run"\]$', LAST_STAGE, flags=re.MULTILINE)


def test_botocore_keeps_the_services_that_the_task_and_the_api_call() -> None:
    """Pruned by folder: endpoints.json, partitions.json and _retry.json are files beside the folders, and stay."""
    assert "-type d" in RECIPE
    kept = set(re.findall(r"! -name (\w+)", RECIPE))
    sources = [file for folder in ("refresh_task", "api") for file in (ROOT / folder).rglob("*.py")]
    called = {
        service
        for file in sources
        for service in re.findall(r'\b(?:aws_client|create_client|_call)\(\s*"(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert called == {"secretsmanager", "rds", "cloudwatch", "ecs", "events"}
    assert kept == called | {"sts"}  # credentials that come from assuming a role


def test_bytecode_is_compiled_where_files_can_still_be_written() -> None:
    assert RECIPE.count('"compileall"') == 2
    assert "PYTHONDONTWRITEBYTECODE=1" in LAST_STAGE
