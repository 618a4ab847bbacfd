"""Pages for visitors from other servers: follow, answer, like, boost or write, without an application.

Somebody reads a page elsewhere and wants to act on it from here: that site sends them to one of these
addresses, which WebFinger names. Whoever is signed in gets the thing as its own server describes it and a
button for each thing to do; nothing is done before a button is pressed. Whoever is not can sign in here, or
copy the address into the application that they use. It all works without JavaScript.

Source: FEP-3b86 (Activity Intents); Mastodon's `authorize_interaction` and `share`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from activitypub.errors import ActivityPubError, UnreachableError
from fedi import context, text
from fedi.api import params, sessions
from fedi.api.pages import page
from fedi.api.params import Params
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Login, Post
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries.visibility import can_see
from fedi.services import composing, following, interacting
from fedi.services.authorizing import SignedIn
from fedi.services.posting import NewPost

__all__ = ["act", "publish", "share", "show", "sign_in"]

URI_CHARACTERS_MAX = 2048
"""Of what to interact with; identifiers elsewhere are no longer."""

PATIENCE_S = 20.0
"""How long a person waits while another server is asked, in seconds."""

EXCERPT_CHARACTERS = 500
"""Of a post or a biography that is shown: enough to know that it is the right one."""

CARRIED = {"authorize_interaction": ("uri", "text"), "share": ("text", "in_reply_to")}
"""Parameters of each page that survive signing in."""

DONE = {
    "follow": "You follow them now, or asked to.",
    "reply": "Your answer was published.",
    "favourite": "They will hear that you like it.",
    "boost": "Your followers will see it.",
    "post": "Your post was published.",
}
"""What is said after each deed."""

VISIBILITIES = (
    ("public", "everyone"),
    ("unlisted", "everyone, but not in public timelines"),
    ("private", "followers"),
    ("direct", "people mentioned"),
)
"""Who may see a post, from the most to the fewest."""

NOTHING = "There is nobody and no post at that address, as far as this server can tell."

Thing = Account | Post
Deed = Callable[[Context, Account, Thing, Params], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the visitor is about to do something with."""

    author: Account
    post: Post | None
    words: str
    follows: bool


async def show(request: Request) -> Response:
    """Show what an address names, with what can be done about it."""
    given = await params.read(request)
    uri = _uri(given)
    async with context.of(request).db.read() as tx:
        signed_in = await sessions.find(request, tx)
    if signed_in is None:
        return _sign_in_page(request, "authorize_interaction", given)
    return await _thing_page(request, given, uri, signed_in)


async def act(request: Request) -> Response:
    """Do what was decided.

    Raises:
        Refused: 403 for a form that is not ours, 422 for a deed that does not fit, or as the deed.
    """
    ctx = context.of(request)
    given = await params.read(request)
    uri = _uri(given)
    async with ctx.db.read() as tx:
        signed_in = await sessions.find(request, tx)
    if signed_in is None:
        return _sign_in_page(request, "authorize_interaction", given, status=401)
    sessions.require_same(signed_in.csrf_token, given.text("token"))
    deed = given.word("deed") or ""
    if deed not in DEEDS:
        raise Refused(422, "That cannot be done from here.")
    await DEEDS[deed](ctx, signed_in.account, await _find(ctx, uri, signed_in.account), given)
    return _see(f"/authorize_interaction?{urlencode({'uri': uri, 'done': deed})}")


async def share(request: Request) -> Response:
    """Show a form for a post that begins with the text of another site."""
    given = await params.read(request)
    async with context.of(request).db.read() as tx:
        signed_in = await sessions.find(request, tx)
        login = await tx.get(Login, signed_in.account.id) if signed_in else None
    if signed_in is None:
        return _sign_in_page(request, "share", given)
    if answered := given.text("in_reply_to"):
        query = {"uri": answered, "text": given.text("text") or ""}
        return _see(f"/authorize_interaction?{urlencode(query)}")
    values = {
        "me": signed_in.account,
        "token": signed_in.csrf_token,
        "text": given.text("text") or "",
        "visibility": login.default_visibility if login else "public",
        "visibilities": VISIBILITIES,
        "done": DONE.get(given.word("done") or ""),
    }
    return page(request, "share.html", values)


async def publish(request: Request) -> Response:
    """Publish it.

    Raises:
        Refused: 403 for a form that is not ours, 422 for what cannot be published.
    """
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        signed_in = await sessions.find(request, tx)
    if signed_in is None:
        return _sign_in_page(request, "share", given, status=401)
    sessions.require_same(signed_in.csrf_token, given.text("token"))
    await _compose(ctx, signed_in.account, given, in_reply_to_id=None)
    return _see("/share?done=post")


async def sign_in(request: Request) -> Response:
    """Check a name and a password, and go back to the page."""
    given = await params.read(request)
    where = given.word("page") or ""
    if where not in CARRIED:
        raise Refused(400, "That page does not exist.")
    carried = Params(dict(parse_qsl(given.text("request") or "")))
    username, account = await sessions.who_signs_in(request, given)
    if account is None:
        return _sign_in_page(request, where, carried, status=401, username=username)
    return await sessions.begin(request, account, path=f"/{where}?{_query(where, carried)}")


async def _follow(ctx: Context, me: Account, thing: Thing, _given: Params) -> None:
    async with ctx.db.write() as tx:
        whom = thing if isinstance(thing, Account) else await find_account.by_id(tx, thing.account_id)
        assert whom is not None, "a post has an author"
        await following.follow(
            ctx, tx, follower=await tx.get_one(Account, me.id), target=await tx.get_one(Account, whom.id)
        )


async def _favourite(ctx: Context, me: Account, thing: Thing, _given: Params) -> None:
    async with ctx.db.write() as tx:
        post = await tx.get_one(Post, _require_post(thing).id)
        await interacting.favourite(ctx, tx, account=await tx.get_one(Account, me.id), post=post)


async def _boost(ctx: Context, me: Account, thing: Thing, _given: Params) -> None:
    async with ctx.db.write() as tx:
        post = await tx.get_one(Post, _require_post(thing).id)
        await interacting.boost(ctx, tx, account=await tx.get_one(Account, me.id), post=post)


async def _reply(ctx: Context, me: Account, thing: Thing, given: Params) -> None:
    await _compose(ctx, me, given, in_reply_to_id=_require_post(thing).id)


DEEDS: Mapping[str, Deed] = {
    "follow": _follow,
    "favourite": _favourite,
    "boost": _boost,
    "reply": _reply,
}
"""What a button does."""


async def _compose(ctx: Context, me: Account, given: Params, *, in_reply_to_id: int | None) -> None:
    words, visibility = given.text("text") or "", given.word("visibility") or "public"
    if visibility not in dict(VISIBILITIES):
        raise Refused(422, "Nobody can see a post in that way.")
    await composing.meet_mentioned(ctx, words)
    new = NewPost(text=words, visibility=visibility, in_reply_to_id=in_reply_to_id)
    async with ctx.db.write() as tx:
        await composing.compose(ctx, tx, author=await tx.get_one(Account, me.id), new=new)


async def _find(ctx: Context, uri: str, me: Account) -> Thing:
    """Return what an address or a handle names, as far as this person may see it.

    Raises:
        Refused: 404 or 503, with a sentence for the person.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            if uri.lower().startswith(("http://", "https://")):
                found = await resolve.url(ctx, uri)
            else:
                found = await resolve.handle(ctx, uri.removeprefix("acct:"))
    except (UnreachableError, TimeoutError) as trouble:
        raise Refused(
            503, "The server where that lives does not answer. Please try again later.", why=str(trouble)
        ) from trouble
    except ActivityPubError as trouble:
        raise Refused(
            404,
            NOTHING,
            why=str(trouble),
        ) from trouble
    async with ctx.db.read() as tx:
        return await _visible(tx, found, me)


async def _visible(tx: Tx, found: Thing, me: Account) -> Thing:
    if isinstance(found, Post) and found.reblog_of_id is not None:
        original = await find_post.by_id(tx, found.reblog_of_id)
        assert original is not None, "a boost goes with what it holds"
        found = original
    hidden = (
        not await can_see(tx, me.id, found) if isinstance(found, Post) else found.suspended_at is not None
    )
    if hidden:
        raise Refused(404, NOTHING)
    return found


async def _thing_page(request: Request, given: Params, uri: str, signed_in: SignedIn) -> Response:
    ctx, me = context.of(request), signed_in.account
    thing = await _find(ctx, uri, me)
    async with ctx.db.read() as tx:
        shown = await _describe(tx, thing, me)
    handle = f"@{shown.author.acct}"
    settings = {
        "me": me,
        "token": signed_in.csrf_token,
        "uri": uri,
        "link": (shown.post.url if shown.post else None) or shown.author.url or shown.author.iri,
        "name": text.clean_name(shown.author.display_name) or shown.author.username,
        "handle": handle,
        "shown": shown,
        "is_me": shown.author.id == me.id,
        "text": given.text("text") or (f"{handle} " if shown.author.id != me.id else ""),
        "visibility": shown.post.visibility if shown.post else "public",
        "visibilities": VISIBILITIES,
        "done": DONE.get(given.word("done") or ""),
    }
    return page(request, "interact.html", settings)


async def _describe(tx: Tx, thing: Thing, me: Account) -> Shown:
    post = thing if isinstance(thing, Post) else None
    author = thing if isinstance(thing, Account) else await find_account.by_id(tx, thing.account_id)
    assert author is not None, "a post has an author"
    source = (post.spoiler_text or post.content) if post else author.note
    words = " ".join(text.html_to_text(source).split())[:EXCERPT_CHARACTERS]
    relation = await following.find(tx, follower=me, target=author)
    return Shown(author=author, post=post, words=words, follows=relation is not None)


def _sign_in_page(
    request: Request, where: str, given: Params, *, status: int = 200, username: str | None = None
) -> Response:
    """Show the form to sign in with, and what to search for in an application instead."""
    token = sessions.form_token(request)
    uri = (given.text("uri") or given.text("in_reply_to") or "").strip()[:URI_CHARACTERS_MAX]
    values = {
        "page": where,
        "query": _query(where, given),
        "token": token,
        "username": username or "",
        "wrong": username is not None,
        "uri": uri.removeprefix("acct:"),
        "link": uri if uri.startswith(("https://", "http://")) else None,
    }
    response = page(request, "visitor.html", values, status=status)
    sessions.keep_form_token(request, response, token)
    return response


def _uri(given: Params) -> str:
    uri = (given.text("uri") or "").strip()[:URI_CHARACTERS_MAX]
    if not uri:
        raise Refused(400, "The address of what to interact with is missing (`?uri=`).")
    return uri


def _query(where: str, given: Params) -> str:
    return urlencode([(name, value) for name in CARRIED[where] if (value := given.text(name)) is not None])


def _require_post(thing: Thing) -> Post:
    if not isinstance(thing, Post):
        raise Refused(422, "That can be done with a post only.")
    return thing


def _see(path: str) -> Response:
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})
