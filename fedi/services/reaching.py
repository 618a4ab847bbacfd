"""Who has a post: to whom what becomes of it must be told.

An edit or a deletion that reaches only today's followers leaves old copies with everyone else, so it goes to
all to whom the post was sent, and to all who did something with it. What carries the words of a post that is
not open goes to those only for whom it is: that somebody once liked it does not say that they may read it
today.

Source: Mastodon's `StatusReachFinder`, by what it does.
"""

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Favourite, Mention, Poll, PollVote, Post, Reaction
from fedi.outbound.outbox import Audience

__all__ = ["OPEN", "everyone_who_has"]

OPEN = ("public", "unlisted")
"""Visibilities with which a post is sent to whom it answers, even when they do not follow its author."""


async def everyone_who_has(tx: Tx, post: Post, *, with_words: bool) -> Audience:
    """Return everyone to whom a local post was sent, and who did something with it.

    Args:
        tx: a transaction.
        post: the post.
        with_words: what is sent holds the text of the post, as an edit does and a deletion does not.
    """
    people = set((await tx.execute(select(Mention.account_id).where(Mention.post_id == post.id))).scalars())
    if post.visibility in OPEN or not with_words:
        boosters = select(Post.account_id).where(Post.reblog_of_id == post.id)
        repliers = select(Post.account_id).where(Post.in_reply_to_id == post.id)
        quoters = select(Post.account_id).where(Post.quote_of_id == post.id)
        quoted = select(Post.account_id).where(Post.id == post.quote_of_id)
        likers = select(Favourite.account_id).where(Favourite.post_id == post.id)
        reactors = select(Reaction.account_id).where(Reaction.post_id == post.id)
        voters = (
            select(PollVote.account_id).join(Poll, Poll.id == PollVote.poll_id).where(Poll.post_id == post.id)
        )
        touched = boosters.union(repliers, quoters, quoted, likers, reactors, voters)
        people |= set((await tx.execute(touched)).scalars())
    if post.in_reply_to_account_id is not None and post.visibility in OPEN:
        people.add(post.in_reply_to_account_id)
    return Audience(
        followers_of=None if post.visibility == "direct" else post.account_id,
        account_ids=tuple(sorted(people - {post.account_id})),
    )
