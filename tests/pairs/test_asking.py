"""Asking for a picture from another server, and getting it there."""

import pytest
from sqlalchemy import select

from fedi.models import Account, Attachment, Block, Generation, Post
from fedi.outbound import resolve
from fedi.services import blocking, composing, generator, posting
from tests.fedi import looking
from tests.fedi.services.studio import Easel, equip
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def say(server: Server, author: Account, text: str, **more: object) -> Post:
    await composing.meet_mentioned(server.ctx, text)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": text, "visibility": "public", **more})  # type: ignore[arg-type] # as named
        return await composing.compose(server.ctx, tx, author=me, new=new)


async def heard(server: Server) -> list[Post]:
    """Return what this server has of the other's, oldest first."""
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Post).where(~Post.local).order_by(Post.id))).scalars())


async def test_a_picture_is_asked_for_elsewhere_and_asked_for_again(pair: Pair) -> None:
    easel = Easel()
    equip(pair.a, engine=easel)
    async with pair.a.ctx.db.write() as tx:
        await generator.ensure(pair.a.ctx, tx)
    alice = await pair.b.person("alice")

    # Given somebody of another server who mentions the bot, in a direct message,
    await say(pair.b, alice, "@imagine@a.test a lighthouse in fog —wide", visibility="direct")
    await pair.settle()

    # then the picture comes back to them, and to nobody else,
    [answer] = await heard(pair.b)
    assert (answer.visibility, easel.asked[0].prompt) == ("direct", "a lighthouse in fog")
    assert await looking.told(pair.b, alice) == ["mention"]
    async with pair.b.ctx.db.read() as tx:
        [picture] = (await tx.execute(select(Attachment))).scalars()
    assert picture.remote_url is not None
    assert picture.description == "A lighthouse in fog. AI-generated image."
    assert (picture.digital_source_type or "").endswith("trainedAlgorithmicMedia")

    # and an answer in a word brings the next one,
    await say(pair.b, alice, "@imagine@a.test again", visibility="direct", in_reply_to_id=answer.id)
    await pair.settle()
    assert [one.prompt for one in easel.asked] == ["a lighthouse in fog"] * 2
    assert easel.asked[0].seed != easel.asked[1].seed
    assert len(await heard(pair.b)) == 2

    # until they block it.
    bot = await resolve.handle(pair.b.ctx, "imagine@a.test")
    async with pair.b.ctx.db.write() as tx:
        me, other = await tx.get_one(Account, alice.id), await tx.get_one(Account, bot.id)
        await blocking.block(pair.b.ctx, tx, account=me, target=other)
    await pair.settle()
    assert await looking.count(pair.a, Block) == 1
    await say(pair.b, alice, "@imagine@a.test a tree")
    await pair.settle()
    assert (len(easel.asked), await looking.count(pair.a, Generation)) == (2, 2)
