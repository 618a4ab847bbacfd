"""Answers for machines that look after the server."""

import urllib.robotparser

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from fedi.migrations import HEAD
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/health", "/readyz", "/livez"])
async def test_all_is_well_while_the_database_answers(either_server: Server, path: str) -> None:
    answer = await either_server.client.get(path)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "trouble", [OSError("disk is gone"), OperationalError("x", {}, Exception("no such disk"))]
)
async def test_a_server_without_its_database_is_alive_and_not_ready(
    server: Server, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    async def broken(*_given: object) -> None:
        raise trouble

    monkeypatch.setattr("fedi.web.service.shape.revision", broken)
    answer = await server.client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "disk" in answer.text
    assert (await server.client.get("/livez")).status_code == 200


async def test_a_server_whose_database_is_being_migrated_is_not_ready(either_server: Server) -> None:
    async with either_server.ctx.db.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        answer = await either_server.client.get("/readyz")
    finally:
        async with either_server.ctx.db.write() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
    assert answer.status_code == 503
    assert "revision 0001" in answer.text


async def test_crawlers_are_welcome_except_those_that_collect_for_training(server: Server) -> None:
    rules = urllib.robotparser.RobotFileParser()
    rules.parse((await server.client.get("/robots.txt")).text.splitlines())
    assert rules.can_fetch("Searcher", "/@alice")
    assert not rules.can_fetch("Searcher", "/api/v1/instance")
    assert not rules.can_fetch("Searcher", "/oauth/authorize")
    for trainer in ("GPTBot", "CCBot", "ClaudeBot", "Google-Extended"):
        assert not rules.can_fetch(trainer, "/@alice")
