"""Actors, posts and activities, as other servers read them.

Who may read what is decided in `queries.visibility`, and what may not be read is not there: 404, never 403.
A signature is looked at only where it makes a difference, that is when the document is not for everyone or
the operator wants every reader named: a good signature must not be a condition for what is public anyway. The
server's own actor is always public, or two servers that both want signatures could never read each other's
key.

Source: ActivityPub section 3.2; GoToSocial's documentation of authorized fetch.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi import context, iris
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound import pages
from fedi.inbound.answer import document, gone, viewer
from fedi.inbound.guard import require_not_apart
from fedi.models import Account, Post, Tombstone
from fedi.outbound import translate
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries.posts import PostView
from fedi.queries.visibility import can_see

__all__ = [
    "Reading", "activity", "actor", "instance_actor", "local_account", "note", "read_post", "to_post",
    "to_profile",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A post, and for whom it was looked up.

    Attributes:
        view: the post.
        public: whether everyone may see it, and a cache may keep it.
        viewer_id: who signed, as far as we know them; nobody is asked where it makes no difference.
    """

    view: PostView
    public: bool
    viewer_id: int | None


async def actor(request: Request) -> Response:
    """GET /users/NAME: a person or a bot."""
    ctx = context.of(request)
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    name = request.path_params["name"]
    async with ctx.db.read() as tx:
        account = await find_account.local_by_name(tx, name)
        if account is None or account.kind == "Application":
            return await _missing(tx, iris.actor(ctx.settings, name.lower()))
    if account.deleted_at is not None and account.private_key_pem is None:
        return gone(translate.gone_actor(account).to_json())
    described = translate.actor_document(account, ctx.settings)
    if account.suspended_at is not None:
        # Of who is being deleted the key must be had, or nobody who has to ask for it believes the Delete.
        leaving = account.deleted_at is not None
        return document(described.to_json(), public=True, status=200 if leaving else 403)
    return document(described.to_json(), public=not ctx.settings.authorized_fetch)


async def instance_actor(request: Request) -> Response:
    """GET /actor: the server itself, for everyone."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        account = await find_account.instance_actor(tx, ctx.settings)
    if account is None:
        raise Refused(404, "Record not found", why="the instance actor has not been made")
    return document(translate.actor_document(account, ctx.settings).to_json(), public=True)


async def note(request: Request) -> Response:
    """GET /users/NAME/statuses/ID: a post."""
    ctx = context.of(request)
    found = await read_post(ctx, request)
    if isinstance(found, Response):
        return found
    if found.view.reblog is not None:
        raise Refused(404, "Record not found")
    return document(translate.note(found.view, ctx.settings).to_json(), public=found.public)


async def activity(request: Request) -> Response:
    """GET /users/NAME/statuses/ID/activity: the Create of a post, or a boost."""
    ctx = context.of(request)
    found = await read_post(ctx, request)
    if isinstance(found, Response):
        return found
    view, public = found.view, found.public
    if view.reblog is None:
        return document(translate.create(view, ctx.settings).to_json(), public=public)
    said = translate.announce(view.post, view.account, view.reblog.post, view.reblog.account)
    return document(said.to_json(), public=public)


async def to_profile(request: Request) -> Response:
    """Send a browser from an actor's id to its page."""
    ctx = context.of(request)
    account = await local_account(ctx, request)
    return RedirectResponse(iris.profile(ctx.settings, account.username), headers={"Vary": "Accept"})


async def to_post(request: Request) -> Response:
    """Send a browser from a post's id to its page; the page decides who may see it."""
    ctx = context.of(request)
    account = await local_account(ctx, request)
    post_id = _post_id(request)
    return RedirectResponse(iris.post(ctx.settings, account.username, post_id), headers={"Vary": "Accept"})


async def local_account(ctx: Context, request: Request) -> Account:
    """Return the local account that an address names.

    Raises:
        Refused: 404, when there is none; 410, when there was one.
    """
    async with ctx.db.read() as tx:
        account = await find_account.local_by_name(tx, request.path_params["name"])
    if account is None or account.kind == "Application":
        raise Refused(404, "Record not found")
    if account.deleted_at is not None:
        raise Refused(410, "They are gone.")
    return account


async def read_post(ctx: Context, request: Request) -> Reading | Response:
    """Find the post that an address names for its reader, or the answer that it is gone.

    Raises:
        Refused: 404, or 401 as `answer.viewer`.
    """
    post_id, name = _post_id(request), request.path_params["name"].lower()
    async with ctx.db.read() as tx:
        post = await _local_post(tx, post_id, name)
        public = post is not None and not ctx.settings.authorized_fetch and await can_see(tx, None, post)
    # Asked even when there is no post, so that a private post and none at all look the same from outside.
    viewer_id = None if public else await viewer(ctx, request)
    async with ctx.db.read() as tx:
        if post is None:
            return await _missing(tx, iris.note(iris.actor(ctx.settings, name), post_id))
        if not public and not await can_see(tx, viewer_id, post):
            raise Refused(404, "Record not found")
        view = await find_post.load_one(tx, post.id)
    if view is None:
        raise Refused(404, "Record not found")
    await require_not_apart(ctx, request, post.account_id)
    return Reading(view=view, public=public, viewer_id=viewer_id)


async def _local_post(tx: Tx, post_id: int, name: str) -> Post | None:
    post = await find_post.by_id(tx, post_id)
    if post is None or not post.local:
        return None
    author = await find_account.by_id(tx, post.account_id)
    return post if author is not None and author.username == name else None


async def _missing(tx: Tx, iri: str) -> Response:
    """Answer for what is not there: 410 when it was, else 404."""
    tombstone = await tx.get(Tombstone, iri)
    if tombstone is None or not tombstone.local:
        raise Refused(404, "Record not found")
    return gone(translate.tombstone(iri, tombstone.deleted_at).to_json())


def _post_id(request: Request) -> int:
    return pages.identifier(request.path_params["post_id"])
