"""Where everything of ours lives: the one place that spells our URLs.

An ActivityPub id is for ever, so these shapes never change. They are made from the configured origin
and never from a request's Host header.
"""

from fedi.config import Settings

__all__ = [
    "actor", "featured", "followers", "following", "inbox", "instance_actor", "key", "local_post_id",
    "local_username", "media", "note", "outbox", "post", "profile", "shared_inbox", "static", "tag",
]  # fmt: skip

ID_MAX = 2**63 - 1
"""What a column holds."""


def actor(settings: Settings, username: str) -> str:
    """Return the id of a local account."""
    return f"{settings.origin}/users/{username}"


def instance_actor(settings: Settings) -> str:
    """Return the id of the actor that speaks for the server itself."""
    return f"{settings.origin}/actor"


def shared_inbox(settings: Settings) -> str:
    """Return the inbox that all local accounts share."""
    return f"{settings.origin}/inbox"


def inbox(actor_iri: str) -> str:
    """Return the inbox of an actor of ours."""
    return f"{actor_iri}/inbox"


def outbox(actor_iri: str) -> str:
    """Return the outbox of an actor of ours."""
    return f"{actor_iri}/outbox"


def followers(actor_iri: str) -> str:
    """Return the followers collection of an actor of ours."""
    return f"{actor_iri}/followers"


def following(actor_iri: str) -> str:
    """Return the following collection of an actor of ours."""
    return f"{actor_iri}/following"


def featured(actor_iri: str) -> str:
    """Return the collection of pinned posts of an actor of ours."""
    return f"{actor_iri}/collections/featured"


def key(actor_iri: str) -> str:
    """Return the id of an actor's RSA key."""
    return f"{actor_iri}#main-key"


def note(actor_iri: str, post_id: int) -> str:
    """Return the id of a post of ours."""
    return f"{actor_iri}/statuses/{post_id}"


def profile(settings: Settings, username: str) -> str:
    """Return the page of a local account."""
    return f"{settings.origin}/@{username}"


def post(settings: Settings, username: str, post_id: int) -> str:
    """Return the page of a local post."""
    return f"{settings.origin}/@{username}/{post_id}"


def media(settings: Settings, blob_key: str) -> str:
    """Return the address of a stored file."""
    return f"{settings.origin}/media/{blob_key}"


def static(settings: Settings, name: str) -> str:
    """Return the address of a file that ships with the server."""
    return f"{settings.origin}/static/{name}"


def tag(settings: Settings, name: str) -> str:
    """Return the page of a hashtag."""
    return f"{settings.origin}/tags/{name}"


def local_username(settings: Settings, iri: str) -> str | None:
    """Return whose actor id this is, or None when it is not one of ours."""
    name = iri.removeprefix(f"{settings.origin}/users/")
    return name if name != iri and name and "/" not in name and "#" not in name else None


def local_post_id(settings: Settings, iri: str) -> int | None:
    """Return the id in a post's IRI or page address, or None when it is not one of ours."""
    for prefix, middle in ((f"{settings.origin}/users/", "/statuses/"), (f"{settings.origin}/@", "/")):
        rest = iri.removeprefix(prefix)
        if rest != iri:
            _, found, tail = rest.partition(middle)
            if found and tail.isascii() and tail.isdigit() and len(tail) <= len(str(ID_MAX)):
                return int(tail) if int(tail) <= ID_MAX else None
    return None
