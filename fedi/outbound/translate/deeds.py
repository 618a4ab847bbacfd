"""What people here do to posts and to one another: Follow, Like, Announce, the answers, and Undo.

The identifiers of activities are made here, each from the thing it is about, so that the same act has the
same id whenever it is rendered.

Source: ActivityPub sections 6.5 to 6.10.
"""

from collections.abc import Sequence

from activitypub.activities import Accept, Announce, Block, EmojiReact, Follow, Like, Reject, Undo
from activitypub.addressing import Audience, Visibility, address
from activitypub.vocab import PUBLIC
from fedi import models

__all__ = [
    "accept", "announce", "announce_audience", "follow", "like", "reject", "undo", "undo_announce",
    "undo_follow", "undo_like",
]  # fmt: skip


def announce(
    boost: models.Post, booster: models.Account, original: models.Post, author: models.Account
) -> Announce:
    """Pass a post on."""
    audience = announce_audience(boost.visibility, booster, author)
    return Announce(
        id=boost.iri,
        actor=booster.iri,
        published=boost.created_at,
        to=audience.to,
        cc=audience.cc,
        object_id=original.iri,
    )


def announce_audience(visibility: str, booster: models.Account, author: models.Account) -> Audience:
    """Address a boost: as a post of that visibility, with the author of the original named."""
    return address(Visibility(visibility), followers=booster.followers or booster.iri, mentions=[author.iri])


def undo_announce(
    boost: models.Post, booster: models.Account, original: models.Post, author: models.Account
) -> Undo:
    """Take a boost back."""
    return undo(announce(boost, booster, original, author), to=(PUBLIC,))


def like(favourite: models.Favourite, account: models.Account, post: models.Post) -> Like:
    """Favour a post."""
    return Like(id=favourite.iri, actor=account.iri, object_id=post.iri)


def undo_like(favourite: models.Favourite, account: models.Account, post: models.Post) -> Undo:
    """Take a favour back."""
    return undo(like(favourite, account, post))


def follow(relation: models.Follow, follower: models.Account, target: models.Account) -> Follow:
    """Ask to follow; also the Follow that an answer embeds, with the id that its sender gave it."""
    return Follow(id=relation.iri, actor=follower.iri, object_id=target.iri)


def undo_follow(relation: models.Follow, follower: models.Account, target: models.Account) -> Undo:
    """Stop following, or withdraw the wish to."""
    return undo(follow(relation, follower, target))


def accept(
    answer_id: int, relation: models.Follow, follower: models.Account, target: models.Account
) -> Accept:
    """Agree to being followed; each answer has an id of its own, since it may be given again."""
    return Accept(
        id=f"{target.iri}#accepts/follows/{answer_id}",
        actor=target.iri,
        to=(follower.iri,),
        object_id=relation.iri,
        object_doc=follow(relation, follower, target).to_json(context=False),
    )


def reject(
    answer_id: int, relation: models.Follow, follower: models.Account, target: models.Account
) -> Reject:
    """Decline being followed, or end it."""
    return Reject(
        id=f"{target.iri}#rejects/follows/{answer_id}",
        actor=target.iri,
        to=(follower.iri,),
        object_id=relation.iri,
        object_doc=follow(relation, follower, target).to_json(context=False),
    )


def undo(done: Announce | Block | EmojiReact | Follow | Like, *, to: Sequence[str] = ()) -> Undo:
    """Take an activity of ours back; it is embedded, because Mastodon finds few of them by id."""
    return Undo(
        id=f"{done.id}{'/' if '#' in str(done.id) else '#'}undo",
        actor=done.actor,
        to=tuple(to),
        object_id=done.id,
        object_doc=done.to_json(context=False),
    )
