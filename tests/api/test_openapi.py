"""The OpenAPI document: complete, and what the API really does, as schemathesis finds out by trying."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, assume, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, not_a_server_error, positive_data_acceptance, unsupported_method
from schemathesis.core.result import Ok

from api.local.server import listen, url_of
from tests.fix_api import ADMIN, Client, HttpClient
from tests.fix_database import Database

_EXAMPLES = 12  # of each operation
_DOCS = Path(__file__).parent.parent.parent / "docs" / "api.md"


def test_it_describes_every_route_and_its_problems(reader: Client) -> None:
    document = reader.get("/openapi.json", principal=None).json
    assert document["openapi"].startswith("3.1")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["tags"] for operation in operations)
    assert all("application/problem+json" in each["responses"]["default"]["content"] for each in operations)
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)


def test_the_documentation_lists_its_routes(reader: Client) -> None:
    document = reader.get("/openapi.json").json
    described = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`?]*)", _DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert described == listed


@pytest.fixture(scope="module")
def served(library: Database) -> Iterator[tuple[str, str]]:
    """The URL of a real server over the library, and a token that it knows."""
    client = HttpClient(library)
    token = client.token_of(ADMIN)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(client.api, lifespan="off", log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url_of(listener), token
    server.should_exit = True
    thread.join()
    client.close()


def test_schemathesis_finds_nothing(served: tuple[str, str], library: Database) -> None:
    """Half of the time it asks for a view that there is. Left out: that whatever the document allows is accepted (which
    columns and views there are is no schema's business), who asks (test_identity.py), other methods (test_health.py),
    and parameters that a route does not know, which only the rows' route refuses."""
    url, token = served
    with closing(HttpClient(library)) as client:
        document = client.get("/openapi.json").json
    del document["security"], document["components"]["securitySchemes"]
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(
            max_examples=_EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)),
            view=strategies.sampled_from([None, "public.summary"]),
        )
        def try_it(case: Any, view: str | None) -> None:
            known = {parameter.name for parameter in case.operation.query}
            assume(case.operation.path.endswith("/rows") or known.issuperset(case.query or ()))
            if view is not None and "view" in (case.path_parameters or {}):
                case.path_parameters["view"] = view
            answer = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code not in (500, 502, 504), answer.text
            # 501 and 503 are answers, too: a view that is not there, a scheduler that this server does not have
            left_out = [positive_data_acceptance, unsupported_method, ignored_auth, not_a_server_error]
            case.validate_response(answer, excluded_checks=left_out)

        try_it()
