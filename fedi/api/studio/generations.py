"""Pictures on order: asking for one, seeing how far it is, calling it off.

Asking is answered at once, with 202 and the address to look at; the media id in it is an ordinary one, which
answers 206 at `/api/v1/media` until the picture is drawn, and which any post can take. Everything here is the
asker's own: for others there is no such thing. `write:media` lets an application do all of it, since it may
upload pictures as well; `read:statuses`, which shows drafts too, lets it look.
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.generation import generation
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Attachment, Generation, GenerationState
from fedi.queries import generations as find
from fedi.services import composing, drawing, ordering
from media.request import ImageRequest

__all__ = ["READ", "cancel", "create", "destroy", "index", "own", "show"]

WRITE = "write:media"
READ = (WRITE, "read:statuses")
"""Scopes of which a token needs one, to look."""

KEY_PREFIX = "generation:"
"""Before an `Idempotency-Key`, so that the same one for a post means another thing."""


async def index(request: Request) -> Response:
    """List what the viewer asked for, through whatever door, newest first."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, *READ)
        found = await find.page_of(tx, viewer.id, page, states=_states(given))
        ahead = await find.ahead_of(tx, found.rows)
        pictures = await find.pictures(tx, found.rows)
    built = [
        generation(row, ctx.settings, picture=pictures.get(row.id), ahead=ahead.get(row.id))
        for row in found.rows
    ]
    return json_answer(built, headers=paging.links(request, [row.id for row in found.rows], more=found.more))


async def create(request: Request) -> Response:
    """Ask for a picture."""
    ctx = context.of(request)
    viewer = await admit(request, WRITE)
    given = await params.read(request)
    wanted, key = _wanted(given), request.headers.get("idempotency-key")
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        key = f"{KEY_PREFIX}{key}" if key else None
        earlier_id = await composing.claim(ctx, tx, author=author, key=key) if key else None
        if earlier_id is None:
            row = await ordering.order(
                ctx,
                tx,
                author=author,
                wanted=wanted,
                share=given.word("share"),
                description=given.text("description"),
            )
            earlier_id = row.id
            if key:
                await composing.settle(tx, author=author, key=key, made_id=row.id)
    address = f"{ctx.settings.origin}/api/fedi/v1/generations/{earlier_id}"
    return await _answer(ctx, viewer.id, earlier_id, status=202, headers={"Location": address})


async def show(request: Request) -> Response:
    """Show how far a picture is."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, *READ)
        row = await own(request, tx, viewer.id)
    return await _answer(ctx, viewer.id, row.id)


async def cancel(request: Request) -> Response:
    """Call a picture off, which stops the drawing, and answer with it."""
    ctx = context.of(request)
    viewer = await admit(request, WRITE)
    async with ctx.db.write() as tx:
        row = await own(request, tx, viewer.id)
        if not await drawing.cancel(ctx, tx, row=row):
            raise errors.unprocessable(f"this picture is {row.state} and cannot be cancelled any more")
    return await _answer(ctx, viewer.id, row.id)


async def destroy(request: Request) -> Response:
    """Call a picture off if it is not done, and forget that it was asked for; posts keep theirs."""
    ctx = context.of(request)
    viewer = await admit(request, WRITE)
    async with ctx.db.write() as tx:
        await drawing.forget(ctx, tx, row=await own(request, tx, viewer.id))
    return json_answer({})


async def own(request: Request, tx: Tx, viewer_id: int) -> Generation:
    """Return the picture that the path names, if it is the viewer's.

    Raises:
        Refused: 404, when it is not.
    """
    identifier = params.as_identifier(request.path_params["id"])
    row = None if identifier is None else await find.find(tx, viewer_id, identifier)
    if row is None:
        raise errors.not_found()
    return row


async def _answer(
    ctx: Context,
    viewer_id: int,
    generation_id: int,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    async with ctx.db.read() as tx:
        row = await find.find(tx, viewer_id, generation_id)
        if row is None:
            raise errors.not_found()
        ahead = await find.ahead_of(tx, [row])
        picture = None if row.attachment_id is None else await tx.get(Attachment, row.attachment_id)
    built = generation(row, ctx.settings, picture=picture, ahead=ahead.get(row.id))
    return json_answer(built, status=status, headers=headers)


def _wanted(given: Params) -> ImageRequest:
    return ImageRequest(
        prompt=given.text("prompt") or "",
        negative_prompt=given.text("negative_prompt") or "",
        width_px=given.number("width"),
        height_px=given.number("height"),
        steps=given.number("steps"),
        guidance=_fraction(given, "guidance"),
        seed=given.number("seed"),
        model=given.word("model") or "",
    )


def _fraction(given: Params, name: str) -> float | None:
    text = given.word(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise errors.unprocessable(f"{name} is not a number") from None


def _states(given: Params) -> list[str]:
    states = given.texts("state")
    if not set(states) <= set(GenerationState):
        raise errors.unprocessable(f"state must be one of {', '.join(GenerationState)}")
    return states
