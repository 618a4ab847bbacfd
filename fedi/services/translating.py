"""Translating posts with a server of the operator's choice that speaks LibreTranslate's API.

Only public and unlisted posts are given away, and only when somebody asks for it. What comes back is a
stranger's HTML and is sanitised as such. A translation is remembered until the post changes, since many ask
for the same.

Sources: Mastodon's documentation, "Translate a status" and "Translation entity"; LibreTranslate's API,
`/languages` and `/translate`.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedi import text
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import Refused
from fedi.http import SERVICE_TROUBLES, ask_service
from fedi.log import get
from fedi.queries.posts import PostView
from fedi.queries.visibility import OPEN

__all__ = ["Translation", "languages", "translate"]

PROVIDER = "LibreTranslate"

LANGUAGES_S = 3600.0
"""How long the list of languages is good enough, in seconds."""

REMEMBERED_S = 24 * 3600.0
"""How long a translation is, in seconds."""

UNKNOWN = "und"
"""Mastodon's code for a language that has to be found out."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A post in another language; descriptions are by attachment."""

    content: str
    spoiler_text: str
    options: Sequence[str]
    descriptions: Mapping[int, str]
    source: str
    target: str


async def languages(ctx: Context) -> dict[str, list[str]]:
    """Return into which languages can be translated, by the language of the post; none without a server.

    Raises:
        Refused: 503, when the server does not answer.
    """
    if not ctx.settings.translation_url:
        return {}
    now = ctx.clock()
    known: dict[str, list[str]] | None = ctx.memory.figures.get("translation", now)
    if known is None:
        known = _languages(await _ask(ctx.settings, "/languages"))
        ctx.memory.figures.put("translation", known, now=now, ttl_s=LANGUAGES_S)
    return known


async def translate(ctx: Context, view: PostView, *, target: str) -> Translation:
    """Return a post in another language; opens no transaction, since it asks another server.

    Args:
        ctx: the context.
        view: the post, which the asker may see.
        target: the language wanted, such as `de` or `pt-BR`.

    Raises:
        Refused: 404 when nothing is translated here, 403 when this post or its language is not, 503 when the
            server does not answer.
    """
    post = view.post
    if not ctx.settings.translation_url:
        raise Refused(404, "Record not found", why="no translation_url")
    source = _base(post.language) if post.language else UNKNOWN
    target = _base(target)
    offered = (await languages(ctx)).get(source, ())
    if post.visibility not in OPEN or post.reblog_of_id is not None or target not in offered:
        raise Refused(403, "This action is not allowed")
    version = (post.edited_at or post.created_at).isoformat()
    key, now = (post.id, version, target), ctx.clock()
    known: Translation | None = ctx.memory.translations.get(key, now)
    if known is None:
        known = await _translated(ctx, view, source, target)
        ctx.memory.translations.put(key, known, now=now, ttl_s=REMEMBERED_S)
    return known


async def _translated(ctx: Context, view: PostView, source: str, target: str) -> Translation:
    described = [one for one in view.attachments if one.description]
    options = list(view.poll.options) if view.poll is not None else []
    plain = [view.post.spoiler_text, *options, *(one.description or "" for one in described)]
    parts = [text.sanitise(view.post.content), *(html.escape(said) for said in plain)]
    asked = [part for part in parts if part]
    answer = await _ask(
        ctx.settings,
        "/translate",
        {
            "q": asked,
            "source": "auto" if source == UNKNOWN else source,
            "target": target,
            "format": "html",
            "api_key": ctx.settings.translation_key,
        },
    )
    given = iter(_texts(answer, len(asked)))
    content, spoiler, *rest = [next(given) if part else "" for part in parts]
    said = [html.unescape(text.html_to_text(text.sanitise(part))) for part in rest]
    return Translation(
        content=text.sanitise(content),
        spoiler_text=text.html_to_text(text.sanitise(spoiler)),
        options=said[: len(options)],
        descriptions={one.id: words for one, words in zip(described, said[len(options) :], strict=True)},
        source=_detected(answer) or source,
        target=target,
    )


async def _ask(settings: Settings, path: str, said: Mapping[str, Any] | None = None) -> Any:
    url = settings.translation_url.rstrip("/") + path
    try:
        return await ask_service(url, json=said, ca_file=settings.ca_file)
    except SERVICE_TROUBLES as trouble:
        log.warning("translation_failed", url=url, error=str(trouble) or type(trouble).__name__)
        raise Refused(503, "There was an error connecting to the translation service") from None


def _languages(answer: Any) -> dict[str, list[str]]:
    """Read the list of languages; what has to be found out can become any of them."""
    rows = [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
    codes = [str(row.get("code")) for row in rows]
    found = {}
    for row in rows:
        targets = row.get("targets")
        code = str(row.get("code"))
        offered = [str(one) for one in targets] if isinstance(targets, list) else codes
        found[code] = [one for one in offered if one != code]
    return {**found, UNKNOWN: codes} if found else {}


def _texts(answer: Any, count: int) -> list[str]:
    found = answer.get("translatedText") if isinstance(answer, dict) else None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(one, str) for one in found):
        log.warning("translation_failed", error="not as many texts as were asked for")
        raise Refused(503, "There was an error connecting to the translation service")
    return found


def _detected(answer: Any) -> str | None:
    found = answer.get("detectedLanguage") if isinstance(answer, dict) else None
    first = found[0] if isinstance(found, list) and found else found
    code = first.get("language") if isinstance(first, dict) else None
    return code if isinstance(code, str) else None


def _base(code: str) -> str:
    return code.partition("-")[0].lower()
