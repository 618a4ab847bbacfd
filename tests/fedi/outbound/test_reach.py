"""Where an object went, its changes and its end go too."""

from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from activitypub.activities import Announce, Create, Delete, Like, Undo, Update
from activitypub.vocab import PUBLIC
from fedi.models import Account, Follow, FollowState, InboxSet, Post, Reach
from fedi.outbound import reach
from fedi.outbound.outbox import Audience, record
from fedi.outbound.reach import Role
from fedi.services import interacting, posting
from tests.fedi import looking
from tests.fedi.remote import RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

ALICE = "https://fedi.test/users/alice"
NOTE = f"{ALICE}/statuses/1"


async def fan(server: Server, target: Account, host: str) -> Account:
    """Have somebody of another server follow."""
    iri = f"https://{host}/users/fan"
    async with server.ctx.db.write() as tx:
        follower = Account(
            id=server.ctx.ids.next(), username="fan", domain=host, iri=iri, kind="Person", inbox=f"{iri}/inbox",
            shared_inbox=f"https://{host}/inbox", public_keys=[], fields=[], emojis=[], also_known_as=[],
            created_at=server.clock(),
        )  # fmt: skip
        tx.add(follower)
        await tx.flush()
        tx.add(
            Follow(
                id=server.ctx.ids.next(), account_id=follower.id, target_id=target.id, iri=f"{iri}#follow",
                state=FollowState.ACCEPTED, created_at=server.clock(),
            )
        )  # fmt: skip
        return follower


async def leaves(server: Server, follower: Account) -> None:
    async with server.ctx.db.write() as tx:
        await tx.execute(delete(Follow).where(Follow.account_id == follower.id))


async def publish(server: Server, author: Account, visibility: str = "public") -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(text="hello", visibility=visibility)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def withdraw(server: Server, author: Account, post: Post) -> None:
    async with server.ctx.db.write() as tx:
        me, mine = await tx.get_one(Account, author.id), await tx.get_one(Post, post.id)
        await posting.delete(server.ctx, tx, post=mine, author=me)


async def edit(server: Server, author: Account, post: Post, number: int = 1) -> None:
    """Send an Update of a post to its author's followers."""
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        to = (PUBLIC,) if post.visibility == "public" else (f"{me.iri}/followers",)
        said = Update(
            id=f"{post.iri}#updates/{number}", actor=me.iri, to=to, object_id=post.iri,
            object_doc={"id": post.iri, "type": "Note", "content": "hi", "attributedTo": me.iri},
        )  # fmt: skip
        await record(
            server.ctx, tx, sender=me, activity=said, audience=Audience(followers_of=me.id), order_on=post.iri
        )


def kinds(remote: RemoteServer) -> list[str]:
    return [body["type"] for body in remote.bodies]


# --- What an activity means for where its object is -----------------------------------------------------------


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (Create(actor=ALICE, object_id=NOTE), Role.FIRST),
        (Announce(actor=ALICE, object_id=NOTE), Role.FIRST),
        (Update(actor=ALICE, to=(PUBLIC,), object_id=NOTE, object_doc={"type": "Note"}), Role.AGAIN),
        (Update(actor=ALICE, cc=(PUBLIC,), object_id=NOTE, object_doc={"type": "Question"}), Role.AGAIN),
        (Update(actor=ALICE, to=(ALICE,), object_id=NOTE, object_doc={"type": "Note"}), Role.FIRST),
        (Update(actor=ALICE, to=(PUBLIC,), object_id=ALICE, object_doc={"type": "Person"}), Role.NONE),
        (Delete(actor=ALICE, object_id=NOTE), Role.LAST),
        (Delete(actor=ALICE, object_id=NOTE, object_doc={"type": "Tombstone", "id": NOTE}), Role.LAST),
        (Delete(actor=ALICE, object_id=ALICE), Role.NONE),
        (Undo(actor=ALICE, object_id=NOTE, object_doc={"type": "Announce"}), Role.LAST),
        (Undo(actor=ALICE, object_id=NOTE, object_doc={"type": "Like"}), Role.NONE),
        (Like(actor=ALICE, object_id=NOTE), Role.NONE),
    ],
)
def test_roles(activity: Any, expected: Role) -> None:
    assert reach.role(activity.to_json()) is expected


# --- Who gets what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
async def test_a_deletion_goes_to_who_has_left_since(
    server: Server, remote: RemoteServer, alice: Account, visibility: str
) -> None:
    bob = await fan(server, alice, "remote.test")
    post = await publish(server, alice, visibility)
    await server.work()
    await leaves(server, bob)
    await withdraw(server, alice, post)
    await server.work()
    assert kinds(remote) == ["Create", "Delete"]


async def test_the_deletion_of_a_direct_post_goes_to_who_was_named(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    bob = await fan(server, alice, "remote.test")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="psst", visibility="direct", addressed=(bob.id,))
        post = await posting.publish(server.ctx, tx, author=me, new=new)
    await server.work()
    async with server.ctx.db.write() as tx:
        await tx.execute(delete(Account).where(Account.id == bob.id))
    await withdraw(server, alice, post)
    await server.work()
    assert [(request.url.path) for request in remote.received] == ["/users/fan/inbox"] * 2
    assert kinds(remote) == ["Create", "Delete"]


async def test_an_edit_goes_to_who_has_left_since_and_to_who_came(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    new = RemoteServer(server.network, host="new.test")
    bob = await fan(server, alice, "remote.test")
    post = await publish(server, alice)
    await server.work()
    await leaves(server, bob)
    await fan(server, alice, "new.test")
    await edit(server, alice, post)
    await withdraw(server, alice, post)
    await server.work()
    assert (kinds(remote), kinds(new)) == (["Create", "Update", "Delete"], ["Update", "Delete"])


async def test_new_words_for_followers_are_not_sent_to_who_is_none_any_more(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    new = RemoteServer(server.network, host="new.test")
    bob = await fan(server, alice, "remote.test")
    post = await publish(server, alice, "private")
    await server.work()
    await leaves(server, bob)
    await fan(server, alice, "new.test")
    await edit(server, alice, post)
    await withdraw(server, alice, post)
    await server.work()
    assert (kinds(remote), kinds(new)) == (["Create", "Delete"], ["Update", "Delete"])


async def test_a_boost_is_taken_back_everywhere(server: Server, remote: RemoteServer, alice: Account) -> None:
    bob = await fan(server, alice, "remote.test")
    carol = await server.person("carol")
    post = await publish(server, carol)
    async with server.ctx.db.write() as tx:
        me, theirs = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await interacting.boost(server.ctx, tx, account=me, post=theirs)
    await server.work()
    await leaves(server, bob)
    async with server.ctx.db.write() as tx:
        me, theirs = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await interacting.unboost(server.ctx, tx, account=me, post=theirs)
    await server.work()
    assert kinds(remote) == ["Announce", "Undo"]


# --- What is kept ---------------------------------------------------------------------------------------------


async def test_posts_to_the_same_people_share_one_set(either_server: Server) -> None:
    server = either_server
    RemoteServer(server.network), RemoteServer(server.network, host="new.test")
    alice = await server.person("alice")
    for host in ("remote.test", "new.test"):
        await fan(server, alice, host)
    posts = [await publish(server, alice) for _ in range(3)]
    await server.work()
    async with server.ctx.db.read() as tx:
        (kept,) = (await tx.execute(select(InboxSet))).scalars()
    assert kept.inboxes == ["https://new.test/inbox", "https://remote.test/inbox"]
    assert await looking.count(server, Reach) == 3
    for number, post in enumerate(posts):
        assert await looking.count(server, InboxSet) == 1, number
        await withdraw(server, alice, post)
        await server.work()
    assert (await looking.count(server, Reach), await looking.count(server, InboxSet)) == (0, 0)


async def test_an_object_has_one_row_however_often_its_audience_changed(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    post = await publish(server, alice)
    for number in range(3):
        await fan(server, alice, f"h{number}.test")
        RemoteServer(server.network, host=f"h{number}.test")
        await edit(server, alice, post, number)
        await server.work()
    async with server.ctx.db.read() as tx:
        assert await reach.remembered(tx, post.iri) == {f"https://h{n}.test/inbox" for n in range(3)}
    assert (await looking.count(server, Reach), await looking.count(server, InboxSet)) == (1, 1)
    assert remote.received == []


async def test_what_goes_to_nobody_is_not_remembered(server: Server, alice: Account) -> None:
    await publish(server, alice)
    await server.work()
    assert (await looking.count(server, Reach), await looking.count(server, InboxSet)) == (0, 0)


# --- In order -------------------------------------------------------------------------------------------------


async def test_create_update_and_delete_arrive_in_order_while_the_middle_one_is_tried_again(
    either_server: Server,
) -> None:
    server = either_server
    remote, other = RemoteServer(server.network), RemoteServer(server.network, host="new.test")
    alice = await server.person("alice")
    for host in ("remote.test", "new.test"):
        await fan(server, alice, host)
    post = await publish(server, alice)
    await server.work()
    remote.answers = [httpx.Response(503), httpx.Response(429), httpx.Response(202)]
    await edit(server, alice, post)
    await withdraw(server, alice, post)
    for _ in range(3):
        await server.work()
        server.clock.advance(120)
    assert kinds(remote) == ["Create", "Update", "Update", "Update", "Delete"]
    assert kinds(other) == ["Create", "Update", "Delete"], "one server makes no other wait"


async def test_a_middle_one_that_is_given_up_holds_the_end_up_no_longer(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await fan(server, alice, "remote.test")
    post = await publish(server, alice)
    await server.work()
    remote.answers = [httpx.Response(400), httpx.Response(400)]
    await edit(server, alice, post)
    await withdraw(server, alice, post)
    await server.work()
    assert kinds(remote) == ["Create", "Update", "Update", "Delete"]
