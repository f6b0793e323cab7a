"""Which image a task says that it runs. The endpoint is a stand-in: that Fargate's ImageID is the digest is AWS's word
(aws/containers-roadmap#1310)."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from refresh_task import __version__
from refresh_task.report.image import Image, read_image
from refresh_task.report.logs import LogReporter
from refresh_task.settings import Settings
from tests.fix_metadata import DIGEST, REPOSITORY, Metadata, described

OTHER = f"sha256:{'f' * 64}"


def test_the_digest_is_that_of_the_image_id(metadata: Metadata) -> None:
    assert read_image(metadata.uri) == Image(name=f"{REPOSITORY}:0f3a", digest=DIGEST)
    assert metadata.asked == ["/v4/cd189a933e5849daa93386466019ab50-2495160603"]


def test_a_digest_that_the_task_definition_pins_wins(metadata: Metadata) -> None:
    metadata.body = described(image=f"{REPOSITORY}@{OTHER}")
    assert read_image(metadata.uri).digest == OTHER


def test_without_ecs_nothing_is_known_and_nothing_amiss() -> None:
    assert read_image(None) == Image()


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, described(), "answered 500"),
        (200, b"<html>", "JSONDecodeError"),
        (200, b"[]", "something else"),
        (200, described(image_id="cf65"), "neither Image nor ImageID has a digest"),
        (200, json.dumps({"Image": None, "ImageID": 7}).encode(), "neither Image nor ImageID has a digest"),
        (200, b" " * 100_000 + described(), "JSONDecodeError"),
    ],
)
def test_an_answer_that_cannot_be_used_is_explained(metadata: Metadata, status: int, body: bytes, why: str) -> None:
    metadata.status, metadata.body = status, body
    image = read_image(metadata.uri)
    assert image.digest is None
    assert image.unknown is not None
    assert why in image.unknown


@pytest.mark.parametrize("stalls_after", [0, 10])
def test_an_endpoint_that_stalls_is_not_waited_for(metadata: Metadata, stalls_after: int) -> None:
    metadata.stalls_after = stalls_after
    assert read_image(metadata.uri) == Image(unknown="no answer within 1 s")


@pytest.mark.parametrize("uri", ["http://", "file:///etc/hostname", "http://127.0.0.1:port/", "nonsense"])
def test_a_malformed_address_is_explained(uri: str) -> None:
    image = read_image(uri)
    assert image.name is None
    assert "ValueError" in str(image.unknown) or "InvalidURL" in str(image.unknown)


def test_an_endpoint_that_refuses_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "ConnectionRefusedError" in str(read_image(f"http://127.0.0.1:{port}/v4/x").unknown)


def test_the_release_has_the_version_and_the_digest_s_beginning() -> None:
    assert Image(digest=DIGEST).release == f"vistafresca@{__version__}+0123456789ab"
    assert Image().release == f"vistafresca@{__version__}"


@pytest.fixture
def started(capsys: pytest.CaptureFixture[str]) -> Callable[[Image], list[dict[str, Any]]]:
    """Call it with an image: the lines that the log has of the run's start."""

    def tell(image: Image) -> list[dict[str, Any]]:
        LogReporter(Settings(service=f"image-{uuid.uuid4().hex}"), image=image).run_started(7)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return tell


def test_the_log_says_which_image_a_run_is_of(started: Callable[[Image], list[dict[str, Any]]]) -> None:
    (line,) = started(Image(name=f"{REPOSITORY}:0f3a", digest=DIGEST))
    assert (line["version"], line["image"], line["image_digest"]) == (__version__, f"{REPOSITORY}:0f3a", DIGEST)


def test_the_log_says_nothing_of_images_where_there_is_none(started: Callable[[Image], list[dict[str, Any]]]) -> None:
    (line,) = started(Image())
    assert line["version"] == __version__
    assert {"image", "image_digest"} & line.keys() == set()


def test_the_log_says_why_the_image_is_not_known(started: Callable[[Image], list[dict[str, Any]]]) -> None:
    run_started, remark = started(Image(unknown="answered 500"))
    assert run_started["event"] == "run_started"
    assert (remark["event"], remark["topic"], remark["level"]) == ("remark", "image", "WARNING")
    assert remark["message"] == "ECS does not say which image this is: answered 500"
