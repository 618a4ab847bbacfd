"""Reports through the API, and what goes out because of them."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fedi.models import Account, Post, Report
from fedi.services import reporting
from tests.fedi import looking, rules
from tests.fedi.api.conftest import Enter, Person, http_client, token_for
from tests.fedi.remote import RemoteActor, RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/reports"


@pytest.fixture
async def bob(server: "Server") -> RemoteActor:
    """Somebody elsewhere whom this server knows."""
    bob = RemoteServer(server.network).person("bob")
    await looking.meet(server, bob)
    return bob


async def known(server: "Server", actor: RemoteActor) -> Account:
    return await looking.get_account(server, actor.iri)


async def post_of(server: "Server", actor: RemoteActor, visibility: str = "public") -> Post:
    account, key = await known(server, actor), server.ctx.ids.next()
    post = Post(
        id=key, iri=f"{actor.iri}/notes/{key}", account_id=account.id, local=False, visibility=visibility,
        emojis=[], created_at=server.clock(),
    )  # fmt: skip
    async with server.ctx.db.write() as tx:
        tx.add(post)
    return post


async def report(person: Person, status: int = 200, **given: Any) -> Any:
    answer = await person.http.post(PATH, json=given)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_report_answers_with_all_that_clients_look_at(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await ben.post("bad")
    made = await report(
        anna, account_id=str(ben.account.id), status_ids=[post["id"]], comment="spam!", category="spam"
    )
    assert made.pop("created_at").endswith("Z")
    assert made.pop("target_account")["id"] == str(ben.account.id)
    assert made.pop("id").isdecimal()
    assert made == {
        "action_taken": False, "action_taken_at": None, "category": "spam", "comment": "spam!",
        "forwarded": False, "status_ids": [post["id"]], "rule_ids": [],
    }  # fmt: skip
    async with server.ctx.db.read() as tx:
        row = (await tx.execute(select(Report))).scalar_one()
    assert (row.account_id, row.origin, row.iri) == (anna.account.id, "", None)
    assert await looking.told(server, ben.account) == []


async def test_forwarded_it_goes_from_the_server_to_the_server_of_whom_it_is_about_only(
    server: "Server", enter: Enter, bob: RemoteActor
) -> None:
    anna = await enter("anna")
    other = RemoteServer(server.network, "other.test").person("fan")
    await looking.meet(server, other)
    post = await post_of(server, bob)
    account = await known(server, bob)
    made = await report(
        anna, account_id=str(account.id), status_ids=[str(post.id)], comment="bad", forward=True
    )
    assert made["forwarded"] is True
    await server.work()
    (body,) = bob.home.bodies
    assert body["type"] == "Flag"
    assert body["actor"] == "https://fedi.test/actor"
    assert body["object"] == [bob.iri, post.iri]
    assert body["content"] == "bad"
    assert body["id"] == f"https://fedi.test/reports/{made['id']}"
    assert "anna" not in json.dumps(body)
    assert 'keyId="https://fedi.test/actor#main-key"' in bob.home.received[0].headers["signature"]
    assert other.home.received == []


async def test_not_forwarded_nothing_goes_out(server: "Server", enter: Enter, bob: RemoteActor) -> None:
    anna = await enter("anna")
    made = await report(anna, account_id=str((await known(server, bob)).id), comment="bad")
    await server.work()
    assert made["forwarded"] is False
    assert bob.home.received == []


async def test_about_somebody_here_there_is_nowhere_to_forward_it(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    assert (await report(anna, account_id=str(ben.account.id), forward=True))["forwarded"] is False


async def test_to_a_suspended_server_nothing_goes(server: "Server", enter: Enter, bob: RemoteActor) -> None:
    anna = await enter("anna")
    await rules.suspend(server, "remote.test")
    await report(anna, account_id=str((await known(server, bob)).id), forward=True)
    await server.work()
    assert bob.home.received == []


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_posts_that_the_person_may_not_see_are_not_there(
    server: "Server", enter: Enter, bob: RemoteActor, visibility: str
) -> None:
    anna = await enter("anna")
    post = await post_of(server, bob, visibility)
    account = await known(server, bob)
    await report(anna, 404, account_id=str(account.id), status_ids=[str(post.id)])
    assert await looking.count(server, Report) == 0


async def test_posts_of_others_are_not_theirs(server: "Server", enter: Enter, bob: RemoteActor) -> None:
    anna = await enter("anna")
    mine = await anna.post("mine")
    await report(anna, 404, account_id=str((await known(server, bob)).id), status_ids=[mine["id"]])


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 422),
        ({"account_id": "1"}, 404),
        ({"account_id": "SELF"}, 422),
        ({"account_id": "ACTOR"}, 422),
        ({"account_id": "BOB", "category": "ugly"}, 422),
        ({"account_id": "BOB", "comment": "x" * (reporting.COMMENT_CHARACTERS_MAX + 1)}, 422),
        ({"account_id": "BOB", "rule_ids": ["1"]}, 422),
        ({"account_id": "BOB", "status_ids": [str(n) for n in range(1, reporting.POSTS_MAX + 2)]}, 422),
        ({"account_id": "BOB", "status_ids": ["99"]}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    server: "Server", enter: Enter, bob: RemoteActor, given: dict[str, Any], status: int
) -> None:
    anna = await enter("anna")
    actor = await looking.get_account(server, "https://fedi.test/actor")
    ids = {"SELF": anna.account.id, "ACTOR": actor.id, "BOB": (await known(server, bob)).id}
    if given.get("account_id") in ids:
        given = given | {"account_id": str(ids[given["account_id"]])}
    await report(anna, status, **given)
    assert await looking.count(server, Report) == 0


async def test_it_needs_the_right_to(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", "read", "write:statuses")
    await report(anna, 403, account_id="1")
    assert (await http_client(server).post(PATH)).status_code == 401
    token = await token_for(server, None, "write")
    app = http_client(server, authorization=f"Bearer {token}")
    assert (await app.post(PATH)).status_code == 403
