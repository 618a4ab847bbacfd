"""Filters: what somebody does not want to see, where, and what is to happen with it.

They are kept here and told with each post (`queries.filters`); the client does what is to happen. Open
streams are told of each change, since what they showed may look otherwise now.

Source: Mastodon's documentation, "filters API methods".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Filter, FilterKeyword, FilterStatus, Post
from fedi.queries.visibility import can_see

__all__ = [
    "ACTIONS", "CONTEXTS", "TITLE_CHARACTERS_MAX", "Change", "Word", "add_keyword", "add_post", "change",
    "change_keyword", "create", "destroy", "expiry", "remove_keyword", "remove_post",
]  # fmt: skip

CONTEXTS = ("home", "notifications", "public", "thread", "account")
"""Where a filter may hold, in Mastodon's words."""

ACTIONS = ("warn", "hide", "blur")
"""What may happen with a post, in Mastodon's words."""

FILTERS_MAX = 200
"""Filters of one person: each is applied to each post that they read."""

PARTS_MAX = 1000
"""Keywords of one person, and as many posts; long lists of names have some hundred."""

TITLE_CHARACTERS_MAX = 256
"""Of a title; Mastodon's figure."""

KEYWORD_CHARACTERS_MAX = 512
"""Of a keyword; Mastodon's figure."""

DURATION_S_MAX = 100 * 365 * 24 * 3600
"""Of a filter that ends, in seconds: what a date can hold, and longer than anybody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A keyword to be made, changed or taken out."""

    id: int | None = None
    """Of the one that is changed."""
    text: str | None = None
    whole_word: bool | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be otherwise; None leaves it as it is."""

    title: str | None = None
    contexts: Sequence[str] | None = None
    action: str | None = None
    expires_in_s: int | None = None
    """Seconds after which it ends."""
    endless: bool = False
    """Whether it shall not end any more."""
    words: Sequence[Word] = ()


async def create(ctx: Context, tx: Tx, *, owner: Account, new: Change) -> Filter:
    """Make a filter.

    Raises:
        Refused: 422 with a sentence for the person; 404 for a keyword that is not there.
    """
    await tx.execute(select(Account.id).where(Account.id == owner.id).with_for_update())
    mine = select(func.count()).select_from(Filter).where(Filter.account_id == owner.id)
    if (await tx.execute(mine)).scalar_one() >= FILTERS_MAX:
        raise Refused(422, f"Validation failed: You have reached the maximum of {FILTERS_MAX} filters")
    made = Filter(
        id=ctx.ids.next(),
        account_id=owner.id,
        title=_title(new.title or ""),
        contexts=_contexts(new.contexts or ()),
        action=_action(new.action or "warn"),
        created_at=ctx.clock(),
    )
    _set_end(ctx, made, new)
    tx.add(made)
    await tx.flush()
    await _apply(ctx, tx, made, new.words)
    await _tell(ctx, tx, made)
    return made


async def change(ctx: Context, tx: Tx, *, found: Filter, new: Change) -> None:
    """Change a filter, and keywords in it.

    Raises:
        Refused: as `create`.
    """
    if new.title is not None:
        found.title = _title(new.title)
    if new.contexts is not None:
        found.contexts = _contexts(new.contexts)
    if new.action is not None:
        found.action = _action(new.action)
    _set_end(ctx, found, new)
    await tx.flush()
    await _apply(ctx, tx, found, new.words)
    await _tell(ctx, tx, found)


async def destroy(ctx: Context, tx: Tx, *, found: Filter) -> None:
    """Delete a filter with all that is in it."""
    await _tell(ctx, tx, found)
    await tx.delete(found)
    await tx.flush()


async def add_keyword(ctx: Context, tx: Tx, *, found: Filter, new: Word) -> FilterKeyword:
    """Put a keyword into a filter.

    Raises:
        Refused: 422, when it is empty or too long, or there are too many.
    """
    made = await _add_keyword(ctx, tx, found, new)
    await _tell(ctx, tx, found)
    return made


async def change_keyword(ctx: Context, tx: Tx, *, found: Filter, word: FilterKeyword, new: Word) -> None:
    """Change a keyword.

    Raises:
        Refused: 422, when it is empty or too long.
    """
    if new.text is not None:
        word.keyword = _keyword(new.text)
    if new.whole_word is not None:
        word.whole_word = new.whole_word
    await tx.flush()
    await _tell(ctx, tx, found)


async def remove_keyword(ctx: Context, tx: Tx, *, found: Filter, word: FilterKeyword) -> None:
    """Take a keyword out of a filter."""
    await tx.delete(word)
    await tx.flush()
    await _tell(ctx, tx, found)


async def add_post(ctx: Context, tx: Tx, *, found: Filter, post: Post) -> FilterStatus:
    """Put a single post into a filter; a second time changes nothing.

    Raises:
        Refused: 404, when the owner may not see it; 422, when there are too many.
    """
    if not await can_see(tx, found.account_id, post):
        raise Refused(404, "Record not found")
    there = select(FilterStatus).where(FilterStatus.filter_id == found.id, FilterStatus.post_id == post.id)
    known = (await tx.execute(there)).scalar_one_or_none()
    if known is not None:
        return known
    await _require_room(tx, found, FilterStatus)
    made = insert(tx, FilterStatus).values(id=ctx.ids.next(), filter_id=found.id, post_id=post.id)
    await tx.execute(
        made.on_conflict_do_nothing(index_elements=[FilterStatus.filter_id, FilterStatus.post_id])
    )
    await _tell(ctx, tx, found)
    return (await tx.execute(there)).scalar_one()


async def remove_post(ctx: Context, tx: Tx, *, named: FilterStatus) -> None:
    """Take a single post out of a filter."""
    found = await tx.get_one(Filter, named.filter_id)
    await tx.delete(named)
    await tx.flush()
    await _tell(ctx, tx, found)


def expiry(seconds: int | None) -> int | None:
    """Return how long a filter is to hold; 0 and less mean that it does not end.

    Raises:
        Refused: 422, for longer than a date can say.
    """
    if seconds is None or seconds <= 0:
        return None
    if seconds > DURATION_S_MAX:
        raise Refused(422, "Validation failed: expires_in must be a number of seconds")
    return seconds


async def _apply(ctx: Context, tx: Tx, found: Filter, words: Sequence[Word]) -> None:
    for new in words:
        if new.id is None:
            if not new.gone:
                await _add_keyword(ctx, tx, found, new)
            continue
        word = await tx.get(FilterKeyword, new.id)
        if word is None or word.filter_id != found.id:
            raise Refused(404, "Record not found")
        if new.gone:
            await tx.execute(delete(FilterKeyword).where(FilterKeyword.id == word.id))
            continue
        if new.text is not None:
            word.keyword = _keyword(new.text)
        if new.whole_word is not None:
            word.whole_word = new.whole_word
    await tx.flush()


async def _add_keyword(ctx: Context, tx: Tx, found: Filter, new: Word) -> FilterKeyword:
    keyword = _keyword(new.text or "")
    await _require_room(tx, found, FilterKeyword)
    whole = True if new.whole_word is None else new.whole_word
    made = FilterKeyword(id=ctx.ids.next(), filter_id=found.id, keyword=keyword, whole_word=whole)
    tx.add(made)
    await tx.flush()
    return made


async def _require_room(tx: Tx, found: Filter, model: type[FilterKeyword] | type[FilterStatus]) -> None:
    theirs = select(Filter.id).where(Filter.account_id == found.account_id)
    counted = select(func.count()).select_from(model).where(model.filter_id.in_(theirs))
    if (await tx.execute(counted)).scalar_one() >= PARTS_MAX:
        raise Refused(422, f"Validation failed: You have reached the maximum of {PARTS_MAX}")


async def _tell(ctx: Context, tx: Tx, found: Filter) -> None:
    await publish(tx, EventKind.FILTERS_CHANGED, now=ctx.clock(), account_id=found.account_id)


def _set_end(ctx: Context, found: Filter, new: Change) -> None:
    if new.expires_in_s is not None:
        end = ctx.clock() + timedelta(seconds=new.expires_in_s)
        found.expires_at = end.replace(microsecond=0)  # the same now as when it is read again
    elif new.endless:
        found.expires_at = None


def _title(title: str) -> str:
    title = title.strip()
    if not title:
        raise Refused(422, "Validation failed: Title can't be blank")
    if len(title) > TITLE_CHARACTERS_MAX:
        raise Refused(422, f"Validation failed: Title may have {TITLE_CHARACTERS_MAX} characters at most")
    return title


def _contexts(contexts: Sequence[str]) -> list[str]:
    chosen = [one for one in CONTEXTS if one in contexts]
    if not chosen or set(contexts) - set(CONTEXTS):
        raise Refused(422, f"Validation failed: Context must be some of {', '.join(CONTEXTS)}")
    return chosen


def _action(action: str) -> str:
    if action not in ACTIONS:
        raise Refused(422, f"Validation failed: filter_action must be one of {', '.join(ACTIONS)}")
    return action


def _keyword(text: str) -> str:
    text = text.strip()
    if not text:
        raise Refused(422, "Validation failed: Keyword can't be blank")
    if len(text) > KEYWORD_CHARACTERS_MAX:
        raise Refused(422, f"Validation failed: Keyword may have {KEYWORD_CHARACTERS_MAX} characters at most")
    return text
