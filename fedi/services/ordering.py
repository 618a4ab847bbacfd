"""Pictures that a client orders: they become an ordinary upload, which any post of theirs can take.

The media id is there at once and answers 206 until the picture is drawn, as clients know it of slow uploads;
a picture that no post takes is erased as uploads are.
"""

from collections.abc import Mapping
from typing import Any

from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Attachment, Door, Generation
from fedi.services import attaching, generating
from fedi.services.moving import require_present
from fedi.services.sharing import choose
from media.alt import AI_SENTENCE
from media.request import ImageRequest

__all__ = ["deliver", "order", "regret"]


async def order(
    ctx: Context,
    tx: Tx,
    *,
    author: Account,
    wanted: ImageRequest,
    share: str | None = None,
    description: str | None = None,
) -> Generation:
    """Have a picture drawn.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: a local account.
        wanted: what to draw; what is None is the server's choice.
        share: what others are told of the recipe; the author's preference when missing.
        description: the alt text; proposed from the prompt when missing, if that may be shown.

    Raises:
        Refused: 403, 422 or 429, with a sentence for the person.
    """
    require_present(author)
    attaching.check_description(description)
    checked = generating.check(ctx, wanted)
    choice = await choose(tx, author.id, share)
    wish = generating.Wish(
        door=Door.API,
        request=checked.request,
        share=choice.share,
        embeds=choice.embeds,
        alt=description or (None if choice.shows_words else AI_SENTENCE),
        then={},
    )
    return await generating.begin(ctx, tx, asker=author, owner=author, wish=wish)


async def deliver(
    ctx: Context,
    tx: Tx,
    row: Generation,  # noqa: ARG001 - every door has these
    picture: Attachment,
    payload: Mapping[str, Any],  # noqa: ARG001
) -> bool:
    """Keep a finished picture for a day, as an upload."""
    await attaching.erase_later(ctx, tx, [picture.id], wait_s=attaching.UNPOSTED_S)
    return True


async def regret(ctx: Context, tx: Tx, row: Generation, sentence: str) -> None:  # noqa: ARG001 - every door has these
    """Have a picture that there will not be erased in a day: until then its id answers why."""
    assert row.attachment_id is not None
    await attaching.erase_later(ctx, tx, [row.attachment_id], wait_s=attaching.UNPOSTED_S)
