"""Uploads: a picture is decoded, encoded anew and ready when the answer comes.

The bytes go to a decoder in a process of its own; what it refuses comes back as 422 with a sentence. An
answer of 202, for which clients would have to ask again, is never needed.

Source: Mastodon's documentation, "media API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.entities.attachment import attachment
from fedi.api.entities.instance import IMAGE_BYTES_MAX
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Attachment, AttachmentState
from fedi.queries import generations
from fedi.services import attaching

__all__ = ["create", "destroy", "focus", "show", "update"]

FORM_BYTES = 256 * 1024
"""What a multipart form may have beside the picture, in bytes: description, focus, boundaries, a thumbnail
that is not looked at."""

STATUS = {AttachmentState.READY: 200, AttachmentState.QUEUED: 206, AttachmentState.FAILED: 422}
"""How clients are told whether a picture is finished."""


async def create(request: Request) -> Response:
    """Take a picture."""
    ctx = context.of(request)
    viewer = await admit(request, "write:media")
    given = await params.read(request, body_bytes_max=IMAGE_BYTES_MAX + FORM_BYTES)
    data = given.file("file")
    if data is None:
        raise errors.unprocessable("file is missing")
    row = await attaching.upload(
        ctx,
        account_id=viewer.id,
        data=data,
        description=given.text("description"),
        focus=focus(given.word("focus")),
    )
    return json_answer(attachment(row, ctx.settings))


async def show(request: Request) -> Response:
    """Show a picture of the viewer's, and whether it is finished."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "write:media")
        row = await _own(request, tx, viewer.id)
        made = await generations.of_picture(tx, row.id) if row.state == AttachmentState.FAILED else None
    state = AttachmentState(row.state)
    if made is not None and made.error:
        raise Refused(422, made.error)
    if state == AttachmentState.FAILED:
        raise errors.unprocessable("this picture could not be made")
    return json_answer(attachment(row, ctx.settings), status=STATUS[state])


async def update(request: Request) -> Response:
    """Change the alt text and the focal point of a picture that waits for its post."""
    ctx = context.of(request)
    viewer = await admit(request, "write:media")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        row = await _own(request, tx, viewer.id)
        if attaching.is_taken(row):
            raise errors.not_found()
        attaching.describe(row, description=given.text("description"), focus=focus(given.word("focus")))
        await tx.flush()
    return json_answer(attachment(row, ctx.settings))


async def destroy(request: Request) -> Response:
    """Erase a picture that no post has."""
    ctx = context.of(request)
    viewer = await admit(request, "write:media")
    async with ctx.db.write() as tx:
        await attaching.drop(ctx, tx, attachment=await _own(request, tx, viewer.id, hold=True))
    return json_answer({})


async def _own(request: Request, tx: Tx, viewer_id: int, *, hold: bool = False) -> Attachment:
    identifier = params.as_identifier(request.path_params["id"])
    row = (
        await tx.get(Attachment, identifier, with_for_update=hold or None) if identifier is not None else None
    )
    if row is None or row.account_id != viewer_id:
        raise errors.not_found()
    return row


def focus(text: str | None) -> tuple[float, float] | None:
    """Read `x,y`, each from -1 to 1.

    Raises:
        Refused: 422, when it is something else.
    """
    if text is None:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise errors.unprocessable("focus must be two numbers with a comma") from None
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise errors.unprocessable("focus must lie between -1 and 1")
    return x, y
