"""What came for somebody, and what they did, on both databases."""

import json

import pytest

from fedi.models import Account, Attachment, AttachmentState
from fedi.queries import accounts, deeds, inboxes
from fedi.services import blocking, interacting, posting
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def alice(either_server: Server) -> Account:
    """Somebody here."""
    return await either_server.person("alice")


@pytest.fixture
def bob(either_server: Server) -> RemoteActor:
    """Somebody elsewhere."""
    return RemoteServer(either_server.network).person("bob")


async def test_a_stretch_holds_what_concerns_its_reader(
    either_server: Server, alice: Account, bob: RemoteActor
) -> None:
    letter = bob.creates(bob.note(to=[alice.iri], cc=[]))
    await bob.sends(either_server, letter)
    await bob.sends(either_server, bob.does("Follow", alice.iri))
    await bob.sends(either_server, bob.does("Like", "https://fedi.test/x"))
    await either_server.work()
    async with either_server.ctx.db.read() as tx:
        found = await inboxes.look(tx, alice, max_id=None)
        assert [item["type"] for item in found.items] == ["Follow", "Create"]
        assert json.loads(json.dumps(found.items[1])) == letter
        assert found.ended_at is None
        assert (await inboxes.look(tx, alice, max_id=1)).items == ()


@pytest.mark.parametrize("how", ["suspended", "blocked"])
async def test_who_was_shut_out_since_is_not_shown(
    either_server: Server, alice: Account, bob: RemoteActor, how: str
) -> None:
    await bob.sends(either_server, bob.does("Follow", alice.iri))
    await either_server.work()
    async with either_server.ctx.db.write() as tx:
        them = await accounts.by_iri(tx, bob.iri)
        me = await tx.get_one(Account, alice.id)
        assert them is not None
        assert len((await inboxes.look(tx, me, max_id=None)).items) == 1
        if how == "suspended":
            them.suspended_at = either_server.clock()
        else:
            await blocking.block(either_server.ctx, tx, account=me, target=them)
        await tx.flush()
        assert (await inboxes.look(tx, me, max_id=None)).items == ()


async def test_what_was_done_is_found_by_its_id(either_server: Server, alice: Account) -> None:
    ctx = either_server.ctx
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        since = ctx.ids.next()
        post = await posting.publish(
            ctx, tx, author=me, new=posting.NewPost(text="hello", visibility="public")
        )
        favour = await interacting.favourite(ctx, tx, account=me, post=post)
        boost = await interacting.boost(ctx, tx, account=me, post=post)
        assert await deeds.favour(tx, account_id=me.id, iri=favour.iri) is favour
        assert await deeds.boost(tx, account_id=me.id, iri=boost.iri) is boost
        assert await deeds.boost(tx, account_id=me.id, iri=post.iri) is None
        assert await deeds.last_sent(tx, account_id=me.id, since=since) == boost.iri
        assert await deeds.last_sent(tx, account_id=me.id, since=ctx.ids.next()) is None


async def test_of_twin_uploads_the_one_in_the_post_comes_first(either_server: Server, alice: Account) -> None:
    ctx = either_server.ctx
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        post = await posting.publish(
            ctx, tx, author=me, new=posting.NewPost(text="hello", visibility="public")
        )
        for post_id in (post.id, None):
            tx.add(
                Attachment(
                    id=ctx.ids.next(), account_id=me.id, post_id=post_id, kind="image", file_key="k",
                    state=AttachmentState.READY, created_at=ctx.clock(),
                )
            )  # fmt: skip
        await tx.flush()
        waiting = await deeds.upload(tx, account_id=me.id, file_key="k")
        held = await deeds.upload(tx, account_id=me.id, file_key="k", post_id=post.id)
        assert waiting is not None
        assert held is not None
        assert (waiting.post_id, held.post_id) == (None, post.id)
        assert await deeds.upload(tx, account_id=me.id + 1, file_key="k") is None
