"""The collection of a whole conversation, under the name that the first post of it gave it.

Our posts say which conversation they belong to (`context`), and whoever comes upon one of them can read here
what else belongs to it. Only what everyone may see is listed, by its id; each post is to be fetched from
where it lives.

Source: FEP-7888; FEP-f228.
"""

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection
from fedi import context, iris
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound import pages
from fedi.inbound.answer import document, viewer
from fedi.models import Account
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries import threads
from fedi.queries.visibility import can_see

__all__ = ["conversation"]

POSTS_PER_PAGE = 60
"""Ids on one page, as of replies."""


async def conversation(request: Request) -> Response:
    """GET /contexts/ID: the posts of a conversation that began here, oldest first."""
    ctx = context.of(request)
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    root_id = pages.identifier(request.path_params["post_id"])
    iri = iris.context(ctx.settings, root_id)
    is_page, public = pages.is_page(request), not ctx.settings.authorized_fetch
    after = pages.after(request) if is_page else 0
    async with ctx.db.read() as tx:
        owner = await _owner(tx, root_id, iri)
        rows = await threads.conversation(tx, iri, after=after, limit=POSTS_PER_PAGE)
        total = None if is_page else await threads.count_conversation(tx, iri)
    ids, items = [key for key, _ in rows.rows], [post for _, post in rows.rows]
    page = pages.oldest_first(
        pages.here(ctx, request) if is_page else pages.first(iri), iri, ids, items, more=rows.more
    )
    if is_page:
        return document(page.to_json(), public=public)
    whole = Collection(id=iri, ordered=False, total_items=total, first_page=page, attributed_to=owner.iri)
    return document(whole.to_json(), public=public)


async def _owner(tx: Tx, root_id: int, iri: str) -> Account:
    """Return whose conversation it is: the author of its first post, which everyone must be able to see.

    Raises:
        Refused: 404.
    """
    root = await find_post.by_id(tx, root_id)
    if root is None or not root.local or root.context_iri != iri or not await can_see(tx, None, root):
        raise Refused(404, "Record not found")
    owner = await find_account.by_id(tx, root.account_id)
    assert owner is not None, "a post has an author"
    return owner
