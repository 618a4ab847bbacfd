"""Pushing one notification to one device.

A job for each: it looks the notification up when its turn comes, so what was taken back or may not be seen
any more is not pushed, and a token that is worth nothing gets nothing. A push service that says that it does
not know the subscription (404, 410) ends it; one that is busy is asked again for a few hours.

Sources: RFC 8030 sections 5 and 7.3; Mastodon's documentation, "push API methods", for what a message says.
"""

from typing import NamedTuple

import httpx
import msgspec
from sqlalchemy import select

from activitypub.client import retry_after_s
from activitypub.errors import UnreachableError
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.http import RefusedAddressError
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, OAuthToken, PushSubscription
from fedi.outbound.webpush import TEXT_BYTES_MAX, message, read_device
from fedi.queries import notifications, quotes
from fedi.queries.notifications import NotificationView
from fedi.services import subscribing
from fedi.text import html_to_text

__all__ = ["run", "text_of"]

ATTEMPTS_MAX = 8
"""Tries of one message: about two hours, after which it is no news."""

GONE = frozenset({404, 410})
"""What a push service answers when a subscription has ended (RFC 8030 section 7.3)."""

AGAIN = frozenset({408, 425, 429})
"""Answers below 500 after which trying later may help."""

BODY_CHARACTERS_MAX = 140
"""Of the text below the title: what a lock screen shows."""

TITLES = {
    "mention": "{name} mentioned you",
    "quote": "{name} quoted your post",
    "status": "{name} just posted",
    "reblog": "{name} boosted your post",
    "follow": "{name} is now following you",
    "follow_request": "{name} has requested to follow you",
    "favourite": "{name} favourited your post",
    "poll": "A poll has ended",
    "update": "{name} edited a post",
    "quoted_update": "{name} edited a post that you quoted",
    "admin.sign_up": "{name} signed up",
    "admin.report": "{name} filed a report",
}

log = get(__name__)


class _Found(NamedTuple):
    subscription: PushSubscription
    token: OAuthToken
    account: Account


async def run(ctx: Context, job: queue.Claim) -> None:
    """Push a notification to a device, if it still should be.

    Raises:
        UnreachableError: the push service does not take it now.
    """
    subscription_id: int = job.payload["subscription_id"]
    async with ctx.db.read() as tx:
        found = await _find(tx, subscription_id)
        view = found and await notifications.find(
            tx, found.subscription.account_id, job.payload["notification_id"]
        )
        wanted = found is not None and view is not None and await _is_wanted(tx, found.subscription, view)
    ends = found is not None and not _is_good(ctx, found)
    if found is not None and view is not None and wanted and not ends:
        ends = await _push(ctx, job, found.subscription, view)
    async with ctx.db.write() as tx:
        if ends and found is not None:
            await subscribing.unsubscribe(tx, found.token.id)
        await queue.finish(tx, job)


async def _find(tx: Tx, subscription_id: int) -> _Found | None:
    statement = (
        select(PushSubscription, OAuthToken, Account)
        .join(OAuthToken, OAuthToken.id == PushSubscription.token_id)
        .join(Account, Account.id == PushSubscription.account_id)
        .where(PushSubscription.id == subscription_id)
    )
    row = (await tx.execute(statement)).first()
    return None if row is None else _Found(*row)


def _is_good(ctx: Context, found: _Found) -> bool:
    """Tell whether the token is worth something, and known to us."""
    if found.token.revoked_at is not None or found.account.suspended_at is not None:
        return False
    return subscribing.token_of(ctx, found.subscription) is not None


async def _is_wanted(tx: Tx, subscription: PushSubscription, view: NotificationView) -> bool:
    """Tell whether the client asked for this kind, from this person."""
    told = view.notification
    if told.filtered or not subscription.alerts.get(told.kind):
        return False
    match subscription.policy:
        case "followed":
            return await quotes.follows(tx, told.account_id, told.from_account_id)
        case "follower":
            return await quotes.follows(tx, told.from_account_id, told.account_id)
        case "none":
            return False
    return True


async def _push(
    ctx: Context, job: queue.Claim, subscription: PushSubscription, view: NotificationView
) -> bool:
    """Send the message; return whether the push service says that the subscription has ended."""
    device = read_device(subscription.p256dh, subscription.auth)
    if device is None:
        return True
    headers, body = message(
        text_of(ctx, subscription, view),
        device,
        await subscribing.vapid(ctx),
        endpoint=subscription.endpoint,
        standard=subscription.standard,
        subject=ctx.settings.origin,
        now=ctx.clock(),
    )
    try:
        answer = await ctx.courier.post(subscription.endpoint, headers, body)
    except RefusedAddressError:
        return True
    except httpx.HTTPError as trouble:
        return _again(job, type(trouble).__name__, None)
    if answer.status in GONE:
        return True
    if answer.status >= 500 or answer.status in AGAIN:
        return _again(job, f"it answers {answer.status}", retry_after_s(answer.retry_after, ctx.clock()))
    if answer.status >= 300:
        log.warning("push_refused", host=job.host, status=answer.status)
    return False


def _again(job: queue.Claim, why: str, after_s: float | None) -> bool:
    """Try later, or let one message go that nobody takes."""
    if job.attempts >= ATTEMPTS_MAX:
        log.info("push_dropped", host=job.host, why=why)
        return False
    raise UnreachableError(f"the push service: {why}", retry_after_s=after_s)


def text_of(ctx: Context, subscription: PushSubscription, view: NotificationView) -> bytes:
    """Return what a message says, short enough for every push service."""
    told, sender = view.notification, view.account
    name = sender.display_name or sender.username
    post = view.post.post if view.post is not None else None
    words = html_to_text(sender.note if post is None else post.content)
    if post is not None and post.spoiler_text:
        words = post.spoiler_text
    payload = {
        "access_token": subscribing.token_of(ctx, subscription),
        "preferred_locale": ctx.settings.language,
        "notification_id": told.id,
        "notification_type": told.kind,
        "icon": _icon(ctx, sender),
        "title": TITLES.get(told.kind, "{name}").replace("{name}", name)[:BODY_CHARACTERS_MAX],
        "body": words[:BODY_CHARACTERS_MAX],
    }
    text = msgspec.json.encode(payload)
    return text if len(text) <= TEXT_BYTES_MAX else msgspec.json.encode(payload | {"body": "", "icon": ""})


def _icon(ctx: Context, account: Account) -> str:
    if account.avatar_key:
        return iris.media(ctx.settings, account.avatar_key)
    if account.avatar_url:
        return iris.remote_face(ctx.settings, account.id, account.avatar_url, "avatar")
    return iris.static(ctx.settings, "avatar.png")
