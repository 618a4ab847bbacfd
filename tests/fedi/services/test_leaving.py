"""Deleting an account of this server, from the wish to the last trace."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import (
    Account,
    Activity,
    Attachment,
    Base,
    Favourite,
    Job,
    Login,
    Mention,
    Mute,
    OAuthToken,
    Pin,
    Post,
    Report,
    ScheduledPost,
    Tombstone,
    WebSession,
)
from fedi.services import authorizing, leaving, profile, scheduling, suspending
from fedi.services.posting import NewPost
from tests.fedi import looking
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

ACTIVITY_JSON = "application/activity+json"


class Inboxes(httpx.AsyncBaseTransport):
    """Another server that answers deliveries as it is told, and keeps them."""

    def __init__(self, server: Server, host: str) -> None:
        self.status = 202
        self.received: list[httpx.Request] = []
        server.network.hosts[host] = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.received.append(request)
        return httpx.Response(self.status)


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def leave(town: Town, who: str = "anna") -> Account:
    person = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        account = await tx.get_one(Account, person.id)
        await leaving.leave(town.server.ctx, tx, account=account)
        return account


async def get(town: Town, path: str, accept: str = ACTIVITY_JSON) -> httpx.Response:
    return await town.server.client.get(path, headers={"accept": accept})


async def delivered(town: Town) -> list[dict[str, Any]]:
    return [doc for doc, _ in await town.outgoing() if doc["type"] == "Delete"]


async def test_every_server_that_we_know_of_is_told_once(town: Town) -> None:
    for name in ("a@one.test", "b@one.test", "c@two.test"):
        await town.one(name)
    anna = await leave(town)
    said, payload = (await town.outgoing())[-1]
    assert (said["type"], said["id"], said["object"], said["to"]) == (
        "Delete",
        f"{anna.iri}#delete",
        anna.iri,
        [PUBLIC],
    )
    assert payload["inboxes"] == ["https://one.test/inbox", "https://two.test/inbox"]


async def test_at_once_nothing_is_seen_and_nobody_is_signed_in(town: Town) -> None:
    server = town.server
    town.people["anna"] = await server.person("anna", password="long enough")
    post = await town.posts("anna")
    async with server.ctx.db.write() as tx:
        anna = await tx.get_one(Account, town.people["anna"].id)
        await authorizing.sign_in(server.ctx, tx, account=anna)
        app, _ = await authorizing.register_app(
            server.ctx, tx, name="x", website=None, redirect_uris=["x:/y"], scopes=("read",)
        )
        tx.add(
            OAuthToken(
                id=1, token_hash="x", app_id=app.id, account_id=anna.id, scopes=[], created_at=server.clock()
            )
        )
    await leave(town)
    assert await looking.count(server, WebSession) == 0
    assert await looking.count(server, Login) == 0
    assert await looking.count(server, OAuthToken, OAuthToken.revoked_at.is_(None)) == 0
    assert (await get(town, f"/api/v1/statuses/{post.id}", "application/json")).status_code == 404
    assert (await get(town, "/@anna", "text/html")).status_code == 410
    assert (await get(town, "/.well-known/webfinger?resource=acct:anna@fedi.test")).status_code == 410
    for path in ("outbox", "followers", "following", "collections/featured", "collections/tags"):
        assert (await get(town, f"/users/anna/{path}")).status_code == 410, path
    typed = {"content-type": ACTIVITY_JSON}
    answer = await server.client.post("/users/anna/inbox", content=b"{}", headers=typed)
    assert answer.status_code == 410


async def test_posts_and_pictures_go_and_tombstones_stay(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "POSTS_AT_ONCE", 2)
    server = town.server
    picture = await town.picture("anna")
    loose = await town.picture("anna")
    posts = [await town.posts("anna", attachment_ids=(picture,)), await town.posts("anna")]
    posts += [await town.posts("anna", visibility="private") for _ in range(3)]
    draft = await town.keeps("anna", state="draft")
    await leave(town)
    await server.work("default")
    assert await looking.count(server, Post) == 0
    assert await looking.count(server, Attachment) == 0
    for key in (picture, loose):
        assert key not in [row async for row in _blobs(server)]
    for post in posts:
        answer = await get(town, f"/users/anna/statuses/{post.id}")
        assert (answer.status_code, answer.json()["type"]) == (410, "Tombstone")
    assert await looking.count(server, Tombstone, Tombstone.iri == draft.iri) == 0


async def test_what_was_to_come_out_later_goes_with_its_pictures(town: Town) -> None:
    ctx, anna = town.server.ctx, await town.one("anna")
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, anna.id)
        tx.add(Attachment(id=5, account_id=me.id, kind="image", created_at=ctx.clock()))
        await tx.flush()
        new = NewPost(text="later", visibility="public", attachment_ids=(5,))
        at = ctx.clock() + timedelta(hours=1)
        await scheduling.schedule(ctx, tx, author=me, new=new, at=at)
    await leave(town)
    town.server.clock.advance(3601)
    await town.server.work()
    for model in (ScheduledPost, Attachment, Post):
        assert await looking.count(town.server, model) == 0, model


async def _blobs(server: Server) -> Any:
    """Yield the numbers that the pictures of a town hold."""
    for path in (server.settings.data_path / "media").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield int(content) if content.isdigit() else content


async def test_counters_of_others_are_set_right(town: Town) -> None:
    server = town.server
    mine, theirs = await town.posts("anna"), await town.posts("ben")
    await town.posts("anna", "an answer", in_reply_to_id=theirs.id)
    await town.keeps("anna", reblog_of_id=theirs.id)
    boost = await town.keeps("ben", reblog_of_id=mine.id)
    await town.follows("anna", "ben")
    await town.follows("ben", "anna")
    anna, ben = town.people["anna"], town.people["ben"]
    async with server.ctx.db.write() as tx:
        tx.add(Favourite(id=1, account_id=anna.id, post_id=theirs.id, iri="x", created_at=server.clock()))
        post, person = await tx.get_one(Post, theirs.id), await tx.get_one(Account, ben.id)
        post.reblogs_count = post.favourites_count = 1
        person.followers_count = person.following_count = 1
        person.statuses_count = 2
    await leave(town)
    await server.work("default")
    post = await town.post(theirs.id)
    assert (post.replies_count, post.reblogs_count, post.favourites_count) == (0, 0, 0)
    person = await looking.get_account(server, ben.iri)
    assert (person.followers_count, person.following_count, person.statuses_count) == (0, 0, 1)
    assert await looking.count(server, Post, Post.id == boost.id) == 0


async def test_nothing_that_hangs_on_the_account_stays_but_what_must(town: Town) -> None:
    server = town.server
    anna, ben = await town.one("anna"), await town.one("ben")
    post = await town.posts("anna")
    now = server.clock()
    async with server.ctx.db.write() as tx:
        tx.add(Pin(post_id=post.id, account_id=anna.id, created_at=now))
        tx.add(Mute(id=1, account_id=ben.id, target_id=anna.id, created_at=now))
        tx.add(Report(id=1, target_id=anna.id, post_ids=[], rule_ids=[], created_at=now))
        me = await tx.get_one(Account, anna.id)
        wish = profile.Edit(display_name="Anna", note="me", fields=[("a", "b")], discoverable=True)
        await profile.edit(server.ctx, tx, account=me, wish=wish)
    await leave(town)
    await server.work("default")
    hanging = leaving._hanging_on_accounts()
    assert {"follow", "favourite", "notification", "block", "login"} <= {table.name for table, _ in hanging}
    assert not {"post", "activity", "report"} & {table.name for table, _ in hanging}
    async with server.ctx.db.read() as tx:
        for table, column in hanging:
            rows = await tx.execute(select(table).where(table.c[column] == anna.id))
            assert rows.first() is None, (table.name, column)
    assert await looking.count(server, Report) == 1
    left = await looking.get_account(server, anna.iri)
    assert (left.display_name, left.note, left.fields, left.discoverable) == ("", "", [], False)
    assert left.username == "anna"
    assert Base.metadata.tables["pin"] in [table for table, _ in hanging]


async def test_the_key_signs_until_the_last_server_was_told_and_then_the_actor_is_gone(town: Town) -> None:
    server = town.server
    one, two = Inboxes(server, "one.test"), Inboxes(server, "two.test")
    two.status = 503
    await town.one("a@one.test")
    await town.one("b@two.test")
    anna = await leave(town)
    await server.work()
    assert len(one.received) == 1
    assert f'keyId="{anna.iri}#main-key"' in one.received[0].headers["signature"]
    # One does not answer: the key can still be had, and nothing else.
    described = await get(town, "/users/anna")
    assert described.status_code == 200
    assert described.json()["suspended"] is True
    assert described.json()["publicKey"]["id"] == f"{anna.iri}#main-key"
    assert "followers" not in described.json()
    # It answers again: then the key goes.
    two.status = 202
    server.clock.advance(6 * 3600)
    await server.work()
    server.clock.advance(leaving.DRAIN_POLL_S + 1)
    await server.work()
    assert two.received
    gone = await get(town, "/users/anna")
    assert gone.status_code == 410
    assert (gone.json()["type"], gone.json()["formerType"]) == ("Tombstone", "Person")
    left = await looking.get_account(server, anna.iri)
    assert (left.private_key_pem, left.proof_key_pem, left.public_keys) == (None, None, [])
    assert await looking.count(server, Activity, Activity.account_id == anna.id) == 0
    assert await looking.count(server, Job) == 0
    assert (await get(town, "/.well-known/webfinger?resource=acct:anna@fedi.test")).status_code == 410
    assert (await get(town, f"/.well-known/webfinger?resource={anna.iri}")).status_code == 410


async def test_the_name_stays_taken(town: Town) -> None:
    await leave(town)
    await town.server.work("default")
    with pytest.raises(Refused, match="taken"):
        await town.server.person("anna")


async def test_nobody_mentions_who_is_gone(town: Town) -> None:
    await leave(town)
    post = await town.posts("ben", "hello @anna")
    assert "<a" not in (await town.post(post.id)).content
    assert await looking.count(town.server, Mention) == 0


async def test_a_deletion_is_not_taken_back(town: Town) -> None:
    anna = await leave(town)
    async with town.server.ctx.db.write() as tx:
        account = await tx.get_one(Account, anna.id)
        with pytest.raises(Refused, match="deleted"):
            await suspending.unsuspend(town.server.ctx, tx, account=account)
        with pytest.raises(Refused, match="before"):
            await leaving.leave(town.server.ctx, tx, account=account)
    assert len(await delivered(town)) == 1


async def test_only_people_of_this_server_can_be_deleted(town: Town) -> None:
    with pytest.raises(Refused, match="Only people"):
        await leave(town, "bob@far.test")
    town.people["server"] = await looking.get_account(town.server, "https://fedi.test/actor")
    with pytest.raises(Refused, match="Only people"):
        await leave(town, "server")


async def test_a_suspended_account_can_be_deleted_too(town: Town) -> None:
    anna = await town.one("anna")
    async with town.server.ctx.db.write() as tx:
        (await tx.get_one(Account, anna.id)).suspended_at = town.server.clock()
    assert (await get(town, "/users/anna")).status_code == 403
    await leave(town)
    await town.server.work()
    assert (await get(town, "/users/anna")).status_code == 410
