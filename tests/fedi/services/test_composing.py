"""What a client posts: a post, or a wish for a picture, and once for each key."""

from typing import Any

import pytest
from sqlalchemy import select

from fedi.errors import Refused
from fedi.models import Account, Idempotency, Mention, Post, PostState
from fedi.services import composing, imagining
from fedi.services.composing import STRANGERS_MAX
from fedi.services.posting import NewPost
from tests.fedi.looking import count
from tests.fedi.remote import RemoteServer
from tests.fedi.services.studio import Easel, equip
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(server: Server) -> Town:
    equip(server, engine=Easel())
    return Town(server)


async def compose(town: Town, text: str, who: str = "alice", *, key: str | None = None, **more: Any) -> Post:
    """Post what somebody typed into a client."""
    author = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = NewPost(**{"text": text, "visibility": "public", **more})
        return await composing.compose(town.server.ctx, tx, author=me, new=new, idempotency_key=key)


async def refusal(question: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await question
    return refused.value.status, refused.value.text


# The command


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("/imagine a red boat", "a red boat"),
        ("  /imagine   a red boat  ", "a red boat"),
        ("/imagine\na red boat\nat sunset", "a red boat at sunset"),
        ("/imagine\ta red boat", "a red boat"),
        ("/Imagine a red boat", "a red boat"),
    ],
)
async def test_the_command_asks_for_a_picture(town: Town, text: str, prompt: str) -> None:
    draft = await compose(town, text)
    assert draft.state == PostState.DRAFT
    assert draft.source == f"/imagine {prompt}"


@pytest.mark.parametrize("text", ["/imagine", " /imagine \n"])
async def test_the_command_alone_is_refused(town: Town, text: str) -> None:
    status, told = await refusal(compose(town, text))
    assert (status, "the prompt is empty" in told) == (422, True)


@pytest.mark.parametrize(
    "text", ["/imagined worlds", "/imagin a boat", "try /imagine a boat", "imagine a boat", "/ imagine"]
)
async def test_other_words_are_words(town: Town, text: str) -> None:
    post = await compose(town, text)
    assert (post.state, post.source) == (PostState.PUBLISHED, text)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("//imagine a red boat", "/imagine a red boat"),
        ("//imagine", "/imagine"),
        ("\n//imagine a red boat", "/imagine a red boat"),
        ("//imagined worlds", "//imagined worlds"),
        ("// a comment", "// a comment"),
    ],
)
async def test_two_slashes_write_about_the_command_and_change_nothing_else(
    town: Town, text: str, source: str
) -> None:
    post = await compose(town, text)
    assert (post.state, post.source.strip()) == (PostState.PUBLISHED, source)


# Idempotency


async def test_the_same_key_gives_the_same_post(town: Town) -> None:
    first = await compose(town, "hello", key="k")
    assert (await compose(town, "hello", key="k")).id == first.id
    assert (await compose(town, "other words", key="k")).id == first.id
    assert await count(town.server, Post) == 1


async def test_another_key_or_none_gives_another_post(town: Town) -> None:
    posts = [await compose(town, "hello", key=key) for key in ("k", "l", None, None, "")]
    assert len({post.id for post in posts}) == 5


async def test_the_same_key_of_somebody_else_is_another(town: Town) -> None:
    first = await compose(town, "hello", key="k")
    assert (await compose(town, "hello", "bob", key="k")).id != first.id


async def test_a_key_whose_request_was_refused_can_be_used_again(town: Town) -> None:
    await refusal(compose(town, "", key="k"))
    assert await count(town.server, Idempotency) == 0
    await compose(town, "hello", key="k")


async def test_a_key_leads_from_the_draft_to_the_post(town: Town) -> None:
    draft = await compose(town, "/imagine a boat", key="k")
    assert (await compose(town, "/imagine a boat", key="k")).id == draft.id
    await town.server.work("gpu")
    post = await compose(town, "/imagine a boat", key="k")
    assert post.id > draft.id
    assert post.state == PostState.PUBLISHED
    assert await count(town.server, Post) == 1


async def test_a_key_does_not_bring_back_what_was_deleted(town: Town) -> None:
    post = await compose(town, "hello", key="k")
    await town.deletes("alice", post)
    assert (await refusal(compose(town, "hello", key="k")))[0] == 404
    assert await count(town.server, Post) == 0


async def test_a_key_that_is_too_long_is_refused(town: Town) -> None:
    await compose(town, "hello", key="k" * 255)
    status, told = await refusal(compose(town, "hello", key="k" * 256))
    assert (status, "255 characters" in told) == (422, True)


# People who are not known yet


async def test_strangers_who_are_mentioned_are_looked_up(town: Town, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    await composing.meet_mentioned(town.server.ctx, "hi @bob@remote.test and @alice and @x@fedi.test")
    asked = len(remote.asked)
    assert asked
    await compose(town, "hi @bob@remote.test", visibility="direct")
    async with town.server.ctx.db.read() as tx:
        found = select(Account.iri).join(Mention, Mention.account_id == Account.id)
        assert list((await tx.execute(found)).scalars()) == [bob.iri]
    await composing.meet_mentioned(town.server.ctx, "hi again @bob@remote.test")
    assert len(remote.asked) == asked


async def test_who_cannot_be_found_stays_plain_text(town: Town, remote: RemoteServer) -> None:
    await composing.meet_mentioned(town.server.ctx, "hi @nobody@remote.test and @x@down.test")
    post = await compose(town, "hi @nobody@remote.test")
    assert await count(town.server, Mention) == 0
    assert "@nobody@remote.test" in post.content


async def test_a_post_makes_us_ask_a_few_servers_only(town: Town) -> None:
    await composing.meet_mentioned(town.server.ctx, " ".join(f"@u@h{n}.test" for n in range(20)))
    assert len({request.url.host for request in town.server.network.requests}) == STRANGERS_MAX


async def test_the_drawing_gets_what_the_client_said(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = await compose(
        town,
        "/imagine a boat",
        visibility="unlisted",
        spoiler_text="boats",
        language="de",
        attachment_ids=[1, 2],
    )
    await town.server.work("gpu")
    async with town.server.ctx.db.read() as tx:
        post = (await tx.execute(select(Post))).scalar_one()
        assert await imagining.trouble_of(tx, draft.id) is None
    assert (post.visibility, post.spoiler_text, post.language) == ("unlisted", "boats", "de")
