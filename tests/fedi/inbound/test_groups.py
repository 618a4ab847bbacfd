"""Groups, as Lemmy and others have them: they pass on what their members do (FEP-1b12)."""

from typing import Any

import pytest

from activitypub.vocab import PUBLIC
from fedi.models import Account, Post
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def group(server: Server, alice: Account, remote: RemoteServer) -> RemoteActor:
    """A group that somebody here follows."""
    found = remote.person("paintings", type="Group")
    await looking.follow(server, alice, found)
    return found


@pytest.fixture
def carol(server: Server) -> RemoteActor:
    """A member, who lives elsewhere."""
    return RemoteServer(server.network, host="carol.test").person("carol")


async def passed_on(server: Server, group: RemoteActor, thing: Any, **changes: Any) -> str:
    more = {"to": [PUBLIC], "cc": [f"{group.iri}/followers"], **changes}
    return await looking.verdict(server, group, group.does("Announce", thing, **more))


@pytest.mark.parametrize("form", ["note", "embedded note", "create", "embedded create", "embedded update"])
async def test_a_post_that_a_group_passes_on_arrives_from_its_own_server(
    server: Server, alice: Account, group: RemoteActor, carol: RemoteActor, form: str
) -> None:
    note = carol.note(audience=group.iri)
    create = carol.creates(note | {"content": "<p>forged</p>"})
    carol.home.serve(create["id"], create)
    thing = {
        "note": note["id"], "embedded note": note | {"content": "<p>forged</p>"}, "create": create["id"],
        "embedded create": create, "embedded update": create | {"type": "Update"},
    }[form]  # fmt: skip
    assert await passed_on(server, group, thing) == "done"
    post = await looking.get_post(server, note["id"])
    assert post.content == "<p>hello</p>"
    assert await looking.count(server, Post, Post.reblog_of_id == post.id) == 1
    assert len(await looking.home(server, alice)) == 1


async def test_a_post_is_passed_on_once_whichever_way_it_is_named(
    server: Server, group: RemoteActor, carol: RemoteActor
) -> None:
    note = carol.note()
    create = carol.creates(note)
    for thing in (create, note["id"]):
        await passed_on(server, group, thing)
    assert await looking.count(server, Post, Post.reblog_of_id.is_not(None)) == 1


@pytest.mark.parametrize("kind", ["Like", "Delete", "Undo", "Follow", "Block"])
async def test_what_else_a_group_passes_on_is_ignored_and_not_fetched(
    server: Server, group: RemoteActor, carol: RemoteActor, kind: str
) -> None:
    note = carol.note()
    asked = len(carol.home.asked)
    assert await passed_on(server, group, carol.does(kind, note["id"])) == "ignored"
    assert len(carol.home.asked) == asked


async def test_a_chain_of_activities_is_followed_once(
    server: Server, group: RemoteActor, carol: RemoteActor
) -> None:
    first, second = carol.does("Create", "x"), carol.does("Create", "y")
    first["object"], second["object"] = second["id"], first["id"]
    for activity in (first, second):
        carol.home.serve(activity["id"], activity)
    assert await passed_on(server, group, first["id"]) != "done"
    assert carol.home.asked.count(first["id"]) == carol.home.asked.count(second["id"]) == 1


async def test_what_a_group_makes_of_somebody_elses_post_is_nobodys(
    server: Server, group: RemoteActor, carol: RemoteActor
) -> None:
    stolen = carol.note("stolen", attributedTo=group.iri)
    assert await passed_on(server, group, carol.creates(stolen)) != "done"
    assert await looking.find_post(server, stolen["id"]) is None
