"""What hangs on a post: the answers to it, by their ids, and how many like and share it.

Answers are listed as far as the reader may see them: for a public post that is what a stranger may see, so
that the list can be kept by caches; a hidden post is listed for signed readers who may see it, and is not
there for anyone else. Who liked or shared a post is nobody's business: those collections are numbers.

Source: ActivityPub sections 5.7 and 5.8; Mastodon's replies collection.
"""

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection
from fedi import context, iris
from fedi.errors import Refused
from fedi.inbound import pages
from fedi.inbound.answer import document
from fedi.inbound.documents import Reading, read_post
from fedi.queries import threads

__all__ = ["likes", "replies", "shares"]

REPLIES_PER_PAGE = 60
"""Ids on one page; Mastodon's figure."""


async def replies(request: Request) -> Response:
    """GET /users/NAME/statuses/ID/replies: the answers that we know, oldest first."""
    ctx = context.of(request)
    found = await _read(request)
    if isinstance(found, Response):
        return found
    post, viewer_id = found.view.post, None if found.public else found.viewer_id
    iri, is_page = iris.replies(post.iri), pages.is_page(request)
    after = pages.after(request) if is_page else 0
    async with ctx.db.read() as tx:
        rows = await threads.answers(tx, viewer_id, post.id, after=after, limit=REPLIES_PER_PAGE)
        total = None if is_page else await threads.count_answers(tx, viewer_id, post.id)
    ids, items = [key for key, _ in rows.rows], [answer for _, answer in rows.rows]
    page = pages.oldest_first(
        pages.here(ctx, request) if is_page else pages.first(iri), iri, ids, items, more=rows.more
    )
    if is_page:
        return document(page.to_json(), public=found.public)
    whole = Collection(id=iri, ordered=False, total_items=total, first_page=page)
    return document(whole.to_json(), public=found.public)


async def likes(request: Request) -> Response:
    """GET /users/NAME/statuses/ID/likes: how many."""
    found = await _read(request)
    if isinstance(found, Response):
        return found
    post = found.view.post
    return _number(iris.likes(post.iri), post.favourites_count, public=found.public)


async def shares(request: Request) -> Response:
    """GET /users/NAME/statuses/ID/shares: how many."""
    found = await _read(request)
    if isinstance(found, Response):
        return found
    post = found.view.post
    return _number(iris.shares(post.iri), post.reblogs_count, public=found.public)


async def _read(request: Request) -> Reading | Response:
    """Find the post; a boost has nothing that hangs on it."""
    found = await read_post(context.of(request), request)
    if isinstance(found, Reading) and found.view.reblog is not None:
        raise Refused(404, "Record not found")
    return found


def _number(iri: str, total: int, *, public: bool) -> Response:
    return document(Collection(id=iri, ordered=False, total_items=total).to_json(), public=public)
