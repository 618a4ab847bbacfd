"""What a client posts: a post, or a wish for a picture.

Clients have no button for drawing, so the words decide: a text that begins with `/imagine ` asks for a
picture, and `//imagine ` is how to write about the command itself. Whoever switched the command off (the
preference `fedi:imagine`) writes what they like. This module stands above `posting` and
`imagining` so that those need not know each other's business.
"""

import dataclasses
import re

from sqlalchemy import select, update

from activitypub.errors import ActivityPubError
from fedi import text
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import FediError, Refused
from fedi.log import get
from fedi.models import Account, Idempotency, Post
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.queries import posts as find
from fedi.services import imagining, posting, preferring

__all__ = ["COMMAND", "claim", "compose", "made_before", "meet_mentioned", "settle"]

COMMAND = "/imagine"

_WISH = re.compile(rf"{COMMAND}(?:\s+(?P<prompt>.+))?", re.DOTALL | re.IGNORECASE)
"""Whatever its case: phones begin a text with a capital."""

IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
"""Of an `Idempotency-Key` header; clients send a UUID."""

STRANGERS_MAX = 5
"""Mentioned people whom we look up on their servers before a post; the rest stay plain text."""

log = get(__name__)


async def compose(
    ctx: Context, tx: Tx, *, author: Account, new: posting.NewPost, idempotency_key: str | None = None
) -> Post:
    """Publish a post, or begin a picture; the same `idempotency_key` gives the same post again.

    Raises:
        Refused: with a sentence for the person.
    """
    if idempotency_key:
        earlier_id = await claim(ctx, tx, author=author, key=idempotency_key)
        if earlier_id is not None:
            return await _require_there(tx, earlier_id)
    prompt = _prompt(new.text)
    draws = await preferring.get(tx, author.id, preferring.IMAGINE)
    if prompt is not None and draws:
        if new.poll is not None:
            raise Refused(422, "Validation failed: a picture cannot have a poll.")
        post = await imagining.request(ctx, tx, author=author, prompt=prompt, new=new)
    else:
        words = new.text.strip()
        if draws and words.startswith("/") and _prompt(words[1:]) is not None:
            new = dataclasses.replace(new, text=words[1:])
        post = await posting.publish(ctx, tx, author=author, new=new)
    if idempotency_key:
        await settle(tx, author=author, key=idempotency_key, made_id=post.id)
    return post


async def meet_mentioned(ctx: Context, source: str) -> None:
    """Look up people whom a text mentions and whom we do not know yet; opens its own transactions.

    Called before `compose`, because it talks to other servers. Who cannot be found stays plain text.
    """
    async with ctx.db.read() as tx:
        strangers = []
        for handle in text.find_mentions(source):
            username, _, domain = handle.partition("@")
            if domain and domain not in {ctx.settings.domain, ctx.settings.host}:
                known = await find_account.by_handle(tx, username, domain)
                strangers += [] if known else [handle]
    for handle in strangers[:STRANGERS_MAX]:
        try:
            await resolve.handle(ctx, handle)
        except (FediError, ActivityPubError) as trouble:
            log.info("mention_not_found", handle=handle, error=str(trouble))


async def made_before(tx: Tx, *, author: Account, idempotency_key: str) -> Post | None:
    """Return the post that this key made, if it did; what it takes may not be there a second time."""
    made = select(Post).join(Idempotency, Idempotency.post_id == Post.id)
    mine = made.where(Idempotency.account_id == author.id, Idempotency.key == idempotency_key)
    return (await tx.execute(mine)).scalar_one_or_none()


def _prompt(source: str) -> str | None:
    """Return the prompt when a text asks for a picture."""
    asked = _WISH.fullmatch(source.strip())
    return None if asked is None else asked["prompt"] or ""


async def claim(ctx: Context, tx: Tx, *, author: Account, key: str) -> int | None:
    """Return the id of what this key made before; None claims the key for what is made now.

    The claim is an insert, so of two requests at the same moment the second waits for the first's commit
    and then finds what it made.

    Raises:
        Refused: 422, when the key is too long.
    """
    if len(key) > IDEMPOTENCY_KEY_CHARACTERS_MAX:
        raise Refused(
            422, f"An Idempotency-Key may have {IDEMPOTENCY_KEY_CHARACTERS_MAX} characters at most."
        )
    claimed = await tx.execute(
        insert(tx, Idempotency)
        .values(account_id=author.id, key=key, post_id=0, created_at=ctx.clock())
        .on_conflict_do_nothing(index_elements=[Idempotency.account_id, Idempotency.key])
        .returning(Idempotency.key)
    )
    if claimed.first() is not None:
        return None
    made = select(Idempotency.post_id).where(Idempotency.account_id == author.id, Idempotency.key == key)
    return (await tx.execute(made)).scalar_one()


async def settle(tx: Tx, *, author: Account, key: str, made_id: int) -> None:
    """Write down what a key that was claimed made: a post, or one that comes out later."""
    claimed = [Idempotency.account_id == author.id, Idempotency.key == key]
    await tx.execute(update(Idempotency).where(*claimed).values(post_id=made_id))


async def _require_there(tx: Tx, post_id: int) -> Post:
    post = await find.by_id(tx, post_id)
    if post is None:
        raise Refused(404, "The post that this request made was deleted since.")
    return post
