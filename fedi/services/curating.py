"""Lists, as their owners make them: title, whose answers are shown, who is on them.

Only whom one follows, or oneself, can be on a list. Members of an exclusive list are read there only: what
they wrote leaves the home timeline when the list becomes exclusive or takes them in, and their last posts
come back when that ends.

Source: Mastodon's documentation, "lists API methods".
"""

from collections.abc import Sequence

from sqlalchemy import delete, select

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, AccountList, Follow, HomeEntry, ListMember, Post
from fedi.queries import lists
from fedi.services import following, listing

__all__ = ["LISTS_MAX", "add", "change", "create", "destroy", "remove"]

LISTS_MAX = 50
"""Lists of one person; Mastodon's figure."""

MEMBERS_MAX = 1000
"""People on one list: nobody reads more, and each post of theirs is a row."""

TITLE_CHARACTERS_MAX = 256
"""Of a title; Mastodon's figure."""

POLICIES = ("followed", "list", "none")
"""Whose answers a list shows, in Mastodon's words: to whom one follows, to members, to nobody."""


async def create(
    ctx: Context,
    tx: Tx,
    *,
    owner: Account,
    title: str,
    replies_policy: str | None = None,
    exclusive: bool | None = None,
) -> AccountList:
    """Make a list.

    Raises:
        Refused: 422, when it has no title, an unknown policy, or there are too many lists.
    """
    await tx.execute(select(Account.id).where(Account.id == owner.id).with_for_update())
    if await lists.count(tx, owner.id) >= LISTS_MAX:
        raise Refused(422, f"Validation failed: You have reached the maximum of {LISTS_MAX} lists")
    made = AccountList(
        id=ctx.ids.next(),
        account_id=owner.id,
        title=_title(title),
        replies_policy=_policy(replies_policy or "list"),
        exclusive=bool(exclusive),
        created_at=ctx.clock(),
    )
    tx.add(made)
    await tx.flush()
    return made


async def change(
    tx: Tx,
    *,
    found: AccountList,
    title: str | None = None,
    replies_policy: str | None = None,
    exclusive: bool | None = None,
) -> None:
    """Change what is given of a list.

    Raises:
        Refused: 422, for an empty title or an unknown policy.
    """
    if title is not None:
        found.title = _title(title)
    if replies_policy is not None:
        found.replies_policy = _policy(replies_policy)
    if exclusive is not None and exclusive != found.exclusive:
        found.exclusive = exclusive
        await tx.flush()
        await _settle_home(tx, found, await _member_ids(tx, found))
    await tx.flush()


async def destroy(tx: Tx, *, found: AccountList) -> None:
    """Delete a list; its members come back to the home timeline if they were kept from it."""
    was_exclusive, member_ids = found.exclusive, await _member_ids(tx, found)
    owner_id = found.account_id
    await tx.delete(found)
    await tx.flush()
    if was_exclusive:
        await _bring_home(tx, owner_id, member_ids)


async def add(ctx: Context, tx: Tx, *, found: AccountList, account_ids: Sequence[int]) -> None:
    """Put people on a list; who is on it already stays.

    Raises:
        Refused: 404, when one of them does not exist; 422, when one is not followed, or the list is full.
    """
    known = set((await tx.execute(select(Account.id).where(Account.id.in_(account_ids)))).scalars())
    if known != set(account_ids):
        raise Refused(404, "Record not found")
    follows = select(Follow.target_id).where(
        Follow.account_id == found.account_id, Follow.target_id.in_(account_ids)
    )
    followed = {found.account_id, *(await tx.execute(follows)).scalars()}
    if not set(account_ids) <= followed:
        raise Refused(422, "Validation failed: You need to follow somebody before adding them to a list")
    await tx.execute(select(AccountList.id).where(AccountList.id == found.id).with_for_update())
    before = set(await _member_ids(tx, found))
    new = [one for one in account_ids if one not in before]
    if len(before) + len(new) > MEMBERS_MAX:
        raise Refused(422, f"Validation failed: A list can have {MEMBERS_MAX} members at most")
    for account_id in new:
        tx.add(ListMember(list_id=found.id, account_id=account_id, id=ctx.ids.next()))
        await tx.flush()
        await listing.catch_up(tx, owner_id=found.account_id, member_id=account_id)
    if found.exclusive:
        await _settle_home(tx, found, new)


async def remove(tx: Tx, *, found: AccountList, account_ids: Sequence[int]) -> None:
    """Take people off a list; who is not on it is left alone."""
    gone = [one for one in await _member_ids(tx, found) if one in set(account_ids)]
    for account_id in gone:
        await listing.drop(tx, owner_id=found.account_id, member_id=account_id, list_id=found.id)
    if found.exclusive:
        await _bring_home(tx, found.account_id, gone)


async def _settle_home(tx: Tx, found: AccountList, member_ids: Sequence[int]) -> None:
    if not found.exclusive:
        await _bring_home(tx, found.account_id, member_ids)
        return
    others = [one for one in member_ids if one != found.account_id]
    theirs = select(Post.id).where(Post.account_id.in_(others))
    await tx.execute(
        delete(HomeEntry).where(HomeEntry.account_id == found.account_id, HomeEntry.post_id.in_(theirs))
    )


async def _bring_home(tx: Tx, owner_id: int, member_ids: Sequence[int]) -> None:
    relations = select(Follow).where(
        Follow.account_id == owner_id, Follow.target_id.in_(member_ids), Follow.state == "accepted"
    )
    for relation in (await tx.execute(relations)).scalars().all():
        await following.catch_up(tx, relation)


async def _member_ids(tx: Tx, found: AccountList) -> Sequence[int]:
    members = select(ListMember.account_id).where(ListMember.list_id == found.id).order_by(ListMember.id)
    return (await tx.execute(members)).scalars().all()


def _title(title: str) -> str:
    title = title.strip()
    if not title:
        raise Refused(422, "Validation failed: Title can't be blank")
    if len(title) > TITLE_CHARACTERS_MAX:
        raise Refused(
            422, f"Validation failed: Title is too long (maximum is {TITLE_CHARACTERS_MAX} characters)"
        )
    return title


def _policy(policy: str) -> str:
    if policy not in POLICIES:
        raise Refused(422, f"Validation failed: replies_policy must be one of {', '.join(POLICIES)}")
    return policy
