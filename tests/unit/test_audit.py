"""The audit of what is locked, by the real pip-audit and npm against advisory services of our own. What today's public
services know is not covered: that is `make audit`."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripts import audit
from scripts.audit import ROOT, Verdict, audit_npm, audit_python, main

HOLE = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-0001"],
    "summary": "It lets everybody in",
    "affected": [
        {
            "package": {"name": "psycopg", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}
NPM_HOLE = {
    "id": 1,
    "url": "https://github.com/advisories/GHSA-dddd-eeee-ffff",
    "title": "It deploys what it likes",
    "severity": "high",
    "vulnerable_versions": "<99.0.0",
    "cwe": [],
    "cvss": {"score": 8},
}


@dataclass
class Advisories:
    """OSV's API and npm's, at one address. `python` and `npm` are what they know of ours, by name; `knows_the_famous`:
    whether they know anything at all."""

    url: str
    python: dict[str, list[Any]] = field(default_factory=dict)
    npm: dict[str, list[Any]] = field(default_factory=dict)
    knows_the_famous: bool = True
    asked: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PIP_AUDIT_OSV_URL": f"{self.url}/v1/query", "npm_config_registry": self.url}

    def answer(self, path: str, question: Any) -> Any:
        if path == "/v1/query":
            name = question["package"]["name"]
            self.asked.add(name)
            if name == "jinja2" and question["version"] == "2.4.1":
                return {"vulns": [{"id": "PYSEC-2014-8"}]} if self.knows_the_famous else {}
            return {"vulns": self.python[name]} if name in self.python else {}
        if "minimist" in question:
            return {"minimist": [{"id": 1}]} if self.knows_the_famous else {}
        self.asked |= set(question)
        return {name: self.npm[name] for name in question if name in self.npm}


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    """Services that know of nothing in our locks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            zipped = self.headers.get("content-encoding") == "gzip"
            self._say(service.answer(self.path, json.loads(gzip.decompress(body) if zipped else body)))

        def do_GET(self) -> None:
            """npm asks for a vulnerable package's versions."""
            self._say({"name": self.path.strip("/"), "versions": {}, "dist-tags": {}})

        def _say(self, answer: Any) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Advisories(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


def test_reached_and_clean(advisories: Advisories, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(environment={**advisories.environment, "VISTAFRESCA_AUDIT": "required"}) == 0
    said = capsys.readouterr()
    assert "Python: clean" in said.out
    assert "npm: clean\n  1 packages" in said.out
    assert said.err == ""


def test_everything_that_is_locked_for_this_platform_is_asked_about(advisories: Advisories) -> None:
    audit_python(ROOT, advisories.environment)
    assert {"psycopg", "sentry-sdk", "ruff", "aws-cdk-lib"} <= advisories.asked
    assert len(advisories.asked) > 100
    audit_npm(ROOT, advisories.environment)
    assert "aws-cdk" in advisories.asked


def test_reached_and_vulnerable(advisories: Advisories, capsys: pytest.CaptureFixture[str]) -> None:
    advisories.python["psycopg"] = [HOLE]
    assert main(environment=advisories.environment) == 1
    said = capsys.readouterr().out
    assert "Python: VULNERABLE\n  psycopg 3." in said
    assert "CVE-2026-0001 (GHSA-aaaa-bbbb-cccc), fixed in 99.1: It lets everybody in" in said
    assert "npm: clean" in said


def test_a_vulnerable_npm_package_fails_too(advisories: Advisories, capsys: pytest.CaptureFixture[str]) -> None:
    advisories.npm["aws-cdk"] = [NPM_HOLE]
    assert main(environment=advisories.environment) == 1
    assert "npm: VULNERABLE\n  aws-cdk: It deploys what it likes (https://github.com/advi" in capsys.readouterr().out


def test_an_accepted_advisory_is_passed_over(advisories: Advisories, monkeypatch: pytest.MonkeyPatch) -> None:
    advisories.python["psycopg"], advisories.npm["aws-cdk"] = [HOLE], [NPM_HOLE]
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2026-0001": "not called", "GHSA-dddd-eeee-ffff": "not called"})
    assert main(environment=advisories.environment) == 0


@pytest.mark.parametrize(("required", "exit_code"), [("", 0), ("required", 1)])
def test_not_reachable_is_said_loudly_and_fails_where_it_is_required(
    advisories: Advisories, required: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = {"PIP_AUDIT_OSV_URL": "http://127.0.0.1:1/v1/query", "npm_config_registry": "http://127.0.0.1:1"}
    environment = {**advisories.environment, **nowhere, "VISTAFRESCA_AUDIT": required}
    assert main(environment=environment) == exit_code
    said = capsys.readouterr()
    assert said.out.count("NOT AUDITED") == 2
    assert "NOT AUDITED: nothing is known of vulnerabilities" in said.err


def test_a_service_that_knows_nothing_at_all_is_not_believed(advisories: Advisories) -> None:
    advisories.knows_the_famous = False
    assert audit_python(ROOT, advisories.environment).verdict is Verdict.NOT_AUDITED
    assert audit_npm(ROOT, advisories.environment).verdict is Verdict.NOT_AUDITED


def test_an_audit_that_breaks_off_is_neither_clean_nor_unreachable(
    advisories: Advisories, capsys: pytest.CaptureFixture[str]
) -> None:
    advisories.python["psycopg"] = [{"id": "GHSA-without-a-package", "affected": [{}]}]
    assert main(environment=advisories.environment) == 1
    assert "The audit broke off" in capsys.readouterr().err


def test_another_value_than_required_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(environment={"VISTAFRESCA_AUDIT": "yes"}) == 2
    assert "set it to required" in capsys.readouterr().err


def test_every_accepted_advisory_says_why() -> None:
    assert [name for name, why in audit.ACCEPTED.items() if not why] == []
