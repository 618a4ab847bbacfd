"""Accounts: one's own, others', whom they follow, and following them.

Source: Mastodon's documentation, "accounts API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.account import account, credential_account
from fedi.api.entities.relationship import Relationship, relationship
from fedi.api.viewer import admit, find, require
from fedi.db import Tx
from fedi.models import Account, Login
from fedi.queries import accounts as find_account
from fedi.queries import follows, pins, timelines
from fedi.queries.page import Page, Slice
from fedi.services import following, visiting

__all__ = [
    "follow", "followers", "following_of", "lookup", "relation_to", "relationships", "remove_from_followers",
    "require_account", "show", "statuses", "unfollow", "verify_credentials",
]  # fmt: skip

People = Callable[[Tx, int, Page], Awaitable[Slice[tuple[int, Account]]]]


async def verify_credentials(request: Request) -> Response:
    """Tell a person about themselves."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "profile", "read:accounts")
        login = await tx.get(Login, viewer.id)
        waiting = await follows.requests_count(tx, viewer.id)
    return json_answer(credential_account(viewer.account, login, ctx.settings, follow_requests_count=waiting))


async def show(request: Request) -> Response:
    """Show an account."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        found = await require_account(tx, request)
    return json_answer(account(found, ctx.settings))


async def lookup(request: Request) -> Response:
    """Find an account by its handle, among those that are known here."""
    ctx = context.of(request)
    given = await params.read(request)
    username, _, domain = (given.word("acct") or "").removeprefix("@").partition("@")
    ours = domain.lower() in {"", ctx.settings.domain, ctx.settings.host}
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        found = (
            await find_account.local_by_name(tx, username)
            if ours
            else await find_account.by_handle(tx, username, domain.lower())
        )
    if found is None or found.suspended_at is not None:
        raise errors.not_found()
    return json_answer(account(found, ctx.settings))


async def relationships(request: Request) -> Response:
    """Tell how the viewer stands with some accounts."""
    given = await params.read(request)
    ids = given.identifiers("id")
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:follows")
        known = await find_account.by_ids(tx, ids)
        pairs = await follows.between(tx, viewer.id, list(known))
    return json_answer(
        [relationship(one, outgoing=pairs[one][0], incoming=pairs[one][1]) for one in ids if one in known]
    )


async def statuses(request: Request) -> Response:
    """List what an account posted."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        owner = await require_account(tx, request)
        if given.flag("pinned"):
            found = Slice(rows=await pins.pinned(tx, viewer_id, owner.id), more=False)
        else:
            found = await timelines.of_account(
                tx,
                viewer_id,
                owner.id,
                page,
                only_media=bool(given.flag("only_media")),
                exclude_replies=bool(given.flag("exclude_replies")),
                exclude_reblogs=bool(given.flag("exclude_reblogs")),
                tag=given.word("tagged"),
            )
        answer = await rendering.page_of_statuses(request, tx, ctx.settings, viewer_id, found)
    if given.flag("pinned") and viewer_id is not None and visiting.is_due(ctx, owner):
        async with ctx.db.write() as tx:
            await visiting.plan(ctx, tx, account=owner)
    return answer


async def followers(request: Request) -> Response:
    """List who follows an account."""
    return await _people(request, follows.followers)


async def following_of(request: Request) -> Response:
    """List whom an account follows."""
    return await _people(request, follows.following)


async def follow(request: Request) -> Response:
    """Follow an account, or ask to; may also change how it is followed."""
    ctx = context.of(request)
    viewer = await admit(request, "write:follows")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await following.follow(
            ctx,
            tx,
            follower=me,
            target=target,
            show_reblogs=given.flag("reblogs"),
            notify_posts=given.flag("notify"),
        )
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)


async def unfollow(request: Request) -> Response:
    """Stop following an account, or take the request back."""
    ctx = context.of(request)
    viewer = await admit(request, "write:follows")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await following.unfollow(ctx, tx, follower=me, target=target)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)


async def remove_from_followers(request: Request) -> Response:
    """Make an account follow the viewer no more."""
    ctx = context.of(request)
    viewer = await admit(request, "write:follows")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        follower = await require_account(tx, request)
        await following.remove_follower(ctx, tx, follower=follower, target=me)
        built = await relation_to(tx, me.id, follower.id)
    return json_answer(built)


async def require_account(tx: Tx, request: Request) -> Account:
    """Return the account that the path names.

    Raises:
        Refused: 404, when there is none, or it is suspended.
    """
    account_id = params.as_identifier(request.path_params["id"])
    found = await find_account.by_id(tx, account_id) if account_id is not None else None
    if found is None or found.suspended_at is not None:
        raise errors.not_found()
    return found


async def relation_to(tx: Tx, viewer_id: int, account_id: int) -> Relationship:
    """Build how the viewer stands with one account."""
    outgoing, incoming = (await follows.between(tx, viewer_id, [account_id]))[account_id]
    return relationship(account_id, outgoing=outgoing, incoming=incoming)


async def _people(request: Request, people: People) -> Response:
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        owner = await require_account(tx, request)
        found = await people(tx, owner.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )
