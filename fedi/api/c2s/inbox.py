"""An actor's inbox, for its owner: what came for them, exactly as it came.

Source: ActivityPub section 5.2 (the inbox is filtered by the permissions of who reads it).
"""

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection, CollectionPage
from fedi import context, iris
from fedi.api.c2s.answers import document
from fedi.api.c2s.owner import require_owner
from fedi.api.c2s.paging import is_page, max_id
from fedi.queries import inboxes

__all__ = ["show"]

SCOPES = ("read:statuses",)


async def show(request: Request) -> Response:
    """GET /users/NAME/inbox: newest first; a page without items may be followed by one with some.

    Raises:
        Refused: 401 without a good token, 403 not the owner or without the right.
    """
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require_owner(request, tx, *SCOPES)
        iri = iris.inbox(viewer.account.iri)
        if not is_page(request):
            return document(Collection(id=iri, first=f"{iri}?page=true").to_json())
        found = await inboxes.look(tx, viewer.account, max_id=max_id(request))
    more = None if found.ended_at is None else f"{iri}?page=true&max_id={found.ended_at}"
    here = f"{ctx.settings.origin}{request.url.path}?{request.url.query}"
    return document(CollectionPage(id=here, part_of=iri, next=more, items=found.items).to_json())
