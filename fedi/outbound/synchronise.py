"""Telling another server, in a header, which of its people we think follow somebody here.

A post for followers goes to a server once, and that server decides who of its people sees it. If the two
have lost track of one another (a Reject that never came, a restored backup), it shows the post to people
who follow no more. So with such a post goes a digest of the followers on that server; when it differs from
theirs, they ask for the list (`inbound.synchronization`) and agree.

Source: FEP-8fcf; https://docs.joinmastodon.org/spec/activitypub/#follower-synchronization-mechanism.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from activitypub.origin import origin
from activitypub.vocab import PUBLIC
from fedi.context import Context
from fedi.queries import follower_sets

__all__ = ["FOLLOWERS_MAX", "HEADER", "Claim", "digest", "for_followers_only", "header", "read", "server_of"]

HEADER: Final = "collection-synchronization"

FOLLOWERS_MAX = 25_000
"""Followers of one account beyond which nothing is compared; Mastodon's figure."""

DIGESTS_TTL_S = 60.0
"""How long the digests of an account's followers are used for the deliveries of its posts, in seconds.
One that is too old makes the other server ask for the list, which is not."""

HEADER_CHARACTERS_MAX = 8_192
"""Of the header: two addresses of 2048 bytes at most, and a digest."""

_PARAMETER: Final = re.compile(r'[ \t]*([A-Za-z]+)="([^"\\]*)"[ \t]*(?:,|\Z)')
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the header says.

    Attributes:
        collection: the followers collection of who sends.
        url: where the part of it is listed that is about the receiving server.
        digest: of that part, 64 hexadecimal digits.
    """

    collection: str
    url: str
    digest: str

    def __str__(self) -> str:
        """Render the header's value."""
        return f'collectionId="{self.collection}", url="{self.url}", digest="{self.digest}"'


def read(value: str) -> Claim | None:
    """Read the header; None when it is not of this form."""
    if len(value) > HEADER_CHARACTERS_MAX:
        return None
    found: dict[str, str] = {}
    at = 0
    while at < len(value):
        match = _PARAMETER.match(value, at)
        if match is None or match[1] in found:
            return None
        found[match[1]] = match[2]
        at = match.end()
    wanted = {"collectionId", "url", "digest"}
    if not wanted <= found.keys() or _DIGEST.fullmatch(found["digest"].lower()) is None:
        return None
    return Claim(collection=found["collectionId"], url=found["url"], digest=found["digest"].lower())


def digest(iris: Iterable[str]) -> str:
    """Return the digest of a set of ids: the exclusive or of their SHA-256, whatever their order."""
    combined = 0
    for iri in iris:
        combined ^= int.from_bytes(hashlib.sha256(iri.encode()).digest(), "big")
    return f"{combined:064x}"


def server_of(iri: str) -> str:
    """Return the server of an address, as `https://host` with any port."""
    found = origin(iri)
    return f"{found.scheme}://{found.authority}"


def for_followers_only(document: Mapping[str, Any], followers: str | None) -> bool:
    """Tell whether one of our activities is for followers and not for everyone."""
    named = {*document.get("to", ()), *document.get("cc", ())}
    return followers in named and PUBLIC not in named


async def header(ctx: Context, *, account_id: int, followers: str, url: str, inbox: str) -> Claim:
    """Return what to tell a server with a post for followers.

    Args:
        ctx: the context.
        account_id: who sends.
        followers: their followers collection.
        url: where the other server finds its part of it.
        inbox: where the post goes.
    """
    digests = ctx.memory.digests.get(account_id, ctx.clock())
    if digests is None:
        digests = await ctx.memory.in_flight.share(("digests", account_id), lambda: _digests(ctx, account_id))
    return Claim(collection=followers, url=url, digest=digests.get(server_of(inbox), digest(())))


async def _digests(ctx: Context, account_id: int) -> dict[str, str]:
    """Compute the digests for all servers at once: a post goes to all of them."""
    async with ctx.db.read() as tx:
        iris = await follower_sets.elsewhere(tx, account_id)
    by_server: dict[str, list[str]] = {}
    for iri in iris:
        by_server.setdefault(server_of(iri), []).append(iri)
    found = {server: digest(theirs) for server, theirs in by_server.items()}
    ctx.memory.digests.put(account_id, found, now=ctx.clock(), ttl_s=DIGESTS_TTL_S)
    return found
