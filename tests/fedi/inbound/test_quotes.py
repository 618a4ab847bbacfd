"""Quotes, as other servers make, ask for, answer and end them (FEP-044f)."""

from typing import Any

import pytest

from activitypub.vocab import PUBLIC
from fedi import iris
from fedi.models import Account, ActivityState, Block, Post, Stamp
from fedi.outbound import resolve
from fedi.queries.quotes import QuoteState
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.looking import find_post, get_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


@pytest.fixture
async def mine(server: Server, alice: Account) -> Post:
    """A public post of alice's, which everyone may quote."""
    return await write(server, alice)


@pytest.fixture
def otto(server: Server) -> RemoteActor:
    """Somebody on a third server."""
    return RemoteServer(server.network, host="third.test").person("otto")


def quotable(otto: RemoteActor, name: str = "1", **changes: Any) -> dict[str, Any]:
    policy = {"canQuote": {"automaticApproval": [PUBLIC]}}
    return otto.note(name, **{"interactionPolicy": policy} | changes)


def quoting(bob: RemoteActor, iri: str, name: str = "q", **changes: Any) -> dict[str, Any]:
    return bob.note(name, **{"quote": iri} | changes)


def asks(bob: RemoteActor, note: dict[str, Any], iri: str, **changes: Any) -> dict[str, Any]:
    return bob.does("QuoteRequest", iri, **{"instrument": note} | changes)


def stamp(author: RemoteActor, note_iri: str, target: str, name: str = "1", **changes: Any) -> dict[str, Any]:
    """Serve the leave that somebody on another server gave."""
    doc = {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": f"{author.iri}/stamps/{name}",
        "type": "QuoteAuthorization",
        "attributedTo": author.iri,
        "interactingObject": note_iri,
        "interactionTarget": target,
    } | changes
    author.home.serve(f"{author.iri}/stamps/{name}", doc)
    return doc


async def answers(server: Server, bob: RemoteActor) -> list[dict[str, Any]]:
    """Return the answers that arrived at bob's server."""
    await server.work()
    return [body for body in bob.home.bodies if body["type"] in {"Accept", "Reject"}]


# --- asked to be quoted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["embedded", "by id"])
async def test_leave_is_given_with_a_stamp_that_third_servers_can_fetch(
    server: Server, bob: RemoteActor, alice: Account, mine: Post, form: str
) -> None:
    note = quoting(bob, mine.iri)
    request = asks(bob, note, mine.iri) | ({} if form == "embedded" else {"instrument": note["id"]})
    assert await verdict(server, bob, request) == ActivityState.DONE
    (answer,) = await answers(server, bob)
    assert (answer["type"], answer["actor"], answer["to"]) == ("Accept", alice.iri, [bob.iri])
    assert answer["object"] == {
        "id": request["id"], "type": "QuoteRequest", "actor": bob.iri, "object": mine.iri, "instrument": note["id"],
    }  # fmt: skip
    served = await server.client.get(answer["result"].removeprefix(server.settings.origin))
    assert served.status_code == 200
    assert served.headers["content-type"].startswith("application/activity+json")
    assert {key: value for key, value in served.json().items() if key != "@context"} == {
        "id": answer["result"], "type": "QuoteAuthorization", "attributedTo": alice.iri,
        "interactingObject": note["id"], "interactionTarget": mine.iri,
    }  # fmt: skip
    quote = await get_post(server, note["id"])
    assert (quote.quote_state, quote.quote_of_id) == (QuoteState.ACCEPTED, mine.id)
    assert quote.quote_authorization == answer["result"]
    assert (await get_post(server, mine.iri)).quotes_count == 1
    assert await looking.told(server, alice) == ["quote"]


async def test_asking_twice_gives_the_same_stamp(server: Server, bob: RemoteActor, mine: Post) -> None:
    note = quoting(bob, mine.iri)
    for _ in range(2):
        assert await verdict(server, bob, asks(bob, note, mine.iri)) == ActivityState.DONE
    first, second = await answers(server, bob)
    assert first["result"] == second["result"]
    assert (await get_post(server, mine.iri)).quotes_count == 1
    assert await looking.count(server, Stamp) == 1


async def refused(server: Server, bob: RemoteActor, post: Post) -> None:
    note = quoting(bob, post.iri)
    bob.home.documents.pop(note["id"])
    assert await verdict(server, bob, asks(bob, note, post.iri)) == ActivityState.DONE
    (answer,) = await answers(server, bob)
    assert (answer["type"], "result" in answer) == ("Reject", False)
    assert await find_post(server, note["id"]) is None
    assert await looking.count(server, Stamp) == 0


@pytest.mark.parametrize("policy", ["nobody", "followers"])
async def test_whom_the_author_does_not_let_is_refused(
    server: Server, bob: RemoteActor, alice: Account, policy: str
) -> None:
    await refused(server, bob, await write(server, alice, quote_policy=policy))


async def test_a_follower_may_quote_what_is_for_followers_to_quote(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await write(server, alice, quote_policy="followers")
    await verdict(server, bob, bob.does("Follow", alice.iri))
    note = quoting(bob, post.iri)
    await verdict(server, bob, asks(bob, note, post.iri))
    assert [answer["type"] for answer in await answers(server, bob)] == ["Accept", "Accept"]
    assert (await get_post(server, note["id"])).quote_state == QuoteState.ACCEPTED


async def test_whom_the_author_blocks_is_refused(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    await looking.meet(server, bob)
    target = await looking.get_account(server, bob.iri)
    async with server.ctx.db.write() as tx:
        tx.add(
            Block(id=server.ctx.ids.next(), account_id=alice.id, target_id=target.id, iri="x", created_at=server.clock())
        )  # fmt: skip
    await refused(server, bob, mine)


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_they_cannot_see_is_not_answered(
    server: Server, bob: RemoteActor, alice: Account, visibility: str
) -> None:
    post = await write(server, alice, visibility=visibility)
    assert await verdict(server, bob, asks(bob, quoting(bob, post.iri), post.iri)) == ActivityState.IGNORED
    assert await answers(server, bob) == []


async def test_a_private_post_is_quoted_by_nobody_else(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await write(server, alice, visibility="private", quote_policy="public")
    await verdict(server, bob, bob.does("Follow", alice.iri))
    await verdict(server, bob, asks(bob, quoting(bob, post.iri), post.iri))
    assert [answer["type"] for answer in await answers(server, bob)] == ["Accept", "Reject"]
    assert await looking.count(server, Stamp) == 0


@pytest.mark.parametrize("what", ["nothing", "theirs"])
async def test_requests_about_what_is_not_ours_are_ignored(
    server: Server, bob: RemoteActor, otto: RemoteActor, what: str
) -> None:
    iri = "https://fedi.test/users/alice/statuses/1" if what == "nothing" else quotable(otto)["id"]
    assert await verdict(server, bob, asks(bob, quoting(bob, iri), iri)) == ActivityState.IGNORED


LIES: dict[str, dict[str, Any]] = {
    "somebody else's post": {"attributedTo": "https://remote.test/users/carol"},
    "quotes another post": {"quote": "https://fedi.test/users/alice/statuses/9"},
    "quotes nothing": {"quote": None},
    "no post": {"type": "Like"},
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("form", ["embedded", "by id"])
async def test_no_leave_is_given_for_what_is_not_theirs_or_about_something_else(
    server: Server, bob: RemoteActor, mine: Post, lie: str, form: str
) -> None:
    note = quoting(bob, mine.iri, **LIES[lie])
    request = asks(bob, note, mine.iri) | ({} if form == "embedded" else {"instrument": note["id"]})
    assert await verdict(server, bob, request) == ActivityState.REFUSED
    assert await answers(server, bob) == []
    assert await looking.count(server, Stamp) == 0


@pytest.mark.parametrize("form", ["embedded", "by id"])
async def test_no_leave_is_given_for_a_post_of_another_server(
    server: Server, bob: RemoteActor, otto: RemoteActor, mine: Post, form: str
) -> None:
    note = quoting(otto, mine.iri)
    request = asks(bob, note, mine.iri) | ({} if form == "embedded" else {"instrument": note["id"]})
    assert await verdict(server, bob, request) == ActivityState.REFUSED
    assert await looking.count(server, Stamp) == 0
    assert otto.home.asked == []


async def test_what_lies_elsewhere_than_it_says_is_refused(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    note, other = quoting(bob, mine.iri), quoting(bob, mine.iri, "other")
    bob.home.serve(note["id"], other)
    request = asks(bob, note, mine.iri) | {"instrument": note["id"]}
    assert await verdict(server, bob, request) == ActivityState.REFUSED


async def test_a_quote_that_was_deleted_before_it_was_asked_for_gets_no_leave(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    note = quoting(bob, mine.iri)
    await looking.meet(server, bob)
    await verdict(server, bob, bob.does("Delete", note["id"]))
    assert await verdict(server, bob, asks(bob, note, mine.iri)) == ActivityState.IGNORED
    assert await looking.count(server, Stamp) == 0


async def test_a_quote_by_somebody_followed_is_shown_once_it_was_asked_for(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    await looking.follow(server, alice, bob)
    note = quoting(bob, mine.iri)
    await verdict(server, bob, bob.creates(note))
    quote = await get_post(server, note["id"])
    assert (quote.quote_state, quote.quote_of_id) == (QuoteState.PENDING, mine.id)
    assert (await get_post(server, mine.iri)).quotes_count == 0
    await verdict(server, bob, asks(bob, note, mine.iri))
    assert (await get_post(server, note["id"])).quote_state == QuoteState.ACCEPTED
    assert (await get_post(server, mine.iri)).quotes_count == 1
    assert await looking.home(server, alice) == [note["id"], mine.iri]


async def test_a_stamp_that_we_did_not_give_shows_nothing(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    await looking.follow(server, alice, bob)
    forged = iris.stamp(alice.iri, 1)
    note = quoting(bob, mine.iri, quoteAuthorization=forged)
    await verdict(server, bob, bob.creates(note))
    assert (await get_post(server, note["id"])).quote_state == QuoteState.PENDING


LONG = "é" * 1500
"""Short enough to be an identifier, and too long for an index once it is UTF-8."""


@pytest.mark.parametrize("field", ["id", "instrument"])
async def test_a_request_with_an_id_that_no_index_holds_is_refused(
    server: Server, bob: RemoteActor, mine: Post, field: str
) -> None:
    note = quoting(bob, mine.iri, LONG if field == "instrument" else "q")
    request = asks(bob, note, mine.iri) | ({"id": f"{bob.iri}/{LONG}"} if field == "id" else {})
    assert (await bob.sends(server, request)).status_code < 500
    await server.work()
    assert await looking.count(server, Stamp) == 0


async def test_leave_for_one_quote_is_none_for_another(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    await verdict(server, bob, asks(bob, quoting(bob, mine.iri), mine.iri))
    assert (
        await taken_in(server, bob, alice, quoting(bob, mine.iri, "other"))
    ).quote_state == QuoteState.PENDING


async def test_leave_to_answer_is_none_to_quote(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    note = quoting(bob, mine.iri, inReplyTo=mine.iri)
    await verdict(server, bob, bob.does("ReplyRequest", mine.iri, instrument=note))
    assert await looking.count(server, Stamp) == 1
    assert (await taken_in(server, bob, alice, note)).quote_state == QuoteState.PENDING


async def test_leave_to_quote_one_post_is_none_to_quote_another(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    note, second = quoting(bob, mine.iri), await write(server, alice)
    await verdict(server, bob, asks(bob, note, mine.iri))
    edit = note | {"quote": second.iri, "updated": "2026-03-01T00:00:00Z"}
    assert await verdict(server, bob, bob.does("Update", edit)) == ActivityState.DONE
    quote = await get_post(server, note["id"])
    assert (quote.quote_of_id, quote.quote_state) == (second.id, QuoteState.PENDING)
    assert (await get_post(server, mine.iri)).quotes_count == 0


async def test_an_edit_that_quotes_nothing_any_more_ends_the_quote(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    note = quoting(bob, mine.iri)
    await verdict(server, bob, asks(bob, note, mine.iri))
    edit = note | {"quote": None, "updated": "2026-03-01T00:00:00Z"}
    await verdict(server, bob, bob.does("Update", edit))
    quote = await get_post(server, note["id"])
    assert (quote.quote_of_id, quote.quote_iri, quote.quote_state) == (None, None, None)
    assert (await get_post(server, mine.iri)).quotes_count == 0


async def test_a_deleted_quote_counts_no_more(server: Server, bob: RemoteActor, mine: Post) -> None:
    note = quoting(bob, mine.iri)
    await verdict(server, bob, asks(bob, note, mine.iri))
    await verdict(server, bob, bob.does("Delete", note["id"]))
    assert (await get_post(server, mine.iri)).quotes_count == 0


async def test_a_deleted_account_quotes_no_more(server: Server, bob: RemoteActor, mine: Post) -> None:
    await verdict(server, bob, asks(bob, quoting(bob, mine.iri), mine.iri))
    bob.home.serve(bob.iri, {"type": "Tombstone", "id": bob.iri}, status=410)
    await verdict(server, bob, bob.does("Delete", bob.iri))
    assert (await get_post(server, mine.iri)).quotes_count == 0


# --- quotes between others ------------------------------------------------------------------------------------


async def taken_in(server: Server, bob: RemoteActor, alice: Account, note: dict[str, Any]) -> Post:
    await looking.follow(server, alice, bob)
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    return await get_post(server, note["id"])


async def test_a_quote_with_a_good_stamp_is_accepted(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=given["id"]))
    quoted = await get_post(server, target["id"])
    assert (quote.quote_state, quote.quote_of_id) == (QuoteState.ACCEPTED, quoted.id)
    assert quote.quote_authorization == given["id"]
    assert quoted.quotes_count == 1
    assert quoted.interaction_policy == {"canQuote": {"automaticApproval": [PUBLIC]}}


async def test_quoting_oneself_needs_no_stamp(server: Server, bob: RemoteActor, alice: Account) -> None:
    quote = await taken_in(server, bob, alice, quoting(bob, bob.note()["id"]))
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.ACCEPTED, None)


async def test_a_quote_without_a_stamp_waits(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    quote = await taken_in(server, bob, alice, quoting(bob, quotable(otto)["id"]))
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.PENDING, None)
    assert (await get_post(server, f"{otto.iri}/notes/1")).quotes_count == 0


BAD: dict[str, dict[str, Any]] = {
    "given by somebody else": {"attributedTo": "https://third.test/users/mallory"},
    "for another quote": {"interactingObject": "https://remote.test/users/bob/notes/other"},
    "about another post": {"interactionTarget": "https://third.test/users/otto/notes/other"},
    "for something else": {"type": "LikeAuthorization"},
    "under another id": {"id": "https://third.test/users/otto/stamps/9"},
}


@pytest.mark.parametrize("fault", [*BAD, "gone", "no document"])
async def test_a_stamp_that_does_not_fit_shows_nothing(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor, fault: str
) -> None:
    target = quotable(otto)
    iri = f"{otto.iri}/stamps/1"
    stamp(otto, f"{bob.iri}/notes/q", target["id"], **BAD.get(fault, {}))
    if fault == "gone":
        otto.home.serve(iri, {"type": "Tombstone", "id": iri}, status=410)
    elif fault == "no document":
        otto.home.serve(iri, {}, content_type="text/html")
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=iri))
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.UNAUTHORIZED, None)
    assert (await get_post(server, target["id"])).quotes_count == 0


async def test_a_stamp_from_another_server_than_the_quoted_authors_is_not_even_fetched(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    forged = stamp(bob, f"{bob.iri}/notes/q", target["id"], attributedTo=otto.iri)
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=forged["id"]))
    assert quote.quote_state == QuoteState.UNAUTHORIZED
    assert forged["id"] not in bob.home.asked


async def test_a_stamp_under_an_id_that_no_index_holds_shows_nothing(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"], LONG)
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=given["id"]))
    assert quote.quote_state == QuoteState.UNAUTHORIZED
    assert not any("stamps" in address for address in otto.home.asked)


async def test_a_stamp_that_is_served_under_a_second_address_counts_under_its_own_only(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    otto.home.serve(f"{otto.iri}/stamps/alias", given)
    note = quoting(bob, target["id"], quoteAuthorization=f"{otto.iri}/stamps/alias")
    assert (await taken_in(server, bob, alice, note)).quote_state == QuoteState.UNAUTHORIZED
    edit = note | {"quoteAuthorization": given["id"]}
    await verdict(server, bob, bob.does("Update", edit))
    assert (await get_post(server, note["id"])).quote_state == QuoteState.ACCEPTED


async def test_a_stamp_that_a_post_names_no_longer_shows_nothing(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    note = quoting(bob, target["id"])
    await taken_in(server, bob, alice, note | {"quoteAuthorization": given["id"]})
    await verdict(server, bob, bob.does("Update", note))
    quote = await get_post(server, note["id"])
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.PENDING, None)
    assert (await get_post(server, target["id"])).quotes_count == 0


async def test_a_server_that_is_away_ends_no_quote(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    note = quoting(bob, target["id"], quoteAuthorization=given["id"])
    await taken_in(server, bob, alice, note)
    otto.home.serve(given["id"], {}, status=502)
    await verdict(server, bob, bob.does("Update", note))
    assert (await get_post(server, note["id"])).quote_state == QuoteState.ACCEPTED


@pytest.mark.parametrize("answer", [404, 410, 403])
async def test_a_quoted_post_that_cannot_be_read_leaves_the_quote_unshown(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor, answer: int
) -> None:
    target = quotable(otto)
    otto.home.serve(target["id"], {"type": "Tombstone", "id": target["id"]}, status=answer)
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"]))
    expected = QuoteState.DELETED if answer == 410 else QuoteState.PENDING
    assert (quote.quote_state, quote.quote_of_id, quote.quote_iri) == (expected, None, target["id"])


@pytest.mark.parametrize("away", ["the post", "the stamp"])
async def test_a_server_that_does_not_answer_is_asked_again(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor, away: str
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    otto.home.serve(target["id"] if away == "the post" else given["id"], {}, status=502)
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=given["id"]))
    assert quote.quote_state == QuoteState.PENDING
    quotable(otto)
    stamp(otto, f"{bob.iri}/notes/q", target["id"])
    server.clock.advance(600)
    await server.work()
    assert (await get_post(server, quote.iri)).quote_state == QuoteState.ACCEPTED


async def test_asking_again_ends_when_the_post_is_gone(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    otto.home.serve(target["id"], {}, status=502)
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"]))
    await verdict(server, bob, bob.does("Delete", quote.iri))
    asked = len(otto.home.asked)
    server.clock.advance(600)
    await server.work()
    assert len(otto.home.asked) == asked


async def test_a_chain_of_quotes_is_followed_twice_and_no_further(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    notes = [f"{otto.iri}/notes/{number}" for number in range(4)]
    for number in range(4):
        otto.note(str(number), quote=notes[number + 1] if number < 3 else None)
    await taken_in(server, bob, alice, quoting(bob, notes[0]))
    assert await find_post(server, notes[1]) is not None
    assert await find_post(server, notes[2]) is None
    assert notes[2] not in otto.home.asked
    last = await get_post(server, notes[1])
    assert (last.quote_iri, last.quote_state, last.quote_of_id) == (notes[2], QuoteState.PENDING, None)


async def test_posts_that_quote_one_another_or_themselves_do_not_go_round(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    one, two = f"{otto.iri}/notes/1", f"{otto.iri}/notes/2"
    otto.note("1", quote=two)
    otto.note("2", quote=one)
    await taken_in(server, bob, alice, quoting(bob, one))
    assert (await get_post(server, one)).quote_state == QuoteState.ACCEPTED
    narcissus = quoting(bob, f"{bob.iri}/notes/n", "n")
    await verdict(server, bob, bob.creates(narcissus))
    assert (await get_post(server, narcissus["id"])).quote_iri is None


async def test_a_boost_is_not_quoted(server: Server, bob: RemoteActor, alice: Account, mine: Post) -> None:
    boost = bob.does("Announce", mine.iri, to=[PUBLIC])
    await verdict(server, bob, boost)
    quote = await taken_in(server, bob, alice, quoting(bob, boost["id"]))
    assert (quote.quote_state, quote.quote_of_id) == (QuoteState.PENDING, None)


async def test_a_stamp_may_come_with_an_update_that_is_no_edit(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    note = quoting(bob, target["id"])
    await taken_in(server, bob, alice, note)
    given = stamp(otto, note["id"], target["id"])
    again = note | {"quoteAuthorization": given["id"]}
    assert await verdict(server, bob, bob.does("Update", again)) == ActivityState.DONE
    quote = await get_post(server, note["id"])
    assert (quote.quote_state, quote.edited_at) == (QuoteState.ACCEPTED, None)


async def test_a_looked_up_post_is_shown_with_its_quote(
    server: Server, bob: RemoteActor, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    note = quoting(bob, target["id"], quoteAuthorization=given["id"])
    post = await resolve.note(server.ctx, note["id"])
    assert (await get_post(server, post.iri)).quote_state == QuoteState.ACCEPTED


# --- leave taken back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["by id", "embedded"])
async def test_the_quoted_author_takes_the_leave_back(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor, form: str
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    note = quoting(bob, target["id"], quoteAuthorization=given["id"])
    await taken_in(server, bob, alice, note)
    obj = given["id"] if form == "by id" else given
    assert await verdict(server, otto, otto.does("Delete", obj)) == ActivityState.DONE
    quote = await get_post(server, note["id"])
    assert (quote.quote_state, quote.quote_authorization) == (QuoteState.REVOKED, None)
    assert (await get_post(server, target["id"])).quotes_count == 0
    # An edit does not bring it back, even while its server still serves the stamp.
    edit = note | {"updated": "2026-02-01T00:00:00Z", "content": "<p>new</p>"}
    await verdict(server, bob, bob.does("Update", edit))
    assert (await get_post(server, note["id"])).quote_state == QuoteState.REVOKED


async def test_only_the_quoted_author_takes_it_back(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    note = quoting(bob, target["id"], quoteAuthorization=given["id"])
    await taken_in(server, bob, alice, note)
    mallory = otto.home.person("mallory")
    await looking.meet(server, mallory)
    await verdict(server, mallory, mallory.does("Delete", given["id"]))
    assert await verdict(server, bob, bob.does("Delete", given["id"])) == ActivityState.REFUSED
    assert (await get_post(server, note["id"])).quote_state == QuoteState.ACCEPTED


async def test_leave_taken_back_before_it_came_is_none(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    target = quotable(otto)
    given = stamp(otto, f"{bob.iri}/notes/q", target["id"])
    await looking.meet(server, otto)
    await verdict(server, otto, otto.does("Delete", given["id"]))
    quote = await taken_in(server, bob, alice, quoting(bob, target["id"], quoteAuthorization=given["id"]))
    assert quote.quote_state == QuoteState.UNAUTHORIZED
