"""Who sent a request: a `Signer`, or a refusal.

Everything that costs nothing is checked first (`verify.read_claim`): only a request that is complete, fresh
and meant for us is worth looking for its key. The key comes from memory, from the account that we know, or
by one bounded fetch. When a signature does not verify with a key that we had, that key may have been renewed:
it is fetched once more, but not twice in a few minutes, because anyone can send a bad signature. Keys that
cannot be had are remembered for a while too, and those who want the same key wait for one fetch.

Source: SWICG ActivityPub HTTP Signatures report; Mastodon's `signature_verification.rb` for the refresh.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from starlette.requests import Request

from activitypub import keys, verify
from activitypub.errors import (
    ActivityPubError,
    GoneError,
    MalformedError,
    NotFoundError,
    SignatureError,
    UnreachableError,
)
from activitypub.origin import origin
from activitypub.signatures.message import Message
from activitypub.signatures.rfc9421 import accept_signature
from activitypub.verify import Claim, Signer
from fedi import domains
from fedi.context import Context
from fedi.errors import Refused
from fedi.log import get
from fedi.memory import Refusal, RemoteKey
from fedi.models import Account
from fedi.outbound import resolve
from fedi.outbound.fetch import is_ours
from fedi.queries.visibility import apart, keeps_host_away

__all__ = ["KEY_GONE", "KEY_UNKNOWN", "reader", "require_not_apart", "require_signer", "require_welcome"]

KEY_TTL_S = 600.0
"""How long a parsed key is used without looking at the database, in seconds."""

REFUSAL_TTL_S = 300.0
"""How long a key that could not be had is not asked for again, in seconds; Mastodon's figure."""

REFRESH_PAUSE_S = 300.0
"""Between two fetches of a key that we have, in seconds."""

RETRY_AFTER_S = 60
"""What the sender is told to wait when the server of its key does not answer."""

KEY_GONE: Final = "key_gone"
"""Error code of a refusal because the key's server says that it is gone for good."""

KEY_UNKNOWN: Final = "key_unknown"
"""The same, because it says that there is none."""

log = get(__name__)


async def require_signer(ctx: Context, request: Request, body: bytes) -> Signer:
    """Return who signed a request.

    Args:
        ctx: the context.
        request: as it came.
        body: its body, which the signature must cover through a digest.

    Raises:
        Refused: 401 when it is not signed as it must be, or its key cannot be used; 400 when a header cannot
            be read; 403 when the server of its key is suspended here, which is then not asked for the key;
            503 when that server does not answer.
    """
    try:
        message = _message(ctx, request, body)
        claim = verify.read_claim(message, now=ctx.clock())
    except SignatureError as refusal:
        raise _unauthorised(refusal.message) from refusal
    except MalformedError as refusal:
        raise Refused(400, refusal.message) from refusal
    if is_ours(ctx.settings, claim.key_id):
        raise _unauthorised("this server does not send to itself")
    await _require_welcome(ctx, claim.key_id)
    known = await _known_key(ctx, claim)
    try:
        used = known or await _fetched_key(ctx, claim.key_id)
        verify.require_valid(claim, message, used.public_key, now=ctx.clock())
    except SignatureError as refusal:
        renewed = await _renewed_key(ctx, claim.key_id, known)
        if renewed is None:
            raise _unauthorised(refusal.message) from refusal
        _require_valid(ctx, claim, message, renewed)
        used = renewed
    return Signer(actor_iri=used.owner, key_id=claim.key_id, scheme=claim.scheme)


async def reader(ctx: Context, request: Request) -> Signer | None:
    """Return who signed a GET; None when nobody did.

    Raises:
        Refused: as `require_signer`, when there is a signature.
    """
    if "signature" not in request.headers:
        return None
    return await require_signer(ctx, request, b"")


async def require_welcome(ctx: Context, request: Request) -> None:
    """Refuse a GET in the name of a server or an account that is suspended here, even of what is public.

    That name is not proven: whoever lays claim to it is taken at their word. What cannot be read as a
    signature is nobody's; where one is needed it will be refused for that.

    Raises:
        Refused: 403.
    """
    claim = _claim_of(ctx, request)
    if claim is None:
        return
    await _require_welcome(ctx, claim.key_id)
    suspended = select(Account.id).where(Account.iri.in_(_owners(claim)), Account.suspended_at.is_not(None))
    async with ctx.db.read() as tx:
        if (await tx.execute(suspended)).first() is not None:
            raise Refused(403, "This account is suspended here.")


async def require_not_apart(ctx: Context, request: Request, owner_id: int) -> None:
    """Refuse a read in the name of somebody who is apart from whose thing it is, even of what is public.

    As in `require_welcome`, that name is not proven: nobody loses by it but who signs so, and without a name
    it would be answered. A block and no such thing look the same from outside.

    Raises:
        Refused: 404.
    """
    claim = _claim_of(ctx, request) if "signature" in request.headers else None
    if claim is None:
        return
    named = select(Account.id).where(Account.iri.in_(_owners(claim)), apart(owner_id, Account))
    hosts = domains.lineage(origin(claim.key_id).host)
    async with ctx.db.read() as tx:
        if (await tx.execute(named)).first() is not None or await keeps_host_away(tx, owner_id, hosts):
            raise Refused(404, "Record not found", why=f"blocked: {claim.key_id}")


def _claim_of(ctx: Context, request: Request) -> Claim | None:
    """Read in whose name a request without a body is signed; None when that cannot be read."""
    try:
        return verify.read_claim(_message(ctx, request, b""), now=ctx.clock())
    except (SignatureError, MalformedError):
        return None


async def _require_welcome(ctx: Context, key_id: str) -> None:
    if (await ctx.rules.now()).of_iris(key_id).suspended:
        raise Refused(403, "This server does not talk to yours.", why=f"suspended: {key_id}")


def _owners(claim: Claim) -> set[str]:
    """Return whose key this may be: its id is its owner's with a fragment, or (GoToSocial) one more step."""
    return {claim.key_document_iri, claim.key_id.rpartition("/")[0]}


def _message(ctx: Context, request: Request, body: bytes) -> Message:
    """Describe a request as its sender saw it: at our configured origin, whatever a proxy made of it."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    target = path.partition(b"?")[0] + (b"?" + query if query else b"")
    return Message.of(
        method=request.method,
        target_uri=ctx.settings.origin + target.decode("latin-1"),
        headers=request.scope["headers"],
        body=body,
    )


async def _known_key(ctx: Context, claim: Claim) -> RemoteKey | None:
    """Find a key in memory or in the account that it belongs to."""
    now = ctx.clock()
    remembered = ctx.memory.keys.get(claim.key_id, now)
    if remembered is not None:
        return remembered
    async with ctx.db.read() as tx:
        rows = await tx.execute(
            select(Account.iri, Account.public_keys).where(Account.iri.in_(_owners(claim)))
        )
        listed = [(iri, key) for iri, entries in rows for key in entries if key["id"] == claim.key_id]
    for owner, kept in listed:
        expires_at = datetime.fromisoformat(kept["expires"]) if "expires" in kept else None
        if expires_at is not None and expires_at <= now:
            continue
        try:
            public_key = keys.load_public_pem(kept["pem"])
        except SignatureError:  # kept before the rules for keys were what they are
            continue
        found = RemoteKey(public_key=public_key, owner=owner, expires_at=expires_at)
        return _remember(ctx, claim.key_id, found)
    return None


async def _fetched_key(ctx: Context, key_id: str, *, fresh: bool = False) -> RemoteKey:
    """Fetch a key, unless it could not be had lately; not `fresh`, one that was fetched meanwhile will do.

    Raises:
        Refused: 401 or 503.
    """
    remembered = None if fresh else ctx.memory.keys.get(key_id, ctx.clock())
    if remembered is not None:
        return remembered
    refusal = ctx.memory.refusals.get(key_id, ctx.clock())
    if refusal is None:
        try:
            return await ctx.memory.in_flight.share(("key", key_id), lambda: _fetch(ctx, key_id))
        except ActivityPubError as trouble:
            refusal = _refusal(trouble)
            log.info("key_not_had", key_id=key_id, status=refusal.status, why=str(trouble))
            ctx.memory.refusals.put(key_id, refusal, now=ctx.clock(), ttl_s=REFUSAL_TTL_S)
    if refusal.status == 503:
        raise Refused(503, refusal.text, headers={"Retry-After": str(RETRY_AFTER_S)})
    raise _unauthorised(refusal.text, error=refusal.error)


async def _fetch(ctx: Context, key_id: str) -> RemoteKey:
    """Fetch a key and remember it, in one piece of work: who comes between the two would fetch it again."""
    return _remember(ctx, key_id, await resolve.key(ctx, key_id))


async def _renewed_key(ctx: Context, key_id: str, used: RemoteKey | None) -> RemoteKey | None:
    """Return the key as it is now, if one that we had did not fit: by one fetch in a few minutes at most."""
    if used is None:
        return None
    now = ctx.clock()
    if ctx.memory.refreshed.get(key_id, now) and not ctx.memory.in_flight.is_under_way(("key", key_id)):
        return ctx.memory.keys.get(key_id, now)
    ctx.memory.refreshed.put(key_id, value=True, now=now, ttl_s=REFRESH_PAUSE_S)
    return await _fetched_key(ctx, key_id, fresh=True)


def _require_valid(ctx: Context, claim: Claim, message: Message, key: RemoteKey) -> None:
    try:
        verify.require_valid(claim, message, key.public_key, now=ctx.clock())
    except SignatureError as refusal:
        raise _unauthorised(refusal.message) from refusal


def _remember(ctx: Context, key_id: str, key: RemoteKey) -> RemoteKey:
    now = ctx.clock()
    ctx.memory.keys.put(key_id, key, now=now, ttl_s=key.keep_for_s(now, KEY_TTL_S))
    return key


def _refusal(trouble: ActivityPubError) -> Refusal:
    if isinstance(trouble, UnreachableError):
        return Refusal(status=503, text="The server of the signature's key does not answer.")
    if isinstance(trouble, (GoneError, NotFoundError)):
        error = KEY_GONE if isinstance(trouble, GoneError) else KEY_UNKNOWN
        return Refusal(status=401, text="The signature's key does not exist.", error=error)
    return Refusal(status=401, text=f"The signature's key cannot be used: {trouble.message}")


def _unauthorised(text: str, *, error: str | None = None) -> Refused:
    return Refused(401, text, error=error, headers={"Accept-Signature": accept_signature()})
