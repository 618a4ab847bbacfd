"""Answers for machines that look after the server."""

import urllib.robotparser

import pytest

from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_health_is_ok_while_the_database_answers(either_server: Server) -> None:
    answer = await either_server.client.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"


async def test_health_is_not_ok_without_a_database(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_given: object) -> None:
        raise OSError("disk is gone")

    monkeypatch.setattr("fedi.web.service.find_account.instance_actor", broken)
    assert (await server.client.get("/health")).status_code == 500


async def test_crawlers_are_welcome_except_those_that_collect_for_training(server: Server) -> None:
    rules = urllib.robotparser.RobotFileParser()
    rules.parse((await server.client.get("/robots.txt")).text.splitlines())
    assert rules.can_fetch("Searcher", "/@alice")
    assert not rules.can_fetch("Searcher", "/api/v1/instance")
    assert not rules.can_fetch("Searcher", "/oauth/authorize")
    for trainer in ("GPTBot", "CCBot", "ClaudeBot", "Google-Extended"):
        assert not rules.can_fetch(trainer, "/@alice")
