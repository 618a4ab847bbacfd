"""An actor's outbox from its owner's side: what a client posts there, and all that stands in it.

A client sends an activity, or a bare object that is wrapped in a Create. Ids in it are the client's own idea
and are replaced; so are actor and author, unless they name somebody else. What is done is done by the verbs
of `services`, which deliver it; the answer is 201 with the id that it went out under. A type that is not in
the table is refused with the list of those that are, because a client that is told nothing shows its person
something that never happened.

Source: ActivityPub section 6.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from activitypub import read
from activitypub.errors import ActivityPubError
from activitypub.limits import BODY_BYTES_MAX
from activitypub.normalise import media_type_allowed, normalise
from activitypub.objects.collection import Collection, CollectionPage
from activitypub.read import Doc
from fedi import context, iris
from fedi.api import params
from fedi.api.c2s import favouring, featuring, publishing, relating, reporting, revising, undoing
from fedi.api.c2s.answers import created, document
from fedi.api.c2s.deed import Deed, Handler, require_own
from fedi.api.c2s.owner import admit
from fedi.api.c2s.paging import is_page, max_id
from fedi.api.viewer import require
from fedi.config import Settings
from fedi.errors import Refused
from fedi.models import PostState
from fedi.outbound import translate
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries import timelines
from fedi.queries.page import Page
from fedi.queries.posts import PostView

__all__ = ["ACTS", "SCOPES", "show", "submit"]

ACTS: Final[Mapping[str, Handler]] = {
    "Accept": relating.accept,
    "Add": featuring.add,
    "Announce": favouring.announce,
    "Block": relating.block,
    "Create": publishing.create,
    "Delete": publishing.delete,
    "EmojiReact": favouring.react,
    "Flag": reporting.flag,
    "Follow": relating.follow,
    "Like": favouring.like,
    "Reject": relating.reject,
    "Remove": featuring.remove,
    "Undo": undoing.undo,
    "Update": revising.update,
}
"""What a client can have done; each asks for the right that it needs."""

SCOPES: Final = (
    "write:statuses", "write:favourites", "write:follows", "write:blocks", "write:accounts", "write:reports",
)  # fmt: skip
"""One of these lets a client speak to an outbox at all."""

BODY_TIMEOUT_S = 30.0
"""For the whole body to arrive, in seconds: as for an inbox."""

POSTS_PER_PAGE = 20


async def submit(request: Request) -> Response:
    """POST /users/NAME/outbox: do what a client asks for.

    Raises:
        Refused: 400 malformed, 401 without a good token, 403 not the owner or without the right, 404 about
            something that is not there, 408 too slow, 413 too large, 415 wrong type, 422 not possible.
    """
    ctx = context.of(request)
    viewer = await admit(request, *SCOPES)
    doc = as_activity(await _read(request))
    deed = Deed(viewer=viewer, doc=doc, key=request.headers.get("idempotency-key"))
    require_own(deed, doc, "actor")
    effect = await _handler(doc)(ctx, deed)
    async with ctx.db.write() as tx:
        location = await effect(tx, await viewer.present(tx))
    return created(location)


async def show(request: Request) -> Response:
    """GET /users/NAME/outbox with a token: also what is not for everyone, as far as its holder may see it."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        owner = await find_account.local_by_name(tx, request.path_params["name"])
        if owner is None or owner.kind == "Application":
            raise Refused(404, "Record not found")
        iri = iris.outbox(owner.iri)
        if not is_page(request):
            whole = Collection(id=iri, total_items=owner.statuses_count, first=f"{iri}?page=true")
            return document(whole.to_json())
        page = Page(limit=POSTS_PER_PAGE, max_id=max_id(request))
        found = await timelines.of_account(tx, viewer.id, owner.id, page)
        views = await find_post.load(tx, found.rows)
    items = tuple(_said(view, ctx.settings) for view in views if view.post.state == PostState.PUBLISHED)
    more = f"{iri}?page=true&max_id={found.rows[-1]}" if found.more else None
    here = f"{ctx.settings.origin}{request.url.path}?{request.url.query}"
    return document(CollectionPage(id=here, part_of=iri, next=more, items=items).to_json())


def as_activity(doc: Doc) -> Doc:
    """Return an activity as it is, and a bare object inside a Create.

    Raises:
        Refused: 422, when it is neither of the kinds that we know.
    """
    kinds = read.types(doc)
    if set(kinds) & set(ACTS):
        return doc
    if set(kinds) & set(publishing.OBJECTS):
        return {"type": "Create", "object": doc}
    said = kinds[0] if kinds else "A document without type"
    raise Refused(
        422,
        f"{said[:100]} is not understood here. Activities: {', '.join(ACTS)}. "
        f"Objects: {', '.join(publishing.OBJECTS)}.",
    )


def _handler(doc: Doc) -> Handler:
    return next(ACTS[kind] for kind in read.types(doc) if kind in ACTS)


async def _read(request: Request) -> Doc:
    """Read the body as strictly as an inbox does."""
    if not media_type_allowed(request.headers.get("content-type"), profile_required=False):
        raise Refused(415, "Send application/activity+json.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "Send the body without an encoding.", headers={"Accept-Encoding": "identity"})
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await params.bounded(request, BODY_BYTES_MAX).body()
    except TimeoutError:
        raise Refused(408, "The body took too long to arrive.") from None
    try:
        return normalise(body)
    except ActivityPubError as refusal:
        raise Refused(refusal.status_hint, refusal.message) from refusal


def _said(view: PostView, settings: Settings) -> dict[str, Any]:
    if view.reblog is None:
        return translate.create(view, settings).to_json()
    return translate.announce(view.post, view.account, view.reblog.post, view.reblog.account).to_json()
