"""Taking in what other servers' people publish: posts, their changes and their end.

A server that kept every post sent to it could be filled by anyone, so a post is kept only when somebody here
has to do with it. What is deleted leaves a tombstone, because messages overtake one another: the copy that
comes later is not let in. Edits are taken in by `revising`.

Source: Mastodon's relevance rule (its `activity/create.rb`); ActivityPub sections 6.2 to 6.4 and 7.2 to 7.4.
"""

from sqlalchemy import Select, and_, bindparam, exists, func, select, update
from sqlalchemy.orm import aliased

from activitypub.objects.note import Note
from activitypub.origin import origin
from fedi import domains
from fedi.context import Context
from fedi.db import Tx, insert, step, stepped
from fedi.lean import Asked, Chain, Lean, run
from fedi.models import Account, Favourite, Follow, FollowState, Post, Tombstone
from fedi.outbound import indexing, quotations, remote
from fedi.outbound.hanging import addressed_accounts
from fedi.queries import posts as find
from fedi.queries.quotes import QuoteState
from fedi.queries.visibility import are_apart, keeps_host_away
from fedi.services import airing, backfilling, conversing, generator, watching
from fedi.services.homing import fan_out_home
from fedi.services.notifying import notify
from fedi.services.posting import uncount_boosts

__all__ = [
    "bury",
    "delete_actor",
    "delete_note",
    "forget",
    "is_followed_here",
    "is_relevant",
    "look",
    "store_note",
    "uncount",
]

STATEMENT_IRIS_MAX = 1000
"""Identifiers of one statement: `to` and `cc` hold two thousand at most."""


# Built once, because it is asked for everything that comes in.
_FOLLOWER = aliased(Account)
_FOLLOWED_HERE = select(
    exists(
        select(Follow.id)
        .join(Account, Account.id == Follow.target_id)
        .join(_FOLLOWER, and_(_FOLLOWER.id == Follow.account_id, _FOLLOWER.domain == ""))
        .where(Account.iri == bindparam("iri"), Follow.state == FollowState.ACCEPTED)
    )
)


_LOOK = Lean(
    lambda _: select(
        exists().where(Tombstone.iri == bindparam("note")).label("is_gone"),
        _FOLLOWED_HERE.scalar_subquery().label("is_followed"),
    )
)


def look(note: Note) -> Chain[tuple[bool, bool]]:
    """Return whether a post was deleted before it came, and whether somebody here follows its author."""
    found = yield Asked(_LOOK, {"note": note.id, "iri": note.attributed_to})
    is_gone, is_followed = found.rows[0]
    return bool(is_gone), bool(is_followed)


async def is_followed_here(tx: Tx, actor_iri: str) -> bool:
    """Tell whether somebody here follows this actor."""
    return bool((await run(tx, _FOLLOWED_HERE, {"iri": actor_iri})).rows[0][0])


async def is_relevant(tx: Tx, note: Note) -> bool:
    """Tell whether somebody here has to do with a post.

    They follow its author, or are mentioned or addressed by it or wrote what it answers, without having
    blocked the author.
    """
    if await is_followed_here(tx, note.attributed_to):
        return True
    named = list(dict.fromkeys([*(mention.href for mention in note.mentions), *note.to, *note.cc]))
    for start in range(0, len(named), STATEMENT_IRIS_MAX):
        here = select(Account.id).where(
            Account.iri.in_(named[start : start + STATEMENT_IRIS_MAX]),
            Account.domain == "",
            Account.kind != "Application",  # the server itself is nobody to talk to
        )
        if await _somebody_listens(tx, here, note.attributed_to):
            return True
    if note.in_reply_to is None:
        return False
    ours = select(Post.account_id).where(Post.iri == note.in_reply_to, Post.local)
    return await _somebody_listens(tx, ours, note.attributed_to)


async def _somebody_listens(tx: Tx, people: Select[int], author_iri: str) -> bool:
    """Tell whether one of these people here has not shut the author out."""
    ids = (await tx.execute(people)).scalars().all()
    if not ids:
        return False
    author = (await tx.execute(select(Account.id).where(Account.iri == author_iri))).scalar()
    hosts = domains.lineage(origin(author_iri).host)
    for account_id in ids:
        shut_out = author is not None and await are_apart(tx, account_id, author)
        if not shut_out and not await keeps_host_away(tx, account_id, hosts):
            return True
    return False


async def store_note(ctx: Context, tx: Tx, *, author: Account, note: Note) -> Post | None:
    """Keep a post that was delivered, put it into home timelines and tell those whom it mentions.

    A post that is known already (fetched for a boost, delivered twice) is put where it belongs all the same:
    each of these effects happens once.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: whose it is, as checked by the caller.
        note: the post.

    Returns:
        The post, or None when it was deleted before.
    """
    post = await remote.save_note(ctx, tx, author=author, note=note)
    if post is None:
        return None
    await fan_out_home(tx, post)
    await airing.came(ctx, tx, post)
    await watching.ring(ctx, tx, post=post)
    await backfilling.want_above(ctx, tx, post=post)
    await _tell_mentioned(ctx, tx, author, post, note)
    await conversing.arrived(ctx, tx, post=post)
    return post


async def delete_note(ctx: Context, tx: Tx, *, actor_iri: str, iri: str) -> bool:
    """Delete a remote post, or remember that it must not come in any more.

    Args:
        ctx: the context.
        tx: a writing transaction.
        actor_iri: who deletes it; the caller has compared origins.
        iri: the post.

    Returns:
        False when it is somebody else's, and stays.
    """
    post = await find.by_iri(tx, iri)
    if post is not None:
        author = await tx.get_one(Account, post.account_id)
        if author.iri != actor_iri or post.local:
            return False
        await airing.goes(ctx, tx, post)
        await forget(tx, post)
    await bury(ctx, tx, iri)
    return True


async def bury(ctx: Context, tx: Tx, iri: str) -> None:
    """Remember that a remote object is gone, for the copy of it that comes later."""
    remote.require_storable(iri)
    await tx.execute(
        insert(tx, Tombstone)
        .values(iri=iri, local=False, deleted_at=ctx.clock())
        .on_conflict_do_nothing(index_elements=[Tombstone.iri])
    )


async def delete_actor(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Delete a remote account with all that it did here, and remember that it is gone."""
    assert not account.is_local, "other servers delete their own"
    await uncount(tx, account)
    await conversing.drop_account(tx, account_id=account.id)
    await bury(ctx, tx, account.iri)
    await tx.delete(account)
    await tx.flush()


async def _tell_mentioned(ctx: Context, tx: Tx, author: Account, post: Post, note: Note) -> None:
    tagged = {mention.href for mention in note.mentions}
    told = []
    for account in await addressed_accounts(ctx, tx, note, only_here=True):
        if account.is_local and (account.iri in tagged or post.visibility == "direct"):
            await indexing.remember(tx, post)
            await notify(
                ctx, tx, account_id=account.id, from_account_id=author.id, kind="mention", post_id=post.id
            )
            told.append(account)
    await generator.hear(ctx, tx, post=post, named=told)


async def forget(tx: Tx, post: Post) -> None:
    """Delete a post; the database deletes what hangs on it."""
    await conversing.goes(tx, post=post)
    if post.in_reply_to_id is not None:  # posts before accounts, as everywhere (`posting`)
        await step(tx, Post, post.in_reply_to_id, replies_count=-1)
    await quotations.uncount(tx, post)
    await step(tx, Account, post.account_id, statuses_count=-1)
    await uncount_boosts(tx, post)
    await tx.delete(post)
    await tx.flush()


async def uncount(tx: Tx, account: Account) -> None:
    """Take an account's follows, favours, boosts, replies and quotes out of the counters of others."""
    accepted = Follow.state == FollowState.ACCEPTED
    followed = select(Follow.target_id).where(Follow.account_id == account.id, accepted)
    following = select(Follow.account_id).where(Follow.target_id == account.id, accepted)
    favoured = select(Favourite.post_id).where(Favourite.account_id == account.id)
    boosted = select(Post.reblog_of_id).where(Post.account_id == account.id, Post.reblog_of_id.is_not(None))
    for model, ids, counter in (
        (Account, followed, Account.followers_count),
        (Account, following, Account.following_count),
        (Post, favoured, Post.favourites_count),
        (Post, boosted, Post.reblogs_count),
    ):
        change = update(model).where(model.id.in_(ids)).values({counter.key: stepped(counter, -1)})
        await tx.execute(change.execution_options(synchronize_session=False))
    other = aliased(Post)
    theirs = other.account_id == account.id
    quotes = (theirs, other.quote_state == QuoteState.ACCEPTED)
    for named, conditions, counter in (
        (other.in_reply_to_id, (theirs,), Post.replies_count),
        (other.quote_of_id, quotes, Post.quotes_count),
    ):
        of_one = select(func.count()).where(named == Post.id, *conditions).correlate(Post).scalar_subquery()
        touched = update(Post).where(Post.id.in_(select(named).where(*conditions)))
        await tx.execute(
            touched.values({counter.key: stepped(counter, -of_one)}).execution_options(
                synchronize_session=False
            )
        )
