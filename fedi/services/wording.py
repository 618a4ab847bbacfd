"""From what a person typed to what a post says: people, links and limits.

New posts and edited ones are read in the same way, so that an edit is no way around a limit.
"""

from collections.abc import Iterable, Mapping, Sequence

from fedi import iris, text
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Attachment
from fedi.outbound import translate
from fedi.queries import accounts as find_account
from fedi.queries.visibility import apart_from

__all__ = ["MENTIONS_MAX", "addressed", "mentioned", "render", "require_within_limits", "source_type_of"]

MENTIONS_MAX = 50
"""People named in one post; more is shouting."""


def require_within_limits(ctx: Context, *, source: str, spoiler_text: str, has_more: bool) -> None:
    """Refuse words that are too many, or none.

    Args:
        ctx: the context.
        source: what was typed.
        spoiler_text: the content warning.
        has_more: there is something else to look at, so that words may be missing.

    Raises:
        Refused: 422, with a sentence for the person.
    """
    length = len(source) + len(spoiler_text)
    if length > ctx.settings.post_characters_max:
        raise Refused(
            422, f"The post has {length} characters; {ctx.settings.post_characters_max} are allowed."
        )
    if not source.strip() and not has_more:
        raise Refused(422, "A post needs words or a picture.")
    if len(text.find_mentions(source)) > MENTIONS_MAX:
        raise Refused(422, f"A post may mention {MENTIONS_MAX} people at most.")


async def mentioned(ctx: Context, tx: Tx, source: str, *, by: int | None = None) -> dict[str, Account]:
    """Return the known accounts that a text mentions, by handle as typed.

    Args:
        ctx: the context.
        tx: a transaction.
        source: the text.
        by: id of who says so: the names of those who block them, or whom they block, stay plain words.
    """
    found: dict[str, Account] = {}
    for handle in text.find_mentions(source):
        username, _, domain = handle.partition("@")
        if domain in {"", ctx.settings.domain, ctx.settings.host}:
            account = await find_account.local_by_name(tx, username)
        else:
            account = await find_account.by_either_handle(tx, username, domain)
        if account is not None and account.kind != "Application" and account.deleted_at is None:
            found[handle] = account
    away = await _away(tx, by, found.values())
    return {handle: account for handle, account in found.items() if account.id not in away}


async def addressed(tx: Tx, ids: Sequence[int], *, by: int | None = None) -> dict[int, Account]:
    """Return the accounts of these ids, but servers, which read nothing, and who is apart from the sender.

    Raises:
        Refused: 422, when there are too many.
    """
    if len(ids) > MENTIONS_MAX:
        raise Refused(422, f"A post may be addressed to {MENTIONS_MAX} people at most.")
    found = [await tx.get(Account, account_id) for account_id in ids]
    people = {row.id: row for row in found if row is not None and row.kind != "Application"}
    away = await _away(tx, by, people.values())
    return {account_id: account for account_id, account in people.items() if account_id not in away}


async def _away(tx: Tx, by: int | None, people: Iterable[Account]) -> set[int]:
    return await apart_from(tx, by, [account.id for account in people]) if by is not None else set()


def source_type_of(attachments: Iterable[Attachment]) -> str | None:
    """Return the IPTC term with which a post is labelled because of its pictures; None without a model's.

    A picture drawn by a model keeps its label in whatever post it is.
    """
    terms = (row.digital_source_type for row in attachments)
    return next((term for term in terms if term in translate.MADE_BY_A_MODEL), None)


def render(ctx: Context, source: str, people: Mapping[str, Account]) -> str:
    """Return the HTML of a text in which these people are mentioned."""
    links = {
        handle: text.MentionLink(url=account.url or account.iri, shown=account.username)
        for handle, account in people.items()
    }
    return text.plain_to_html(source, mentions=links, tag_url=lambda name: iris.tag(ctx.settings, name))
