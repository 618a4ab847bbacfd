"""Handles at a domain of their own: whichever way one is written, it is the same account, with one name."""

from dataclasses import dataclass

import httpx
import pytest

from activitypub.errors import ForbiddenError
from fedi.models import Follow, FollowState
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.pairs.test_following import follow, publish, unhandled
from tests.servers import Server
from webfinger.jrd import Jrd

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


@dataclass
class Forwarder(httpx.AsyncBaseTransport):
    """The bare domain of a server: a site of its own, which passes on what is asked under `/.well-known/`.

    `paths` are those that it passes on.
    """

    origin: str
    paths: tuple[str, ...]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Point to the server, or know nothing."""
        if request.url.path in self.paths:
            return httpx.Response(301, headers={"location": f"{self.origin}{request.url.raw_path.decode()}"})
        return httpx.Response(404)


@pytest.fixture(params=["webfinger", "host-meta"])
def passed_on(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What the bare domains pass on: the question itself, or only where to ask."""
    return (f"/.well-known/{request.param}",)


@pytest.fixture
async def pair(make_server: MakeServer, passed_on: tuple[str, ...]) -> Pair:
    """Two servers at `social.one.test` and `social.two.test`, whose people are at `one.test` and `two.test`."""
    made = []
    for name in ("one", "two"):
        server = await make_server(f"https://social.{name}.test", account_domain=f"{name}.test")
        server.network.hosts[f"{name}.test"] = Forwarder(server.settings.origin, passed_on)
        made.append(server)
    return Pair(a=made[0], b=made[1])


async def acct_of(server: Server, iri: str) -> str:
    return (await looking.get_account(server, iri)).acct


async def test_both_ways_to_write_a_handle_lead_to_one_account_with_one_name(pair: Pair) -> None:
    bea = await pair.b.person("bea")
    for handle in ("bea@social.two.test", "bea@two.test", "@bea@two.test", "Bea@TWO.test"):
        found = await resolve.handle(pair.a.ctx, handle)
        assert (found.iri, found.acct) == (bea.iri, "bea@two.test"), handle
    assert (await resolve.actor(pair.a.ctx, bea.iri, fresh=True)).acct == "bea@two.test"


async def test_an_actor_that_comes_by_itself_has_the_name_of_its_domain(pair: Pair) -> None:
    bea = await pair.b.person("bea")
    assert (await resolve.actor(pair.a.ctx, bea.iri)).acct == "bea@two.test"
    server = await resolve.actor(pair.a.ctx, "https://social.two.test/actor")
    assert server.acct == "two.test@two.test"


async def test_webfinger_has_one_subject_whichever_host_is_asked(pair: Pair) -> None:
    bea = await pair.b.person("bea")
    resources = ("acct:bea@two.test", "acct:bea@social.two.test", bea.iri, "https://social.two.test/@bea")
    for resource in resources:
        answer = await pair.b.client.get("/.well-known/webfinger", params={"resource": resource})
        found = Jrd.from_json(answer.json())
        assert (found.subject, found.self_href) == ("acct:bea@two.test", bea.iri), resource


async def test_the_server_itself_is_found_by_either_address(pair: Pair) -> None:
    for resource in (
        "https://two.test",
        "https://two.test/",
        "https://social.two.test/",
        "acct:two.test@two.test",
    ):
        answer = await pair.b.client.get("/.well-known/webfinger", params={"resource": resource})
        assert Jrd.from_json(answer.json()).self_href == "https://social.two.test/actor", resource


async def test_follows_and_mentions_reach_whoever_is_meant(pair: Pair) -> None:
    ann, bea = await pair.a.person("ann"), await pair.b.person("bea")
    await follow(pair.a, ann, "bea@social.two.test")
    await follow(pair.b, bea, "ann@one.test")
    await pair.settle()
    for server in (pair.a, pair.b):
        assert await looking.count(server, Follow, Follow.state == FollowState.ACCEPTED) == 2

    # A mention counts in either form, and goes out in the one that is right.
    for words in ("@ann@one.test look", "@ann@social.one.test look"):
        post = await publish(pair.b, bea, words, visibility="direct")
        await pair.settle()
        doc = (await document(pair.a.ctx, bea.iri)).data
        assert doc["webfinger"] == "bea@two.test"
        arrived = await looking.get_post(pair.a, post.iri)
        assert arrived.visibility == "direct"
    assert (await looking.told(pair.a, ann)).count("mention") == 2
    assert await acct_of(pair.a, bea.iri) == "bea@two.test"
    assert await acct_of(pair.b, ann.iri) == "ann@one.test"
    assert await unhandled(pair.a) == await unhandled(pair.b) == []


async def test_people_of_the_same_server_are_meant_by_either_form(pair: Pair) -> None:
    ann, amy = await pair.a.person("ann"), await pair.a.person("amy")
    for words in ("@amy@one.test hi", "@amy@social.one.test hi", "@amy hi"):
        await publish(pair.a, ann, words)
    assert await looking.told(pair.a, amy) == ["mention"] * 3


async def test_mentions_go_out_with_the_domain_of_the_handle(pair: Pair) -> None:
    ann, bea = await pair.a.person("ann"), await pair.b.person("bea")
    await resolve.handle(pair.b.ctx, "ann@social.one.test")
    post = await publish(pair.b, bea, "@ann@social.one.test and @bea, hi")
    answer = await pair.b.client.get(
        post.iri.removeprefix("https://social.two.test"), headers={"accept": "application/activity+json"}
    )
    tags = {tag["href"]: tag["name"] for tag in answer.json()["tag"] if tag["type"] == "Mention"}
    assert tags == {ann.iri: "@ann@one.test", bea.iri: "@bea@two.test"}


async def test_our_pages_show_the_domain_of_the_handle(pair: Pair) -> None:
    await pair.b.person("bea")
    page = await pair.b.client.get("/@bea", headers={"accept": "text/html"})
    assert "@bea@two.test" in page.text
    assert "bea@social.two.test" not in page.text
    for handle in ("bea@two.test", "bea@social.two.test", "bea"):
        found = await pair.b.client.get("/api/v1/accounts/lookup", params={"acct": handle})
        assert found.json()["acct"] == "bea"


async def test_a_domain_that_does_not_confirm_it_gives_no_name(pair: Pair) -> None:
    bea = await pair.b.person("bea")

    class Denier(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert request.url.host == "two.test"
            link = {"rel": "self", "type": "application/activity+json", "href": "https://two.test/users/bea"}
            return httpx.Response(200, json={"subject": "acct:bea@two.test", "links": [link]})

    pair.a.network.hosts["two.test"] = Denier()
    for attempt in (resolve.actor(pair.a.ctx, bea.iri), resolve.handle(pair.a.ctx, "bea@social.two.test")):
        with pytest.raises(ForbiddenError):
            await attempt
    assert await looking.find_account(pair.a, bea.iri) is None
