"""Checking the links of a profile: does the page that somebody names name them back?

A field of a profile whose whole value is an address counts as verified when that page links to the profile
with `rel="me"`. It is asked after each edit, by a job. The page is a stranger's, so it is read within bounds
and only its links are looked at.

Source: Mastodon's documentation, "Link verification"; microformats.org, "rel=me".
"""

import asyncio
from html.parser import HTMLParser

from sqlalchemy import select

from activitypub.errors import ActivityPubError, UnreachableError
from fedi.clock import isoformat_ms
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account
from fedi.outbound import page

__all__ = ["is_link", "links_back", "plan", "run"]

CHUNK_CHARACTERS = 4096
"""Of a page that are handed to the parser at once."""

OPEN_CHARACTERS_MAX = 128 * 1024
"""Of one element's beginning, picture in it and all; the standard library's parser takes minutes for a page
of beginnings without an end."""

LINKS_MAX = 5000
"""Links of a page that are looked at; long home pages have some hundreds."""

ATTEMPTS_MAX = 3
"""Tries to reach a page that does not answer; after that the field is as it was."""

log = get(__name__)


class _Links(HTMLParser):
    """Looks through a page for a link to somebody that says that the page is theirs."""

    def __init__(self, wanted: str) -> None:
        super().__init__(convert_charrefs=True)
        self._wanted = wanted.casefold()
        self._seen = 0
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        if tag not in {"a", "link"} or self.found or self._seen >= LINKS_MAX:
            return
        self._seen += 1
        given = {name: value or "" for name, value in attrs}
        says_me = "me" in given.get("rel", "").lower().split()
        self.found = says_me and given.get("href", "").strip().casefold() == self._wanted


def is_link(value: str) -> bool:
    """Tell whether the whole value of a field is an address that can be asked."""
    value = value.strip()
    return value.startswith("https://") and len(value.split()) == 1


def links_back(html: str, profile: str) -> bool:
    """Tell whether a page has a link with `rel="me"` to a profile."""
    parser = _Links(profile)
    for start in range(0, len(html), CHUNK_CHARACTERS):
        try:
            parser.feed(html[start : start + CHUNK_CHARACTERS])
        except AssertionError:  # its way to refuse some malformed declarations
            break
        # What it holds back is the beginning of something. It is never told that the page ends (`close`),
        # because it would then try each `<` of that again, up to the end.
        held_back = 0 if parser.cdata_elem else len(parser.rawdata)
        if parser.found or held_back > OPEN_CHARACTERS_MAX:
            break
    return parser.found


async def plan(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Have the links of a profile checked soon, if it has any."""
    if any(is_link(str(row.get("source", ""))) for row in account.fields):
        job = queue.NewJob(
            queue="inbox",  # where jobs wait that ask others
            kind="verify_links",
            payload={"account_id": account.id},
            dedupe_key=f"verify_links:{account.id}",
        )
        await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def run(ctx: Context, job: queue.Claim) -> None:
    """Ask the pages that a profile names, and write down which name it back.

    Raises:
        UnreachableError: one does not answer; try again later.
    """
    async with ctx.db.read() as tx:
        account = await tx.get(Account, job.payload["account_id"])
    rows = account.fields if account is not None else []
    values = {value for row in rows if is_link(value := str(row.get("source", "")))}
    profile = (account and account.url) or ""
    verdicts = {value: await _verdict(ctx, job, value, profile) for value in sorted(values)}
    async with ctx.db.write() as tx:
        locked = select(Account).where(Account.id == job.payload["account_id"]).with_for_update()
        held = (await tx.execute(locked)).scalar_one_or_none()
        if held is not None:
            held.fields = [_marked(ctx, row, verdicts.get(str(row.get("source", "")))) for row in held.fields]
        await queue.finish(tx, job)


async def _verdict(ctx: Context, job: queue.Claim, value: str, profile: str) -> bool | None:
    """Return whether a page names the profile; None when it does not answer, however often it is asked."""
    try:
        html = await page.read(ctx, value.strip())
    except UnreachableError:
        if job.attempts < ATTEMPTS_MAX:
            raise
        return None
    except ActivityPubError as refusal:
        log.info("link_not_verified", url=value, why=str(refusal))
        return False
    # In a thread: half a megabyte of hostile markup takes the parser a while.
    return await asyncio.to_thread(links_back, html, profile)


def _marked(ctx: Context, row: dict[str, object], verdict: bool | None) -> dict[str, object]:  # noqa: FBT001 - a verdict
    if verdict is None:
        return row
    since = row.get("verified_at") or isoformat_ms(ctx.clock())
    return {**row, "verified_at": since if verdict else None}
