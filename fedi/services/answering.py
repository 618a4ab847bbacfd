"""What the generator's account makes of posts that mention it, from here and from other servers.

It answers whoever asked and nobody else, where they asked: what is public is answered unlisted, so that it
does not flood timelines, and what is for followers is answered directly, since its own followers are others.
Each post is taken up once, however often it is delivered. Limits hold for an actor and for all of a server;
whoever meets one is told once, and after that there is silence. Nobody who blocked it, is limited here, asks
bots to stay away (`#nobot`) or is a bot gets any answer at all: two bots would talk for ever.

Source: how bots that draw on request behave; "#nobot", a convention among bots in the fediverse.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fedi import text
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Attachment, Door, Generation, GenerationState, Post, PostState
from fedi.queries import generations as find
from fedi.queries.posts import mentioned_in
from fedi.queries.visibility import can_see, is_told
from fedi.services import generating, generator, labelling, posting, wishes, wording
from fedi.services.sharing import choose, shared
from media.alt import AI_SENTENCE
from media.provenance import TRAINED_ALGORITHMIC_MEDIA
from media.request import ImageRequest

__all__ = ["deliver", "regret", "run"]

WINDOW = timedelta(hours=1)
"""Over which requests are counted."""

THINNED = {"public": "unlisted", "unlisted": "unlisted"}
"""How visible an answer is by what it answers; everything else is answered directly."""

ACTOR, SERVER = "actor", "server"
"""For whom a limit holds."""

NO_BOTS = "#nobot"
"""In a biography: bots are to stay away."""

log = get(__name__)


async def run(ctx: Context, job: queue.Claim) -> None:
    """Read a post that mentions the generator's account, and begin what it asks for."""
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)
        post = await tx.get(Post, job.payload["post_id"])
        bot = await generator.account(ctx, tx)
        if post is None or bot is None or post.state != PostState.PUBLISHED:
            return
        # Held, so that two posts of one person are counted one after the other.
        asker = await tx.get_one(Account, post.account_id, with_for_update=True)
        if not await _is_welcome(tx, bot, asker, post) or await find.was_asked_in(tx, post.id):
            return
        wanted = wishes.read(_words(post), await _place(ctx, tx, bot, post))
        if wanted is not None:
            await _take_up(ctx, tx, post, wanted, bot=bot, asker=asker)


async def deliver(
    ctx: Context, tx: Tx, row: Generation, picture: Attachment, payload: Mapping[str, Any]
) -> bool:
    """Answer with the picture.

    Returns:
        False when the question was deleted, or its author shut the generator out meanwhile.
    """
    assert row.recipe is not None
    asker = await tx.get(Account, row.account_id)
    told = {**shared(row.recipe, row.share), "asked_by": asker.acct if asker is not None else None}
    words = told.get("prompt") or "Here it is."
    label = labelling.labelled(ctx.settings, words, model=told.get("model", "a model"))
    picture.recipe = told
    post = await _reply(
        ctx,
        tx,
        row,
        f"{label}\n\nAnswer with: {wishes.NEXT_WORDS}.",
        attachment_ids=(picture.id,),
        recipe=told,
        sensitive=bool(payload.get("sensitive")),
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
    )
    if post is not None:
        row.post_id = post.id
    return post is not None


async def regret(ctx: Context, tx: Tx, row: Generation, sentence: str) -> None:
    """Tell who asked why there is no picture, between the two."""
    await _reply(ctx, tx, row, sentence, visibility="direct")


async def _take_up(
    ctx: Context, tx: Tx, post: Post, wanted: ImageRequest, *, bot: Account, asker: Account
) -> None:
    try:
        limit = await _limit_met(ctx, tx, asker)
        if limit is not None:
            await _refuse_once(ctx, tx, asker, post, limit)
            return
        checked = generating.check(ctx, wanted)
        choice = await choose(tx, asker.id, None)
        wish = generating.Wish(
            door=Door.MENTION,
            request=checked.request,
            share=choice.share,
            embeds=choice.embeds,
            alt=None if choice.shows_words else AI_SENTENCE,
            asked_in_id=post.id,
            then={"sensitive": checked.sensitive},
        )
        await generating.begin(ctx, tx, asker=asker, owner=bot, wish=wish)
    except Refused as refusal:
        row = _refused(ctx, asker, post, wanted, refusal.text)
        tx.add(row)
        await tx.flush()
        await regret(ctx, tx, row, refusal.text)


async def _limit_met(ctx: Context, tx: Tx, asker: Account) -> tuple[str, str] | None:
    """Return the limit that somebody has reached, by its name and in a sentence."""
    since, settings = ctx.clock() - WINDOW, ctx.settings
    mine = await find.asked_lately(tx, asker, since=since, whole_server=False)
    if mine >= settings.asks_per_hour:
        return ACTOR, f"I draw {settings.asks_per_hour} pictures an hour for one person. Please try later."
    if asker.is_local:
        return None
    theirs = await find.asked_lately(tx, asker, since=since, whole_server=True)
    if theirs >= settings.asks_per_hour_per_server:
        return SERVER, "Your server has had its share of pictures for this hour. Please try later."
    return None


async def _refuse_once(ctx: Context, tx: Tx, asker: Account, post: Post, limit: tuple[str, str]) -> None:
    name, sentence = limit
    since: datetime = ctx.clock() - WINDOW
    # All of a server share one answer: it may have any number of actors.
    told = await find.was_refused_lately(tx, asker, name, since=since, whole_server=name == SERVER)
    log.info("ask_refused", by=asker.acct, limit=name, told=told)
    if told:
        return
    row = _refused(ctx, asker, post, None, sentence)
    row.refusal = name
    tx.add(row)
    await tx.flush()
    await regret(ctx, tx, row, sentence)


def _refused(
    ctx: Context, asker: Account, post: Post, wanted: ImageRequest | None, sentence: str
) -> Generation:
    return Generation(
        id=ctx.ids.next(), account_id=asker.id, door=Door.MENTION, asked_in_id=post.id, error=sentence,
        state=GenerationState.FAILED, request={} if wanted is None else wanted.to_json(),
        step=0, steps=0, created_at=ctx.clock(), finished_at=ctx.clock(),
    )  # fmt: skip


async def _is_welcome(tx: Tx, bot: Account, asker: Account, post: Post) -> bool:
    """Tell whether somebody who mentioned the generator's account may be answered."""
    about = f"{asker.note} {' '.join(str(row.get('value', '')) for row in asker.fields)}"
    return (
        not asker.is_bot
        and NO_BOTS not in text.html_to_text(about).lower()
        and await is_told(tx, bot.id, asker.id)  # neither apart nor limited
        and await can_see(tx, bot.id, post)  # nor suspended
    )


async def _place(ctx: Context, tx: Tx, bot: Account, post: Post) -> wishes.Place:
    """Tell what a post answers: nothing, a picture of ours, or somebody among whom we are not asked."""
    size_px = ctx.settings.picture_size
    if post.in_reply_to_iri is None and post.in_reply_to_id is None:
        return wishes.Place(size_px=size_px)
    parent = await tx.get(Post, post.in_reply_to_id) if post.in_reply_to_id is not None else None
    if parent is not None and parent.account_id == bot.id:
        made = await find.of_post(tx, parent.id)
        if made is not None:
            return wishes.Place(size_px=size_px, based_on=ImageRequest.from_json(made.request))
    # Apps begin an answer with everyone whom the answered post names, so being named means nothing there.
    named = parent is None or parent.account_id == bot.id or bot.id in await mentioned_in(tx, parent.id)
    return wishes.Place(size_px=size_px, needs_order=named)


def _words(post: Post) -> str:
    return post.source if post.local else text.html_to_text(post.content)


async def _reply(
    ctx: Context, tx: Tx, row: Generation, said: str, *, visibility: str | None = None, **more: Any
) -> Post | None:
    """Answer the post that asked, naming its author and nobody else; None when that cannot be."""
    bot = await generator.account(ctx, tx)
    question = await tx.get(Post, row.asked_in_id) if row.asked_in_id is not None else None
    asker = await tx.get(Account, row.account_id)
    if bot is None or question is None or asker is None or not await is_told(tx, bot.id, asker.id):
        return None
    words = f"@{asker.acct} {said}"
    new = posting.NewPost(
        text=words,
        html=wording.render(ctx, words, {asker.acct: asker}),
        addressed=(asker.id,),
        visibility=visibility or THINNED.get(question.visibility, "direct"),
        spoiler_text=question.spoiler_text,
        language=question.language,
        in_reply_to_id=question.id,
        **more,
    )
    return await posting.publish(ctx, tx, author=bot, new=new)
