"""What people here show first on their profile, and the news of it: Add and Remove.

The target says which of their collections is meant. A hashtag has no document, so it goes embedded.

Source: ActivityPub sections 6.6 and 6.7; Mastodon's documentation, "Featured collection" and "Featured tags".
"""

from activitypub.activities import Add, Remove
from activitypub.objects.tag import Hashtag
from activitypub.vocab import PUBLIC
from fedi import iris, models
from fedi.config import Settings

__all__ = ["feature_tag", "featured_hashtag", "pin", "unfeature_tag", "unpin"]


def pin(activity_id: int, account: models.Account, post: models.Post) -> Add:
    """Put a post into the collection of those shown first."""
    return Add(
        id=iris.pin(account.iri, activity_id),
        actor=account.iri,
        to=_to(account, post),
        object_id=post.iri,
        target=_posts_of(account),
    )


def unpin(activity_id: int, account: models.Account, post: models.Post) -> Remove:
    """Take a post out of it."""
    return Remove(
        id=iris.pin(account.iri, activity_id),
        actor=account.iri,
        to=_to(account, post),
        object_id=post.iri,
        target=_posts_of(account),
    )


def feature_tag(activity_id: int, account: models.Account, name: str, settings: Settings) -> Add:
    """Put a hashtag onto the profile."""
    return Add(
        id=iris.pin(account.iri, activity_id),
        actor=account.iri,
        to=(PUBLIC,),
        object_id=iris.tag(settings, name),
        object_doc=featured_hashtag(name, settings).to_json(),
        target=_tags_of(account),
    )


def unfeature_tag(activity_id: int, account: models.Account, name: str, settings: Settings) -> Remove:
    """Take a hashtag off it."""
    return Remove(
        id=iris.pin(account.iri, activity_id),
        actor=account.iri,
        to=(PUBLIC,),
        object_id=iris.tag(settings, name),
        object_doc=featured_hashtag(name, settings).to_json(),
        target=_tags_of(account),
    )


def featured_hashtag(name: str, settings: Settings) -> Hashtag:
    """Describe a hashtag on a profile."""
    return Hashtag(name=f"#{name}", href=iris.tag(settings, name))


def _to(account: models.Account, post: models.Post) -> tuple[str, ...]:
    """That a post for followers exists is for followers too."""
    if post.visibility == "private":
        return (account.followers or iris.followers(account.iri),)
    return (PUBLIC,)


def _posts_of(account: models.Account) -> str:
    return account.featured or iris.featured(account.iri)


def _tags_of(account: models.Account) -> str:
    return account.featured_tags or iris.featured_tags(account.iri)
