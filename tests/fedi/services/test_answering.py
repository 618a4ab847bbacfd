"""The generator's account: it answers whoever asks, where they ask, once, and nobody else ever."""

from typing import Any

import pytest
from sqlalchemy import delete, select

from fedi.models import Account, Attachment, Block, Door, Generation, GenerationState, Mention, Post
from fedi.queries import posts as find_post
from fedi.services import answering, generating, generator, posting
from fedi.services.posting import NewPost
from media.errors import ModelMissingError
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.fedi.services.studio import Easel, equip
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def easel(server: Server) -> Easel:
    made = Easel()
    equip(server, engine=made)
    return made


@pytest.fixture
async def town(server: Server, easel: Easel) -> Town:
    return await with_bot(server)


async def with_bot(server: Server) -> Town:
    async with server.ctx.db.write() as tx:
        bot = await generator.ensure(server.ctx, tx)
    assert bot is not None
    return Town(server, people={"imagine": bot})


async def answers(town: Town) -> list[Post]:
    """Return what the bot has said, oldest first."""
    async with town.server.ctx.db.read() as tx:
        said = select(Post).where(Post.account_id == town.people["imagine"].id).order_by(Post.id)
        return list((await tx.execute(said)).scalars())


async def asks(town: Town, who: str = "alice", text: str = "@imagine a lighthouse", **how: Any) -> Post:
    post = await town.posts(who, text, **how)
    await town.server.work("default", "gpu")
    return post


async def strangers_post(town: Town, who: str, text: str = "a lighthouse", **columns: Any) -> Post:
    """Have somebody elsewhere mention the bot, as the inbox would have kept it."""
    made = {
        "content": f'<p><a href="https://fedi.test/@imagine">@<span>imagine</span></a> {text}</p>',
        **columns,
    }
    post = await town.keeps(who, **made)
    async with town.server.ctx.db.write() as tx:
        tx.add(Mention(post_id=post.id, account_id=town.people["imagine"].id))
        await generator.hear(town.server.ctx, tx, post=post, named=[town.people["imagine"]])
    await town.server.work("default", "gpu")
    return post


# Answering


async def test_a_mention_is_answered_with_the_picture(town: Town, easel: Easel) -> None:
    asked = await asks(town, text="@imagine a lighthouse in fog for @bob --seed 7", spoiler_text="light")
    [answer] = await answers(town)
    assert (answer.in_reply_to_id, answer.visibility, answer.spoiler_text) == (asked.id, "unlisted", "light")
    assert answer.source == (
        "@alice a lighthouse in fog for\n\n"
        "AI-generated image, made with fedi (painted). #AIart #AIGenerated\n\n"
        "Answer with: again, wider, taller, square, no text."
    )
    async with town.server.ctx.db.read() as tx:
        view = await find_post.load_one(tx, answer.id)
    assert view is not None
    assert [who.username for who in view.mentions] == ["alice"]
    assert set(view.tags) == {"aiart", "aigenerated"}
    [picture] = view.attachments
    assert picture.description == "A lighthouse in fog for. AI-generated image."
    assert answer.digital_source_type == picture.digital_source_type is not None
    assert answer.recipe is not None
    assert (answer.recipe["asked_by"], answer.recipe["seed"], easel.asked[0].seed) == ("alice", 7, 7)
    assert "mention" in await looking.told(town.server, town.people["alice"])
    row = await looking.first(town.server, Generation)
    assert (row.door, row.state, row.post_id, row.account_id) == (
        Door.MENTION, "done", answer.id, town.people["alice"].id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("public", "unlisted"), ("unlisted", "unlisted"), ("private", "direct"), ("direct", "direct")],
)
async def test_an_answer_is_as_visible_as_the_question_and_never_public(
    town: Town, asked: str, answered: str
) -> None:
    if asked == "private":
        await town.follows("imagine", "alice")
    await asks(town, visibility=asked)
    assert [post.visibility for post in await answers(town)] == [answered]


async def test_a_conversation_about_a_picture(town: Town, easel: Easel) -> None:
    await asks(town, text="@imagine a boat --seed 7")
    for words in ("wider", "again, no text", "how lovely", "draw a tree"):
        last = (await answers(town))[-1]
        await asks(town, "bob", f"@imagine @alice {words}", in_reply_to_id=last.id)
    boat, wider, again, tree = easel.asked
    assert (wider.seed, wider.prompt, wider.width_px) == (7, "a boat", boat.width_px)
    assert (again.negative_prompt, again.seed == 7) == ("text", False)
    assert tree.prompt == "a tree"
    assert len(await answers(town)) == 4
    named = [post.source.split()[0] for post in await answers(town)]
    assert named == ["@alice", "@bob", "@bob", "@bob"]


async def test_people_who_talk_under_a_question_are_left_alone(town: Town, easel: Easel) -> None:
    question = await asks(town)
    await asks(town, "bob", "@alice @imagine what a nice idea", in_reply_to_id=question.id)
    assert len(await answers(town)) == 1
    elsewhere = await town.posts("bob", "I would like to see a lighthouse")
    await asks(town, "alice", "@bob @imagine a lighthouse", in_reply_to_id=elsewhere.id)
    assert [post.source.split()[0] for post in await answers(town)] == ["@alice", "@alice"]


async def test_each_question_is_answered_once(town: Town, easel: Easel) -> None:
    post = await asks(town)
    for _ in range(2):
        async with town.server.ctx.db.write() as tx:
            await generator.hear(town.server.ctx, tx, post=post, named=[town.people["imagine"]])
        await town.server.work("default", "gpu")
    assert len(easel.asked) == len(await answers(town)) == 1


async def test_somebody_of_another_server_is_answered(town: Town, easel: Easel) -> None:
    await strangers_post(town, "eve@far.test", "a lighthouse —tall")
    [answer] = await answers(town)
    assert answer.source.startswith("@eve@far.test a lighthouse\n")
    assert (easel.asked[0].prompt, easel.asked[0].height_px) == ("a lighthouse", 64)
    [(create, to)] = [one for one in await town.outgoing() if one[0]["type"] == "Create"]
    assert [tag["href"] for tag in create["object"]["tag"] if tag["type"] == "Mention"] == [
        "https://far.test/users/eve"
    ]
    assert to


# Who is not answered


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "Service"}, {"note": "<p>no bots please: #NoBot</p>"},
        {"fields": [{"name": "bots", "value": "#nobot"}]},
        {"silenced": True}, {"suspended": True}, {"blocks": True}, {"blocked": True},
    ],
    ids=lambda about: next(iter(about)),
)  # fmt: skip
async def test_some_get_no_answer_at_all(town: Town, easel: Easel, about: dict[str, Any]) -> None:
    eve, bot = await town.one("eve@far.test"), town.people["imagine"]
    async with town.server.ctx.db.write() as tx:
        row = await tx.get_one(Account, eve.id)
        for name in ("kind", "note", "fields"):
            setattr(row, name, about.get(name, getattr(row, name)))
        row.silenced_at = town.server.clock() if "silenced" in about else None
        row.suspended_at = town.server.clock() if "suspended" in about else None
        sides = {"blocks": (eve.id, bot.id), "blocked": (bot.id, eve.id)}
        for name in sides.keys() & about.keys():
            who, whom = sides[name]
            tx.add(
                Block(
                    id=1,
                    account_id=who,
                    target_id=whom,
                    iri="https://far.test/b",
                    created_at=town.server.clock(),
                )
            )
    await strangers_post(town, "eve@far.test")
    assert (easel.asked, await answers(town), await looking.count(town.server, Generation)) == ([], [], 0)


async def test_who_blocks_it_while_it_draws_is_not_answered(town: Town, easel: Easel) -> None:
    async def blocked() -> None:
        async with town.server.ctx.db.write() as tx:
            tx.add(
                Block(
                    id=1, account_id=town.people["alice"].id, target_id=town.people["imagine"].id,
                    iri="https://fedi.test/b", created_at=town.server.clock(),
                )
            )  # fmt: skip

    easel.meanwhile = blocked
    await asks(town)
    await town.server.work()
    assert await answers(town) == []
    assert (await looking.first(town.server, Generation)).state == GenerationState.CANCELLED
    assert await looking.count(town.server, Attachment) == 0


async def test_a_question_that_was_deleted_is_not_answered(town: Town, easel: Easel) -> None:
    async def deleted() -> None:
        async with town.server.ctx.db.write() as tx:
            await tx.execute(delete(Post).where(Post.account_id == town.people["alice"].id))

    easel.meanwhile = deleted
    await asks(town)
    assert await answers(town) == []
    await town.server.work()
    assert (await looking.first(town.server, Generation)).state == GenerationState.CANCELLED


async def test_the_bot_does_not_talk_to_itself_nor_is_a_person_of_its_name_it(
    town: Town, easel: Easel, make_server: MakeServer
) -> None:
    await asks(town, "imagine", "@imagine a cat")
    assert easel.asked == []
    other = await make_server("https://other.test")
    person = await other.person("imagine")
    async with other.ctx.db.write() as tx:
        assert await generator.ensure(other.ctx, tx) is None
    await Town(other, people={"imagine": person}).posts("alice", "@imagine a cat")
    await other.work()
    assert await looking.count(other, Generation) == 0


# Refusals


async def test_bad_words_and_bad_numbers_are_answered_between_the_two(town: Town, easel: Easel) -> None:
    await asks(town, text="@imagine a nude child")
    await asks(town, text="@imagine a boat --steps 900")
    first, second = await answers(town)
    assert first.source == "@alice Pictures that sexualise minors are never made here."
    assert second.source == "@alice The number of steps must be a whole number from 1 to 100."
    assert {first.visibility, second.visibility} == {"direct"}
    assert easel.asked == []


async def test_what_cannot_be_drawn_is_told_with_its_reason(town: Town, easel: Easel) -> None:
    easel.troubles = [ModelMissingError()]
    await asks(town)
    [answer] = await answers(town)
    assert answer.visibility == "direct"
    assert (
        answer.source
        == "@alice Could not draw “a lighthouse”: The image model is not installed on this server."
    )


async def test_a_limit_is_told_once_and_ends_with_its_hour(make_server: MakeServer) -> None:
    server = await make_server(asks_per_hour=2)
    easel = Easel()
    equip(server, engine=easel)
    town = await with_bot(server)
    for _ in range(5):
        await asks(town)
    said = [post.source for post in await answers(town)]
    assert len(easel.asked) == 2
    assert said[2:] == ["@alice I draw 2 pictures an hour for one person. Please try later."]
    await asks(town, "bob")
    assert len(easel.asked) == 3
    server.clock.advance(answering.WINDOW.total_seconds() + 1)
    await asks(town)
    assert len(easel.asked) == 4


async def test_a_server_has_its_share_and_is_told_so_once(make_server: MakeServer) -> None:
    server = await make_server(asks_per_hour_per_server=2)
    easel = Easel()
    equip(server, engine=easel)
    town = await with_bot(server)
    for name in ("a", "b", "c", "d"):
        await strangers_post(town, f"{name}@far.test")
    assert len(easel.asked) == 2
    assert [post.source for post in await answers(town)][2:] == [
        "@c@far.test Your server has had its share of pictures for this hour. Please try later."
    ]
    await strangers_post(town, "a@near.test")
    await asks(town)
    assert len(easel.asked) == 4


async def test_who_has_too_many_in_the_making_is_told(
    town: Town, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generating, "OUTSTANDING_MAX", 1)
    for _ in range(2):
        await town.posts("alice", "@imagine a lighthouse")
        await town.server.work("default")
    assert [post.source for post in await answers(town)] == [
        "@alice You may have 1 pictures in the making; please wait until one is done."
    ]


# The account


async def test_the_account_is_made_once_and_names_who_answers_for_it(town: Town) -> None:
    server = town.server
    bot = town.people["imagine"]
    assert (bot.kind, bot.operator, bot.display_name) == ("Service", "fedi.test@fedi.test", "Imagine")
    await server.person("anna", password="long enough to pass", role="admin")  # type: ignore[arg-type] # as a word
    async with server.ctx.db.write() as tx:
        again = await generator.ensure(server.ctx, tx)
        assert again is not None
        assert (again.id, again.operator) == (bot.id, "anna@fedi.test")


async def test_there_need_be_none(make_server: MakeServer) -> None:
    server = await make_server(generator="")
    async with server.ctx.db.write() as tx:
        assert await generator.ensure(server.ctx, tx) is None
        assert await generator.account(server.ctx, tx) is None


async def test_its_answers_are_not_new_wishes(town: Town, easel: Easel) -> None:
    await asks(town, text="@imagine again")
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, town.people["alice"].id)
        new = NewPost(text="no names here", visibility="public")
        await posting.publish(town.server.ctx, tx, author=me, new=new)
    await town.server.work("default", "gpu")
    assert [one.prompt for one in easel.asked] == ["again"]
