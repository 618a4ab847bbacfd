"""Agreeing with another server on who of our people follows somebody there.

Its header says what it believes (`outbound.synchronise`). When that differs from what we have, its list is
read once: somebody who is listed there and follows nobody here any more has an Undo sent again, somebody
who waits for an answer that came only there is taken for accepted, and who follows here but is not listed
follows no more. The last only when the list is the one that was announced, since a list read half would end
follows for nothing.

Source: FEP-8fcf; its behaviour on differences is Mastodon's.
"""

from collections.abc import Mapping

from activitypub.activities import Follow as FollowActivity
from activitypub.errors import MalformedError
from activitypub.origin import same_origin
from activitypub.read import Doc, as_list, one_id
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, FollowState
from fedi.outbound import translate
from fedi.outbound.fetch import Budget, document, is_ours
from fedi.outbound.outbox import Audience, record
from fedi.outbound.synchronise import FOLLOWERS_MAX, Claim, digest, read
from fedi.queries import accounts as find_account
from fedi.queries import follower_sets
from fedi.services import following

__all__ = ["offer", "run"]

PAGES_MAX = 10
"""Pages of a list that are read; Mastodon's figure."""

COMPARED_TTL_S = 60.0
"""How long a digest that agreed is not looked at again, in seconds."""

log = get(__name__)


async def offer(ctx: Context, *, actor_iri: str, value: str) -> None:
    """Have a header looked into that came with an activity of an actor, if it says something new.

    Args:
        ctx: the context.
        actor_iri: who signed the request.
        value: of the header.
    """
    claim, now = read(value), ctx.clock()
    if claim is None or not _lie_with(actor_iri, claim):
        return
    if ctx.memory.agreed.get(actor_iri, now) == claim.digest:
        return
    async with ctx.db.read() as tx:
        actor = await find_account.by_iri(tx, actor_iri)
        if actor is None or actor.is_local or actor.followers != claim.collection:
            return
        ours = [account.iri for account in await follower_sets.here(tx, actor.id)]
    ctx.memory.agreed.put(actor_iri, claim.digest, now=now, ttl_s=COMPARED_TTL_S)
    if digest(ours) == claim.digest or len(ours) >= FOLLOWERS_MAX:
        return
    job = queue.NewJob(
        queue="default",
        kind="synchronise",
        payload={"account_id": actor.id, "url": claim.url, "digest": claim.digest},
        dedupe_key=f"synchronise:{actor.id}",
    )
    async with ctx.db.write() as tx:
        await queue.enqueue(tx, ctx.wake, [job], now=now)


def _lie_with(actor_iri: str, claim: Claim) -> bool:
    """Tell whether both addresses lie on the actor's own server."""
    try:
        return all(same_origin(actor_iri, iri) for iri in (claim.collection, claim.url))
    except MalformedError:
        return False


async def run(ctx: Context, job: queue.Claim) -> None:
    """Read the other server's list and settle the differences.

    Raises:
        UnreachableError: it does not answer; try again later.
        ActivityPubError: its list cannot be believed.
    """
    payload = job.payload
    listed = await _listed(ctx, payload["url"])
    theirs = {iri for iri in listed if is_ours(ctx.settings, iri)}
    complete = digest(theirs) == payload["digest"]
    async with ctx.db.write() as tx:
        actor = await find_account.by_id(tx, payload["account_id"])
        if actor is not None:
            ours = {account.iri: account for account in await follower_sets.here(tx, actor.id)}
            for iri in sorted(theirs - ours.keys()):
                await _settle_listed(ctx, tx, iri, actor)
            if complete:
                for iri in sorted(ours.keys() - theirs):
                    await _end(tx, ours[iri], actor)
            log.info(
                "followers_compared", account=actor.acct, complete=complete,
                only_there=len(theirs - ours.keys()), only_here=len(ours.keys() - theirs),
            )  # fmt: skip
        await queue.finish(tx, job)


async def _listed(ctx: Context, url: str) -> list[str]:
    """Return the ids on a list and its pages, as far as they are read."""
    budget, seen = Budget(PAGES_MAX + 1), {url}
    doc = (await document(ctx, url, budget=budget)).data
    found, following_page = _ids(doc), doc.get("first")
    for _ in range(PAGES_MAX):
        page = following_page
        if isinstance(page, str):
            if page in seen or not same_origin(url, page):
                break
            seen.add(page)
            page = (await document(ctx, page, budget=budget)).data
        if not isinstance(page, Mapping):
            break
        found += _ids(page)
        following_page = page.get("next")
    return found


def _ids(doc: Doc) -> list[str]:
    """Return the ids on a collection or one of its pages."""
    items = as_list(doc.get("orderedItems", doc.get("items")), FOLLOWERS_MAX)
    return [iri for item in items if (iri := one_id(item)) is not None]


async def _settle_listed(ctx: Context, tx: Tx, iri: str, actor: Account) -> None:
    """Deal with somebody who is listed there and does not follow here."""
    person = await find_account.by_iri(tx, iri)
    if person is None or not person.is_local:
        return
    relation = await following.find(tx, follower=person, target=actor)
    if relation is not None:
        if relation.state == FollowState.PENDING:
            await following.receive_accept(tx, relation=relation)
        return
    made_up = FollowActivity(
        id=f"{person.iri}#follows/{ctx.ids.next()}", actor=person.iri, object_id=actor.iri
    )
    undo = translate.undo(made_up)
    audience = Audience(account_ids=(actor.id,))
    await record(ctx, tx, sender=person, activity=undo, audience=audience, order_on=str(made_up.id))


async def _end(tx: Tx, person: Account, actor: Account) -> None:
    relation = await following.find(tx, follower=person, target=actor)
    if relation is not None:
        await following.receive_reject(tx, relation=relation)
