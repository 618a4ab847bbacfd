"""Stamps that people here gave, as third servers fetch them before they show what was allowed.

A stamp that was taken back is gone (410). One about a post that not everyone may see is not there, whoever
asks: leave is given for open posts only, and a post may have been hidden since.

Source: FEP-044f; https://docs.gotosocial.org/en/latest/federation/interaction_controls/.
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context, iris
from fedi.errors import Refused
from fedi.inbound import pages
from fedi.inbound.answer import document, gone, viewer
from fedi.models import Account, Post, Stamp
from fedi.outbound import translate
from fedi.queries.visibility import can_see

__all__ = ["stamp"]


async def stamp(request: Request) -> Response:
    """GET /users/NAME/stamps/ID."""
    ctx = context.of(request)
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    stamp_id = pages.identifier(request.path_params["stamp_id"])
    async with ctx.db.read() as tx:
        given = await tx.get(Stamp, stamp_id)
        post = await tx.get(Post, given.post_id) if given is not None else None
        author = await tx.get(Account, post.account_id) if post is not None else None
        if given is None or post is None or author is None or not await can_see(tx, None, post):
            raise Refused(404, "Record not found")
    if author.username != request.path_params["name"].lower() or given.granted_at is None:
        raise Refused(404, "Record not found")
    if given.revoked_at is not None:
        kind = translate.authorization(given, post, author).type
        left = translate.tombstone(iris.stamp(author.iri, given.id), given.revoked_at, former_type=kind)
        return gone(left.to_json())
    found = translate.authorization(given, post, author)
    return document(found.to_json(), public=not ctx.settings.authorized_fetch)
