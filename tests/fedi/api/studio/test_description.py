"""The description for programs holds: generated requests get the answers that it promises, and no others."""

from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import Route

from fedi.api.entities.extension import extension
from fedi.api.routes.studio import ROUTES
from fedi.api.studio.description import document
from fedi.config import Settings
from tests.fedi.api.conftest import http_client

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


def test_every_route_is_described_and_no_other() -> None:
    routes: set[tuple[str, str]] = {
        (route.path, method.lower())
        for route in ROUTES
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths: dict[str, Any] = document(Settings())["paths"]
    assert {(path, name) for path, item in paths.items() for name in item if name != "parameters"} == routes


async def test_the_description_is_there_for_everyone_and_so_is_the_way_to_it(server: "Server") -> None:
    told = (await http_client(server).get("/api/v2/instance")).json()["fedi"]
    assert told == extension(server.settings, generator=None)
    described = await http_client(server).get(told["generations"]["openapi"])
    assert (described.status_code, described.json()["openapi"]) == (200, "3.1.0")
    bounds = described.json()["components"]["schemas"]["Wish"]["properties"]["width"]
    assert [bounds["minimum"], bounds["maximum"]] == told["generations"]["bounds"]["side_px"]
    [model] = told["generations"]["models"]
    assert (model["id"], model["name"], model["licence"], model["default"]) == (
        "tiny",
        "fedi tiny",
        "CC0-1.0",
        True,
    )
