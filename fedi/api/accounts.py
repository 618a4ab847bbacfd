"""Accounts: one's own, others', whom they follow, and following them.

Source: Mastodon's documentation, "accounts API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.account import CredentialAccount, account, credential_account
from fedi.api.entities.relationship import Relationship, relationship
from fedi.api.viewer import admit, find, require
from fedi.config import Settings
from fedi.db import Tx
from fedi.models import Account, Login
from fedi.queries import accounts as find_account
from fedi.queries import follows, pins, relations, timelines
from fedi.queries.page import Slice
from fedi.queries.visibility import are_apart
from fedi.services import following, visiting

__all__ = [
    "follow", "followers", "following_of", "lookup", "own_account", "relation_to", "relationships",
    "remove_from_followers", "require_account", "show", "statuses", "unfollow", "verify_credentials",
]  # fmt: skip

People = Callable[..., Awaitable[Slice[tuple[int, Account]]]]


async def verify_credentials(request: Request) -> Response:
    """Tell a person about themselves."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "profile", "read:accounts")
        return json_answer(await own_account(tx, ctx.settings, viewer.account))


async def show(request: Request) -> Response:
    """Show an account."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        found = await require_account(tx, request)
        moved = await find_account.successor(tx, found)
    return json_answer(account(found, ctx.settings, successor=moved))


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
            else await find_account.by_either_handle(tx, username, domain.lower())
        )
        if found is None or found.suspended_at is not None:
            raise errors.not_found()
        moved = await find_account.successor(tx, found)
    return json_answer(account(found, ctx.settings, successor=moved))


async def relationships(request: Request) -> Response:
    """Tell how the viewer stands with some accounts; with suspended ones only if they are wanted."""
    given = await params.read(request)
    ids = given.identifiers("id") or given.identifiers("ids")
    with_suspended = bool(given.flag("with_suspended"))
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:follows")
        found = await find_account.by_ids(tx, ids)
        known = {key: one for key, one in found.items() if with_suspended or one.suspended_at is None}
        standings = await relations.between(tx, viewer.id, list(known))
    return json_answer([relationship(one, standings[one]) for one in ids if one in known])


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
            languages=given.texts("languages") if "languages" in given else None,
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


async def own_account(tx: Tx, settings: Settings, me: Account) -> CredentialAccount:
    """Build an account for the person whose it is."""
    login = await tx.get(Login, me.id)
    waiting = await follows.requests_count(tx, me.id)
    moved = await find_account.successor(tx, me)
    return credential_account(me, login, settings, follow_requests_count=waiting, successor=moved)


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
    return relationship(account_id, (await relations.between(tx, viewer_id, [account_id]))[account_id])


async def _people(request: Request, people: People) -> Response:
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:accounts")
        owner = await require_account(tx, request)
        hidden = owner.hides_collections and (viewer is None or viewer.id != owner.id)
        hidden = hidden or (viewer is not None and await are_apart(tx, viewer.id, owner.id))
        viewer_id = None if viewer is None else viewer.id
        found = (
            Slice(rows=[], more=False) if hidden else await people(tx, owner.id, page, viewer_id=viewer_id)
        )
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )
