"""What somebody here shows first on their profile, as other servers read it: posts and hashtags.

The posts are named by their ids, and only those that everyone may see: a pinned post for followers was
announced to them by Add.

Source: Mastodon's documentation, "Featured collection" and "Featured tags"; ActivityPub section 5.
"""

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection
from fedi import context, iris
from fedi.context import Context
from fedi.errors import Refused
from fedi.inbound.answer import document, viewer
from fedi.inbound.documents import local_account
from fedi.inbound.guard import require_not_apart
from fedi.models import Account
from fedi.outbound import translate
from fedi.queries import pins
from fedi.queries import posts as find_post

__all__ = ["posts", "tags"]


async def posts(request: Request) -> Response:
    """GET /users/NAME/collections/featured: pinned posts, the last one first."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    async with ctx.db.read() as tx:
        views = await find_post.load(tx, await pins.pinned(tx, None, account.id))
    items = tuple(view.post.iri for view in views)
    return _answer(ctx, Collection(id=_posts_of(account), total_items=len(items), items=items))


async def tags(request: Request) -> Response:
    """GET /users/NAME/collections/tags: hashtags on the profile, the most used first."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    async with ctx.db.read() as tx:
        views = await pins.tags(tx, account.id)
    items = tuple(translate.featured_hashtag(view.tag.name, ctx.settings).to_json() for view in views)
    iri = account.featured_tags or iris.featured_tags(account.iri)
    return _answer(ctx, Collection(id=iri, ordered=False, total_items=len(items), items=items))


async def _account(ctx: Context, request: Request) -> Account:
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    account = await local_account(ctx, request)
    if account.suspended_at is not None:
        raise Refused(404, "Record not found")
    await require_not_apart(ctx, request, account.id)
    return account


def _posts_of(account: Account) -> str:
    return account.featured or iris.featured(account.iri)


def _answer(ctx: Context, content: Collection) -> Response:
    return document(content.to_json(), public=not ctx.settings.authorized_fetch)
