"""Bringing one event to everyone who should hear it, as each of them may see it.

A post costs two or three statements however many listen: where it belongs, who of all listeners sees it
(`queries.audience`), and in which lists it is. Then it is rendered once for all who see the same, in the
eyes of one of them; those with whom it makes a difference get theirs made for them.

Source: Mastodon's documentation, "Streaming API", for what is told in which stream.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec

from fedi.api import rendering
from fedi.api.entities.announcement import announcement, reaction_event
from fedi.api.entities.notification import notification
from fedi.api.streaming.channels import Channel
from fedi.api.streaming.exchange import Exchange, Listener, Told
from fedi.bus.events import EventKind, News
from fedi.context import Context
from fedi.queries import announcements, audience, lists, notifications
from fedi.queries.audience import Facts, Hearer
from fedi.services import wording

__all__ = ["handle"]

Open = Mapping[Channel, Iterable[Listener]]
"""Who listens to the channels in which a post appears."""


async def handle(exchange: Exchange, news: News) -> None:
    """Bring an event to those who should hear it."""
    airing = AIRINGS.get(news.kind)
    if airing is not None:
        await airing(exchange, news)


async def _post(exchange: Exchange, news: News) -> None:
    """Bring a post to the streams in which it appears."""
    if news.subject_id is None or (news.kind == EventKind.UPDATE and not exchange.is_news(news.subject_id)):
        return
    homes = {int(of) for of in exchange.keys("user")}
    async with exchange.ctx.db.read() as tx:
        post = await audience.facts(tx, news.subject_id)
        if post is None:
            return
        shown_in = await lists.lists_with(tx, post.post_id) if exchange.keys("list") else []
        others = _public(exchange, post) | {
            (channel := Channel("list", str(key))): exchange.listening(*channel.key(0))
            for key, _owner in shown_in
        }
        anyway = {listener.account_id for listeners in others.values() for listener in listeners}
        if not homes and not anyway:
            return
        hearers = await audience.hearers(
            tx,
            post,
            anyway=anyway,
            at_home=homes,
            now=exchange.ctx.clock(),
            is_new=news.kind == EventKind.UPDATE,
        )
    told = await _rendered(exchange.ctx, news, hearers)
    _deliver(exchange, hearers, told, others)


def _public(exchange: Exchange, post: Facts) -> dict[Channel, list[Listener]]:
    """Return who listens to what everyone sees, where this post is in it."""
    if not post.is_public:
        return {}
    places = ["public", "public:local" if post.local else "public:remote"]
    names = [] if post.in_thread else [*places, *(f"{name}:media" for name in places if post.has_media)]
    channels = [Channel(name) for name in names]
    for tag in post.tags:
        channels.append(Channel("hashtag", tag))
        if post.local:
            channels.append(Channel("hashtag:local", tag))
    found = {channel: list(exchange.listening(*channel.key(0))) for channel in channels}
    return {channel: listeners for channel, listeners in found.items() if listeners}


async def _rendered(ctx: Context, news: News, hearers: Sequence[Hearer]) -> dict[int, Told]:
    """Render a post for everyone who hears it: once for those who see the same."""
    groups: dict[object, list[int]] = defaultdict(list)
    for hearer in hearers:
        groups[hearer.account_id if hearer.alike is None else hearer.alike].append(hearer.account_id)
    told: dict[int, Told] = {}
    assert news.subject_id is not None
    for members in groups.values():
        async with ctx.db.read() as tx:
            built = await rendering.statuses(tx, ctx.settings, members[0], [news.subject_id])
        if built:
            told |= dict.fromkeys(members, Told(news.kind, msgspec.json.encode(built[0]).decode()))
    return told


def _deliver(exchange: Exchange, hearers: Sequence[Hearer], told: Mapping[int, Told], others: Open) -> None:
    meeting: dict[int, bool] = {}
    for hearer in hearers:
        if hearer.account_id not in told:
            continue
        meeting[hearer.account_id] = hearer.meets
        if hearer.at_home:
            exchange.tell_account(hearer.account_id, "user", told[hearer.account_id])
    for channel, listeners in others.items():
        chosen = channel.name == "list"  # whoever put somebody on a list looked for them
        for listener in listeners:
            if meeting.get(listener.account_id) is not None and (chosen or meeting[listener.account_id]):
                listener.tell(told[listener.account_id], channel)


async def _delete(exchange: Exchange, news: News) -> None:
    """Tell that a post is gone to those who could see it."""
    detail = news.detail or {}
    author_id, told = int(detail["author"]), Told("delete", str(news.subject_id))
    homes = {int(of) for of in exchange.keys("user")}
    open_lists = {int(of) for of in exchange.keys("list")}
    if not detail["published"]:
        hearing, in_lists = {author_id}, set[int]()
    else:
        hearing, in_lists = {author_id, *detail["named"]}, set[int]()
        async with exchange.ctx.db.read() as tx:
            if detail["visibility"] != "direct":
                hearing |= await audience.followers_among(tx, author_id, homes)
                in_lists = await audience.lists_of(tx, author_id, open_lists) if open_lists else set()
    for account_id in hearing & homes:
        exchange.tell_account(account_id, "user", told)
    facts = Facts(
        post_id=news.subject_id or 0,
        author_id=author_id,
        is_public=detail["visibility"] == "public" and detail["published"] and not detail["boost"],
        local=detail["local"],
        has_media=detail["media"],
        is_boost=detail["boost"],
        in_thread=False,
        quoted_id=None,
        tags=frozenset(detail["tags"]),
    )
    for channel, listeners in _public(exchange, facts).items():
        for listener in listeners:
            listener.tell(told, channel)
    for list_id in in_lists:
        channel = Channel("list", str(list_id))
        for listener in exchange.listening(*channel.key(0)):
            listener.tell(told, channel)


async def _notification(exchange: Exchange, news: News) -> None:
    """Bring a notification to whom it tells, if it is there still and they may see it."""
    ctx, account_id = exchange.ctx, news.account_id
    if account_id is None or news.subject_id is None or not _is_here(exchange, account_id):
        return
    async with ctx.db.read() as tx:
        view = await notifications.find(tx, account_id, news.subject_id)
    if view is not None:
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


def _is_here(exchange: Exchange, account_id: int) -> bool:
    names = ("user", "user:notification")
    return any(exchange.listening(name, str(account_id)) for name in names)


def _tell_notified(exchange: Exchange, account_id: int, told: Told) -> None:
    exchange.tell_account(account_id, "user", told, notifies=True)
    exchange.tell_account(account_id, "user:notification", told, notifies=True)


AIRINGS: dict[str, Callable[[Exchange, News], Awaitable[None]]] = {
    EventKind.UPDATE: _post,
    EventKind.STATUS_UPDATE: _post,
    EventKind.DELETE: _delete,
    EventKind.NOTIFICATION: _notification,
    EventKind.NOTIFICATIONS_MERGED: _merged,
    EventKind.FILTERS_CHANGED: _filters,
    EventKind.GENERATION: _generation,
    EventKind.ANNOUNCEMENT: _announcement,
    EventKind.ANNOUNCEMENT_REACTION: _announcement_reaction,
    EventKind.ANNOUNCEMENT_DELETE: _announcement_delete,
}
"""What is done with each kind of event."""
