"""Asking other servers: guarded, counted, and signed by the server's own actor.

Everything that we fetch goes through here: our own host is never asked over the network, an address is
looked at before it is asked, one cause may make us ask only so often, and every request is signed, because
GoToSocial answers nothing else.

Trouble is told in the exceptions of `activitypub.errors`, WebFinger's too; `UnreachableError` is the one that
asks for another try.

Source: ActivityPub section 3.2; SWICG ActivityPub HTTP Signatures report (instance actor).
"""

from activitypub import client
from activitypub.auth import SignatureAuth
from activitypub.errors import (
    FetchError,
    ForbiddenError,
    GoneError,
    MalformedError,
    NotFoundError,
    UnreachableError,
)
from activitypub.limits import DEADLINE_S
from activitypub.origin import same_origin, without_fragment
from fedi import iris
from fedi.config import Settings
from fedi.context import Context
from fedi.http import RefusedAddressError, guard_from
from fedi.queries import accounts as find_account
from webfinger import acct as handles
from webfinger import errors as webfinger_errors
from webfinger import lookup

__all__ = ["Budget", "document", "is_ours", "look_up", "parse_handle", "require_welcome"]

FETCHES_MAX = 40
"""Requests that one incoming activity or one search may cause, redirects not counted."""

SUSPENDED = "its server is suspended here"

LOOKUP_COST = 2
"""Of a WebFinger look-up: a split domain is asked twice."""


class Budget:
    """What one cause may still make us fetch. Passed along, so that nobody has to count the branches."""

    def __init__(self, fetches: int = FETCHES_MAX) -> None:
        self.most = self.left = fetches

    def spend(self, fetches: int = 1) -> None:
        """Take from it.

        Raises:
            ForbiddenError: it is used up.
        """
        if fetches > self.left:
            raise ForbiddenError(f"one cause may make us ask {self.most} times at most")
        self.left -= fetches


def is_ours(settings: Settings, iri: str) -> bool:
    """Tell whether an address lies on this server, where the database is asked and not the network."""
    return same_origin(settings.origin, iri)


async def document(
    ctx: Context, iri: str, *, budget: Budget | None = None, deadline_s: float = DEADLINE_S
) -> client.Document:
    """Fetch a document from where it lives, signed by this server's own actor.

    Args:
        ctx: the context.
        iri: its address.
        budget: what may still be fetched.
        deadline_s: for everything together, in seconds.

    Raises:
        ActivityPubError: as `activitypub.client.fetch`; NotFoundError for an address of ours; ForbiddenError
            for one that we do not talk to, wherever on the way it turns up.
    """
    if is_ours(ctx.settings, iri):
        raise NotFoundError("our own documents are in the database", iri=iri)
    await require_welcome(ctx, iri)
    try:
        guard_from(ctx.settings).require_url(without_fragment(iri))
    except RefusedAddressError as refusal:
        raise ForbiddenError(str(refusal), iri=iri) from None
    (budget or Budget()).spend()
    try:
        return await client.fetch(
            ctx.http,
            iri,
            auth=await _auth(ctx),
            http_allowed=ctx.settings.allow_http_peers,
            deadline_s=deadline_s,
            clock=ctx.clock,
        )
    except UnreachableError as trouble:
        if isinstance(trouble.__cause__, RefusedAddressError):  # a redirect; asking again would not help
            raise ForbiddenError(str(trouble.__cause__), iri=iri) from trouble
        raise


async def require_welcome(ctx: Context, *iris: str) -> None:
    """Refuse addresses on servers that are suspended here.

    Raises:
        ForbiddenError: naming the first of them.
    """
    rules = await ctx.rules.now()
    for iri in iris:
        if rules.of_iris(iri).suspended:
            raise ForbiddenError(SUSPENDED, iri=iri)


def parse_handle(ctx: Context, text: str) -> handles.Acct:
    """Read `user@domain`.

    Raises:
        MalformedError: it is not a handle.
    """
    try:
        return handles.parse(text, allow_port=bool(ctx.settings.outgoing_allow))
    except webfinger_errors.MalformedResourceError as refusal:
        raise MalformedError(refusal.message, iri=text[:200]) from None


async def look_up(ctx: Context, text: str, budget: Budget, *, scheme: str) -> lookup.Resource:
    """Ask WebFinger who a handle is.

    Args:
        ctx: the context.
        text: the handle.
        budget: what may still be fetched.
        scheme: `http` only for peers of a test.

    Raises:
        ActivityPubError: WebFinger's trouble, in our words.
    """
    wanted = parse_handle(ctx, text)
    if (await ctx.rules.now()).of(wanted.host).suspended:
        raise ForbiddenError(SUSPENDED, iri=text)
    budget.spend(LOOKUP_COST)
    try:
        return await lookup.lookup(ctx.http, wanted, scheme=scheme)
    except webfinger_errors.GoneResourceError as gone:
        raise GoneError(gone.message, iri=text) from gone
    except webfinger_errors.UnknownResourceError as unknown:
        raise NotFoundError(unknown.message, iri=text) from unknown
    except webfinger_errors.UnreachableError as trouble:
        if isinstance(trouble.__cause__, RefusedAddressError):
            raise ForbiddenError(str(trouble.__cause__), iri=text) from trouble
        raise UnreachableError(trouble.message, iri=text) from trouble
    except webfinger_errors.MismatchError as mismatch:
        raise ForbiddenError(mismatch.message, iri=text) from mismatch
    except webfinger_errors.WebfingerError as refusal:
        raise FetchError(refusal.message, iri=text) from refusal


async def _auth(ctx: Context) -> SignatureAuth | None:
    """Sign as the server itself; None only before it has been set up."""
    async with ctx.db.read() as tx:
        ours = await find_account.instance_actor(tx, ctx.settings)
    if ours is None or ours.private_key_pem is None:
        return None
    key_id = iris.key(ours.iri)
    return SignatureAuth(key_id=key_id, key=ctx.keys.get(key_id, ours.private_key_pem), clock=ctx.clock)
