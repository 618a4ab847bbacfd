"""Reading what somebody elsewhere shows first on their profile, when somebody here opens it.

Pins of people whom nobody follows never come by themselves, and few look at a profile; so the collections are
read when one is looked at, at most once in a while, by a job. Each post is fetched from where it lives: the
collection is believed as to which, never as to what.

Source: ActivityPub section 5; Mastodon's fetching of `featured` and `featuredTags`.
"""

from activitypub.errors import ActivityPubError
from activitypub.objects.collection import Collection, CollectionPage, Item
from activitypub.objects.tag import Hashtag, read_tags
from activitypub.origin import same_origin
from activitypub.read import http_iri
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget, document
from fedi.queries import accounts as find_account
from fedi.services import featuring, pinning

__all__ = ["is_due", "plan", "run"]

PAUSE_S = 3600.0
"""Between two readings of one profile's collections, in seconds."""

FETCHES_MAX = 16
"""Requests of one reading: two collections with a first page each, and the posts."""

log = get(__name__)


def is_due(ctx: Context, account: Account) -> bool:
    """Tell whether an account's collections should be read now; said yes once, it is no for a while."""
    if account.is_local or account.suspended_at is not None:
        return False
    if account.featured is None and account.featured_tags is None:
        return False
    key, now = f"visit:{account.iri}", ctx.clock()
    if ctx.memory.refreshed.get(key, now):
        return False
    ctx.memory.refreshed.put(key, value=True, now=now, ttl_s=PAUSE_S)
    return True


async def plan(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Have an account's collections read soon; while that waits, another wish changes nothing."""
    job = queue.NewJob(
        queue="inbox",
        kind="visit",
        payload={"account_id": account.id},
        dedupe_key=f"visit:{account.id}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def run(ctx: Context, job: queue.Claim) -> None:
    """Read an account's collections; what cannot be read stays as it is."""
    async with ctx.db.read() as tx:
        account = await find_account.by_id(tx, job.payload["account_id"])
    post_ids: list[int] | None = None
    names: list[str] | None = None
    if account is not None and not account.is_local:
        budget = Budget(FETCHES_MAX)
        names = await _names(ctx, account, budget)
        post_ids = await _posts(ctx, account, budget)
    async with ctx.db.write() as tx:
        held = await find_account.by_id(tx, job.payload["account_id"])
        if held is not None and post_ids is not None:
            await pinning.replace(ctx, tx, account=held, post_ids=post_ids)
        if held is not None and names is not None:
            await featuring.replace(ctx, tx, account=held, names=names)
        await queue.finish(tx, job)


async def _posts(ctx: Context, account: Account, budget: Budget) -> list[int] | None:
    items = await _items(ctx, account.featured, budget)
    if items is None:
        return None
    found: list[int] = []
    for item in items[: pinning.REMOTE_PINS_MAX]:
        iri = http_iri(item)
        if iri is None or not same_origin(iri, account.iri):
            continue
        try:
            post = await resolve.note(ctx, iri, budget=budget, parents=0)
        except ActivityPubError as refusal:
            log.info("pin_skipped", account=account.iri, iri=iri, why=str(refusal))
            continue
        if pinning.is_pinnable(account, post):
            found.append(post.id)
    return found


async def _names(ctx: Context, account: Account, budget: Budget) -> list[str] | None:
    items = await _items(ctx, account.featured_tags, budget)
    if items is None:
        return None
    tags = read_tags([item for item in items if not isinstance(item, str)])
    return [tag.key for tag in tags if isinstance(tag, Hashtag)]


async def _items(ctx: Context, iri: str | None, budget: Budget) -> tuple[Item, ...] | None:
    """Return the items of a collection or of its first page; None when it cannot be read."""
    if iri is None:
        return None
    try:
        found = Collection.from_json((await document(ctx, iri, budget=budget)).data)
        if found.items is not None:
            return found.items
        if found.first_page is not None:
            return found.first_page.items
        if found.first is None or not same_origin(found.first, iri):
            return ()
        return CollectionPage.from_json((await document(ctx, found.first, budget=budget)).data).items
    except ActivityPubError as refusal:
        log.info("collection_not_read", iri=iri, why=str(refusal))
        return None
