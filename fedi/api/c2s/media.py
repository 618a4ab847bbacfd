"""uploadMedia: a picture, and a shell of the object that it becomes.

It is the same upload as a Mastodon client's: decoded in a process of its own, encoded anew, erased when no
post takes it within a day; an alternative text may come with it or later, and is not demanded, as there. Of
the shell we take what it shows and where to crop. What the file itself says of how it was made is kept, and
the shell's word on it is not asked.

Source: SocialCG's "ActivityPub Media Upload".
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from activitypub import read
from activitypub.errors import ActivityPubError
from activitypub.normalise import normalise
from activitypub.read import Doc
from activitypub.vocab import context_for
from fedi import context, iris
from fedi.api import errors, params
from fedi.api.c2s.answers import document
from fedi.api.c2s.owner import require_owner
from fedi.api.c2s.writing import alternative_text
from fedi.api.entities.instance import IMAGE_BYTES_MAX
from fedi.api.viewer import admit
from fedi.config import Settings
from fedi.models import Account, Attachment, AttachmentState
from fedi.outbound import translate
from fedi.services import attaching

__all__ = ["create", "show"]

FORM_BYTES = 256 * 1024
"""What the form may have beside the picture, in bytes: the shell, and boundaries."""

SHELL_TYPES = frozenset({"Document", "Image"})
"""What a picture can become."""


async def create(request: Request) -> Response:
    """POST to uploadMedia: the answer's `Location` is what a Note names in `attachment`.

    Raises:
        Refused: 401, 403, 413, 422 with a sentence about the file or the shell.
    """
    ctx = context.of(request)
    viewer = await admit(request, "write:media")
    given = await params.read(request, body_bytes_max=IMAGE_BYTES_MAX + FORM_BYTES)
    data = given.file("file")
    if data is None:
        raise errors.unprocessable("file is missing")
    shell = _shell(given.file("object") or (given.text("object") or "").encode())
    row = await attaching.upload(
        ctx, account_id=viewer.id, data=data, description=alternative_text(shell), focus=_focus(shell)
    )
    where = iris.attachment(viewer.account.iri, row.id)
    return document(_image(viewer.account, row, ctx.settings), status=201, headers={"Location": where})


async def show(request: Request) -> Response:
    """GET /users/NAME/media/ID: an upload, to its owner."""
    ctx = context.of(request)
    identifier = params.as_identifier(request.path_params["id"])
    async with ctx.db.read() as tx:
        viewer = await require_owner(request, tx, "read:statuses", "write:media")
        row = None if identifier is None else await tx.get(Attachment, identifier)
    if row is None or row.account_id != viewer.id or row.state != AttachmentState.READY:
        raise errors.not_found()
    return document(_image(viewer.account, row, ctx.settings))


def _shell(body: bytes) -> Doc:
    """Read the shell; it may be missing."""
    if not body.strip():
        return {}
    try:
        doc = normalise(body)
    except ActivityPubError as refusal:
        raise errors.unprocessable(f"object: {refusal.message}") from refusal
    kinds = read.types(doc)
    if kinds and not SHELL_TYPES & set(kinds):
        raise errors.unprocessable(f"object must be one of {', '.join(sorted(SHELL_TYPES))}")
    return doc


def _focus(doc: Doc) -> tuple[float, float] | None:
    point = doc.get("focalPoint")
    if not isinstance(point, list) or len(point) != 2:
        return None
    x, y = (read.number(part, minimum=-1.0, maximum=1.0) for part in point)
    return None if x is None or y is None else (x, y)


def _image(owner: Account, row: Attachment, settings: Settings) -> Mapping[str, Any]:
    rendered = translate.attachment(settings, row).to_json()
    where = iris.attachment(owner.iri, row.id)
    named = {"id": where, **rendered, "type": "Image", "attributedTo": owner.iri}
    return {"@context": context_for(named), **named}
