"""Quotes by people here: who may, what goes out, what comes back, and the end of it."""

import dataclasses
import json
from typing import Any

import pytest
from sqlalchemy import select

from activitypub import activities
from activitypub.activities import QuoteRequest
from activitypub.vocab import PUBLIC
from fedi import iris
from fedi.errors import Refused
from fedi.inbound.handlers import accept
from fedi.inbound.received import Ignored, Received
from fedi.models import Account, Activity, ActivityState, Login, Post, Stamp
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget
from fedi.queries import posts as find
from fedi.queries.quotes import QuoteState
from fedi.services import editing, permitting, posting, quoting
from tests.fedi import looking
from tests.fedi.looking import get_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


@pytest.fixture
def bob(either_server: Server) -> RemoteActor:
    """Somebody on another server."""
    return RemoteServer(either_server.network).person("bob")


async def known(server: Server, bob: RemoteActor, name: str = "1", **policy: Any) -> Post:
    """Return a post of bob's that was looked up here."""
    said = {"interactionPolicy": {"canQuote": policy}} if policy else {}
    return await resolve.note(server.ctx, bob.note(name, **said)["id"])


def stamp(bob: RemoteActor, quote: Post, target: Post, **changes: Any) -> dict[str, Any]:
    """Serve bob's leave."""
    doc = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{bob.iri}/stamps/1",
        "type": "QuoteAuthorization",
        "attributedTo": bob.iri,
        "interactingObject": quote.iri,
        "interactionTarget": target.iri,
    } | changes
    bob.home.serve(f"{bob.iri}/stamps/1", doc)
    return doc


async def said(server: Server) -> list[dict[str, Any]]:
    """Return everything that went out."""
    await server.work()
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(select(Activity).where(Activity.direction == "out").order_by(Activity.id))
        return [json.loads(row.raw) for row in rows.scalars()]


async def sent(server: Server, bob: RemoteActor, kind: str) -> list[dict[str, Any]]:
    await server.work()
    return [body for body in bob.home.bodies if body["type"] == kind]


# --- posts of this server -------------------------------------------------------------------------------------


async def test_a_quote_of_somebody_here_is_decided_at_once(town: Town) -> None:
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    held = await looking.first(town.server, Stamp)
    alice = await town.one("alice")
    assert (quote.quote_state, quote.quote_authorization) == (
        QuoteState.ACCEPTED,
        iris.stamp(alice.iri, held.id),
    )
    assert (await town.post(quoted.id)).quotes_count == 1
    assert await looking.told(town.server, alice) == ["quote"]
    note = (await town.outgoing())[-1][0]["object"]
    assert note["quote"] == note["_misskey_quote"] == note["quoteUri"] == quoted.iri
    assert note["quoteAuthorization"] == quote.quote_authorization
    assert note["content"].startswith('<p class="quote-inline">RE: <a href="https://fedi.test/@alice/')
    assert note["content"].endswith("<p>look</p>")
    (link,) = note["tag"]
    assert (link["type"], link["href"]) == ("Link", quoted.iri)
    assert link["rel"] == "https://misskey-hub.net/ns#_misskey_quote"
    assert link["mediaType"].startswith("application/ld+json")
    assert [doc["type"] for doc, _ in await town.outgoing()] == ["Create", "Create"]


async def test_a_text_that_links_to_the_quoted_post_gets_no_second_link(town: Town) -> None:
    quoted = await town.posts("alice")
    await town.posts("carol", f"look {quoted.url}", quote_of_id=quoted.id)
    assert "quote-inline" not in (await town.outgoing())[-1][0]["object"]["content"]


async def test_a_quote_may_do_without_words(town: Town) -> None:
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "", quote_of_id=quoted.id)
    assert quote.quote_state == QuoteState.ACCEPTED


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
async def test_people_quote_themselves_without_a_stamp(town: Town, visibility: str) -> None:
    quoted = await town.posts("alice", visibility=visibility, quote_policy="nobody")
    quote = await town.posts("alice", "again", quote_of_id=quoted.id)
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.ACCEPTED, None)
    assert quote.visibility == ("private" if visibility == "private" else "public")
    assert await looking.count(town.server, Stamp) == 0
    assert await looking.told(town.server, await town.one("alice")) == []


@pytest.mark.parametrize(
    ("policy", "visibility", "status"),
    [
        ("nobody", "public", 422),
        ("followers", "public", 422),
        ("public", "private", 404),
        ("public", "direct", 404),
    ],
)
async def test_what_may_not_be_quoted_is_refused(
    town: Town, policy: str, visibility: str, status: int
) -> None:
    quoted = await town.posts("alice", visibility=visibility, quote_policy=policy)
    with pytest.raises(Refused) as refusal:
        await town.posts("carol", "look", quote_of_id=quoted.id)
    assert refusal.value.status == status
    assert (await town.post(quoted.id)).quotes_count == 0


async def test_a_private_post_is_quoted_by_its_author_only(town: Town) -> None:
    await town.follows("carol", "alice")
    quoted = await town.posts("alice", visibility="private", quote_policy="public")
    with pytest.raises(Refused) as refusal:
        await town.posts("carol", "look", quote_of_id=quoted.id)
    assert refusal.value.status == 422


async def test_a_direct_message_is_not_even_quoted_by_its_author(town: Town) -> None:
    quoted = await town.posts("alice", visibility="direct")
    with pytest.raises(Refused):
        await town.posts("alice", "look", quote_of_id=quoted.id)


async def test_a_follower_quotes_what_followers_may(town: Town) -> None:
    await town.follows("carol", "alice")
    quoted = await town.posts("alice", quote_policy="followers")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    assert quote.quote_state == QuoteState.ACCEPTED


async def test_a_direct_message_quotes_only_whom_it_names(town: Town) -> None:
    quoted = await town.posts("alice")
    with pytest.raises(Refused):
        await town.posts("carol", "psst @dora", visibility="direct", quote_of_id=quoted.id)
    quote = await town.posts("carol", "psst @alice", visibility="direct", quote_of_id=quoted.id)
    assert quote.quote_state == QuoteState.ACCEPTED


async def test_of_a_boost_the_boosted_post_is_quoted(town: Town) -> None:
    quoted = await town.posts("alice")
    boost = await town.keeps("dora", reblog_of_id=quoted.id)
    quote = await town.posts("carol", "look", quote_of_id=boost.id)
    assert quote.quote_of_id == quoted.id


@pytest.mark.parametrize("quoted_id", [1, 2**62])
async def test_nothing_cannot_be_quoted(town: Town, quoted_id: int) -> None:
    with pytest.raises(Refused) as refusal:
        await town.posts("carol", "look", quote_of_id=quoted_id)
    assert refusal.value.status == 404


async def test_a_deleted_quote_counts_no_more(town: Town) -> None:
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    await town.deletes("carol", quote)
    assert (await town.post(quoted.id)).quotes_count == 0


@pytest.mark.parametrize("fault", ["no leave", "no post", "no policy"])
async def test_a_picture_that_could_not_be_posted_is_not_drawn(town: Town, fault: str) -> None:
    quoted = await town.posts("alice", quote_policy="nobody" if fault == "no leave" else "public")
    carol, ctx = await town.one("carol"), town.server.ctx
    new = posting.NewPost(
        text="/imagine a fox",
        visibility="direct",
        quote_of_id=1 if fault == "no post" else quoted.id,
        quote_policy="everybody" if fault == "no policy" else None,
    )
    async with ctx.db.write() as tx:
        with pytest.raises(Refused):
            await posting.check(ctx, tx, author=carol, new=new)
        await posting.check(
            ctx, tx, author=carol, new=dataclasses.replace(new, quote_of_id=None, quote_policy=None)
        )


# --- whom one lets quote --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "visibility", "expected"),
    [
        ("public", "public", PUBLIC),
        ("public", "unlisted", PUBLIC),
        ("followers", "public", "https://fedi.test/users/alice/followers"),
        ("nobody", "public", "https://fedi.test/users/alice"),
        ("public", "private", "https://fedi.test/users/alice"),
        ("public", "direct", "https://fedi.test/users/alice"),
    ],
)
async def test_every_post_says_who_may_quote_it(
    town: Town, word: str, visibility: str, expected: str
) -> None:
    await town.posts("alice", visibility=visibility, quote_policy=word)
    note = (await town.outgoing())[-1][0]["object"]
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": [expected]}}


async def test_the_authors_own_choice_counts_where_nothing_is_said(town: Town) -> None:
    alice = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        tx.add(
            Login(account_id=alice.id, password_hash="x", default_quote_policy="nobody", created_at=town.server.clock())
        )  # fmt: skip
    post = await town.posts("alice")
    assert post.interaction_policy == {"canQuote": {"automaticApproval": [alice.iri]}}


async def test_a_policy_that_nobody_knows_is_refused(town: Town) -> None:
    with pytest.raises(Refused):
        await town.posts("alice", quote_policy="everybody")


async def test_the_choice_can_be_changed_without_an_edit(town: Town) -> None:
    server, post = town.server, await town.posts("alice")
    async with server.ctx.db.write() as tx:
        alice, held = await tx.get_one(Account, post.account_id), await tx.get_one(Post, post.id)
        await quoting.set_policy(server.ctx, tx, author=alice, post=held, word="nobody")
        await quoting.set_policy(server.ctx, tx, author=alice, post=held, word="nobody")
        with pytest.raises(Refused):
            await quoting.set_policy(server.ctx, tx, author=alice, post=held, word="everybody")
    documents = [doc for doc, _ in await town.outgoing()]
    assert [doc["type"] for doc in documents] == ["Create", "Update"]
    note = documents[-1]["object"]
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": ["https://fedi.test/users/alice"]}}
    assert "updated" not in note
    with pytest.raises(Refused):
        await town.posts("carol", "look", quote_of_id=post.id)


# --- posts of other servers -----------------------------------------------------------------------------------


async def test_an_author_elsewhere_is_asked(town: Town, bob: RemoteActor) -> None:
    quoted = await known(town.server, bob, automaticApproval=[PUBLIC])
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.PENDING, None)
    assert (await town.post(quoted.id)).quotes_count == 0
    (request,) = await sent(town.server, bob, "QuoteRequest")
    assert request["id"] == iris.quote_request("https://fedi.test/users/carol", quote.id)
    assert (request["object"], request["to"]) == (quoted.iri, [bob.iri])
    assert request["instrument"]["id"] == quote.iri
    assert request["instrument"]["quote"] == quoted.iri
    assert "quoteAuthorization" not in request["instrument"]


@pytest.mark.parametrize(
    "policy",
    [
        {"manualApproval": [PUBLIC]},
        {"automaticApproval": ["https://fedi.test/users/carol"]},
        {"automaticApproval": ["https://remote.test/users/bob"], "manualApproval": [PUBLIC]},
    ],
)
async def test_who_may_ask_may_quote(town: Town, bob: RemoteActor, policy: dict[str, list[str]]) -> None:
    await town.one("carol")
    quoted = await known(town.server, bob, **policy)
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    assert quote.quote_state == QuoteState.PENDING


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"automaticApproval": ["https://remote.test/users/bob"]},
        {"automaticApproval": ["https://remote.test/users/bob/followers"]},
        {"automaticApproval": ["https://remote.test/users/otto"]},
    ],
)
async def test_whom_the_author_does_not_name_may_not(
    town: Town, bob: RemoteActor, policy: dict[str, list[str]]
) -> None:
    quoted = await known(town.server, bob, **policy)
    with pytest.raises(Refused) as refusal:
        await town.posts("carol", "look", quote_of_id=quoted.id)
    assert refusal.value.status == 422


async def asked(town: Town, bob: RemoteActor) -> tuple[Post, Post, dict[str, Any]]:
    """Return bob's post, carol's quote of it, and the request that bob got."""
    await looking.follow(town.server, await town.one("dora"), bob)  # so that bob is known
    quoted = await known(town.server, bob, automaticApproval=[PUBLIC])
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    (request,) = await sent(town.server, bob, "QuoteRequest")
    return quoted, quote, request


@pytest.mark.parametrize("form", ["by id", "embedded", "embedded without an id", "embedded bare"])
async def test_leave_is_shown_to_everyone(town: Town, bob: RemoteActor, form: str) -> None:
    server = town.server
    far = RemoteServer(server.network, host="far.test")
    await town.follows("erin@far.test", "carol")
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted)
    obj: Any = {
        "by id": request["id"],
        "embedded": request,
        "embedded without an id": {key: value for key, value in request.items() if key != "id"},
        "embedded bare": request | {"instrument": quote.iri},
    }[form]
    assert await verdict(server, bob, bob.does("Accept", obj, result=given["id"])) == ActivityState.DONE
    held = await get_post(server, quote.iri)
    assert (held.quote_state, held.quote_authorization) == (QuoteState.ACCEPTED, given["id"])
    assert (await town.post(quoted.id)).quotes_count == 1
    update = (await said(server))[-1]
    assert (update["type"], update["object"]["quoteAuthorization"]) == ("Update", given["id"])
    assert "updated" not in update["object"]
    assert far.bodies[-1]["id"] == update["id"]
    # A second time nothing more is said.
    count = len(await said(server))
    await verdict(server, bob, bob.does("Accept", obj, result=given["id"]))
    assert len(await said(server)) == count


WRONG: dict[str, dict[str, Any]] = {
    "given by somebody else": {"attributedTo": "https://remote.test/users/mallory"},
    "for another quote": {"interactingObject": "https://fedi.test/users/carol/statuses/9"},
    "about another post": {"interactionTarget": "https://remote.test/users/bob/notes/9"},
    "for something else": {"type": "ReplyAuthorization"},
    "under another id": {"id": "https://remote.test/users/bob/stamps/9"},
}


@pytest.mark.parametrize("fault", [*WRONG, "gone", "missing", "elsewhere"])
async def test_leave_whose_stamp_does_not_fit_is_none(town: Town, bob: RemoteActor, fault: str) -> None:
    server = town.server
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted, **WRONG.get(fault, {}))
    result: dict[str, Any] = {"result": f"{bob.iri}/stamps/1"}
    if fault == "gone":
        bob.home.serve(f"{bob.iri}/stamps/1", given, status=410)
    elif fault == "missing":
        result = {}
    elif fault == "elsewhere":
        other = RemoteServer(server.network, host="third.test")
        other.serve("https://third.test/stamps/1", given | {"id": "https://third.test/stamps/1"})
        result = {"result": "https://third.test/stamps/1"}
    assert await verdict(server, bob, bob.does("Accept", request["id"], **result)) == ActivityState.REFUSED
    held = await get_post(server, quote.iri)
    assert (held.quote_state, held.quote_authorization) == (QuoteState.PENDING, None)


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_only_the_quoted_author_answers(town: Town, bob: RemoteActor, kind: str) -> None:
    server = town.server
    quoted, quote, request = await asked(town, bob)
    stamp(bob, quote, quoted)
    mallory = bob.home.person("mallory")
    for obj in (request["id"], request):
        answer = mallory.does(kind, obj, result=f"{bob.iri}/stamps/1")
        assert await verdict(server, mallory, answer) == ActivityState.REFUSED
    assert (await get_post(server, quote.iri)).quote_state == QuoteState.PENDING


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_an_answer_to_what_was_not_asked_is_ignored(town: Town, bob: RemoteActor, kind: str) -> None:
    post = await town.posts("carol")
    answer = bob.does(kind, iris.quote_request("https://fedi.test/users/carol", post.id))
    assert await verdict(town.server, bob, answer) == ActivityState.IGNORED


async def test_leave_for_a_post_that_is_gone_comes_to_nothing(town: Town, bob: RemoteActor) -> None:
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted)
    await town.deletes("carol", quote)
    answer = bob.does("Accept", request, result=given["id"])
    assert await verdict(town.server, bob, answer) == ActivityState.IGNORED


async def test_leave_for_a_post_that_is_deleted_meanwhile_comes_to_nothing(
    town: Town, bob: RemoteActor
) -> None:
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted)
    activity = activities.parse(bob.does("Accept", request, result=given["id"]))
    assert isinstance(activity, activities.Accept)
    ctx = town.server.ctx
    effect = await accept.handle(ctx, Received(activity=activity, budget=Budget()))
    await town.deletes("carol", quote)
    with pytest.raises(Ignored, match="deleted"):
        async with ctx.db.write() as tx:
            await effect(tx)


async def test_a_refused_quote_is_not_shown(town: Town, bob: RemoteActor) -> None:
    quoted, quote, request = await asked(town, bob)
    assert await verdict(town.server, bob, bob.does("Reject", request["id"])) == ActivityState.DONE
    assert (await get_post(town.server, quote.iri)).quote_state == QuoteState.REJECTED
    assert (await town.post(quoted.id)).quotes_count == 0


@pytest.mark.parametrize("how", ["Reject", "Delete"])
async def test_leave_can_be_taken_back(town: Town, bob: RemoteActor, how: str) -> None:
    server = town.server
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted)
    await verdict(server, bob, bob.does("Accept", request, result=given["id"]))
    obj = request["id"] if how == "Reject" else given
    assert await verdict(server, bob, bob.does(how, obj)) == ActivityState.DONE
    held = await get_post(server, quote.iri)
    assert (held.quote_state, held.quote_authorization) == (QuoteState.REVOKED, None)
    assert (await town.post(quoted.id)).quotes_count == 0
    update = (await said(server))[-1]
    assert update["type"] == "Update"
    assert "quoteAuthorization" not in update["object"]


async def test_the_quoted_author_hears_of_the_end_of_the_quote(town: Town, bob: RemoteActor) -> None:
    _, quote, _ = await asked(town, bob)
    await town.deletes("carol", quote)
    (gone,) = await sent(town.server, bob, "Delete")
    assert gone["object"]["id"] == quote.iri


async def test_who_reacted_hears_of_the_end_of_the_post(town: Town, bob: RemoteActor) -> None:
    post = await town.posts("alice")
    await verdict(town.server, bob, bob.does("EmojiReact", post.iri, content="🦊"))
    await town.deletes("alice", post)
    assert len(await sent(town.server, bob, "Delete")) == 1


# --- taking it back here --------------------------------------------------------------------------------------


async def revoke(server: Server, post: Post, quote: Post) -> None:
    async with server.ctx.db.write() as tx:
        author, held = await tx.get_one(Account, post.account_id), await tx.get_one(Post, post.id)
        quoting_post = await tx.get_one(Post, quote.id)
        await quoting.revoke(server.ctx, tx, author=author, post=held, quoting=quoting_post)


async def test_an_author_here_takes_leave_back(town: Town, bob: RemoteActor) -> None:
    server = town.server
    far = RemoteServer(server.network, host="far.test")
    await town.follows("erin@far.test", "alice")
    quoted = await town.posts("alice")
    note = bob.note("q", quote=quoted.iri)
    request = bob.does("QuoteRequest", quoted.iri, instrument=note)
    await verdict(server, bob, request)
    quote = await get_post(server, note["id"])
    await revoke(server, quoted, quote)
    held = await get_post(server, note["id"])
    assert (held.quote_state, held.quote_authorization) == (QuoteState.REVOKED, None)
    assert (await town.post(quoted.id)).quotes_count == 0
    assert await looking.told(server, await town.one("alice")) == []
    # The stamp is gone,
    path = str(quote.quote_authorization).removeprefix(server.settings.origin)
    answer = await server.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (410, "Tombstone")
    assert answer.json()["formerType"] == "QuoteAuthorization"
    # everyone who might rely on it hears of it,
    gone = (await said(server))[-1]
    assert (gone["type"], gone["to"]) == ("Delete", [PUBLIC])
    assert gone["object"]["id"] == quote.quote_authorization
    assert gone["object"]["interactingObject"] == note["id"]
    assert far.bodies[-1]["id"] == gone["id"]
    assert (await sent(server, bob, "Delete"))[0]["object"]["type"] == "QuoteAuthorization"
    # and asking again brings no new one.
    await verdict(server, bob, bob.does("QuoteRequest", quoted.iri, instrument=note))
    assert [body["type"] for body in bob.home.bodies] == ["Accept", "Delete", "Reject"]
    assert (await get_post(server, note["id"])).quote_state == QuoteState.REVOKED
    with pytest.raises(Refused):
        await revoke(server, quoted, quote)


async def test_a_quote_by_somebody_here_ends_too(town: Town) -> None:
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    await revoke(town.server, quoted, quote)
    assert (await town.post(quote.id)).quote_state == QuoteState.REVOKED
    kinds = [doc["type"] for doc, _ in await town.outgoing()]
    assert sorted(kinds[2:]) == ["Delete", "Update"]


async def test_what_is_no_quote_cannot_be_taken_back(town: Town) -> None:
    quoted, other = await town.posts("alice"), await town.posts("carol")
    own = await town.posts("alice", "again", quote_of_id=quoted.id)
    elsewhere = await town.posts("carol", "look", quote_of_id=quoted.id)
    for post, quote in ((quoted, other), (quoted, own), (other, elsewhere)):
        with pytest.raises(Refused) as refusal:
            await revoke(town.server, post, quote)
        assert refusal.value.status == 404


async def test_a_stamp_is_served_only_where_it_belongs(town: Town) -> None:
    server = town.server
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    path = str(quote.quote_authorization).removeprefix(server.settings.origin)
    assert (await server.client.get(path)).status_code == 200
    for wrong in (path.replace("alice", "carol"), "/users/alice/stamps/1", "/users/alice/stamps/x"):
        assert (await server.client.get(wrong)).status_code == 404
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Post, quoted.id)).visibility = "private"
    assert (await server.client.get(path)).status_code == 404


async def test_a_stamp_that_was_not_given_yet_is_not_served(town: Town) -> None:
    server, post = town.server, await town.posts("alice")
    async with server.ctx.db.write() as tx:
        carol = await tx.get_one(Account, (await town.one("carol")).id)
        given = await permitting.give(
            server.ctx, tx, "like", post=post, to=carol, object_iri="https://x.test/1", request_iri="https://x.test/2"
        )  # fmt: skip
        assert given is not None
        given.granted_at = None
    assert (await server.client.get(f"/users/alice/stamps/{given.id}")).status_code == 404


# --- edits ----------------------------------------------------------------------------------------------------


async def test_who_quotes_is_told_of_edits(town: Town) -> None:
    server = town.server
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    async with server.ctx.db.write() as tx:
        alice, held = await tx.get_one(Account, quoted.account_id), await tx.get_one(Post, quoted.id)
        await editing.edit(server.ctx, tx, author=alice, post=held, change=editing.Change(text="new"))
    assert await looking.told(server, await town.one("carol")) == ["quoted_update"]
    async with server.ctx.db.read() as tx:
        view = await find.load_one(tx, quote.id)
    assert view is not None
    assert view.quoted is not None
    assert view.quoted.post.content == "<p>new</p>"


async def test_who_quotes_somebody_elsewhere_is_told_of_edits(town: Town, bob: RemoteActor) -> None:
    server = town.server
    quoted, quote, request = await asked(town, bob)
    given = stamp(bob, quote, quoted)
    await verdict(server, bob, bob.does("Accept", request, result=given["id"]))
    edit = bob.note("1", content="<p>new</p>", updated="2026-03-01T00:00:00Z")
    await verdict(server, bob, bob.does("Update", edit))
    assert await looking.told(server, await town.one("carol")) == ["quoted_update"]


# --- what a viewer sees ---------------------------------------------------------------------------------------


async def seen(town: Town, quote: Post, viewer: str | None) -> tuple[str | None, bool]:
    viewer_id = (await town.one(viewer)).id if viewer is not None else None
    async with town.server.ctx.db.read() as tx:
        (view,) = await find.load(tx, [quote.id], viewer_id=viewer_id)
    return view.quote_state, view.quoted is not None


async def test_a_quote_shows_only_what_the_viewer_may_see(town: Town) -> None:
    quoted = await town.posts("alice", visibility="private")
    await town.follows("dora", "alice")
    quote = await town.keeps(
        "alice", quote_of_id=quoted.id, quote_iri=quoted.iri, quote_state=QuoteState.ACCEPTED
    )
    assert await seen(town, quote, "dora") == (QuoteState.ACCEPTED, True)
    assert await seen(town, quote, "carol") == (QuoteState.UNAUTHORIZED, False)
    assert await seen(town, quote, None) == (QuoteState.UNAUTHORIZED, False)


@pytest.mark.parametrize("state", [state for state in QuoteState if state is not QuoteState.ACCEPTED])
async def test_a_quote_without_leave_is_never_shown(town: Town, state: QuoteState) -> None:
    quoted = await town.posts("alice")
    quote = await town.keeps("carol", quote_of_id=quoted.id, quote_iri=quoted.iri, quote_state=state)
    assert await seen(town, quote, "alice") == (state, False)


async def test_a_quote_of_what_is_gone_says_so(town: Town) -> None:
    quoted = await town.posts("alice")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    await town.deletes("alice", quoted)
    assert await seen(town, quote, "carol") == (QuoteState.DELETED, False)
    assert "quoteAuthorization" in (await town.outgoing())[1][0]["object"]


async def test_our_request_parses_as_ours(town: Town, bob: RemoteActor) -> None:
    _, quote, request = await asked(town, bob)
    parsed = QuoteRequest.from_json(request)
    assert (parsed.instrument, parsed.actor) == (quote.iri, "https://fedi.test/users/carol")
    assert posting.NewPost(text="", visibility="public").quote_of_id is None
