"""Subscriptions to web push: one for each access token, and the key that we show to push services.

The message names the token that it is for, since a client with several accounts finds the right one by it.
That is the only token that is kept in a form that can be read, sealed under a key outside of the database.

Source: Mastodon's documentation, "push API methods"; RFC 8292 for the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.http import RefusedAddressError, guard_from
from fedi.models import PushSubscription, ServerKey
from fedi.outbound.webpush import VapidKey, read_device

__all__ = [
    "ALERTS", "POLICIES", "Wanted", "change", "find", "public_key", "subscribe", "token_of",
    "unsubscribe", "vapid",
]  # fmt: skip

ALERTS = (
    "mention", "quote", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update",
    "quoted_update", "admin.sign_up", "admin.report",
)  # fmt: skip
"""Kinds of notifications that can be pushed, in Mastodon's words."""

POLICIES = ("all", "followed", "follower", "none")
"""From whom: everyone, whom one follows, who follows one, nobody."""

ENDPOINT_CHARACTERS_MAX = 2048
"""Of the address of a push service; those of Google, Mozilla and Apple have some hundreds."""

KEY_TTL_S = 3600.0
"""How long our key is remembered, in seconds. It never changes."""

PURPOSE = "push"
"""What tokens are sealed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client wants to be sent where."""

    endpoint: str
    p256dh: str
    auth: str
    standard: bool
    alerts: Mapping[str, bool] = field(default_factory=dict)
    policy: str = "all"


async def vapid(ctx: Context) -> VapidKey:
    """Return our key, made the first time anyone asks."""
    known = ctx.memory.figures.get("vapid", ctx.clock())
    if isinstance(known, VapidKey):
        return known
    kept = select(ServerKey.pem).where(ServerKey.name == "vapid")
    async with ctx.db.read() as tx:
        pem = (await tx.execute(kept)).scalar()
    if pem is None:
        async with ctx.db.write() as tx:  # of two processes that make one, the first is right
            values = {"name": "vapid", "pem": VapidKey.generate().pem, "created_at": ctx.clock()}
            await tx.execute(insert(tx, ServerKey).values(**values).on_conflict_do_nothing())
            pem = (await tx.execute(kept)).scalar_one()
    key = VapidKey.from_pem(pem)
    ctx.memory.figures.put("vapid", key, now=ctx.clock(), ttl_s=KEY_TTL_S)
    return key


async def public_key(ctx: Context) -> str:
    """Return the public half of our key, as clients get it."""
    return (await vapid(ctx)).public


async def find(tx: Tx, token_id: int) -> PushSubscription | None:
    """Find the subscription of a token."""
    found = select(PushSubscription).where(PushSubscription.token_id == token_id)
    return (await tx.execute(found)).scalar_one_or_none()


async def subscribe(
    ctx: Context, tx: Tx, *, account_id: int, token_id: int, token: str, wanted: Wanted
) -> PushSubscription:
    """Make the subscription of a token, in the place of the one that it has.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account_id: whose notifications.
        token_id: the token, by its id.
        token: and as the client has it.
        wanted: what is sent where.

    Raises:
        Refused: 422, for keys that are none, or an address that is not one of a push service.
    """
    _check(ctx, wanted)
    await unsubscribe(tx, token_id)
    made = PushSubscription(
        id=ctx.ids.next(),
        token_id=token_id,
        account_id=account_id,
        endpoint=wanted.endpoint,
        p256dh=wanted.p256dh,
        auth=wanted.auth,
        standard=wanted.standard,
        access_token=ctx.sealer.seal(token, purpose=PURPOSE),
        alerts={name: bool(wanted.alerts.get(name)) for name in ALERTS},
        policy=_policy(wanted.policy),
        created_at=ctx.clock(),
    )
    tx.add(made)
    await tx.flush()
    return made


async def change(
    tx: Tx, subscription: PushSubscription, *, alerts: Mapping[str, bool], policy: str | None
) -> None:
    """Change what is sent.

    Args:
        tx: a writing transaction.
        subscription: the one of the token.
        alerts: by kind; what is not named is off, as in Mastodon.
        policy: from whom; None leaves it.

    Raises:
        Refused: 422, for a policy that does not exist.
    """
    subscription.alerts = {name: bool(alerts.get(name)) for name in ALERTS}
    if policy is not None:
        subscription.policy = _policy(policy)
    await tx.flush()


async def unsubscribe(tx: Tx, token_id: int) -> None:
    """End the subscription of a token; nothing happens when there is none."""
    await tx.execute(delete(PushSubscription).where(PushSubscription.token_id == token_id))


def token_of(ctx: Context, subscription: PushSubscription) -> str | None:
    """Return the token that a subscription is for; None when it was sealed under another key."""
    return ctx.sealer.open(subscription.access_token, purpose=PURPOSE)


def _policy(text: str) -> str:
    if text not in POLICIES:
        raise Refused(422, f"Validation failed: policy must be one of {', '.join(POLICIES)}")
    return text


def _check(ctx: Context, wanted: Wanted) -> None:
    _policy(wanted.policy)
    if read_device(wanted.p256dh, wanted.auth) is None:
        raise Refused(422, "Validation failed: the keys of the subscription are not a device's")
    refusal = Refused(422, "Validation failed: the endpoint is not the address of a push service")
    if len(wanted.endpoint) > ENDPOINT_CHARACTERS_MAX or not wanted.endpoint.isascii():
        raise refusal
    try:
        guard_from(ctx.settings).require_url(wanted.endpoint)
    except RefusedAddressError:
        raise refusal from None
