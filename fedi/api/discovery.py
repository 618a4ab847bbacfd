"""Finding people: suggestions, the directory, and who of one's own follows somebody.

Source: Mastodon's documentation, "suggestions API methods", "directory API methods", "accounts API methods".
"""

from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.accounts import require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import Account, account
from fedi.api.params import Params
from fedi.api.viewer import admit, find, require
from fedi.queries import accounts as find_account
from fedi.queries import discovery
from fedi.services import dismissing

__all__ = [
    "collections", "directory", "dismiss", "familiar_followers", "identity_proofs", "old_suggestions",
    "suggestions",
]  # fmt: skip

ACCOUNTS_MAX = 80
"""Accounts of one question about familiar followers; more are left out."""

OFFSET_MAX = 1000
"""Of a list of people: each page costs as much as all before it."""

OLD_SOURCES = {"friends_of_friends": "past_interactions", "most_followed": "global"}
"""What `source` was before there were several; clients still read it."""


class Suggestion(TypedDict):
    """Somebody whom one may want to follow, and why."""

    source: str
    sources: list[str]
    account: Account


async def suggestions(request: Request) -> Response:
    """Suggest people to follow, and say why."""
    found = await _suggestions(request)
    settings = context.of(request).settings
    built: list[Suggestion] = [
        {
            "source": OLD_SOURCES[one.sources[0]],
            "sources": list(one.sources),
            "account": account(one.account, settings),
        }
        for one in found
    ]
    return json_answer(built)


async def old_suggestions(request: Request) -> Response:
    """Suggest people to follow: the older shape."""
    found = await _suggestions(request)
    return json_answer([account(one.account, context.of(request).settings) for one in found])


async def dismiss(request: Request) -> Response:
    """Suggest somebody no longer."""
    viewer = await admit(request, "write:accounts")
    target_id = params.as_identifier(request.path_params["id"])
    async with context.of(request).db.write() as tx:
        me = await viewer.present(tx)
        target = await find_account.by_id(tx, target_id) if target_id is not None else None
        if target is not None:
            await dismissing.dismiss(tx, account=me, target_id=target.id)
    return json_answer({})


async def directory(request: Request) -> Response:
    """List people who let themselves be found."""
    ctx = context.of(request)
    given = await params.read(request)
    limit, offset = _extent(given)
    order = given.word("order") or "active"
    if order not in {"active", "new"}:
        raise errors.unprocessable("order must be active or new")
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:accounts")
        viewer_id = viewer.id if viewer else None
        found = await discovery.directory(
            tx, viewer_id, local=bool(given.flag("local")), newest=order == "new", limit=limit, offset=offset
        )
    return json_answer([account(row, ctx.settings) for row in found])


async def familiar_followers(request: Request) -> Response:
    """List, for some accounts, who of those whom the viewer follows follows them."""
    ctx = context.of(request)
    ids = (await params.read(request)).identifiers("id")
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:follows")
        known = await find_account.by_ids(tx, ids[:ACCOUNTS_MAX])
        found = await discovery.familiar(tx, viewer.id, [one for one in ids if one in known])
    return json_answer(
        [
            {"id": str(one), "accounts": [account(row, ctx.settings) for row in people]}
            for one, people in found.items()
        ]
    )


async def identity_proofs(request: Request) -> Response:
    """List no proofs of identity: Mastodon removed them in 4.0, and old clients ask."""
    async with context.of(request).db.read() as tx:
        await find(request, tx, "read:accounts")
        await require_account(tx, request)
    return json_answer([])


async def collections(request: Request) -> Response:
    """List no collections of accounts, which Mastodon has since 4.6: none can be made here."""
    async with context.of(request).db.read() as tx:
        await find(request, tx, "read:collections")
        await require_account(tx, request)
    return json_answer({"collections": []})


async def _suggestions(request: Request) -> list[discovery.Suggestion]:
    limit, offset = _extent(await params.read(request))
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        return await discovery.suggestions(tx, viewer.id, limit=limit, offset=offset)


def _extent(given: Params) -> tuple[int, int]:
    limit, offset = given.number("limit"), given.number("offset") or 0
    if (limit is not None and limit < 1) or not 0 <= offset <= OFFSET_MAX:
        raise errors.unprocessable(f"limit must be at least 1 and offset between 0 and {OFFSET_MAX}")
    return min(limit or 40, 80), offset
