"""Pages of collections: which one was asked for, and where its neighbours are.

A page is named by the id that it begins after, so that it stays the same while new things come in before it;
offsets would skip or repeat. Lists that are newest first go on with `max_id` and back with `min_id`, as
Mastodon's do; lists that are oldest first only go on, with `min_id`.

Source: ActivityPub section 5; ActivityStreams 2.0 Core section 5.2.
"""

from collections.abc import Sequence

from starlette.requests import Request

from activitypub.objects.collection import CollectionPage, Item
from fedi.context import Context
from fedi.errors import Refused
from fedi.queries.page import Page

__all__ = [
    "after",
    "first",
    "here",
    "identifier",
    "is_page",
    "last",
    "newest_first",
    "oldest_first",
    "wanted",
]

ID_CHARACTERS_MAX = 19
"""Of an id: what 63 bits can hold."""


def is_page(request: Request) -> bool:
    """Tell whether a page is wanted, and not the collection."""
    return request.query_params.get("page") == "true"


def first(iri: str) -> str:
    """Return the first page of a collection."""
    return f"{iri}?page=true"


def last(iri: str) -> str:
    """Return the last page of a collection that is newest first."""
    return f"{iri}?page=true&min_id=0"


def here(ctx: Context, request: Request) -> str:
    """Return the address that was asked for, at our configured origin."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{ctx.settings.origin}{request.url.path}{query}"


def wanted(request: Request, limit: int) -> Page:
    """Read which page of a list that is newest first a request wants.

    Raises:
        Refused: 400, when a cursor is no id.
    """
    return Page(limit=limit, max_id=_cursor(request, "max_id"), min_id=_cursor(request, "min_id"))


def after(request: Request) -> int:
    """Read after which id a page of a list that is oldest first begins.

    Raises:
        Refused: 400, when the cursor is no id.
    """
    return _cursor(request, "min_id") or 0


def newest_first(
    here: str,
    iri: str,
    page: Page,
    ids: Sequence[int],
    items: Sequence[Item],
    *,
    more: bool,
) -> CollectionPage:
    """Describe a page of a list that is newest first.

    Args:
        here: the page's own address.
        iri: the collection.
        page: what was asked.
        ids: the cursors of its rows, newest first.
        items: what it shows of them; may be fewer.
        more: whether older ones follow.
    """
    beginning = page.max_id is None and page.min_id is None
    return CollectionPage(
        id=here,
        part_of=iri,
        next=f"{first(iri)}&max_id={ids[-1]}" if ids and more and page.min_id != 0 else None,
        prev=f"{first(iri)}&min_id={ids[0]}" if ids and not beginning else None,
        items=tuple(items),
    )


def oldest_first(
    here: str, iri: str, ids: Sequence[int], items: Sequence[Item], *, more: bool
) -> CollectionPage:
    """Describe a page of a list that is oldest first, without an order that would mean anything."""
    return CollectionPage(
        id=here,
        ordered=False,
        part_of=iri,
        next=f"{first(iri)}&min_id={ids[-1]}" if ids and more else None,
        items=tuple(items),
    )


def identifier(text: str) -> int:
    """Read an id in a path.

    Raises:
        Refused: 404, when it is none.
    """
    found = _number(text)
    if found is None:
        raise Refused(404, "Record not found")
    return found


def _cursor(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    found = _number(text)
    if found is None:
        raise Refused(400, f"{name} is not an id")
    return found


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_CHARACTERS_MAX and int(text) < 2**63):
        return None
    return int(text)
