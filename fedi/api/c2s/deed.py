"""What a client wants done: the activity, who sends it, and what may be asked of other servers for it.

A handler first finds the people and posts that the activity names, on other servers if need be, and returns
an effect: a function that calls the verb of `services` in one transaction and tells the id under which the
deed goes out. So network and database are never mixed, as for what comes in (`inbound.received`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from activitypub import read
from activitypub.errors import ActivityPubError, NotFoundError
from activitypub.read import Doc
from fedi.api import errors, scopes
from fedi.api.viewer import Viewer
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget
from fedi.queries.visibility import can_see

__all__ = [
    "Deed", "Effect", "Handler", "embedded", "here", "named", "named_account", "named_post", "require_own",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One activity from a client.

    Attributes:
        viewer: the person, and what the client may do.
        doc: the activity, in compact form; ids in it are the client's and mean nothing.
        key: `Idempotency-Key`, with which the same request makes the same post.
        budget: what may still be fetched.
    """

    viewer: Viewer
    doc: Doc
    key: str | None = None
    budget: Budget = field(default_factory=Budget)

    @property
    def me(self) -> Account:
        """Who does it."""
        return self.viewer.account

    def require(self, scope: str) -> None:
        """Refuse a client that was not given this right.

        Raises:
            Refused: 403.
        """
        if not scopes.covers(self.viewer.scopes, scope):
            raise errors.outside_scopes([scope])


Effect = Callable[[Tx, Account], Awaitable[str]]
"""Does it in a transaction, as the account there stands, and returns the id that it goes out under."""

Handler = Callable[[Context, Deed], Awaitable[Effect]]
"""Raises `Refused` with a sentence for the client's author."""


def require_own(deed: Deed, doc: Doc, name: str) -> None:
    """Refuse a document that names somebody else as its actor or author; none is as good as oneself.

    Raises:
        Refused: 403.
    """
    value = doc.get(name)
    if value is not None and read.one_id(value) != deed.me.iri:
        raise Refused(403, f"{name} names somebody else; leave it out, or write {deed.me.iri}")


def embedded(deed: Deed) -> Doc:
    """Return the embedded object of an activity.

    Raises:
        Refused: 422.
    """
    found = deed.doc.get("object")
    if not isinstance(found, Mapping):
        raise Refused(422, "object must be embedded here")
    return found


def named(doc: Doc, name: str = "object") -> str:
    """Return the id of what a member names, embedded or not.

    Raises:
        Refused: 422.
    """
    iri = read.http_iri(doc.get(name))
    if iri is None:
        raise Refused(422, f"{name} must be an http(s) id, or an object with one")
    return iri


async def named_account(ctx: Context, deed: Deed, iri: str) -> Account:
    """Return the account of an actor, from its server if it is not known yet.

    Raises:
        Refused: 422, when it cannot be had.
    """
    try:
        return await resolve.actor(ctx, iri, budget=deed.budget)
    except ActivityPubError as trouble:
        raise Refused(422, f"{iri} cannot be had as an actor: {trouble.message}", why=str(trouble)) from None


async def named_post(ctx: Context, deed: Deed, iri: str) -> Post:
    """Return a post, from its server if it is not known yet.

    Raises:
        Refused: 404, when there is none or it is not for the person, which look the same; 422, when it cannot
            be had.
    """
    try:
        post = await resolve.note(ctx, iri, budget=deed.budget)
    except NotFoundError:
        raise errors.not_found() from None
    except ActivityPubError as trouble:
        raise Refused(422, f"{iri} cannot be had as a post: {trouble.message}", why=str(trouble)) from None
    async with ctx.db.read() as tx:
        if not await can_see(tx, deed.me.id, post):
            raise errors.not_found()
    return post


async def here(tx: Tx, model: Any, row: Any) -> Any:
    """Return a row as it stands in another transaction.

    Raises:
        Refused: 404, when it is gone meanwhile.
    """
    found = await tx.get(model, row.id)
    if found is None:
        raise errors.not_found()
    return found
