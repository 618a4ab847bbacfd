"""Featuring: a few hashtags that somebody shows on their profile.

What people here feature goes out as Add to their own collection `featuredTags`, and Remove, with the hashtag
embedded. Of people elsewhere the names are kept, which is all there is to a hashtag.

Source: Mastodon's documentation, "featured_tags API methods" and "Featured tags".
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from fedi import text
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, FeaturedTag
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, Outgoing, record

__all__ = ["TAGS_MAX", "feature", "receive_feature", "receive_unfeature", "replace", "unfeature"]

TAGS_MAX = 10
"""Hashtags on one profile; Mastodon's figure."""

NAME_CHARACTERS_MAX = 200
"""Of a hashtag; longer ones are nobody's topic."""


async def feature(ctx: Context, tx: Tx, *, account: Account, name: str) -> FeaturedTag:
    """Show a hashtag on the profile of somebody here; a second time changes nothing.

    Raises:
        Refused: 422 with a sentence for the person.
    """
    name = _require_hashtag(name)
    # Held, so that two requests at once do not both find room for one more.
    await tx.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    known = await _find(tx, account, name)
    if known is not None:
        return known
    counted = select(func.count()).select_from(FeaturedTag).where(FeaturedTag.account_id == account.id)
    if (await tx.execute(counted)).scalar_one() >= TAGS_MAX:
        raise Refused(422, "Validation failed: You have already featured the maximum number of hashtags")
    await _add(ctx, tx, account, name)
    made = await _find(tx, account, name)
    assert made is not None
    await _tell(ctx, tx, account, translate.feature_tag(ctx.ids.next(), account, name, ctx.settings))
    return made


async def unfeature(ctx: Context, tx: Tx, *, account: Account, tag_id: int) -> None:
    """Take a hashtag off the profile of somebody here.

    Raises:
        Refused: 404, when it is not on it.
    """
    row = await tx.get(FeaturedTag, tag_id)
    if row is None or row.account_id != account.id:
        raise Refused(404, "Record not found")
    name = row.name
    await tx.delete(row)
    await tx.flush()
    await _tell(ctx, tx, account, translate.unfeature_tag(ctx.ids.next(), account, name, ctx.settings))


async def receive_feature(ctx: Context, tx: Tx, *, account: Account, name: str) -> None:
    """Take it that somebody elsewhere shows a hashtag; beyond `TAGS_MAX` the oldest make room."""
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        return
    await _add(ctx, tx, account, name)
    newest = select(FeaturedTag.id).where(FeaturedTag.account_id == account.id)
    kept = list((await tx.execute(newest.order_by(FeaturedTag.id.desc()).limit(TAGS_MAX))).scalars())
    await tx.execute(
        delete(FeaturedTag).where(FeaturedTag.account_id == account.id, FeaturedTag.id.not_in(kept))
    )


async def receive_unfeature(tx: Tx, *, account: Account, name: str) -> None:
    """Take it that somebody elsewhere shows a hashtag no longer."""
    await tx.execute(
        delete(FeaturedTag).where(FeaturedTag.account_id == account.id, FeaturedTag.name == name)
    )


async def replace(ctx: Context, tx: Tx, *, account: Account, names: Sequence[str]) -> None:
    """Take over which hashtags somebody elsewhere shows."""
    await tx.execute(delete(FeaturedTag).where(FeaturedTag.account_id == account.id))
    for name in [name for name in dict.fromkeys(names) if 0 < len(name) <= NAME_CHARACTERS_MAX][:TAGS_MAX]:
        await _add(ctx, tx, account, name)


def _require_hashtag(typed: str) -> str:
    name = text.hashtag(typed)
    if name is None or len(name) > NAME_CHARACTERS_MAX:
        raise Refused(422, "Validation failed: Tag is invalid")
    return name


async def _find(tx: Tx, account: Account, name: str) -> FeaturedTag | None:
    statement = select(FeaturedTag).where(FeaturedTag.account_id == account.id, FeaturedTag.name == name)
    return (await tx.execute(statement)).scalar_one_or_none()


async def _add(ctx: Context, tx: Tx, account: Account, name: str) -> None:
    await tx.execute(
        insert(tx, FeaturedTag)
        .values(id=ctx.ids.next(), account_id=account.id, name=name, created_at=ctx.clock())
        .on_conflict_do_nothing(index_elements=[FeaturedTag.account_id, FeaturedTag.name])
    )


async def _tell(ctx: Context, tx: Tx, account: Account, said: Outgoing) -> None:
    audience = Audience(followers_of=account.id)
    await record(
        ctx, tx, sender=account, activity=said, audience=audience, order_on=f"{account.iri}#featured-tags"
    )
