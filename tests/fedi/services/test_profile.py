"""Changing a profile, and what follows from it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import Account, Activity, Favourite, Follow, FollowState, Job, Login, Mention, Notification
from fedi.services import profile, renewing
from fedi.services.profile import Edit
from media.errors import BlobMissingError
from tests.fedi import looking
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def edit(town: Town, who: str = "anna", **wish: Any) -> Account:
    """Change somebody's profile."""
    ctx, person = town.server.ctx, await town.one(who)
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, person.id)
        await profile.edit(ctx, tx, account=me, wish=Edit(**wish))
        return me


async def later(town: Town) -> None:
    """Let the moment pass after which others are told, and do what is due."""
    town.server.clock.advance(renewing.COALESCE_S + 1)
    await town.server.work("default")


async def updates(town: Town) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(doc, payload) for doc, payload in await town.outgoing() if doc["type"] == "Update"]


async def jobs(town: Town, kind: str) -> int:
    return await looking.count(town.server, Job, Job.kind == kind)


# --- What is written -------------------------------------------------------------------------------------------


async def test_words_are_kept_as_typed_and_shown_as_html(town: Town) -> None:
    me = await edit(
        town,
        display_name="An\u202ena",
        note="I am @anna\n#sky <b>",
        fields=[("Site", "https://anna.test/"), ("Tag", "#sea"), ("", "x"), ("y", " ")],
    )
    assert me.display_name == "Anna"
    assert me.note_source == "I am @anna\n#sky <b>"
    assert 'class="mention hashtag"' in me.note
    assert "https://fedi.test/@anna" in me.note
    assert "<b>" not in me.note
    assert [(row["name"], row["source"], row["verified_at"]) for row in me.fields] == [
        ("Site", "https://anna.test/", None),
        ("Tag", "#sea", None),
    ]
    assert 'rel="me nofollow noopener noreferrer"' in me.fields[0]["value"]
    assert "<p>" not in me.fields[0]["value"]
    assert " me " not in me.fields[1]["value"]


async def test_what_is_not_wished_stays(town: Town) -> None:
    await edit(town, display_name="Anna", note="hello", locked=True, indexable=True, fields=[("a", "b")])
    me = await edit(town, discoverable=False)
    assert (me.display_name, me.note_source, me.locked, me.indexable) == ("Anna", "hello", True, True)
    assert (len(me.fields), me.discoverable) == (1, False)


async def test_an_empty_text_empties(town: Town) -> None:
    await edit(town, display_name="Anna", note="hello", fields=[("a", "b")])
    me = await edit(town, display_name="", note="", fields=[])
    assert (me.display_name, me.note, me.fields) == ("", "", [])


@pytest.mark.parametrize(
    "wish",
    [
        {"display_name": "x" * 31},
        {"note": "x" * 501},
        {"fields": [("a", "b")] * 5},
        {"fields": [("a" * 256, "b")]},
        {"fields": [("a", "b" * 256)]},
        {"avatar_description": "x" * 1501},
        {"header_description": "x" * 1501},
        {"attribution_domains": [f"site{number}.test" for number in range(101)]},
        {"attribution_domains": ["not a domain"]},
        {"attribution_domains": ["localhost"]},
        {"visibility": "direct"},
        {"visibility": "loud"},
        {"quote_policy": "everyone"},
    ],
    ids=str,
)
async def test_what_is_beyond_a_limit_is_refused_and_changes_nothing(
    town: Town, wish: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refusal:
        await edit(town, **{"note": "changed"} | wish)
    assert refusal.value.status == 422
    assert (await looking.get_account(town.server, (await town.one("anna")).iri)).note == ""


async def test_at_the_limits_it_is_taken(town: Town) -> None:
    me = await edit(
        town,
        display_name="x" * 30,
        note="x" * 500,
        fields=[("a" * 255, "b" * 255)] * 4,
        attribution_domains=["https://Blog.test/me", "*.news.test", "blog.test"],
    )
    assert (len(me.display_name), len(me.note_source), len(me.fields)) == (30, 500, 4)
    assert me.attribution_domains == ["blog.test", "news.test"]


async def test_defaults_of_posts_are_the_logins(town: Town) -> None:
    town.people["anna"] = await town.server.person("anna", password="long enough")
    await edit(
        town,
        visibility="private",
        sensitive=True,
        language="de",
        quote_policy="nobody",
        tells_of_blocks=False,
    )
    async with town.server.ctx.db.read() as tx:
        login = await tx.get_one(Login, town.people["anna"].id)
    assert (login.default_visibility, login.default_sensitive, login.default_language) == (
        "private",
        True,
        "de",
    )
    assert (login.default_quote_policy, login.tells_of_blocks) == ("nobody", False)
    await edit(town, language="")
    async with town.server.ctx.db.read() as tx:
        assert (await tx.get_one(Login, login.account_id)).default_language is None
    assert await jobs(town, "announce_profile") == 0, "others need not know"


async def test_who_calls_their_account_a_bot_answers_for_it(town: Town) -> None:
    me = await edit(town, bot=True)
    assert (me.kind, me.operator) == ("Service", "anna@fedi.test")
    me = await edit(town, bot=False)
    assert (me.kind, me.operator) == ("Person", None)


async def test_a_bot_keeps_who_answers_for_it(town: Town) -> None:
    town.people["painter"] = await town.server.person("painter", bot=True)
    me = await edit(town, "painter", bot=True, display_name="Painter")
    assert (me.kind, me.operator) == ("Service", "operator@fedi.test")


async def test_pictures_come_with_what_they_show_and_the_old_ones_go_after_a_day(town: Town) -> None:
    ctx = town.server.ctx
    first, second = [await ctx.blobs.put(data, "image/png") for data in (b"first", b"second")]
    me = await edit(town, avatar_key=first, avatar_description=" a face ", header_key=second)
    assert (me.avatar_key, me.avatar_description, me.header_key) == (first, "a face", second)
    me = await edit(town, avatar_key="", header_key=first)
    assert (me.avatar_key, me.avatar_description) == (None, "")
    town.server.clock.advance(renewing.REPLACED_PICTURE_S + 1)
    await town.server.work("default")
    assert (await ctx.blobs.open(first)).size_bytes == 5, "the header shows it now"
    with pytest.raises(BlobMissingError):
        await ctx.blobs.open(second)


# --- Who is told -----------------------------------------------------------------------------------------------


async def test_edits_within_a_moment_are_told_once_as_they_are_then(town: Town) -> None:
    await edit(town, display_name="Ann")
    await edit(town, note="hello")
    await edit(town, display_name="Anna")
    assert await updates(town) == []
    await later(town)
    ((doc, payload),) = await updates(town)
    anna = await town.one("anna")
    assert (doc["actor"], doc["to"], doc["object"]["id"]) == (anna.iri, [PUBLIC], anna.iri)
    assert (doc["object"]["name"], doc["object"]["summary"]) == ("Anna", "<p>hello</p>")
    assert (payload["followers_of"], payload["order_on"]) == (anna.id, anna.iri)
    await edit(town, display_name="Anne")
    await later(town)
    assert len(await updates(town)) == 2


async def test_an_edit_that_changes_nothing_is_not_told(town: Town) -> None:
    await edit(town, display_name="Anna")
    await later(town)
    await edit(town, display_name="Anna")
    await later(town)
    assert len(await updates(town)) == 1


async def test_servers_that_had_to_do_with_it_lately_are_told_once_each(town: Town) -> None:
    mine = await town.posts("anna")
    now = town.server.clock()
    await town.keeps("replier@one.test", in_reply_to_id=mine.id)
    await town.keeps("booster@two.test", reblog_of_id=mine.id)
    letter = await town.keeps("writer@three.test")
    await town.keeps("again@one.test", in_reply_to_id=mine.id)
    await town.keeps("local", in_reply_to_id=mine.id)
    await town.keeps("old@five.test", in_reply_to_id=mine.id, created_at=now - timedelta(days=31))
    await town.keeps("stranger@six.test")
    liker, anna = await town.one("liker@four.test"), await town.one("anna")
    async with town.server.ctx.db.write() as tx:
        tx.add(Mention(post_id=letter.id, account_id=anna.id))
        tx.add(Favourite(id=1, account_id=liker.id, post_id=mine.id, iri="x", created_at=now))
    await edit(town, display_name="Anna")
    await later(town)
    _, payload = (await updates(town))[-1]
    hosts = {name for name, person in town.people.items() if person.id in payload["account_ids"]}
    assert hosts == {"replier@one.test", "booster@two.test", "writer@three.test", "liker@four.test"}


async def test_nobody_is_told_of_who_was_suspended_meanwhile(town: Town) -> None:
    me = await edit(town, display_name="Anna")
    async with town.server.ctx.db.write() as tx:
        (await tx.get_one(Account, me.id)).suspended_at = town.server.clock()
    await later(town)
    assert await updates(town) == []
    assert await jobs(town, "announce_profile") == 0


# --- Who waits -------------------------------------------------------------------------------------------------


async def waiting(town: Town) -> dict[str, str]:
    names = {person.id: name for name, person in town.people.items()}
    async with town.server.ctx.db.read() as tx:
        return {names[row.account_id]: row.state for row in (await tx.execute(select(Follow))).scalars()}


async def test_who_waits_is_let_in_when_the_account_opens(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "ADMITTED_AT_ONCE", 2)
    await edit(town, locked=True)
    people = ("ben", "bob@far.test", "carl@far.test", "loud@far.test")
    for name in people:
        await town.follows(name, "anna", FollowState.PENDING)
    async with town.server.ctx.db.write() as tx:
        (await tx.get_one(Account, town.people["loud@far.test"].id)).silenced_at = town.server.clock()
    await edit(town, locked=False)
    await town.server.work("default")
    assert await waiting(town) == {
        "ben": FollowState.ACCEPTED,
        "bob@far.test": FollowState.ACCEPTED,
        "carl@far.test": FollowState.ACCEPTED,
        "loud@far.test": FollowState.PENDING,
    }
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(select(Activity.raw).where(Activity.kind == "Accept"))
        answered = {json.loads(raw)["object"]["actor"] for raw in rows.scalars()}
    assert answered == {town.people[name].iri for name in ("bob@far.test", "carl@far.test")}
    assert await looking.count(town.server, Notification, Notification.kind == "follow_request") == 0


async def test_who_waits_goes_on_waiting_when_it_was_locked_again(town: Town) -> None:
    await edit(town, locked=True)
    await town.follows("ben", "anna", FollowState.PENDING)
    await edit(town, locked=False)
    await edit(town, locked=True)
    await town.server.work("default")
    assert await waiting(town) == {"ben": FollowState.PENDING}
