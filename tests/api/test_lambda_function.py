"""The handler that the image names, in a process of its own: what it needs of the environment, and what it logs."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.api.published import publish
from tests.fix_api import READER, http_api_event
from tests.fix_database import Database
from tests.fix_task import ROOT, environment

_CALL = """
import json, sys
from api.lambda_handler import handler
assert not {"click", "rich", "botocore.session", "uvicorn", "psycopg_pool"} & sys.modules.keys()
for line in sys.stdin:
    print("ANSWER", json.dumps(handler(json.loads(line), None)))
"""


def test_it_answers_events_and_logs_json(database: Database) -> None:
    publish(database)
    paths = ("/api/v1/views/summary/rows", "/api/v1/views/summary/rows", "/nothing")
    events = [http_api_event("GET", path, {"limit": "1"}, READER, {}) for path in paths]
    finished = subprocess.run(
        [sys.executable, "-c", _CALL],
        check=True,
        cwd=ROOT,
        env=environment(database, POWERTOOLS_SERVICE_NAME="sandbox-shop"),
        input="".join(json.dumps(event) + "\n" for event in events),
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = finished.stdout.splitlines()
    answers = [json.loads(line.removeprefix("ANSWER ")) for line in lines if line.startswith("ANSWER ")]
    assert [answer["statusCode"] for answer in answers] == [200, 200, 404]
    assert [json.loads(answer["body"])["rows"][0]["id"] for answer in answers[:2]] == [1, 1]
    (logged, _) = [json.loads(line) for line in lines if not line.startswith("ANSWER ")]
    assert logged["message"] == "Usando vista materializada public.summary para mejor rendimiento"
    assert (logged["level"], logged["service"]) == ("INFO", "sandbox-shop")
