"""Bringing one event to everyone who should hear it, as each of them may see it.

One table says what is done with each kind; posts have a module of their own (`posts`). What is told about is
looked up when its turn comes, so what was taken back meanwhile is told to nobody.

Source: Mastodon's documentation, "Streaming API", for what is told in which stream.
"""

from collections.abc import Awaitable, Callable

import msgspec

from fedi.api.entities.announcement import announcement, reaction_event
from fedi.api.entities.conversation import conversation
from fedi.api.entities.notification import notification
from fedi.api.streaming import posts
from fedi.api.streaming.exchange import Exchange, Told
from fedi.bus.events import EventKind, News
from fedi.queries import announcements, conversations, notifications
from fedi.services import wording

__all__ = ["handle"]


async def handle(exchange: Exchange, news: News) -> None:
    """Bring an event to those who should hear it."""
    airing = AIRINGS.get(news.kind)
    if airing is not None:
        await airing(exchange, news)


async def _notification(exchange: Exchange, news: News) -> None:
    """Bring a notification to whom it tells, if it is there still and they may see it."""
    ctx, account_id = exchange.ctx, news.account_id
    if account_id is None or news.subject_id is None or not _is_here(exchange, account_id):
        return
    async with ctx.db.read() as tx:
        view = await notifications.find(tx, account_id, news.subject_id)
    if view is not None and not view.notification.filtered:
        told = Told("notification", msgspec.json.encode(notification(view, ctx.settings)).decode())
        _tell_notified(exchange, account_id, told)


async def _merged(exchange: Exchange, news: News) -> None:
    """Tell somebody that notifications were added among the older ones."""
    if news.account_id is not None:
        _tell_notified(exchange, news.account_id, Told("notifications_merged", "1"))


async def _filters(exchange: Exchange, news: News) -> None:
    """Tell somebody that their filters are others now."""
    if news.account_id is not None:
        exchange.tell_account(news.account_id, "user", Told("filters_changed", None))


async def _generation(exchange: Exchange, news: News) -> None:
    """Tell somebody how far their picture is."""
    if news.account_id is not None:
        payload = msgspec.json.encode(news.detail or {}).decode()
        exchange.tell_account(news.account_id, "user", Told(news.kind, payload))


async def _announcement(exchange: Exchange, news: News) -> None:
    """Tell everyone what the operator says, the same to all."""
    ctx, named = exchange.ctx, news.subject_id
    async with ctx.db.read() as tx:
        view = None if named is None else await announcements.find(tx, named, now=ctx.clock(), viewer_id=0)
        mentioned = await wording.mentioned(ctx, tx, view.row.text) if view is not None else {}
    if view is not None:
        built = announcement(view, ctx.settings, mentioned=list(mentioned.values()), marked=False)
        _tell_everyone(exchange, Told(news.kind, msgspec.json.encode(built).decode()))


async def _announcement_reaction(exchange: Exchange, news: News) -> None:
    """Tell everyone how often an emoji stands under an announcement now."""
    name = str((news.detail or {}).get("name", ""))
    if news.subject_id is None:
        return
    async with exchange.ctx.db.read() as tx:
        count = await announcements.count_of(tx, news.subject_id, name)
    payload = msgspec.json.encode(reaction_event(news.subject_id, name, count)).decode()
    _tell_everyone(exchange, Told(news.kind, payload))


async def _announcement_delete(exchange: Exchange, news: News) -> None:
    """Tell everyone that an announcement is gone."""
    _tell_everyone(exchange, Told(news.kind, str(news.subject_id)))


def _tell_everyone(exchange: Exchange, told: Told) -> None:
    for of in exchange.keys("user"):
        exchange.tell_account(int(of), "user", told)


async def _conversation(exchange: Exchange, news: News) -> None:
    """Bring a conversation to whom it belongs, as it stands now."""
    ctx, account_id = exchange.ctx, news.account_id
    if account_id is None or news.subject_id is None or not exchange.listening("direct", str(account_id)):
        return
    async with ctx.db.read() as tx:
        view = await conversations.find(tx, account_id, news.subject_id)
    if view is not None:
        told = Told("conversation", msgspec.json.encode(conversation(view, ctx.settings)).decode())
        exchange.tell_account(account_id, "direct", told)


def _is_here(exchange: Exchange, account_id: int) -> bool:
    names = ("user", "user:notification")
    return any(exchange.listening(name, str(account_id)) for name in names)


def _tell_notified(exchange: Exchange, account_id: int, told: Told) -> None:
    exchange.tell_account(account_id, "user", told, notifies=True)
    exchange.tell_account(account_id, "user:notification", told, notifies=True)


AIRINGS: dict[str, Callable[[Exchange, News], Awaitable[None]]] = {
    EventKind.UPDATE: posts.shown,
    EventKind.STATUS_UPDATE: posts.shown,
    EventKind.DELETE: posts.goes,
    EventKind.NOTIFICATION: _notification,
    EventKind.NOTIFICATIONS_MERGED: _merged,
    EventKind.FILTERS_CHANGED: _filters,
    EventKind.GENERATION: _generation,
    EventKind.CONVERSATION: _conversation,
    EventKind.ANNOUNCEMENT: _announcement,
    EventKind.ANNOUNCEMENT_REACTION: _announcement_reaction,
    EventKind.ANNOUNCEMENT_DELETE: _announcement_delete,
}
"""What is done with each kind of event."""
