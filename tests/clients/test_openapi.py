"""schemathesis against our own API: what it generates from the description is answered as that says.

Left out: the check that whatever does not match the description is refused, since parameters are read as
leniently as everywhere (a number may be written as text), and the one that unknown methods are 405, since
apps look for 404.
"""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.peers.server_process import Instance, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EXAMPLES = 8
"""For each of six requests, good and bad: all of them stay below what one client may ask in five minutes."""

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.ignored_auth,
]

PARAMETERLESS = "describe"
"""Of which there is but one request."""

DRAWN_S = 60.0


@pytest.fixture(scope="module")
def schema(running: Instance) -> Any:
    """The description, as the server tells it."""
    return schemathesis.openapi.from_url(f"{running.origin}/api/fedi/v1/openapi.json")


@pytest.fixture(scope="module")
def headers(running: Instance) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.token_for('ben', 'read', 'write')}"}


def test_generated_requests_are_answered_as_described(schema: Any, headers: dict[str, str]) -> None:
    seen = set()
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        if operation.definition.raw["operationId"] == PARAMETERLESS:
            continue
        for mode in GenerationMode:
            generated = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=generated)
            def is_as_described(case: Any) -> None:
                answer = case.call(headers=headers)
                seen.add((case.operation.definition.raw["operationId"], answer.status_code))
                case.validate_response(answer, checks=CHECKS)

            is_as_described()
    assert {("createGeneration", 202), ("createGeneration", 422), ("listGenerations", 200)} <= seen


def test_a_picture_from_the_order_to_the_end_is_as_described(
    schema: Any, headers: dict[str, str], running: Instance
) -> None:
    with httpx.Client(base_url=running.origin, headers=headers, trust_env=False) as http:

        def emptied() -> bool:
            answer = http.get("/api/fedi/v1/generations", params={"state[]": ["queued", "running"]})
            return bool(answer.json() == [])

        eventually(emptied, "what the other test ordered", DRAWN_S, poll_s=0.5)
        described = schema.find_operation_by_id(PARAMETERLESS).Case()
        described.validate_response(described.call(), checks=CHECKS)
        for name in ("watchGeneration", "showGeneration", "cancelGeneration", "forgetGeneration"):
            made = http.post("/api/fedi/v1/generations", json={"prompt": "a red boat"})
            assert made.status_code == 202, made.text
            operation = schema.find_operation_by_id(name)
            case = operation.Case(path_parameters={"id": made.json()["id"]})
            answer = case.call(headers=headers)
            assert answer.status_code == 200, answer.text
            case.validate_response(answer, checks=CHECKS)
            if name == "watchGeneration":
                assert "event: done" in answer.text
