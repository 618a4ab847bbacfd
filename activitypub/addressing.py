"""Who a post is for: visibility to `to` and `cc`, and back, both pure.

The four visibilities are no part of ActivityPub; they are how Mastodon and everyone after it reads where
the Public collection and the author's followers stand. Both directions live side by side so that they
cannot drift apart. What cannot be told is read as the narrowest, `direct`: showing too little can be
mended, showing too much cannot.

Source: https://www.w3.org/TR/activitypub/#public-addressing; https://docs.joinmastodon.org/spec/activitypub/.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from activitypub import read
from activitypub.limits import RECIPIENTS_MAX
from activitypub.vocab import PUBLIC, PUBLIC_ALIASES

__all__ = ["Audience", "Visibility", "address", "recipients", "visibility_of"]


class Visibility(StrEnum):
    """Who may see a post, from widest to narrowest; the values are those of the Mastodon API."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The two address fields of an object and of the activity that carries it."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


def address(visibility: Visibility, *, followers: str, mentions: Iterable[str] = ()) -> Audience:
    """Address a post.

    Args:
        visibility: who may see it.
        followers: the author's followers collection.
        mentions: ids of the actors it mentions; they are always addressed, because GoToSocial and Pixelfed
            deliver by address and not by tag.
    """
    named = tuple(dict.fromkeys(mentions))
    match visibility:
        case Visibility.PUBLIC:
            return Audience(to=(PUBLIC,), cc=(followers, *named))
        case Visibility.UNLISTED:
            return Audience(to=(followers,), cc=(PUBLIC, *named))
        case Visibility.PRIVATE:
            return Audience(to=(followers,), cc=named)
        case Visibility.DIRECT:
            return Audience(to=named)


def visibility_of(to: Iterable[str], cc: Iterable[str], *, followers: str | None) -> Visibility:
    """Tell who may see a post from how it was addressed.

    Args:
        to: primary recipients; every spelling of Public counts.
        cc: secondary recipients.
        followers: the author's followers collection, if the actor document names one.
    """
    first, second = frozenset(to), frozenset(cc)
    if first & PUBLIC_ALIASES:
        return Visibility.PUBLIC
    if second & PUBLIC_ALIASES:
        return Visibility.UNLISTED
    if followers in first | second:
        return Visibility.PRIVATE
    return Visibility.DIRECT


def recipients(value: object) -> tuple[str, ...]:
    """Read `to` or `cc`: one or many identifiers, every spelling of Public as its full IRI.

    `bto` and `bcc` are never read, so they can be neither stored nor served again (AP §6).
    """
    found = read.many_ids(value, RECIPIENTS_MAX)
    return tuple(dict.fromkeys(PUBLIC if entry in PUBLIC_ALIASES else entry for entry in found))
