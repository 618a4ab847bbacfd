"""Reactions by people here, and what is an emoji at all."""

from typing import Any

import pytest

from activitypub.objects.tag import Emoji
from fedi.errors import Refused
from fedi.models import Account, Peer, Post, Reaction
from fedi.queries import reactions as find
from fedi.services import interacting, reacting
from tests.fedi import looking
from tests.fedi.services.town import Town
from tests.servers import Server


@pytest.mark.parametrize(
    "text",
    ["🦊", "👍", "👍🏽", "❤️", "🇩🇪", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "1️⃣", "#⃣", "☕️", "🏳️‍🌈", "👁️‍🗨️", "⚡️"],
)
def test_one_emoji_is_one(text: str) -> None:
    assert reacting.one_emoji(text) == text
    assert reacting.one_emoji(f" {text} ") == text


@pytest.mark.parametrize(
    "text",
    ["", "a", "ab", "1", "#", "🦊🦊", "🦊a", "<b>", ":fox:", "\u200d", "🇩", "\ufe0f", "👍" * 500, "🦊\n🦊"],
)
def test_anything_else_is_none(text: str) -> None:
    assert reacting.one_emoji(text) is None


def test_the_same_emoji_in_two_spellings_is_one() -> None:
    assert (
        reacting.one_emoji("\u2764")
        == reacting.one_emoji("\u2764\ufe0f")
        == reacting.one_emoji("\u2764\ufe0e")
    )


@pytest.mark.parametrize("content", ["fox", ":fox:", ":fox@elsewhere.test:"])
def test_a_custom_emoji_goes_by_its_name_and_the_server_that_sent_it(content: str) -> None:
    emoji = Emoji(shortcode="fox", icon_url="https://remote.test/fox.png")
    assert reacting.named(content, emoji, "remote.test") == ("fox@remote.test", emoji.icon_url)


# --- what people here do --------------------------------------------------------------------------------------


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def react(town: Town, who: str, post: Post, name: str, *, back: bool = False) -> None:
    server, person = town.server, await town.one(who)
    async with server.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, person.id), await tx.get_one(Post, post.id)
        verb = reacting.unreact if back else reacting.react
        await verb(server.ctx, tx, account=me, post=held, name=name)


async def knows_reactions(server: Server, host: str) -> None:
    async with server.ctx.db.write() as tx:
        tx.add(Peer(host=host, first_seen_at=server.clock(), reacts=True))


async def said(town: Town) -> list[dict[str, Any]]:
    return [doc for doc, _ in await town.outgoing()]


@pytest.mark.anyio
async def test_an_author_here_is_told_and_nothing_goes_out(town: Town) -> None:
    post = await town.posts("alice")
    await react(town, "carol", post, "🦊")
    await react(town, "carol", post, "🦊")
    assert [doc["type"] for doc in await said(town)] == ["Create"]
    assert await looking.told(town.server, await town.one("alice")) == ["favourite"]
    await react(town, "carol", post, "🦊", back=True)
    assert await looking.told(town.server, await town.one("alice")) == []
    assert await looking.count(town.server, Reaction) == 0


@pytest.mark.anyio
async def test_a_server_that_knows_reactions_gets_one_and_its_end(town: Town) -> None:
    await knows_reactions(town.server, "far.test")
    post = await town.keeps("bob@far.test")
    await react(town, "carol", post, "🦊")
    await react(town, "carol", post, "🦊", back=True)
    react_doc, undo = await said(town)
    carol, bob = await town.one("carol"), await town.one("bob@far.test")
    assert (react_doc["type"], react_doc["content"]) == ("EmojiReact", "🦊")
    assert (react_doc["actor"], react_doc["object"]) == (carol.iri, post.iri)
    assert undo["object"] == {key: value for key, value in react_doc.items() if key != "@context"}
    payloads = [payload for _, payload in await town.outgoing()]
    assert [payload["account_ids"] for payload in payloads] == [[bob.id], [bob.id]]


@pytest.mark.anyio
async def test_any_other_server_gets_a_like_and_its_end(town: Town) -> None:
    post = await town.keeps("bob@far.test")
    await react(town, "carol", post, "🦊")
    await knows_reactions(town.server, "far.test")  # what went out decides what is taken back
    await react(town, "carol", post, "🦊", back=True)
    like, undo = await said(town)
    assert (like["type"], "content" in like) == ("Like", False)
    assert (undo["type"], undo["object"]["type"], undo["object"]["id"]) == ("Undo", "Like", like["id"])


@pytest.mark.anyio
async def test_to_a_server_that_knows_likes_only_one_stands_for_all(town: Town) -> None:
    server, post = town.server, await town.keeps("bob@far.test")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, (await town.one("carol")).id)
        await interacting.favourite(server.ctx, tx, account=me, post=post)
    await react(town, "carol", post, "🦊")
    await react(town, "carol", post, "🦊", back=True)
    assert [doc["type"] for doc in await said(town)] == ["Like"]


@pytest.mark.anyio
async def test_a_custom_emoji_is_used_where_somebody_used_it(town: Town) -> None:
    await knows_reactions(town.server, "far.test")
    server, post = town.server, await town.keeps("bob@far.test")
    other = await town.keeps("bob@far.test")
    dora = await town.one("dora@third.test")
    async with server.ctx.db.write() as tx:
        tx.add(
            Reaction(
                id=server.ctx.ids.next(), account_id=dora.id, post_id=post.id, name="fox@third.test",
                url="https://third.test/fox.png", iri="https://third.test/1", created_at=server.clock(),
            )
        )  # fmt: skip
    await react(town, "carol", post, ":fox@third.test:")
    (doc,) = await said(town)
    assert (doc["content"], doc["tag"][0]["name"]) == (":fox:", ":fox:")
    assert doc["tag"][0]["icon"]["url"] == "https://third.test/fox.png"
    with pytest.raises(Refused) as refusal:
        await react(town, "carol", other, "fox@third.test")
    assert refusal.value.status == 422


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["", "hello", ":fox:", "🦊🦊"])
async def test_what_is_no_emoji_is_refused(town: Town, name: str) -> None:
    post = await town.posts("alice")
    with pytest.raises(Refused) as refusal:
        await react(town, "carol", post, name)
    assert refusal.value.status == 422
    await react(town, "carol", post, name, back=True)


@pytest.mark.anyio
async def test_what_one_cannot_see_one_cannot_react_to(town: Town) -> None:
    post = await town.posts("alice", visibility="private")
    with pytest.raises(Refused) as refusal:
        await react(town, "carol", post, "🦊")
    assert refusal.value.status == 404


@pytest.mark.anyio
async def test_there_is_an_end_to_reacting(town: Town) -> None:
    post = await town.posts("alice")
    for number in range(reacting.REACTIONS_MAX):
        await react(town, "carol", post, chr(0x1F400 + number))
    with pytest.raises(Refused):
        await react(town, "carol", post, "🦊")
    await react(town, "carol", post, chr(0x1F400))
    assert await looking.count(town.server, Reaction) == reacting.REACTIONS_MAX


@pytest.mark.anyio
async def test_who_reacted_is_told_to_those_who_hear_of_them(town: Town) -> None:
    post = await town.posts("alice")
    for name, emoji in (("carol", "🦊"), ("dora", "🐺"), ("carol", "🐺")):
        await react(town, name, post, emoji)
    async with town.server.ctx.db.read() as tx:
        found = await find.who(tx, viewer_id=None, post_id=post.id, name=None)
        wolves = await find.who(tx, viewer_id=(await town.one("alice")).id, post_id=post.id, name="🐺")
    assert [(name, account.username) for name, account in found] == [
        ("🦊", "carol"), ("🐺", "dora"), ("🐺", "carol"),
    ]  # fmt: skip
    assert [account.username for _, account in wolves] == ["dora", "carol"]
