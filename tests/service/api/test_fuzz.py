"""The API called with what its description allows, and with what it does not.

No call ends in a fault of ours, no answer is one that the description does not tell of, and what it
does not allow is refused. The same calls are made on each run.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
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
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
    allow_header_conformance,
]
# What these take is more than a schema can say: digests of bodies, cursors of ours, one line of
# text, grids. Of all others, all is taken that the description allows.
SAYS_MORE = frozenset({
    "POST /v1/flights", "POST /v1/flights/{flight_id}/files", "POST /v1/keys",
    "POST /v1/flights/{flight_id}/overrides", "GET /v1/flights/{flight_id}/originals/{sha256}",
    "PUT /v1/flights/{flight_id}/files/{name}", "POST /v1/patrol-photos", "POST /v1/uploads",
    "PUT /v1/grids", "GET /v1/flights", "GET /v1/flights/{flight_id}/receipt", "GET /v1/grids",
    "GET /v1/access-log", "GET /v1/jobs",
})  # fmt: skip
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
# With what status it refuses: 411 to 413 too, of bodies and of tus.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 411, 412, 413, 415, 422]
"""
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
    app.state.parts.stopping.set()  # so that streams of events end
    document = deepcopy(app.openapi())
    for operations in document["paths"].values():
        for operation in operations.values():
            # Each call brings a key: calls without one are in test_who_may.py.
            operation["security"] = []
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_str(CONFIG))
    schema.app = app
    headers = new_key(*Role)
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        assert operation is not None
        tried.add(operation.label)
        call_with_much(operation, headers)
    assert len(tried) > 30
    assert tried > SAYS_MORE


def call_with_much(operation: APIOperation, headers: dict[str, str]) -> None:
    """Call an operation with made-up values, half of them wrong."""
    allowed = operation.as_strategy(GenerationMode.POSITIVE)
    wrong = operation.as_strategy(GenerationMode.NEGATIVE)
    checks = [*CHECKS, *([] if operation.label in SAYS_MORE else [positive_data_acceptance])]

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
        case.call_and_validate(headers=headers, checks=checks)

    call()
