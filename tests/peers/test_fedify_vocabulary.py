"""Every activity that Fedify's vocabulary can send and receive, to and from us, over https on loopback."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from activitypub.read import instant
from fedi.context import Context
from fedi.models import Activity, ActivityState, Direction, Report
from tests.peers.fedify_peer import FedifyPeer, running_peer
from tests.peers.server_process import eventually
from tests.peers.test_fedify import HEARS_S, THEIRS, Ours, assert_no_complaints, served
from tests.peers.tls import Authority

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("fedify")]

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"


@pytest.fixture(scope="module")
def peer(
    authority: Authority, _fedify_installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FedifyPeer]:
    """The Fedify server."""
    with running_peer(authority, THEIRS, tmp_path_factory.mktemp("alice")) as running:
        yield running


@pytest.fixture(scope="module")
def ours(authority: Authority, peer: FedifyPeer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Our server; alice of the peer follows `demo`, and `demo` follows her."""
    with served(authority, tmp_path_factory.mktemp("ours") / "data") as running:
        peer.follow(running.handle("demo"))
        assert peer.accepted(running.actor("demo")), f"{peer.words()}\n{running.instance.logs()}"
        running.ask("POST", f"/api/v1/accounts/{alice_of(running, peer)['id']}/follow")
        eventually(lambda: running.actor("demo") in peer.state()["followers"], "our follow", HEARS_S)
        yield running


def alice_of(ours: Ours, peer: FedifyPeer) -> dict[str, Any]:
    """Return the peer's person as our API shows her."""
    query = {"q": peer.handle, "resolve": "true", "type": "accounts"}
    found: dict[str, Any] = ours.ask("GET", "/api/v2/search", params=query)["accounts"][0]
    return found


def post(ours: Ours, text: str, **more: Any) -> dict[str, Any]:
    """Publish a post of `demo`'s."""
    status: dict[str, Any] = ours.ask("POST", "/api/v1/statuses", json={"status": text, **more})
    return status


def hears(peer: FedifyPeer, kind: str, chosen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until the peer has a verified activity of a kind that is as wanted."""

    def look() -> list[dict[str, Any]]:
        return [one for one in peer.received(kind, 0) if chosen(one)]

    found: list[dict[str, Any]] = eventually(look, f"{kind} at the peer\n{peer.words()}", HEARS_S)
    return found[-1]


def status_of(ours: Ours, status: dict[str, Any]) -> dict[str, Any]:
    """Return a post as the API shows it now."""
    found: dict[str, Any] = ours.ask("GET", f"/api/v1/statuses/{status['id']}")
    return found


def test_no_kind_of_activity_that_fedify_knows_does_harm(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "for everything that can be done to a post")
    kinds = peer.vocabulary()
    assert {"Create", "EmojiReact", "QuoteRequest", "View"} <= set(kinds)
    note = peer.serve("/documents/note", {"@context": AS, "type": "Note", "attributedTo": peer.actor})
    sent = [
        peer.send(
            ours.actor("demo"),
            {
                "type": kind, "object": status["uri"], "target": peer.actor, "content": "🦊",
                "instrument": note,
            },
        )["id"]
        for kind in kinds
        if kind != "Delete"
    ]  # fmt: skip

    async def unfinished(ctx: Context) -> int:
        async with ctx.db.read() as tx:
            mine = select(func.count()).where(
                Activity.iri.in_(sent),
                Activity.state != ActivityState.RECEIVED,
                Activity.direction == Direction.IN,
            )
            return len(sent) - (await tx.execute(mine)).scalar_one()

    eventually(lambda: ours.instance.with_context(unfinished) == 0, "the end of each activity", HEARS_S)
    assert status_of(ours, status)["content"]
    assert ours.home()
    assert_no_complaints(peer)


def test_reactions_come_and_go(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "react to this")
    reaction = {"type": "EmojiReact", "object": status["uri"], "content": "🦊"}
    sent = peer.send(ours.actor("demo"), reaction)

    def reactions() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ours.ask("GET", f"/api/v1/pleroma/statuses/{status['id']}/reactions")
        return found

    eventually(lambda: [(one["name"], one["count"]) for one in reactions()] == [("🦊", 1)], "it", HEARS_S)
    undone = {"id": sent["id"], "actor": peer.actor, **reaction}
    peer.send(ours.actor("demo"), {"type": "Undo", "object": undone})
    eventually(lambda: reactions() == [], "its end", HEARS_S)
    assert_no_complaints(peer)


def test_a_report_reaches_the_queue_and_ours_reaches_them(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "not to everyone's taste")
    flag = {"type": "Flag", "object": [ours.actor("demo"), status["uri"]], "content": "not labelled"}
    peer.send(ours.actor("demo"), flag)

    async def comments(ctx: Context) -> list[str]:
        async with ctx.db.read() as tx:
            return list((await tx.execute(select(Report.comment).where(Report.origin != ""))).scalars())

    eventually(lambda: "not labelled" in ours.instance.with_context(comments), "the report", HEARS_S)

    alice = alice_of(ours, peer)
    report = {"account_id": alice["id"], "comment": "spam", "forward": True}
    ours.ask("POST", "/api/v1/reports", json=report)
    heard = hears(peer, "Flag", lambda one: one["actor"] != peer.actor)
    assert heard["actor"] == f"{ours.instance.origin}/actor"
    assert peer.actor in heard["objects"]
    assert ours.actor("demo") not in json.dumps(heard["json"]), "nobody is told who complained"
    assert_no_complaints(peer)


def test_an_edit_reaches_those_who_have_the_post(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "a fox in the snow")
    hears(peer, "Create", lambda one: one["object"] == status["uri"])
    ours.ask("PUT", f"/api/v1/statuses/{status['id']}", json={"status": "a red fox in the snow"})
    heard = hears(peer, "Update", lambda one: one["object"] == status["uri"])
    assert "red fox" in heard["content"]
    published, updated = (instant(heard["json"]["object"][name]) for name in ("published", "updated"))
    assert published is not None
    assert updated is not None
    assert updated > published
    assert heard["json"]["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    assert_no_complaints(peer)


def test_her_edit_is_shown_with_its_history(ours: Ours, peer: FedifyPeer) -> None:
    note = peer.post("<p>first</p>")["note"]
    (status,) = eventually(lambda: [one for one in ours.home() if one["uri"] == note], "her post", HEARS_S)
    changed = {
        "type": "Note", "id": note, "attributedTo": peer.actor, "content": "<p>second</p>", "to": PUBLIC,
        "cc": f"{peer.actor}/followers", "published": status["created_at"], "updated": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    peer.send(ours.actor("demo"), {"type": "Update", "object": changed, "to": PUBLIC})
    eventually(lambda: "second" in status_of(ours, status)["content"], "her edit", HEARS_S)
    history = ours.ask("GET", f"/api/v1/statuses/{status['id']}/history")
    assert [html["content"] for html in history] == ["<p>first</p>", "<p>second</p>"]
    assert_no_complaints(peer)


def test_polls_are_voted_on_both_ways(ours: Ours, peer: FedifyPeer) -> None:
    poll = {"options": ["ink", "oil"], "expires_in": 3600}
    status = post(ours, "which?", poll=poll)
    heard = hears(peer, "Create", lambda one: one["object"] == status["uri"])
    assert (heard["objectType"], heard["options"]) == ("Question", ["ink", "oil"])
    vote = {
        "type": "Note", "id": f"{peer.actor}#votes/1", "attributedTo": peer.actor, "name": "oil",
        "inReplyTo": status["uri"], "to": ours.actor("demo"),
    }  # fmt: skip
    peer.send(ours.actor("demo"), {"type": "Create", "object": vote, "to": ours.actor("demo")})
    eventually(
        lambda: [one["votes_count"] for one in status_of(ours, status)["poll"]["options"]] == [0, 1],
        "her vote",
        HEARS_S,
    )

    question = {
        "@context": AS, "type": "Question", "attributedTo": peer.actor, "to": PUBLIC,
        "cc": f"{peer.actor}/followers", "content": "<p>hers?</p>", "published": "2026-01-01T00:00:00Z",
        "endTime": "2099-01-01T00:00:00Z",
        "oneOf": [
            {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 0}}
            for name in ("yes", "no")
        ],
    }  # fmt: skip
    iri = peer.serve("/documents/question", question)
    peer.send(ours.actor("demo"), {"type": "Create", "object": {**question, "id": iri}, "to": PUBLIC})
    (hers,) = eventually(lambda: [one for one in ours.home() if one["uri"] == iri], "her poll", HEARS_S)
    assert [one["title"] for one in hers["poll"]["options"]] == ["yes", "no"]
    ours.ask("POST", f"/api/v1/polls/{hers['poll']['id']}/votes", json={"choices": [1]})
    voted = hears(peer, "Create", lambda one: (one["json"] or {}).get("object", {}).get("name") == "no")
    assert voted["json"]["object"]["inReplyTo"] == iri
    assert_no_complaints(peer)


def test_quotes_are_asked_for_both_ways(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "quote me")
    quoting = {
        "@context": AS, "type": "Note", "attributedTo": peer.actor, "to": PUBLIC, "content": "<p>look</p>",
        "published": "2026-01-01T00:00:00Z", "quote": status["uri"],
    }  # fmt: skip
    note = peer.serve("/documents/quoting", quoting)
    peer.send(ours.actor("demo"), {"type": "QuoteRequest", "object": status["uri"], "instrument": note})
    answer = hears(peer, "Accept", lambda one: one["result"] is not None)
    stamp = peer.look(answer["result"])
    assert (stamp["type"], stamp["id"]) == ("QuoteAuthorization", answer["result"])

    quotable = {
        "@context": AS, "type": "Note", "attributedTo": peer.actor, "to": PUBLIC,
        "cc": f"{peer.actor}/followers", "content": "<p>may be quoted</p>", "published": "2026-01-01T00:00:00Z",
        "interactionPolicy": {"canQuote": {"automaticApproval": [PUBLIC]}},
    }  # fmt: skip
    hers = peer.serve("/documents/quotable", quotable)
    peer.send(ours.actor("demo"), {"type": "Create", "object": hers, "to": PUBLIC})
    (shown,) = eventually(lambda: [one for one in ours.home() if one["uri"] == hers], "her post", HEARS_S)
    mine = post(ours, "as she says", quoted_status_id=shown["id"])
    asked = hears(peer, "QuoteRequest", lambda one: one["object"] == hers)
    assert asked["instrument"] == mine["uri"]
    leave = {
        "@context": AS, "type": "QuoteAuthorization", "attributedTo": peer.actor,
        "interactingObject": mine["uri"], "interactionTarget": hers,
    }  # fmt: skip
    granted = peer.serve("/documents/leave", leave)
    peer.send(ours.actor("demo"), {"type": "Accept", "object": asked["id"], "result": granted})
    eventually(lambda: status_of(ours, mine)["quote"]["state"] == "accepted", "her leave", HEARS_S)
    updated = hears(peer, "Update", lambda one: one["object"] == mine["uri"])
    assert updated["json"]["object"]["quoteAuthorization"] == granted
    assert_no_complaints(peer)


def test_pins_are_told(ours: Ours, peer: FedifyPeer) -> None:
    status = post(ours, "first on my page")
    ours.ask("POST", f"/api/v1/statuses/{status['id']}/pin")
    added = hears(peer, "Add", lambda one: one["object"] == status["uri"])
    assert added["target"] == f"{ours.actor('demo')}/collections/featured"
    assert peer.look(added["target"])["total"] == 1
    ours.ask("POST", f"/api/v1/statuses/{status['id']}/unpin")
    hears(peer, "Remove", lambda one: one["object"] == status["uri"])
    assert_no_complaints(peer)


def test_profiles_change_both_ways(ours: Ours, peer: FedifyPeer) -> None:
    ours.ask("PATCH", "/api/v1/accounts/update_credentials", json={"display_name": "Demo the second"})
    heard = hears(peer, "Update", lambda one: one["object"] == ours.actor("demo"))
    assert heard["json"]["object"]["name"] == "Demo the second"
    looked = peer.look(ours.actor("demo"))
    assert looked["keys"] == [f"{ours.actor('demo')}#ed25519-key"]

    peer.profile(summary="Somebody else by now.")
    actor = {"type": "Person", "id": peer.actor, "inbox": f"{peer.actor}/inbox", "preferredUsername": "alice"}
    peer.send(ours.actor("demo"), {"type": "Update", "object": actor, "to": PUBLIC})
    eventually(lambda: "Somebody else" in alice_of(ours, peer)["note"], "her new profile", HEARS_S)
    assert_no_complaints(peer)


def test_locked_accounts_answer_later(ours: Ours, peer: FedifyPeer) -> None:
    peer.unfollow(ours.actor("demo"))
    ours.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
    peer.follow(ours.handle("demo"))
    (asking,) = eventually(lambda: ours.ask("GET", "/api/v1/follow_requests"), "her request", HEARS_S)
    ours.ask("POST", f"/api/v1/follow_requests/{asking['id']}/authorize")
    assert peer.accepted(ours.actor("demo")), peer.words()
    ours.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": False})
    assert_no_complaints(peer)


def test_blocks_work_both_ways(ours: Ours, peer: FedifyPeer) -> None:
    alice = alice_of(ours, peer)

    def relationship() -> dict[str, Any]:
        found: dict[str, Any] = ours.ask(
            "GET", "/api/v1/accounts/relationships", params={"id[]": alice["id"]}
        )[0]
        return found

    block = {"type": "Block", "object": ours.actor("demo")}
    sent = peer.send(ours.actor("demo"), block)
    eventually(lambda: relationship()["blocked_by"], "her block", HEARS_S)
    assert not relationship()["following"]
    peer.send(
        ours.actor("demo"), {"type": "Undo", "object": {"id": sent["id"], "actor": peer.actor, **block}}
    )
    eventually(lambda: not relationship()["blocked_by"], "its end", HEARS_S)

    ours.ask("POST", f"/api/v1/accounts/{alice['id']}/block")
    hears(peer, "Block", lambda one: one["object"] == peer.actor)
    ours.ask("POST", f"/api/v1/accounts/{alice['id']}/unblock")
    hears(peer, "Undo", lambda one: one["objectType"] == "Block")
    assert_no_complaints(peer)


def test_moves_go_both_ways(ours: Ours, peer: FedifyPeer) -> None:
    # She moves to an account of ours that names her as a former self; who follows her follows it.
    alice = alice_of(ours, peer)
    ours.ask("POST", f"/api/v1/accounts/{alice['id']}/follow")
    eventually(lambda: ours.actor("demo") in peer.state()["followers"], "our follow", HEARS_S)
    ours.instance.cli("account", "create", "newalice", "--password-stdin", stdin="long enough to pass\n")
    ours.instance.cli("account", "alias", "newalice", "--add", peer.handle)
    peer.profile(movedTo=ours.actor("newalice"))
    peer.send(ours.actor("demo"), {"type": "Move", "object": peer.actor, "target": ours.actor("newalice")})
    demo = ours.ask("GET", "/api/v1/accounts/verify_credentials")
    eventually(
        lambda: [
            one["acct"] for one in ours.ask("GET", f"/api/v1/accounts/{demo['id']}/following")
        ] == ["newalice"],
        "the follow that moved", HEARS_S,
    )  # fmt: skip

    # Another of ours moves to her.
    peer.profile(movedTo=None, aliases=[ours.actor("newalice")])
    peer.follow(ours.handle("newalice"))
    assert peer.accepted(ours.actor("newalice")), peer.words()
    ours.instance.cli("account", "move", "newalice", peer.handle, "--yes")
    moved = hears(peer, "Move", lambda one: one["object"] == ours.actor("newalice"))
    assert moved["target"] == peer.actor
    assert peer.look(ours.actor("newalice"))["successor"] == peer.actor
    assert_no_complaints(peer)


def test_an_account_that_is_deleted_is_deleted_there(ours: Ours, peer: FedifyPeer) -> None:
    ours.instance.cli("account", "create", "leaving", "--password-stdin", stdin="long enough to pass\n")
    peer.follow(ours.handle("leaving"))
    assert peer.accepted(ours.actor("leaving")), peer.words()
    ours.instance.cli("account", "delete", "leaving", "--yes")
    hears(peer, "Delete", lambda one: one["object"] == ours.actor("leaving"))
    # Nobody finds it any more; its key can be read until everyone was told, and says what became of it.
    resource = {"resource": "acct:" + ours.handle("leaving").removeprefix("@")}
    assert ours.anyone.get("/.well-known/webfinger", params=resource).status_code == 410
    left = ours.anyone.get(ours.actor("leaving"), headers={"Accept": "application/activity+json"})
    assert left.status_code == 410 or left.json()["suspended"]
    assert_no_complaints(peer)
