"""Reactions with an emoji, by people here and elsewhere.

A reaction is one emoji, or a custom one with its picture, which goes by its name and the domain of who used
it first: two servers may call different pictures the same. It goes out as EmojiReact to authors whose server
ever sent one, since most others drop what they do not know, and as a plain Like to everyone else. The author
is told of a favourite, because Mastodon's clients stumble over kinds of notifications that they do not know.

Source: FEP-c0e0; FEP-9098; Pleroma's documentation of its API, "Emoji Reactions"; Misskey's Like with
content.
"""

import re
from typing import Final

from sqlalchemy import select

from activitypub.objects.tag import Emoji
from activitypub.origin import origin
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Favourite, Peer, Post, Reaction
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import reactions as find
from fedi.queries.visibility import can_see
from fedi.services.notifying import notify, retract

__all__ = ["REACTIONS_MAX", "named", "one_emoji", "react", "receive", "receive_undo", "unreact"]

REACTIONS_MAX: Final = 10
"""Of one person to one post; Misskey allows one, and more than a few is noise."""

URL_CHARACTERS_MAX: Final = 2048
"""Of the address of a custom emoji's picture."""

# What Unicode calls an emoji zwj sequence, a flag or a keycap, by ranges and not by its list of thousands.
# Symbols that are no emoji get through with them, which harms nobody.
_BASE: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_ELEMENT: Final = (
    f"{_BASE}(?:\ufe0f|\ufe0e)?[\U0001f3fb-\U0001f3ff]?(?:[\U000e0020-\U000e007e]{{1,8}}\U000e007f)?"
)
_ONE: Final = re.compile(
    f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ELEMENT}(?:\u200d{_ELEMENT}){{0,7}})"
)
_CUSTOM: Final = re.compile(r":?([A-Za-z0-9_]{2,100})(?:@([A-Za-z0-9.:-]{1,253}))?:?")


def one_emoji(text: str) -> str | None:
    """Return a single emoji in the form that it is kept in; None when the text is none, or more than one.

    >>> one_emoji("\N{HEAVY BLACK HEART}"), one_emoji("no")
    ('\u2764\ufe0f', None)
    """
    bare = text.strip().replace("\ufe0e", "")
    if _ONE.fullmatch(bare) is None:
        return None
    # Some senders leave the sign out that asks for the coloured form; one emoji must not be counted as two.
    return f"{bare}\ufe0f" if len(bare) == 1 and bare < "\U0001f000" else bare


def named(content: str, emoji: Emoji | None, domain: str) -> tuple[str, str | None] | None:
    """Return the name under which a reaction from elsewhere is kept, and its picture.

    Args:
        content: the emoji, or `:name:`.
        emoji: the custom emoji that came along.
        domain: of who reacts.

    Returns:
        None, when it is no emoji, or a custom one without its picture.
    """
    if (plain := one_emoji(content)) is not None:
        return plain, None
    custom = _CUSTOM.fullmatch(content.strip())
    if custom is None or emoji is None or emoji.shortcode != custom[1]:
        return None
    return (f"{custom[1]}@{domain}", emoji.icon_url) if len(emoji.icon_url) <= URL_CHARACTERS_MAX else None


async def react(ctx: Context, tx: Tx, *, account: Account, post: Post, name: str) -> None:
    """React to a post; a second time changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        post: the post.
        name: an emoji, or `name@domain` of a custom one that somebody reacted with to this post.

    Raises:
        Refused: 404 when the account may not see the post, 422 when it is no emoji that can be used here.
    """
    if not await can_see(tx, account.id, post):
        raise Refused(404, "Record not found")
    name, url = await _usable(tx, post, name)
    author = await tx.get_one(Account, post.account_id)
    before = await _also(tx, account, post)
    as_reaction = not author.is_local and await _reacts(tx, author)
    reaction_id = ctx.ids.next()
    iri = f"{account.iri}#{'reactions' if as_reaction else 'likes'}/{reaction_id}"
    made = await _keep(
        ctx, tx, account=account, post=post, name=name, url=url, iri=iri, reaction_id=reaction_id
    )
    if made is None or author.is_local or (before and not as_reaction):
        return
    said = translate.react(made, account, post)
    await record(ctx, tx, sender=account, activity=said, audience=_to(author), order_on=made.iri)


async def unreact(ctx: Context, tx: Tx, *, account: Account, post: Post, name: str) -> None:
    """Take a reaction back; nothing happens when there was none."""
    wanted = one_emoji(name) or _without_colons(name)
    found = [
        entry for entry in await find.find(tx, account_id=account.id, post_id=post.id) if entry.name == wanted
    ]
    if not found:
        return
    author = await tx.get_one(Account, post.account_id)
    undo = translate.undo(translate.react(found[0], account, post))
    as_reaction, order_on = translate.is_reaction(found[0]), found[0].iri
    await receive_undo(tx, reaction=found[0], account=account, post=post)
    # A plain Like stands for all that this person thinks of the post, and ends with the last of it.
    if not author.is_local and (as_reaction or not await _also(tx, account, post)):
        await record(ctx, tx, sender=account, activity=undo, audience=_to(author), order_on=order_on)


async def receive(
    ctx: Context, tx: Tx, *, account: Account, post: Post, iri: str, name: str, url: str | None
) -> None:
    """Take it that somebody elsewhere reacts to a post, and that their server knows reactions."""
    await _note_that_it_reacts(ctx, tx, account)
    await _keep(ctx, tx, account=account, post=post, name=name, url=url, iri=iri, reaction_id=ctx.ids.next())


async def receive_undo(tx: Tx, *, reaction: Reaction, account: Account, post: Post) -> None:
    """Take it that a reaction ends."""
    await tx.delete(reaction)
    await tx.flush()
    if not await _also(tx, account, post):
        await retract(
            tx, account_id=post.account_id, from_account_id=account.id, kind="favourite", post_id=post.id
        )


async def _keep(
    ctx: Context,
    tx: Tx,
    *,
    account: Account,
    post: Post,
    name: str,
    url: str | None,
    iri: str,
    reaction_id: int,
) -> Reaction | None:
    """Write a reaction and tell the author; return it, or None when it is not new or one too many."""
    theirs = await find.find(tx, account_id=account.id, post_id=post.id)
    if len(theirs) >= REACTIONS_MAX:
        if account.is_local and all(entry.name != name for entry in theirs):
            raise Refused(422, f"A person may react to a post {REACTIONS_MAX} times at most.")
        return None
    statement = insert(tx, Reaction).values(
        id=reaction_id,
        account_id=account.id,
        post_id=post.id,
        name=name,
        url=url,
        iri=iri,
        created_at=ctx.clock(),
    )
    unique = [Reaction.account_id, Reaction.post_id, Reaction.name]
    statement = statement.on_conflict_do_nothing(index_elements=unique)
    if (await tx.execute(statement.returning(Reaction.id))).first() is None:
        return None
    await notify(
        ctx, tx, account_id=post.account_id, from_account_id=account.id, kind="favourite", post_id=post.id
    )
    return await tx.get_one(Reaction, reaction_id)


async def _usable(tx: Tx, post: Post, name: str) -> tuple[str, str | None]:
    if (plain := one_emoji(name)) is not None:
        return plain, None
    custom = _without_colons(name)
    url = await find.picture_of(tx, post_id=post.id, name=custom)
    if url is None:
        raise Refused(422, "That is no emoji, or none that anybody used on this post.")
    return custom, url


async def _also(tx: Tx, account: Account, post: Post) -> bool:
    """Tell whether somebody favours a post, or reacted to it."""
    favours = select(Favourite.id).where(Favourite.account_id == account.id, Favourite.post_id == post.id)
    if (await tx.execute(favours)).first() is not None:
        return True
    return bool(await find.find(tx, account_id=account.id, post_id=post.id))


async def _reacts(tx: Tx, author: Account) -> bool:
    peer = await tx.get(Peer, origin(author.inbox).authority)
    return peer is not None and peer.reacts


async def _note_that_it_reacts(ctx: Context, tx: Tx, account: Account) -> None:
    if await _reacts(tx, account):
        return
    statement = insert(tx, Peer).values(
        host=origin(account.inbox).authority, first_seen_at=ctx.clock(), reacts=True
    )
    await tx.execute(
        statement.on_conflict_do_update(index_elements=[Peer.host], set_={"reacts": True}).execution_options(
            synchronize_session=False
        )
    )


def _to(author: Account) -> Audience:
    return Audience(account_ids=(author.id,))


def _without_colons(name: str) -> str:
    return name.strip().strip(":")
