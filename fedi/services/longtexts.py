"""The operator's own long texts: what this server is about, its privacy policy, its terms.

They lie as files beside the database, since they are written in an editor and change once a year; a file
that ends in `.html` is HTML, one in `.txt` plain text. Whatever stands in them is sanitised as any other
text. When a file changed last is when what it says began to hold.

Source: Mastodon's documentation, "ExtendedDescription", "PrivacyPolicy" and "TermsOfService" entities.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fedi import text
from fedi.context import Context

__all__ = ["ABOUT", "PAGES", "PRIVACY", "TERMS", "LongText", "read"]

ABOUT, PRIVACY, TERMS = "about", "privacy", "terms"
"""Names of the files, without their ends."""

PAGES = {PRIVACY: "/privacy-policy", TERMS: "/terms-of-service"}
"""Where people read those that have a page of their own; what this server is about stands on `/about`."""

BYTES_MAX = text.HTML_BYTES_MAX
"""Of a file that is looked at: more is not sanitised as HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongText:
    """One of the texts, as sanitised HTML, and since when it stands so."""

    html: str
    changed_at: datetime


async def read(ctx: Context, name: str) -> LongText | None:
    """Return one of the texts; None when the operator wrote none."""
    return await asyncio.to_thread(_read, ctx.settings.data_path, name)


def _read(folder: Path, name: str) -> LongText | None:
    for ending, as_html in ((".html", text.sanitise), (".txt", _paragraphs)):
        path = folder / f"{name}{ending}"
        try:
            changed_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
            with path.open("rb") as file:
                said = file.read(BYTES_MAX).decode("utf-8", "replace")
        except FileNotFoundError:
            continue
        return LongText(html=as_html(said), changed_at=changed_at)
    return None


def _paragraphs(said: str) -> str:
    return text.plain_to_html(said, mentions={}, tag_url=str)
