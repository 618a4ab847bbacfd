"""Whether the pages that a profile names name it back."""

from typing import Any

import httpx
import pytest

from fedi.models import Account, Job
from fedi.services import linking, profile
from fedi.services.profile import Edit
from tests.fedi import looking
from tests.servers import Server

pytestmark = pytest.mark.anyio

PROFILE = "https://fedi.test/@alice"
PAGE = "https://alice.test/"
BACK = f'<p><a rel="me" href="{PROFILE}">me</a></p>'


class Site(httpx.AsyncBaseTransport):
    """A web site that answers what it is told to, and remembers what it was asked."""

    def __init__(self, server: Server, host: str, **answer: Any) -> None:
        self.answer: dict[str, Any] = {"status": 200, "body": BACK, "headers": {}} | answer
        self.asked: list[httpx.Request] = []
        server.network.hosts[host] = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request)
        headers = {"content-type": "text/html; charset=utf-8"} | self.answer["headers"]
        body = self.answer["body"]
        return httpx.Response(
            self.answer["status"], content=body if isinstance(body, bytes) else body.encode(), headers=headers
        )


async def edit(server: Server, alice: Account, value: str = PAGE) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        await profile.edit(server.ctx, tx, account=me, wish=Edit(fields=[("Site", value)]))


async def verified(server: Server, alice: Account) -> str | None:
    account = await looking.get_account(server, alice.iri)
    moment: str | None = account.fields[0]["verified_at"]
    return moment


@pytest.mark.parametrize(
    "html",
    [
        BACK,
        f'<html><head><link rel="ME" href=" {PROFILE} "></head></html>',
        f'<A HREF="{PROFILE.upper()}" REL="nofollow me noopener">x</A>',
        f"<a rel=me href={PROFILE}>x",
        f"<!doctype html><a href='https://other.test' rel=me></a>{BACK}",
    ],
)
def test_a_link_back_says_me_and_leads_to_the_profile(html: str) -> None:
    assert linking.links_back(html, PROFILE)


@pytest.mark.parametrize(
    "html",
    [
        "",
        f'<a href="{PROFILE}">me</a>',
        f'<a rel="men meme" href="{PROFILE}">me</a>',
        f'<a rel="me" href="{PROFILE}/1">me</a>',
        f'<a rel="me" href="{PROFILE}x">me</a>',
        f'<form rel="me" href="{PROFILE}">me</form>',
        f"<!-- {BACK} -->",
        f"<script>{BACK}</script>",
        f"&lt;a rel=me href={PROFILE}&gt;",
        "<a rel=me href>",
    ],
)
def test_anything_else_does_not(html: str) -> None:
    assert not linking.links_back(html, PROFILE)


def test_an_element_that_does_not_end_soon_ends_the_search() -> None:
    assert linking.links_back("<img alt='" + "x" * (linking.OPEN_CHARACTERS_MAX // 2) + "'>" + BACK, PROFILE)
    assert not linking.links_back("<img alt='" + "x" * linking.OPEN_CHARACTERS_MAX * 2 + "'>" + BACK, PROFILE)
    script = "<script>" + "x" * linking.OPEN_CHARACTERS_MAX * 2 + "</script>"
    assert linking.links_back(script + BACK, PROFILE), "scripts are long, and cost nothing"


def test_only_so_many_links_are_looked_at() -> None:
    assert linking.links_back("<a>" * (linking.LINKS_MAX - 1) + BACK, PROFILE)
    assert not linking.links_back("<a>" * linking.LINKS_MAX + BACK, PROFILE)


@pytest.mark.parametrize(
    "bomb", ["<", "<!--", "<a ", "<![", "&#", "<a b=", "</", "<!DOCTYPE ", "<script>", "<a b='"], ids=str
)
def test_hostile_markup_ends_soon(bomb: str) -> None:
    assert not linking.links_back((bomb * (2**19 // len(bomb)))[: 2**17], PROFILE)


@pytest.mark.parametrize(
    ("value", "is_link"),
    [
        ("https://a.test", True),
        (" https://a.test/b?c ", True),
        ("http://a.test", False),
        ("https://a.test and more", False),
        ("me: https://a.test", False),
        ("", False),
    ],
)
def test_a_field_is_a_link_when_all_of_it_is(value: str, *, is_link: bool) -> None:
    assert linking.is_link(value) is is_link


async def test_a_page_that_names_the_profile_back_is_verified(server: Server, alice: Account) -> None:
    site = Site(server, "alice.test")
    await edit(server, alice)
    assert await verified(server, alice) is None
    await server.work()
    moment = await verified(server, alice)
    assert moment is not None
    (asked,) = site.asked
    assert "signature" not in asked.headers
    # An edit asks again, and as long as the page says so the moment stays.
    server.clock.advance(60)
    await edit(server, alice)
    await server.work()
    assert (await verified(server, alice), len(site.asked)) == (moment, 2)
    site.answer["body"] = "<p>nothing</p>"
    await edit(server, alice)
    await server.work()
    assert await verified(server, alice) is None


async def test_another_address_is_not_verified_by_the_first(server: Server, alice: Account) -> None:
    Site(server, "alice.test")
    await edit(server, alice)
    await server.work()
    assert await verified(server, alice) is not None
    await edit(server, alice, "https://other.test/")
    assert await verified(server, alice) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 401},
        {"headers": {"content-type": "text/plain"}},
        {"headers": {"content-type": "application/activity+json"}},
        {"headers": {"content-encoding": "br"}},
        {"body": b"x" * 512 * 1024 + BACK.encode()},
    ],
    ids=str,
)
async def test_what_is_no_page_with_a_link_is_not_verified(
    server: Server, alice: Account, answer: dict[str, Any]
) -> None:
    Site(server, "alice.test", **answer)
    await edit(server, alice)
    await server.work()
    assert await verified(server, alice) is None
    assert await looking.count(server, Job, Job.kind == "verify_links") == 0


async def test_redirects_are_followed_three_times_and_each_is_looked_at(
    server: Server, alice: Account
) -> None:
    Site(server, "end.test")
    for number in range(4):
        target = f"https://hop{number + 1}.test/" if number < 3 else "https://end.test/"
        Site(server, f"hop{number}.test", status=302, headers={"location": target})
    await edit(server, alice, "https://hop1.test/")
    await server.work()
    assert await verified(server, alice) is not None
    await edit(server, alice, "https://hop0.test/")
    await server.work()
    assert await verified(server, alice) is None


@pytest.mark.parametrize("target", ["http://plain.test/", "https://10.0.0.1/", "https://fedi.test/@alice"])
async def test_a_redirect_to_what_is_not_asked_ends_it(server: Server, alice: Account, target: str) -> None:
    inside = Site(server, "plain.test")
    Site(server, "alice.test", status=302, headers={"location": target})
    await edit(server, alice)
    asked = len(server.network.requests)
    await server.work()
    assert await verified(server, alice) is None
    assert (inside.asked, len(server.network.requests)) == ([], asked + 1)


async def test_a_page_that_does_not_answer_is_tried_again_and_then_left_as_it_was(
    server: Server, alice: Account
) -> None:
    site = Site(server, "alice.test")
    await edit(server, alice)
    await server.work()
    moment = await verified(server, alice)
    site.answer["status"] = 503
    await edit(server, alice)
    for _ in range(linking.ATTEMPTS_MAX):
        await server.work()
        server.clock.advance(3600)
    assert len(site.asked) == 1 + linking.ATTEMPTS_MAX
    assert await verified(server, alice) == moment
    assert await looking.count(server, Job, Job.kind == "verify_links") == 0
