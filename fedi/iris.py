"""Where everything of ours lives: the one place that spells our URLs.

An ActivityPub id is for ever, so these shapes never change. They are made from the configured origin
and never from a request's Host header.
"""

import hashlib

from fedi.config import Settings

__all__ = [
    "actor", "attachment", "block", "context", "featured", "featured_tags", "followers",
    "followers_synchronization", "following", "inbox", "instance_actor", "is_remote_file", "key", "likes",
    "local_post_id", "local_username", "media", "move", "note", "outbox", "pin", "post", "profile",
    "proof_key", "proxy", "quote_request", "remote_face", "remote_file", "replies", "report",
    "shared_inbox", "shares", "stamp", "static", "tag", "upload_media", "vote",
]  # fmt: skip

REMOTE_DIGEST_CHARACTERS = 24
"""Of a remote file's digest in our address: 96 bits, which nobody guesses."""

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


def featured_tags(actor_iri: str) -> str:
    """Return the collection of the hashtags on the profile of an actor of ours."""
    return f"{actor_iri}/collections/tags"


def followers_synchronization(actor_iri: str) -> str:
    """Return where another server reads which of its people follow an actor of ours (FEP-8fcf)."""
    return f"{actor_iri}/followers_synchronization"


def key(actor_iri: str) -> str:
    """Return the id of an actor's RSA key."""
    return f"{actor_iri}#main-key"


def proof_key(actor_iri: str) -> str:
    """Return the id of an actor's Ed25519 key, with which documents are signed (FEP-8b32)."""
    return f"{actor_iri}#ed25519-key"


def block(actor_iri: str, block_id: int) -> str:
    """Return the id of a Block by an actor of ours."""
    return f"{actor_iri}#blocks/{block_id}"


def move(actor_iri: str, move_id: int) -> str:
    """Return the id of a Move of an actor of ours."""
    return f"{actor_iri}#moves/{move_id}"


def pin(actor_iri: str, pin_id: int) -> str:
    """Return the id of an Add or Remove by an actor of ours, to or from what its profile shows."""
    return f"{actor_iri}#pins/{pin_id}"


def vote(actor_iri: str, vote_id: int) -> str:
    """Return the id of a vote of an actor of ours in a poll."""
    return f"{actor_iri}#votes/{vote_id}"


def stamp(actor_iri: str, stamp_id: int) -> str:
    """Return the id of a leave that an actor of ours gave, which its receiver fetches."""
    return f"{actor_iri}/stamps/{stamp_id}"


def quote_request(actor_iri: str, post_id: int) -> str:
    """Return the id of the QuoteRequest of a quoting post by an actor of ours."""
    return f"{actor_iri}#quote-requests/{post_id}"


def report(settings: Settings, report_id: int) -> str:
    """Return the id of a Flag that the server's own actor sends."""
    return f"{settings.origin}/reports/{report_id}"


def context(settings: Settings, post_id: int) -> str:
    """Return the collection of a whole conversation, named after the post of ours that began it."""
    return f"{settings.origin}/contexts/{post_id}"


def replies(note_iri: str) -> str:
    """Return the collection of answers to a post of ours."""
    return f"{note_iri}/replies"


def likes(note_iri: str) -> str:
    """Return the collection of likes of a post of ours."""
    return f"{note_iri}/likes"


def shares(note_iri: str) -> str:
    """Return the collection of boosts of a post of ours."""
    return f"{note_iri}/shares"


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


def remote_file(settings: Settings, attachment_id: int, url: str, *, small: bool = False) -> str:
    """Return the address under which we show a picture of another server.

    The digest of the picture's own address is in it: whoever was not given the post cannot guess it, and it
    is another one when the picture is.
    """
    size = "small" if small else "original"
    return f"{settings.origin}/media/remote/{attachment_id}/{size}/{_short(url)}"


def remote_face(settings: Settings, account_id: int, url: str, what: str) -> str:
    """Return the address under which we show the `avatar` or the `header` of an account of another server."""
    return f"{settings.origin}/media/remote/{account_id}/{what}/{_short(url)}"


def is_remote_file(url: str, digest: str) -> bool:
    """Tell whether an address of ours, by its last part, means this remote file."""
    return _short(url) == digest


def _short(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:REMOTE_DIGEST_CHARACTERS]


def static(settings: Settings, name: str) -> str:
    """Return the address of a file that ships with the server."""
    return f"{settings.origin}/static/{name}"


def attachment(actor_iri: str, attachment_id: int) -> str:
    """Return the id of an upload of an actor of ours."""
    return f"{actor_iri}/media/{attachment_id}"


def upload_media(settings: Settings) -> str:
    """Return where clients of ActivityPub upload files."""
    return f"{settings.origin}/api/c2s/media"


def proxy(settings: Settings) -> str:
    """Return where clients of ActivityPub ask for documents of other servers."""
    return f"{settings.origin}/api/c2s/proxy"


def tag(settings: Settings, name: str) -> str:
    """Return the page of a hashtag."""
    return f"{settings.origin}/tags/{name}"


def requested_post_id(settings: Settings, iri: str) -> int | None:
    """Return the quoting post in the id of a QuoteRequest of ours, or None when it is not one."""
    name, _, post_id = iri.partition("#quote-requests/")
    if local_username(settings, name) is None:
        return None
    return local_post_id(settings, f"{name}/statuses/{post_id}")


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
