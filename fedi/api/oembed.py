"""What another site needs to show a public post from here (oEmbed).

It gets words and a link, as it would of any page, and no frame: there is no page of ours that others may put
into theirs, since a frame is how clicks are stolen.

Source: oEmbed 1.0; Mastodon's documentation, "oembed API methods".
"""

import html
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.context import Context
from fedi.db import Tx
from fedi.outbound.fetch import is_ours
from fedi.queries import posts
from fedi.queries.posts import PostView
from fedi.queries.visibility import can_see
from fedi.text import html_to_text

__all__ = ["show"]

WIDTH_PX = 400
"""Of a post in another page, when nobody asks for less."""

AGE_S = 24 * 3600
"""How long other sites may keep what they were told, in seconds."""

TITLE_CHARACTERS = 200
"""Of a post's words in what other sites are told."""

_PAGE = re.compile(r"/(?:@[^/]+|users/[^/]+/statuses)/([0-9]{1,19})/?")


async def show(request: Request) -> Response:
    """Tell another site how to show a public post from here."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        view = await _public_post(ctx, tx, given.word("url") or "")
    if view is None:
        raise errors.not_found()
    author, words = view.account, _title(view)
    name = author.display_name or author.username
    link = html.escape(view.post.url or view.post.iri)
    signed = f'<a href="{link}">{html.escape(name)}</a>'

    return json_answer(
        {
            "type": "rich",
            "version": "1.0",
            "title": f"{name}: {words}" if words else name,
            "author_name": name,
            "author_url": author.url or author.iri,
            "provider_name": ctx.settings.instance_name,
            "provider_url": f"{ctx.settings.origin}/",
            "cache_age": AGE_S,
            "html": f"<blockquote><p>{html.escape(words)}</p><p>{signed}</p></blockquote>",
            "width": min(max(given.number("maxwidth") or WIDTH_PX, 1), WIDTH_PX),
            "height": None,
        }
    )


async def _public_post(ctx: Context, tx: Tx, url: str) -> PostView | None:
    """Return the post at an address of ours, if everyone may see it."""
    page = _PAGE.fullmatch(urlsplit(url).path) if is_ours(ctx.settings, url) else None
    identifier = params.as_identifier(page[1]) if page else None
    post = await posts.by_id(tx, identifier) if identifier is not None else None
    if post is None or not post.local or not await can_see(tx, None, post):
        return None
    return await posts.load_one(tx, post.id)


def _title(view: PostView) -> str:
    """Return the beginning of a post's words; of one with a warning the warning."""
    words = view.post.spoiler_text or " ".join(html_to_text(view.post.content).split())
    return words if len(words) <= TITLE_CHARACTERS else f"{words[: TITLE_CHARACTERS - 1]}…"
