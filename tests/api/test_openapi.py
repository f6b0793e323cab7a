"""The OpenAPI document: complete, and what the API really does, as schemathesis finds out by trying."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, positive_data_acceptance, unsupported_method
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


def test_schemathesis_finds_nothing(served: tuple[str, str]) -> None:
    """Half of the time it asks for a view that there is. Left out: that whatever the document allows is accepted (which
    columns and views there are is no schema's business), and other methods (test_health.py)."""
    url, token = served
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
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
            if view is not None and "view" in (case.path_parameters or {}):
                case.path_parameters["view"] = view
            case.call_and_validate(
                base_url=url,
                headers={"Authorization": f"Bearer {token}"},
                excluded_checks=[positive_data_acceptance, unsupported_method, ignored_auth],
            )

        try_it()
