"""Bringing posts to everyone who should hear of them, as each of them may see it.

A post costs three or four statements however many listen: where it belongs, who of all listeners sees it
(`queries.audience`), and in which lists it is. Then it is rendered once for all who see the same, in the
eyes of one of them; those with whom it makes a difference get theirs made for them.

Source: Mastodon's documentation, "Streaming API", for what is told in which stream.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fedi.api import rendering
from fedi.api.streaming.channels import Channel
from fedi.api.streaming.exchange import Exchange, Listener, Told
from fedi.bus.events import EventKind, News
from fedi.context import Context
from fedi.queries import audience, lists
from fedi.queries.audience import Facts, Hearer

__all__ = ["goes", "shown"]

Open = Mapping[Channel, Iterable[Listener]]
"""Who listens to the channels in which a post appears."""


async def shown(exchange: Exchange, news: News) -> None:
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


async def goes(exchange: Exchange, news: News) -> None:
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
