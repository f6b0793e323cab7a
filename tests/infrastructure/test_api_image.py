"""The function's command, as deployed, under Lambda's own runtime client: a stand-in for Lambda's runtime API hands out
one request. That the image builds, and what Lambda does around it, is not covered."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from api.daily import DailyTime
from api.settings import ApiSettings
from refresh_task.settings import Settings
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.paging_path import API_METRICS
from tests.infrastructure.template import Template, api_of, services, told_to
from tests.infrastructure.test_schedule import rule

MADE_BY_AWS = {
    "VISTAFRESCA_CLUSTER": "vistafresca-production",
    "VISTAFRESCA_TASK_DEFINITION": "arn:aws:ecs:us-east-1:123456789012:task-definition/vistafresca-any:7",
    "VISTAFRESCA_SECURITY_GROUPS": "sg-0123456789abcdef0",
}
LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "production-fluxion-bi-api",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_REGION": "us-east-1",
}


def environment(template: Template, service: str) -> dict[str, str]:
    """As Lambda hands it over once everything has been made."""
    told = dict(told_to(api_of(template, service)))
    return {name: MADE_BY_AWS[name] if isinstance(value, dict) else value for name, value in told.items()}


def test_the_api_and_the_task_s_code_accept_what_the_function_is_told(production: Template) -> None:
    for service in services(production):
        told = environment(production, service)
        settings = ApiSettings.from_environment(told)
        assert settings.is_on_aws
        assert settings.requested_rule is not None
        assert Settings.from_environment(told).service == service
    assert settings.iam_roles == (("arn:aws:sts::123456789012:assumed-role/finance/*", frozenset({"cfo"})),)


def test_the_rule_is_made_at_the_time_that_the_api_would_move_it_to(production: Template) -> None:
    """Both convert the zone's time by themselves: this package imports nothing that runs."""
    made = rule(production, "vistafresca-production-fluxion-daily").properties["ScheduleExpression"]
    assert DailyTime(1, 0, "America/Bogota").eventbridge_expression(datetime.now(UTC)) == made


def test_the_api_writes_what_alarms_read() -> None:
    source = (ROOT / "api/metrics.py").read_text(encoding="utf-8")
    assert [name for name in sorted(API_METRICS) if f'"{name}"' not in source] == []


class RuntimeApi(BaseHTTPRequestHandler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: one event, and what becomes of it."""

    event: dict[str, Any]
    answers: "queue.Queue[tuple[str, Any]]"
    asked_again: threading.Event

    def do_GET(self) -> None:
        if self.asked_again.is_set():
            # Lambda would let it wait here until the next request; it is stopped instead.
            self.send_error(410)
            return
        self.asked_again.set()
        body = json.dumps(self.event).encode()
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": "11111111-2222-3333-4444-555555555555",
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:api",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.answers.put((self.path.rsplit("/", 1)[-1], json.loads(body)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the interface's
        pass


@contextmanager
def runtime_api(event: dict[str, Any]) -> Iterator[tuple[str, "queue.Queue[tuple[str, Any]]"]]:
    answers: queue.Queue[tuple[str, Any]] = queue.Queue()
    attributes = {"event": event, "answers": answers, "asked_again": threading.Event()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneEvent", (RuntimeApi,), attributes))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def request(path: str, claims: dict[str, str]) -> dict[str, Any]:
    """An HTTP API's event, payload format 2.0, let in by the JWT authorizer."""
    return {
        "version": "2.0",
        "routeKey": "GET /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.example.com"},
        "requestContext": {
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


@pytest.mark.skipif(sys.platform != "linux", reason="Lambda's runtime client has wheels for Linux only")
def test_the_deployed_command_answers_a_request(production: Template) -> None:
    service = "production-fluxion"
    configuration = api_of(production, service).properties["ImageConfig"]
    _, *arguments = configuration["EntryPoint"]
    told = environment(production, service) | LAMBDA
    with runtime_api(request("/no/such/route", {"sub": "ana", "roles": "[reader]"})) as (address, answers):
        process = subprocess.Popen(
            [sys.executable, *arguments, *configuration["Command"]],
            cwd=ROOT,
            env={**told, "AWS_LAMBDA_RUNTIME_API": address, "PATH": os.defpath},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            kind, answer = answers.get(timeout=60)
        finally:
            process.kill()
            _, said = process.communicate()
    assert kind == "response", (answer, said.decode())
    assert answer["statusCode"] == 404, answer
    assert json.loads(answer["body"])["type"] == "urn:vistafresca:problem:no-such-route"  # the API's own words


def test_what_the_function_imports_is_in_the_image() -> None:
    """The virtual environment has more: uvicorn, the pool, the development tools."""
    locked = (ROOT / "refresh_task/requirements.txt").read_text(encoding="utf-8")
    carried = {name.replace("_", "-").lower() for name in re.findall(r"^([\w-]+)==", locked, flags=re.MULTILINE)}
    code = (
        "import sys; before = set(sys.modules); import api.lambda_handler; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    owners = packages_distributions()
    imported = {
        distribution.replace("_", "-").lower()
        for module in done.stdout.split()
        for distribution in owners.get(module, [])
    }
    assert imported - carried - {"vistafresca"} == set()
    assert "aws-lambda-powertools" in imported
