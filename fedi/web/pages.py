"""The public pages: what a stranger may see of this server, in plain HTML.

Every page shows what `queries.visibility` lets a stranger see and nothing else, whoever is signed in: a
page then never differs between readers, and no cache can leak. Our own addresses come from the settings,
never from the request's Host header.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi import iris
from fedi.context import Context, of
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.queries import accounts as find_account
from fedi.queries import announcements, pins, threads, timelines
from fedi.queries import posts as find
from fedi.queries.page import Page
from fedi.queries.visibility import can_see
from fedi.services import longtexts
from fedi.web import views
from fedi.web.templates import render

__all__ = ["about", "error_page", "home", "post", "privacy_policy", "profile", "tag", "terms_of_service"]

TILES = 24
"""Pictures of one page of a grid: divides evenly into 2, 3, 4 and 6 columns."""

POSTS = 20
"""Posts of one page of a list."""

WORDS = 5
"""Posts without a picture below the grid of a profile."""

ID_MAX = 2**63 - 1
"""Ids are 64-bit; a greater number in an address names nothing."""

ACTIVITY_JSON = "application/activity+json"

TITLES: Mapping[int, str] = {
    400: "That request made no sense",
    401: "Not signed in",
    403: "Not allowed",
    404: "Nothing here",
    410: "Gone",
    413: "Too large",
    422: "That cannot be done",
    429: "Too many requests",
    500: "Something broke",
    503: "Not just now",
}


NO_RECORD = "Record not found"
NO_PAGE = "There is no page at this address."
"""What clients expect to be told word for word, and what a person is told instead."""


async def home(request: Request) -> Response:
    """Show the server and the latest pictures that were made here."""
    ctx = of(request)
    async with ctx.db.read() as tx:
        found = await timelines.public(tx, None, _page(request, TILES), local=True, only_media=True)
        cards = views.cards(await find.load(tx, found.rows), ctx.settings)
    return render(ctx, "home.html", cards=cards, older=_older(found.rows, more=found.more))


async def profile(request: Request) -> Response:
    """Show a local account: what it pinned, then its pictures, then its words."""
    ctx = of(request)
    name, _, domain = request.path_params["name"].partition("@")
    everything = request.query_params.get("tab") == "posts"
    async with ctx.db.read() as tx:
        account = await _local(ctx, tx, name, domain)
        if account.kind == "Application":
            return RedirectResponse(f"{ctx.settings.origin}/about", 302)
        if request.path_params["name"] != account.username:
            return RedirectResponse(iris.profile(ctx.settings, account.username), 301)
        page = _page(request, POSTS if everything else TILES)
        found = await timelines.of_account(tx, None, account.id, page, only_media=not everything)
        cards = views.cards(await find.load(tx, found.rows), ctx.settings)
        beginning = page.max_id is None and not everything
        pinned = await find.load(tx, await pins.pinned(tx, None, account.id)) if beginning else []
        words = await _words(ctx, tx, account, without={view.post.id for view in pinned}) if beginning else []
        featured = await pins.tags(tx, account.id)
        moved_to = await find_account.successor(tx, account)
    return render(
        ctx,
        "profile.html",
        headers=_alternate(account.iri),
        person=views.person(account, ctx.settings),
        account=account,
        successor=views.person(moved_to, ctx.settings) if moved_to is not None else None,
        everything=everything,
        cards=cards,
        words=words,
        pinned=views.cards(pinned, ctx.settings),
        featured=[view.tag.name for view in featured],
        older=_older(found.rows, more=found.more),
        summary=views.summary(account.note),
    )


async def post(request: Request) -> Response:
    """Show one local post, what it answers and what answers it."""
    ctx, post_id = of(request), _id(request.path_params["id"])
    async with ctx.db.read() as tx:
        account = await _local(ctx, tx, request.path_params["name"], "")
        view = await find.load_one(tx, post_id)
        if view is None or view.account.id != account.id or not await can_see(tx, None, view.post):
            return await _missing_post(ctx, tx, account, post_id)
        if view.reblog is not None:
            raise Refused(404, "This is somebody's boost of another post.")
        above = await find.load(tx, await threads.ancestors(tx, None, view.post))
        below = await find.load(tx, await threads.descendants(tx, None, view.post))
    card = views.card(view, ctx.settings)
    return render(
        ctx,
        "post.html",
        headers=_alternate(view.post.iri),
        card=card,
        account=account,
        above=views.cards(above, ctx.settings),
        below=views.cards(below, ctx.settings),
        summary=card.warning or views.summary(view.post.content),
        cover=next((picture for picture in card.pictures if picture.src and not card.warning), None),
    )


async def tag(request: Request) -> Response:
    """Show the latest public posts with a hashtag, of those that this server knows."""
    ctx, name = of(request), request.path_params["name"].casefold()
    async with ctx.db.read() as tx:
        found = await timelines.tagged(tx, None, name, _page(request, POSTS))
        cards = views.cards(await find.load(tx, found.rows), ctx.settings)
    return render(ctx, "tag.html", tag=name, cards=cards, older=_older(found.rows, more=found.more))


async def about(request: Request) -> Response:
    """Say whose server this is, what is done here and what holds."""
    ctx = of(request)
    said = await longtexts.read(ctx, longtexts.ABOUT)
    async with ctx.db.read() as tx:
        rules = await announcements.rules(tx)
    return render(ctx, "about.html", said=views.html(said.html if said else ""), rules=rules)


async def privacy_policy(request: Request) -> Response:
    """Show the operator's privacy policy."""
    return await _long_text(request, longtexts.PRIVACY, "Privacy policy")


async def terms_of_service(request: Request) -> Response:
    """Show the operator's terms of service."""
    return await _long_text(request, longtexts.TERMS, "Terms of service")


async def _long_text(request: Request, name: str, title: str) -> Response:
    ctx = of(request)
    said = await longtexts.read(ctx, name)
    if said is None:
        raise Refused(404, NO_PAGE)
    return render(ctx, "text.html", title=title, said=views.html(said.html), since=said.changed_at)


async def error_page(request: Request, refusal: Refused) -> Response:
    """Return the page that explains a refusal; called by the boundary, for whoever does not read JSON."""
    return render(
        of(request),
        "error.html",
        status=refusal.status,
        headers={**refusal.headers, "Cache-Control": "no-store"},
        title=TITLES.get(refusal.status, "That did not work"),
        code=refusal.status,
        text=NO_PAGE if refusal.text == NO_RECORD else refusal.text,
        request_id=getattr(request.state, "request_id", ""),
    )


async def _local(ctx: Context, tx: Tx, name: str, domain: str) -> Account:
    if domain not in {"", ctx.settings.domain, ctx.settings.host}:
        raise Refused(404, "That account lives on another server.")
    account = await find_account.local_by_name(tx, name)
    if account is None:
        raise Refused(404, "There is no such account here.")
    if account.suspended_at is not None:
        raise Refused(410, "This account was closed.")
    return account


async def _missing_post(ctx: Context, tx: Tx, account: Account, post_id: int) -> Response:
    """Lead from a draft to its post; otherwise 410 for what was deleted and 404 for what never was."""
    published = await find.published_as(tx, post_id)
    if published is not None:
        return RedirectResponse(iris.post(ctx.settings, account.username, published), 302)
    if await find.is_tombstoned(tx, iris.note(account.iri, post_id)):
        raise Refused(410, "This post was deleted.")
    raise Refused(404, "There is no such post here, or it is not public.")


async def _words(ctx: Context, tx: Tx, account: Account, *, without: set[int]) -> list[views.Card]:
    """Return the latest posts that are neither in the grid of pictures nor among those named."""
    found = await timelines.of_account(tx, None, account.id, Page(limit=POSTS))
    cards = views.cards(await find.load(tx, found.rows), ctx.settings)
    shown = [card for card in cards if card.boosted_by or not card.pictures]
    return [card for card in shown if card.id not in without][:WORDS]


def _page(request: Request, limit: int) -> Page:
    before = request.query_params.get("before", "")
    return Page(limit=limit, max_id=_id(before) if before else None)


def _older(rows: object, *, more: bool) -> int | None:
    assert isinstance(rows, list | tuple)
    return rows[-1] if more and rows else None


def _id(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(ID_MAX)) or int(digits) > ID_MAX:
        raise Refused(404, "There is no such post here.")
    return int(digits)


def _alternate(iri: str) -> dict[str, str]:
    """Say where the same thing is for other servers; they ask the same address with another Accept."""
    return {"Link": f'<{iri}>; rel="alternate"; type="{ACTIVITY_JSON}"', "Vary": "Accept"}
