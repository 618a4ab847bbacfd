"""From words to a published picture.

A request writes a draft that only its author sees, and a job. When the picture is done, one transaction
publishes it under a fresh id (a client that pages by id cannot have passed it), lets the draft's id lead
there, and finishes the job; so a process killed anywhere in between leaves either the draft and its job,
or the published post, and never both or two. `drawing` runs the job.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update

from fedi import iris, text
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import (
    Account,
    Attachment,
    AttachmentState,
    Door,
    Generation,
    Idempotency,
    Placeholder,
    Post,
    PostState,
)  # fmt: skip
from fedi.services import generating, homing, labelling, posting
from fedi.services.sharing import Choice, choose, shared
from media.alt import AI_SENTENCE
from media.provenance import TRAINED_ALGORITHMIC_MEDIA
from media.request import ImageRequest

__all__ = ["adopt", "deliver", "regret", "request", "trouble_of"]

UNNAMED = "a model"
"""In the label, in place of a model's name: before it is known, and where it is nobody's business."""

log = get(__name__)


async def request(
    ctx: Context, tx: Tx, *, author: Account, prompt: str, new: posting.NewPost, seed: int | None = None
) -> Post:
    """Write the draft and the job for a picture, and return the draft.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: a local account.
        prompt: what to draw.
        new: how to publish it; its text and pictures are made from the prompt.
        seed: for the same picture again; drawn at random when missing.

    Raises:
        Refused: 403 when the prompt is not allowed, 422 when it cannot be drawn, 429 when too many wait, all
            with a sentence.
    """
    checked = generating.check(ctx, ImageRequest(prompt=prompt, seed=seed))
    wanted = checked.request
    choice = await choose(tx, author.id, new.share)
    await posting.check(ctx, tx, author=author, new=_labelled(ctx, new, wanted.prompt, UNNAMED))
    draft_id = ctx.ids.next()
    draft = Post(
        id=draft_id,
        iri=iris.note(author.iri, draft_id),
        url=iris.post(ctx.settings, author.username, draft_id),
        account_id=author.id,
        local=True,
        state=PostState.DRAFT,
        visibility="direct",  # it is between the author and the machine
        source=f"/imagine {wanted.prompt}",
        content=text.plain_to_html(f"Drawing: {wanted.prompt}", mentions={}, tag_url=str),
        spoiler_text=new.spoiler_text,
        sensitive=new.sensitive or checked.sensitive,
        language=new.language or ctx.settings.language,
        in_reply_to_id=new.in_reply_to_id,
        application_id=new.application_id,
        emojis=[],
        created_at=ctx.clock(),
    )
    tx.add(draft)
    await tx.flush()
    later = asdict(dataclasses.replace(new, share=None, attachment_ids=(), recipe=None))
    wish = _wish(choice, wanted, draft_id, {**later, "sensitive": draft.sensitive})
    await generating.begin(ctx, tx, asker=author, owner=author, wish=wish)
    await homing.fan_out_home(tx, draft)
    return draft


async def deliver(
    ctx: Context, tx: Tx, row: Generation, picture: Attachment, payload: Mapping[str, Any]
) -> bool:
    """Replace the draft by the post.

    Returns:
        False when the draft was deleted while it was being drawn.
    """
    draft = await tx.get(Post, payload["post_id"], with_for_update=True)
    if draft is None:
        return False
    author = await tx.get(Account, draft.account_id)
    assert author is not None
    assert row.recipe is not None
    picture.post_id = None
    await tx.flush()
    await tx.delete(draft)
    await tx.flush()
    told = shared(row.recipe, row.share)
    labelled = _labelled(
        ctx, posting.NewPost(**payload["new"]), told.get("prompt", ""), told.get("model", UNNAMED)
    )
    new = dataclasses.replace(labelled, attachment_ids=(picture.id,), recipe=told)
    post = await posting.publish(ctx, tx, author=author, new=new)
    tx.add(Placeholder(draft_id=draft.id, post_id=post.id))
    await tx.execute(update(Idempotency).where(Idempotency.post_id == draft.id).values(post_id=post.id))
    row.post_id = post.id
    log.info("picture_published", author=author.acct, post=post.id, seed=row.recipe.get("seed"))
    return True


async def regret(ctx: Context, tx: Tx, row: Generation, sentence: str) -> None:  # noqa: ARG001 - every door has these
    """Tell the author in the draft why there is no picture."""
    html = text.plain_to_html(sentence, mentions={}, tag_url=str)
    await tx.execute(update(Post).where(Post.id == row.post_id).values(content=html))


async def adopt(ctx: Context, tx: Tx, job: queue.Claim) -> int | None:
    """Write the row for a job that an older version left behind; None when its draft is gone.

    Version 0.1.0 kept no rows of what was asked for.
    """
    draft = await tx.get(Post, job.payload["post_id"])
    if draft is None:
        return None
    row = Generation(
        id=ctx.ids.next(), account_id=draft.account_id, door=Door.POST, post_id=draft.id,
        attachment_id=job.payload["attachment_id"], request=dict(job.payload["request"]), share="all",
        created_at=draft.created_at,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    return row.id


async def trouble_of(tx: Tx, draft_id: int) -> str | None:
    """Return what the author was told when a draft could not be drawn; None while there is hope."""
    failed = (
        select(Post.content)
        .join(Attachment, Attachment.post_id == Post.id)
        .where(Post.id == draft_id, Attachment.state == AttachmentState.FAILED)
    )
    content = (await tx.execute(failed)).scalar_one_or_none()
    return None if content is None else text.html_to_text(content)


def _wish(choice: Choice, wanted: ImageRequest, draft_id: int, new: Mapping[str, Any]) -> generating.Wish:
    return generating.Wish(
        door=Door.POST,
        request=wanted,
        share=choice.share,
        embeds=choice.embeds,
        alt=None if choice.shows_words else AI_SENTENCE,
        post_id=draft_id,
        then={"new": new},
    )


def _labelled(ctx: Context, new: posting.NewPost, words: str, model: str) -> posting.NewPost:
    """Return the post as it will be published: the words, and what they were made with."""
    return dataclasses.replace(
        new,
        text=labelling.labelled(ctx.settings, words, model=model),
        html=None,  # it would be shown instead of the label
        attachment_ids=(),
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
    )
