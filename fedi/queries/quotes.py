"""Who may quote what, and who quoted it.

A post says whom its author lets quote it (`interactionPolicy`, FEP-044f); `verdict` reads that for one person
and `policy` writes what people here choose from. Nobody but the author quotes what is not for everyone, and
without a word of the author nobody is taken to be allowed.

Source: FEP-044f; Mastodon's documentation, "Implementing quote posts" and "QuoteApproval entity".
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, or_, select

from activitypub.objects.policy import Approval, InteractionPolicy
from activitypub.vocab import PUBLIC
from fedi.db import Tx
from fedi.models import Account, Follow, FollowState, Post, PostState
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.visibility import OPEN, visible_clause, wanted_clause

__all__ = [
    "POLICIES", "QuoteState", "Verdict", "follows", "of_post", "policy", "requested", "stamped", "verdict",
    "words",
]  # fmt: skip

POLICIES = ("public", "followers", "nobody")
"""What people here choose from; Mastodon's words."""


class QuoteState(StrEnum):
    """What became of a quote; Mastodon's words."""

    PENDING = "pending"
    """The quoted author has not answered, or not in a way that we could verify yet."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    DELETED = "deleted"
    """The quoted post is gone."""
    UNAUTHORIZED = "unauthorized"
    """What should prove the leave does not; or, for one viewer, they may not see the quoted post."""


class Verdict(StrEnum):
    """Whether somebody may quote a post; Mastodon's words."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    """They may ask, and the author decides."""
    DENIED = "denied"
    UNKNOWN = "unknown"
    """The author names somebody, and we cannot tell whether it is them."""


def policy(word: str, author: Account, visibility: str) -> dict[str, Any]:
    """Return what a new post says about quotes, as `interaction_policy` holds it.

    Args:
        word: one of `POLICIES`.
        author: a local account.
        visibility: of the post: what is not open is quoted by its author only.
    """
    chosen = word if visibility in OPEN else "nobody"
    names = {"public": PUBLIC, "followers": author.followers or author.iri, "nobody": author.iri}
    return InteractionPolicy(can_quote=Approval(automatic=(names[chosen],))).to_json()


def verdict(post: Post, author: Account, *, account: Account | int | None, follows: bool) -> Verdict:
    """Tell whether somebody may quote a post, as far as its author's word goes.

    Args:
        post: the post, which they can see.
        author: who wrote it.
        account: who wants to quote, or their id; None is a stranger.
        follows: whether they follow the author.
    """
    known = account if isinstance(account, Account) else None
    account_id = known.id if known is not None else account
    if account_id == post.account_id:
        return Verdict.DENIED if post.visibility == "direct" else Verdict.AUTOMATIC
    rule = _rule(post)
    if account_id is None or post.visibility not in OPEN or post.state != PostState.PUBLISHED or rule is None:
        return Verdict.DENIED
    theirs = {PUBLIC, *({known.iri} if known else ()), *({author.followers} if follows else ())}
    if theirs & {*rule.automatic}:
        return Verdict.AUTOMATIC
    if theirs & {*rule.manual}:
        return Verdict.MANUAL
    others = {*rule.automatic, *rule.manual} - {author.iri, author.followers}
    return Verdict.UNKNOWN if others else Verdict.DENIED


def words(post: Post, author: Account) -> tuple[list[str], list[str]]:
    """Return whom a post lets be quoted by: at once, and after asking; in Mastodon's words."""
    rule = _rule(post)
    if rule is None or post.visibility not in OPEN:
        return [], []
    return _words(rule.automatic, author), _words(rule.manual, author)


async def follows(tx: Tx, account_id: int, author_id: int) -> bool:
    """Tell whether one follows the other, with their agreement."""
    found = exists().where(
        Follow.account_id == account_id, Follow.target_id == author_id, Follow.state == FollowState.ACCEPTED
    )
    return (await tx.execute(select(found))).scalar_one()


async def of_post(tx: Tx, viewer_id: int, post_id: int, page: Page) -> Slice[int]:
    """Return ids of the accepted quotes of a post that the viewer may see, newest first."""
    statement = select(Post.id).where(
        Post.quote_of_id == post_id,
        Post.quote_state == QuoteState.ACCEPTED,
        visible_clause(viewer_id),
        wanted_clause(viewer_id),
    )
    return cut((await tx.execute(within(statement, Post.id, page))).scalars().all(), page)


async def stamped(tx: Tx, iri: str) -> list[Post]:
    """Find the posts that rest on this stamp: one, but nothing forbids a liar to name another's."""
    return list((await tx.execute(select(Post).where(Post.quote_authorization == iri))).scalars())


async def requested(tx: Tx, *, post_id: int | None, note_iri: str | None) -> Post | None:
    """Find the quoting post of ours that an answer is about, by its id or its IRI."""
    named = or_(Post.id == post_id, Post.iri == note_iri)
    statement = select(Post).where(named, Post.local, Post.quote_of_id.is_not(None))
    return (await tx.execute(statement)).scalars().first()


def _rule(post: Post) -> Approval | None:
    """Read what `policy` and `outbound.remote` wrote; it is asked of every post of a page, and trusted."""
    said = (post.interaction_policy or {}).get("canQuote")
    if said is None:
        return None
    return Approval(
        automatic=tuple(said.get("automaticApproval", ())), manual=tuple(said.get("manualApproval", ()))
    )


def _words(names: Iterable[str], author: Account) -> list[str]:
    known = {PUBLIC: "public", author.followers: "followers", author.iri: None}
    said = (known.get(name, "unsupported_policy") for name in names)
    return list(dict.fromkeys(word for word in said if word is not None))
