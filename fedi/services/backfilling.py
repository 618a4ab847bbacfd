"""Reading the rest of a thread from the server where it lives, when somebody here opens it.

A server knows of a conversation what was sent to it. What else belongs to it is listed by the server of the
post: in its `replies`, in the `context` of the conversation (FEP-7888), and in the `replies` of what is
found there. Those lists are read in the background, and seldom: a person is waiting, but so is the other
server. Lists are hints and nothing more. Each id is fetched from its own host, and the post found there is
kept only when it is public and says itself that it belongs here.

Source: Mastodon's `fetch_all_replies` (its figures for pages, posts and pauses); FEP-7888; FEP-f228.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from activitypub.errors import ActivityPubError, UnreachableError
from activitypub.objects.collection import Collection, CollectionPage, Item
from activitypub.objects.note import Note
from activitypub.origin import origin, require_same_origin
from activitypub.read import http_iri, types
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Job, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget, document, is_ours
from fedi.queries import posts as find

__all__ = ["is_due", "is_under_way", "run", "want", "want_above"]

AGE_MIN = timedelta(minutes=5)
"""Of a post whose thread is read: before that there is little to read, and much of it is on its way."""

PAUSE = timedelta(minutes=15)
"""Between two readings of the same list."""

REPLIES_PER_POST_MAX = 500
"""Ids taken from the answers to one post."""

POSTS_MAX = 1000
"""Posts fetched for one thread."""

PAGES_MAX = 500
"""Pages of lists read for one thread."""

FETCHES_MAX = 2000
"""Requests for one thread, of any kind: a new author costs three and most authors are known."""

RESERVE = 6
"""Requests without which nothing is begun: a post with a new author and one answered post takes so many."""

MISSES_MAX = 5
"""Ids of one host that lead to nothing usable, after which the list is not believed about that host."""

SUBDOMAINS_MAX = 10
"""Hosts under one name (its last two labels) that one list makes us ask: whoever owns a name has as many as
they like."""

ANCESTORS_MAX = 20
"""Posts fetched above one that was opened."""

DEADLINE_S = 300.0
"""For everything together, in seconds."""

OPEN = ("public", "unlisted")
"""Visibilities of posts that are kept from a list: others are sent to whom they are for."""

log = get(__name__)


def is_due(post: Post, now: datetime) -> bool:
    """Tell whether the rest of a post's thread should be read now."""
    if post.local or post.reblog_of_id is not None or post.visibility not in OPEN:
        return False
    rested = post.replies_fetched_at is None or now - post.replies_fetched_at >= PAUSE
    return rested and now - post.created_at >= AGE_MIN


async def want(ctx: Context, tx: Tx, *, post: Post) -> bool:
    """Have the rest of a post's thread read, unless that was done lately or somebody else just asked.

    Returns:
        Whether it will be read.
    """
    now = ctx.clock()
    if not is_due(post, now):
        return False
    rested = or_(Post.replies_fetched_at.is_(None), Post.replies_fetched_at <= now - PAUSE)
    marked = update(Post).where(Post.id == post.id, rested).values(replies_fetched_at=now)
    taken = await tx.execute(marked.returning(Post.id).execution_options(synchronize_session=False))
    if taken.first() is None:
        return False
    job = queue.NewJob(
        queue="default", kind="backfill", payload={"post_id": post.id}, dedupe_key=f"backfill:{post.id}"
    )
    await queue.enqueue(tx, ctx.wake, [job], now=now)
    return True


async def is_under_way(tx: Tx, post_id: int) -> bool:
    """Tell whether the rest of a post's thread is being read, or waits to be."""
    job = select(Job.id).where(Job.dedupe_key == f"backfill:{post_id}")
    return (await tx.execute(job)).first() is not None


async def want_above(ctx: Context, tx: Tx, *, post: Post) -> None:
    """Have fetched what a post answers, when that is not known here: an answer alone says little."""
    answered = post.in_reply_to_iri
    if answered is None or post.in_reply_to_id is not None or is_ours(ctx.settings, answered):
        return
    job = queue.NewJob(
        queue="default",
        kind="backfill",
        payload={"post_id": post.id, "above_only": True},
        dedupe_key=f"above:{answered}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def run(ctx: Context, job: queue.Claim) -> None:
    """Read the rest of a thread, or what is above a post, as far as it can be had; nothing is tried again."""
    async with ctx.db.read() as tx:
        post = await find.by_id(tx, job.payload["post_id"])
    read: list[str] = []
    if post is not None and not post.local:
        reading = _Reading(ctx=ctx, post=post, names={post.iri})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_S):
                if job.payload.get("above_only"):
                    await reading.above()
                else:
                    await reading.everything()
        read = sorted(reading.read)
        log.info("thread_read", post=post.iri, kept=reading.kept, pages=reading.pages)
    async with ctx.db.write() as tx:
        for start in range(0, len(read), REPLIES_PER_POST_MAX):
            chosen = Post.iri.in_(read[start : start + REPLIES_PER_POST_MAX])
            await tx.execute(update(Post).where(chosen).values(replies_fetched_at=ctx.clock()))
        await queue.finish(tx, job)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One reading of a thread: what it has spent, and what it has found to belong to the thread."""

    ctx: Context
    post: Post
    names: set[str]
    """Ids of posts in the thread."""
    budget: Budget = field(default_factory=lambda: Budget(FETCHES_MAX))
    context: str | None = None
    """The list of the whole conversation."""
    kept: int = 0
    pages: int = 0
    asked: set[str] = field(default_factory=set)
    """Addresses of lists and ids that were looked at."""
    read: set[str] = field(default_factory=set)
    """Posts whose answers were read."""
    misses: Counter[str] = field(default_factory=Counter)
    hosts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Hosts that were asked, by their last two labels."""
    waiting: deque[tuple[str, str]] = field(default_factory=deque)
    """Posts and the lists of answers to them, which are still to be read."""

    async def everything(self) -> None:
        """Read what is above the post, then its lists, then those of what they led to."""
        await self.above()
        replies, self.context = await self._lists()
        for name in (replies, self.context):
            if name is not None:
                self.waiting.append((self.post.iri, name))
        while self.waiting and not self._is_spent():
            whose, name = self.waiting.popleft()
            self.read.add(whose)
            with contextlib.suppress(ActivityPubError):  # then it is read as far as it could be
                await self._list(name)

    async def above(self) -> None:
        """Fetch what the topmost known post of the thread answers, and what that answers."""
        top = self.post
        async with self.ctx.db.read() as tx:
            for _ in range(ANCESTORS_MAX):
                parent = await find.by_id(tx, top.in_reply_to_id) if top.in_reply_to_id else None
                if parent is None:
                    break
                top = parent
                self.names.add(top.iri)
        if top.in_reply_to_iri is None or is_ours(self.ctx.settings, top.in_reply_to_iri):
            return
        with contextlib.suppress(ActivityPubError):
            await resolve.note(self.ctx, top.in_reply_to_iri, budget=self.budget, parents=ANCESTORS_MAX)

    async def _lists(self) -> tuple[str | None, str | None]:
        """Return where the answers and the conversation are listed; ask the post itself if we never did."""
        if self.post.replies_iri is not None or self.post.context_iri is not None:
            return self.post.replies_iri, self.post.context_iri
        try:
            found = Note.from_json((await document(self.ctx, self.post.iri, budget=self.budget)).data)
        except ActivityPubError:
            return None, None
        return http_iri(found.replies), http_iri(found.context)

    async def _list(self, name: str) -> None:
        """Read one list and fetch what it names."""
        taken = 0
        async with contextlib.aclosing(self._pages(name)) as pages:
            async for items in pages:
                for item in items:
                    if taken == REPLIES_PER_POST_MAX or self._is_spent():
                        return
                    taken += 1
                    iri = http_iri(item)  # of an embedded post too: what it says is asked where it lives
                    if iri is not None and iri not in self.asked:
                        self.asked.add(iri)
                        await self._take(iri)

    async def _pages(self, name: str) -> AsyncGenerator[Sequence[Item], None]:
        """Yield what a list holds, page by page. All pages lie on one server, and none is read twice."""
        following: str | None = name
        while following is not None and following not in self.asked and self.pages < PAGES_MAX:
            require_same_origin(name, following)
            self.asked.add(following)
            self.pages += 1
            data = (await document(self.ctx, following, budget=self.budget)).data
            if {"Collection", "OrderedCollection"} & set(types(data)):
                whole = Collection.from_json(data)
                yield whole.items or ()
                page, following = whole.first_page, whole.first
            else:
                page, following = CollectionPage.from_json(data), None
            if page is not None:
                yield page.items
                following = page.next

    async def _take(self, iri: str) -> None:
        """Keep the post of an id, if there is one that belongs to the thread, and have its answers read."""
        host = origin(iri).authority
        siblings = self.hosts[".".join(host.rsplit(".", 2)[-2:])]
        if self.misses[host] >= MISSES_MAX or (host not in siblings and len(siblings) >= SUBDOMAINS_MAX):
            return
        async with self.ctx.db.read() as tx:
            known = await find.by_iri(tx, iri)
            gone = known is None and await find.is_tombstoned(tx, iri)
        if known is not None:
            if known.in_reply_to_iri in self.names:
                self._belongs(iri, known.replies_iri if is_due(known, self.ctx.clock()) else None)
            return
        if gone:
            return
        siblings.add(host)
        try:
            await self._fetch(iri)
        except UnreachableError:
            self.misses[host] = MISSES_MAX
        except ActivityPubError:
            self.misses[host] += 1

    async def _fetch(self, iri: str) -> None:
        found = Note.from_json((await document(self.ctx, iri, budget=self.budget)).data)
        same_context = found.context is not None and found.context == self.context
        if not (same_context or found.in_reply_to in self.names) or found.is_vote:
            self.misses[origin(iri).authority] += 1
            return
        if found.visibility(followers=None) not in OPEN:
            return
        await resolve.keep(self.ctx, found, budget=self.budget)
        self.kept += 1
        self._belongs(found.id, http_iri(found.replies))

    def _belongs(self, iri: str, replies: str | None) -> None:
        self.names.add(iri)
        if replies is not None:
            self.waiting.append((iri, replies))

    def _is_spent(self) -> bool:
        return self.kept >= POSTS_MAX or self.budget.left < RESERVE
