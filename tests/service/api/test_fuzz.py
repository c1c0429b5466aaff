"""The API called with what its description allows, and with what it does not.

No call ends in a fault of ours, and no answer is one that the description does not tell of. The
same calls are made on each run.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.access.rate_limit import Rate
from service.access.roles import Role
from service.server_settings import ServerSettings
from tests.service.api.conftest import NewKey

pytestmark = pytest.mark.slow
CHECKS: list[Callable[..., bool | None]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
# Each call starts a process that reads maps; what it does with files has tests of its own.
SLOW = {"PUT /v1/grids": 2}


@pytest.fixture
def server_settings(server_settings: ServerSettings) -> ServerSettings:
    """Return settings under which so many calls are not too many."""
    rate = Rate(per_second=1e6, burst=1e6)
    return replace(server_settings, limits=replace(server_settings.limits, rate=rate))


def test_no_call_finds_a_fault_or_an_answer_that_is_not_described(
    app: FastAPI, new_key: NewKey
) -> None:
    headers = new_key(*Role)
    app.state.parts.stopping.set()  # so that streams of events end
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=headers)
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        assert operation is not None
        tried.add(operation.label)
        call_with_much(operation, headers)
    assert len(tried) > 30


def test_whatever_is_called_without_a_key_is_closed(app: FastAPI, client: TestClient) -> None:
    closed = 0
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            answer = client.request(method, path, content=b"{")
            if operation["security"]:
                closed += 1
                assert answer.status_code == 401, f"{method} {path}"
    assert closed > 30


def call_with_much(operation: APIOperation, headers: dict[str, str]) -> None:
    """Call an operation with made-up values, half of them wrong."""
    allowed = operation.as_strategy(GenerationMode.POSITIVE)
    wrong = operation.as_strategy(GenerationMode.NEGATIVE)

    @given(case=st.one_of(allowed, wrong))
    @settings(
        max_examples=SLOW.get(operation.label, EXAMPLES),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    call()
