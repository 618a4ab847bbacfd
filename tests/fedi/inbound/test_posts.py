"""Create, Update and Delete, as they come from another server."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from activitypub import activities
from activitypub.read import rfc3339
from activitypub.vocab import PUBLIC
from fedi.inbound.handlers import create, delete
from fedi.inbound.received import Ignored, Received
from fedi.lean.prepared import Compiled
from fedi.models import Account, ActivityState, Attachment, Mention, Post, PostTag, Tombstone
from fedi.outbound.fetch import Budget
from fedi.outbound.remote import POLICY_NAMES_MAX, SPOILER_CHARACTERS_MAX
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.looking import find_post, get_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

STATEMENTS_OF_A_POST_MAX = 12
"""From the accepted activity to the home timelines: three that read, the post and its effects, two that end it."""

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PICTURE = {
    "type": "Document", "mediaType": "image/png", "url": "https://remote.test/1.png", "name": "a red boat",
    "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "width": 640, "height": 480, "focalPoint": [0.5, -0.25],
}  # fmt: skip


@pytest.fixture
async def followed(server: Server, bob: RemoteActor, alice: Account) -> RemoteActor:
    """Bob, whom alice follows."""
    await looking.follow(server, alice, bob)
    return bob


async def write(server: Server, author: Account, text: str = "hello", **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": text, "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


# --- Create: what is kept -------------------------------------------------------------------------------------


async def test_a_post_of_somebody_followed_comes_home(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = followed.note(
        content='<p>Hi <script>x</script><a href="javascript:x">there</a></p>',
        summary="careful", sensitive=True, url="https://remote.test/@bob/1", contentMap={"de": "<p>Hi</p>"},
        tag=[{"type": "Hashtag", "name": "#ArtÄ", "href": "https://remote.test/tags/art"}],
        attachment=[PICTURE],
    )  # fmt: skip
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.DONE
    assert await looking.home(server, alice) == [note["id"]]
    post = await get_post(server, note["id"])
    assert "script" not in post.content
    assert "javascript" not in post.content
    assert (post.visibility, post.spoiler_text, post.sensitive) == ("public", "careful", True)
    assert (post.url, post.local, rfc3339(post.created_at)) == (note["url"], False, note["published"])
    assert (await looking.get_account(server, followed.iri)).statuses_count == 1
    async with server.ctx.db.read() as tx:
        assert list((await tx.execute(select(PostTag.name))).scalars()) == ["artä"]


async def test_a_plain_post_costs_few_statements(
    server: Server, followed: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await verdict(server, followed, followed.creates(followed.note("before")))
    await followed.sends(server, followed.creates(followed.note("counted")))
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    ordered = Compiled.ordered

    def note_lean(compiled: Any, values: Any) -> Any:
        seen.append(compiled.sql)
        return ordered(compiled, values)

    monkeypatch.setattr(Compiled, "ordered", note_lean)
    engines = [server.ctx.db._writer.sync_engine, server.ctx.db._reader.sync_engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    await server.work()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    of_worker = ("picked", "job.host", "DISTINCT job.queue")
    mine = [statement for statement in seen if not any(word in statement for word in of_worker)]
    assert len([one for one in mine if not one.startswith("BEGIN")]) <= STATEMENTS_OF_A_POST_MAX, mine


async def test_a_picture_is_kept_with_all_that_describes_it(server: Server, followed: RemoteActor) -> None:
    await verdict(server, followed, followed.creates(followed.note(attachment=PICTURE)))
    async with server.ctx.db.read() as tx:
        picture = (await tx.execute(select(Attachment))).scalar_one()
    assert (picture.kind, picture.media_type, picture.remote_url) == (
        "image", "image/png", "https://remote.test/1.png",
    )  # fmt: skip
    assert (picture.width, picture.height, picture.blurhash) == (640, 480, PICTURE["blurhash"])
    assert (picture.description, picture.focus_x, picture.focus_y) == ("a red boat", 0.5, -0.25)
    assert picture.file_key is None


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ({"genAI": True}, f"{IPTC}trainedAlgorithmicMedia"),
        ({"digitalSourceType": f"{IPTC}trainedAlgorithmicMedia"}, f"{IPTC}trainedAlgorithmicMedia"),
        ({"digitalSourceType": IPTC.replace("http:", "https:") + "compositeSynthetic"}, f"{IPTC}compositeSynthetic"),
        ({"attachment": [PICTURE | {"digitalSourceType": f"{IPTC}algorithmicMedia"}]}, f"{IPTC}algorithmicMedia"),
        ({"digitalSourceType": "https://evil.test/nothing"}, None),
        ({"genAI": "yes"}, None),
        ({}, None),
    ],
)  # fmt: skip
async def test_the_labels_of_others_become_one(
    server: Server, followed: RemoteActor, label: dict[str, Any], expected: str | None
) -> None:
    note = followed.note(**label)
    await verdict(server, followed, followed.creates(note))
    assert (await get_post(server, note["id"])).digital_source_type == expected


async def test_a_long_warning_is_cut(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note(summary="w" * 5000)
    await verdict(server, bob, bob.creates(note))
    assert (await get_post(server, note["id"])).spoiler_text == "w" * SPOILER_CHARACTERS_MAX


async def test_of_a_long_rule_about_quotes_the_first_names_are_kept(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    names = [f"https://remote.test/users/u{number}" for number in range(POLICY_NAMES_MAX + 5)]
    rule = {"automaticApproval": names, "manualApproval": names}
    note = bob.note(interactionPolicy={"canQuote": rule})
    await verdict(server, bob, bob.creates(note))
    kept = (await get_post(server, note["id"])).interaction_policy
    few = names[:POLICY_NAMES_MAX]
    assert kept == {"canQuote": {"automaticApproval": few, "manualApproval": few}}


async def test_an_article_is_shown_as_title_and_link(server: Server, followed: RemoteActor) -> None:
    note = followed.note(
        type="Article", name="News & <b>", content="<p>long</p>", url="https://remote.test/a"
    )
    await verdict(server, followed, followed.creates(note))
    content = (await get_post(server, note["id"])).content
    assert "News &amp; &lt;b&gt;" in content
    assert 'href="https://remote.test/a"' in content
    assert "long" not in content


async def test_a_post_from_tomorrow_is_from_now(server: Server, followed: RemoteActor) -> None:
    note = followed.note(published=rfc3339(server.clock() + timedelta(days=1)))
    await verdict(server, followed, followed.creates(note))
    assert (await get_post(server, note["id"])).created_at <= server.clock()


@pytest.mark.parametrize("by", ["mention", "direct", "reply"])
async def test_a_stranger_is_heard_when_it_concerns_somebody_here(
    server: Server, bob: RemoteActor, alice: Account, by: str
) -> None:
    mine = await write(server, alice)
    changes: dict[str, dict[str, Any]] = {
        "mention": {"tag": {"type": "Mention", "href": alice.iri, "name": "@alice@fedi.test"}},
        "direct": {"to": alice.iri, "cc": []},
        "reply": {"inReplyTo": mine.iri},
    }
    note = bob.note(**changes[by])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    post = await get_post(server, note["id"])
    if by == "reply":
        assert post.in_reply_to_id == mine.id
        assert (await get_post(server, mine.iri)).replies_count == 1
        assert await looking.told(server, alice) == []
    else:
        assert await looking.told(server, alice) == ["mention"]
        assert await looking.count(server, Mention, Mention.account_id == alice.id) == 1
    if by == "direct":
        assert post.visibility == "direct"
        assert await looking.home(server, alice) == [note["id"], mine.iri]


async def test_what_concerns_nobody_here_is_not_kept_and_not_looked_up(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note = bob.note(tag={"type": "Mention", "href": "https://fedi.test/users/nobody"})
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.IGNORED
    assert await find_post(server, note["id"]) is None
    assert await looking.find_account(server, bob.iri) is None
    assert bob.home.asked == [bob.iri], "only the key"


@pytest.mark.parametrize("by", ["mention", "address"])
async def test_the_server_itself_is_not_spoken_to(
    server: Server, bob: RemoteActor, alice: Account, by: str
) -> None:
    itself = "https://fedi.test/actor"
    tag = {"type": "Mention", "href": itself, "name": "@fedi.test@fedi.test"}
    note = bob.note("1", to=[PUBLIC, itself]) if by == "address" else bob.note("1", tag=[tag])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.IGNORED
    await looking.follow(server, alice, bob)
    note = bob.note("2", to=[itself], tag=[tag])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    assert await looking.count(server, Mention) == 0


async def test_a_wish_to_follow_that_was_not_granted_is_no_interest(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    assert await verdict(server, bob, bob.creates(bob.note())) == ActivityState.IGNORED


async def test_a_poll_vote_is_no_post(server: Server, bob: RemoteActor, alice: Account) -> None:
    mine = await write(server, alice)
    vote = bob.note(name="yes", content=None, inReplyTo=mine.iri, to=[alice.iri])
    assert await verdict(server, bob, bob.creates(vote)) == ActivityState.IGNORED


async def test_five_hundred_mentions_cause_no_fetches(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    others = [{"type": "Mention", "href": f"https://remote.test/users/u{n}"} for n in range(500)]
    note = bob.note(tag=[{"type": "Mention", "href": alice.iri}, *others])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    assert len(bob.home.asked) <= 4


async def test_replies_find_what_they_answer_whichever_comes_first(
    server: Server, followed: RemoteActor
) -> None:
    first, second = followed.note("first"), followed.note("second", inReplyTo=f"{followed.iri}/notes/first")
    followed.home.documents.pop(first["id"])  # nor can it be fetched before it comes
    await verdict(server, followed, followed.creates(second))
    assert (await get_post(server, second["id"])).in_reply_to_id is None
    await verdict(server, followed, followed.creates(first))
    parent = await get_post(server, first["id"])
    assert (await get_post(server, second["id"])).in_reply_to_id == parent.id
    assert parent.replies_count == 1


# --- Create: who may say it -----------------------------------------------------------------------------------


async def test_a_post_attributed_to_somebody_else_is_refused(
    server: Server, followed: RemoteActor, remote: RemoteServer
) -> None:
    carol = remote.person("carol")
    note = followed.note(attributedTo=carol.iri)
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.REFUSED
    assert await find_post(server, note["id"]) is None


async def test_a_post_that_lives_elsewhere_is_refused(server: Server, followed: RemoteActor) -> None:
    note = followed.note() | {"id": "https://third.test/notes/1"}
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.REFUSED
    assert await find_post(server, note["id"]) is None


async def test_a_post_that_is_said_to_live_elsewhere_is_not_even_fetched(
    server: Server, followed: RemoteActor
) -> None:
    third = RemoteServer(server.network, host="third.test")
    note = third.person("otto").note()
    assert await verdict(server, followed, followed.does("Create", note["id"])) == ActivityState.REFUSED
    assert third.asked == []


async def test_a_post_of_ours_cannot_be_created_from_elsewhere(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = followed.note() | {"id": f"{alice.iri}/statuses/1"}
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.REFUSED


async def test_an_id_that_is_known_as_another_authors_is_refused(
    server: Server, followed: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    carol = remote.person("carol")
    await looking.follow(server, alice, carol)
    note = followed.note("shared")
    await verdict(server, followed, followed.creates(note))
    stolen = note | {"attributedTo": carol.iri}
    assert await verdict(server, carol, carol.creates(stolen)) == ActivityState.REFUSED
    author = (await get_post(server, note["id"])).account_id
    assert author == (await looking.get_account(server, followed.iri)).id


async def test_an_object_that_is_only_named_is_fetched(server: Server, followed: RemoteActor) -> None:
    note = followed.note()
    assert await verdict(server, followed, followed.does("Create", note["id"])) == ActivityState.DONE
    assert await find_post(server, note["id"]) is not None


@pytest.mark.parametrize("lie", ["author", "type", "content type"])
async def test_a_fetched_object_is_judged_as_an_embedded_one(
    server: Server, followed: RemoteActor, lie: str
) -> None:
    note = followed.note()
    match lie:
        case "author":
            followed.home.serve(note["id"], note | {"attributedTo": f"{followed.home.origin}/users/carol"})
        case "type":
            followed.home.serve(note["id"], note | {"type": "Place"})
        case "content type":
            followed.home.serve(note["id"], note, content_type="application/json")
    assert await verdict(server, followed, followed.does("Create", note["id"])) != ActivityState.DONE
    assert await find_post(server, note["id"]) is None


async def test_too_long_identifiers_are_refused(server: Server, followed: RemoteActor) -> None:
    note = followed.note("ä" * 1100)
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.REFUSED


# --- Update ---------------------------------------------------------------------------------------------------


async def created(server: Server, bob: RemoteActor, **changes: Any) -> dict[str, Any]:
    note = bob.note(**changes)
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    return note


async def test_an_edit_replaces_text_pictures_and_tags(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, attachment=[PICTURE], tag=[{"type": "Hashtag", "name": "#old"}])
    edited = note | {
        "updated": "2026-02-01T00:00:00Z", "content": "<p>new</p>", "summary": "cw",
        "attachment": [PICTURE | {"name": "a blue boat"}], "tag": [{"type": "Hashtag", "name": "#new"}],
    }  # fmt: skip
    assert await verdict(server, followed, followed.does("Update", edited)) == ActivityState.DONE
    post = await get_post(server, note["id"])
    assert (post.content, post.spoiler_text) == ("<p>new</p>", "cw")
    assert post.edited_at is not None
    async with server.ctx.db.read() as tx:
        assert list((await tx.execute(select(PostTag.name))).scalars()) == ["new"]
        assert list((await tx.execute(select(Attachment.description))).scalars()) == ["a blue boat"]


@pytest.mark.parametrize("updated", [None, "2026-01-02T03:04:05Z", "2026-01-01T00:00:00Z", "nonsense"])
async def test_an_edit_that_is_not_newer_changes_nothing(
    server: Server, followed: RemoteActor, updated: str | None
) -> None:
    note = await created(server, followed)
    edited = note | {"updated": updated, "content": "<p>older</p>"}
    await verdict(server, followed, followed.does("Update", edited))
    post = await get_post(server, note["id"])
    assert (post.content, post.edited_at) == ("<p>hello</p>", None)


async def test_edits_count_in_the_order_of_their_making(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed)
    newer = note | {"updated": "2026-03-01T00:00:00Z", "content": "<p>newer</p>"}
    older = note | {"updated": "2026-02-01T00:00:00Z", "content": "<p>older</p>"}
    await verdict(server, followed, followed.does("Update", newer))
    assert await verdict(server, followed, followed.does("Update", older)) == ActivityState.IGNORED
    assert (await get_post(server, note["id"])).content == "<p>newer</p>"


async def test_an_edit_widens_no_audience(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, to=[f"{followed.iri}/followers"], cc=[])
    assert (await get_post(server, note["id"])).visibility == "private"
    edited = note | {"updated": "2026-02-01T00:00:00Z", "to": [PUBLIC]}
    await verdict(server, followed, followed.does("Update", edited))
    assert (await get_post(server, note["id"])).visibility == "private"


async def test_nobody_edits_another_persons_post(
    server: Server, followed: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    note = await created(server, followed)
    carol = remote.person("carol")
    evil = RemoteServer(server.network, host="evil.test").person("mallory")
    for thief in (carol, evil):
        await looking.follow(server, alice, thief)
        edited = note | {"updated": "2026-02-01T00:00:00Z", "content": "<p>stolen</p>"}
        assert await verdict(server, thief, thief.does("Update", edited)) == ActivityState.REFUSED
        claimed = edited | {"attributedTo": thief.iri}
        assert await verdict(server, thief, thief.does("Update", claimed)) != ActivityState.DONE
    assert (await get_post(server, note["id"])).content == "<p>hello</p>"


async def test_nobody_edits_a_post_of_ours_from_elsewhere(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    mine = await write(server, alice)
    edited = followed.note() | {"id": mine.iri, "updated": rfc3339(server.clock() + timedelta(days=1))}
    assert await verdict(server, followed, followed.does("Update", edited)) == ActivityState.REFUSED
    assert "hello" in (await get_post(server, mine.iri)).content


async def test_an_edit_of_what_is_not_known_is_ignored(server: Server, followed: RemoteActor) -> None:
    edited = followed.note(updated="2026-02-01T00:00:00Z")
    assert await verdict(server, followed, followed.does("Update", edited)) == ActivityState.IGNORED
    assert await find_post(server, edited["id"]) is None


async def test_a_profile_is_fetched_anew_and_the_copy_is_only_a_hint(
    server: Server, followed: RemoteActor
) -> None:
    followed.home.serve(followed.iri, followed.doc | {"name": "Robert"})
    forged = followed.doc | {"name": "Forged", "inbox": "https://third.test/inbox"}
    assert await verdict(server, followed, followed.does("Update", forged)) == ActivityState.DONE
    account = await looking.get_account(server, followed.iri)
    assert (account.display_name, account.inbox) == ("Robert", f"{followed.iri}/inbox")


async def test_nobody_updates_another_persons_profile(
    server: Server, followed: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    carol = remote.person("carol")
    await looking.follow(server, alice, carol)
    remote.asked.clear()
    forged = followed.doc | {"name": "Forged"}
    assert await verdict(server, carol, carol.does("Update", forged)) == ActivityState.IGNORED
    assert (await looking.get_account(server, followed.iri)).display_name == "Bob"


# --- Delete ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "tombstone", "whole"])
async def test_a_deleted_post_is_gone_with_all_that_hangs_on_it(
    server: Server, followed: RemoteActor, alice: Account, form: str
) -> None:
    note = await created(server, followed, attachment=[PICTURE])
    objects = {"id": note["id"], "tombstone": {"id": note["id"], "type": "Tombstone"}, "whole": note}
    assert await verdict(server, followed, followed.does("Delete", objects[form])) == ActivityState.DONE
    assert await find_post(server, note["id"]) is None
    assert await looking.home(server, alice) == []
    assert await looking.count(server, Attachment) == 0
    assert await looking.count(server, Tombstone, Tombstone.iri == note["id"]) == 1
    assert (await looking.get_account(server, followed.iri)).statuses_count == 0


async def test_a_deleted_post_does_not_come_back(server: Server, followed: RemoteActor) -> None:
    note = followed.note()
    assert await verdict(server, followed, followed.does("Delete", note["id"])) == ActivityState.DONE
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.IGNORED
    assert await find_post(server, note["id"]) is None


async def test_nothing_is_fetched_for_a_post_that_was_deleted_before_it_came(
    server: Server, followed: RemoteActor
) -> None:
    otto = RemoteServer(server.network, host="third.test").person("otto")
    note = followed.note(quote=otto.note()["id"])
    await verdict(server, followed, followed.does("Delete", note["id"]))
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.IGNORED
    assert otto.home.asked == []


async def test_a_post_that_is_deleted_meanwhile_is_not_kept(server: Server, followed: RemoteActor) -> None:
    activity = activities.parse(followed.creates(followed.note()))
    assert isinstance(activity, activities.Create)
    effect = await create.handle(server.ctx, Received(activity=activity, budget=Budget()))
    await verdict(server, followed, followed.does("Delete", activity.object_id))
    with pytest.raises(Ignored, match="deleted"):
        async with server.ctx.db.write() as tx:
            await effect(tx)


async def test_who_is_not_known_here_cannot_be_deleted(server: Server, bob: RemoteActor) -> None:
    activity = activities.parse(bob.does("Delete", bob.iri))
    assert isinstance(activity, activities.Delete)
    effect = await delete.handle(server.ctx, Received(activity=activity, budget=Budget()))
    with pytest.raises(Ignored, match="not known"):
        async with server.ctx.db.write() as tx:
            await effect(tx)


async def test_nobody_deletes_another_persons_post(
    server: Server, followed: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    note = await created(server, followed)
    mine = await write(server, alice)
    for thief in (remote.person("carol"), RemoteServer(server.network, host="evil.test").person("m")):
        await looking.follow(server, alice, thief)
        for iri in (note["id"], mine.iri, alice.iri, followed.iri):
            assert await verdict(server, thief, thief.does("Delete", iri)) == ActivityState.REFUSED
    for iri in (note["id"], mine.iri):
        assert await find_post(server, iri) is not None
    assert await looking.find_account(server, followed.iri) is not None
    assert await looking.count(server, Tombstone) == 0


async def test_another_server_cannot_forbid_a_post_beforehand(server: Server, followed: RemoteActor) -> None:
    note = followed.note()
    evil = RemoteServer(server.network, host="evil.test").person("mallory")
    await looking.meet(server, evil)
    assert await verdict(server, evil, evil.does("Delete", note["id"])) == ActivityState.REFUSED
    assert await verdict(server, followed, followed.creates(note)) == ActivityState.DONE


async def test_an_account_that_is_gone_takes_everything_along(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    mine = await write(server, alice)
    await created(server, followed, inReplyTo=mine.iri)
    for activity in (
        followed.does("Follow", alice.iri),
        followed.does("Like", mine.iri),
        followed.does("Announce", mine.iri, to=[PUBLIC]),
    ):
        assert await verdict(server, followed, activity) == ActivityState.DONE
    post = await get_post(server, mine.iri)
    assert (post.replies_count, post.favourites_count, post.reblogs_count) == (1, 1, 1)

    assert await verdict(server, followed, followed.does("Delete", followed.iri)) == ActivityState.DONE
    post = await get_post(server, mine.iri)
    assert (post.replies_count, post.favourites_count, post.reblogs_count) == (0, 0, 0)
    me = await looking.get_account(server, alice.iri)
    assert (me.followers_count, me.following_count) == (0, 0)
    assert await looking.find_account(server, followed.iri) is None
    assert await looking.home(server, alice) == [mine.iri]
    assert await looking.told(server, alice) == []


async def test_an_account_that_is_gone_does_not_come_back(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    await verdict(server, followed, followed.does("Delete", followed.iri))
    assert await verdict(server, followed, followed.does("Follow", alice.iri)) == ActivityState.REFUSED
    assert await looking.find_account(server, followed.iri) is None
