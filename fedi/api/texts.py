"""What the operator says at length, what holds here, and a few figures and lists about the server.

Source: Mastodon's documentation, "instance API methods" and "annual_reports API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors
from fedi.api.answers import json_answer
from fedi.api.entities.announcement import rule
from fedi.api.viewer import admit
from fedi.clock import isoformat_ms
from fedi.context import Context
from fedi.queries import accounts as find_account
from fedi.queries import announcements, weeks
from fedi.services import longtexts
from fedi.services.longtexts import LongText

__all__ = [
    "activity", "annual_report_state", "annual_reports", "donation_campaigns", "extended_description",
    "languages", "privacy_policy", "rules", "terms_of_service",
]  # fmt: skip

ACTIVITY_S = 3600.0
"""How long the weekly figures are good enough, in seconds."""

LANGUAGES = (
    ("ar", "Arabic"), ("bg", "Bulgarian"), ("bn", "Bengali"), ("ca", "Catalan"), ("cs", "Czech"),
    ("cy", "Welsh"), ("da", "Danish"), ("de", "German"), ("el", "Greek"), ("en", "English"),
    ("eo", "Esperanto"), ("es", "Spanish"), ("et", "Estonian"), ("eu", "Basque"), ("fa", "Persian"),
    ("fi", "Finnish"), ("fr", "French"), ("ga", "Irish"), ("gl", "Galician"), ("he", "Hebrew"),
    ("hi", "Hindi"), ("hr", "Croatian"), ("hu", "Hungarian"), ("hy", "Armenian"), ("id", "Indonesian"),
    ("is", "Icelandic"), ("it", "Italian"), ("ja", "Japanese"), ("ka", "Georgian"), ("ko", "Korean"),
    ("lt", "Lithuanian"), ("lv", "Latvian"), ("ms", "Malay"), ("nb", "Norwegian Bokmål"), ("nl", "Dutch"),
    ("nn", "Norwegian Nynorsk"), ("pl", "Polish"), ("pt", "Portuguese"), ("ro", "Romanian"),
    ("ru", "Russian"), ("sk", "Slovak"), ("sl", "Slovenian"), ("sr", "Serbian"), ("sv", "Swedish"),
    ("ta", "Tamil"), ("th", "Thai"), ("tr", "Turkish"), ("uk", "Ukrainian"), ("ur", "Urdu"),
    ("vi", "Vietnamese"), ("zh", "Chinese"),
)  # fmt: skip
"""Languages that a post can be marked with, by ISO 639-1; any other code is taken too."""


async def rules(request: Request) -> Response:
    """List what holds here."""
    async with context.of(request).db.read() as tx:
        return json_answer([rule(row) for row in await announcements.rules(tx)])


async def extended_description(request: Request) -> Response:
    """Tell at length what this server is about."""
    return await _text(context.of(request), longtexts.ABOUT)


async def privacy_policy(request: Request) -> Response:
    """Tell the privacy policy."""
    return await _text(context.of(request), longtexts.PRIVACY)


async def terms_of_service(request: Request) -> Response:
    """Tell the terms of service, those of now or, by the day from which they hold, those of then."""
    said = await longtexts.read(context.of(request), longtexts.TERMS)
    if said is None:
        raise errors.not_found()
    day = said.changed_at.date().isoformat()
    if request.path_params.get("date", day) != day:  # earlier ones are not kept
        raise errors.not_found()
    return json_answer({"effective_date": day, "effective": True, "content": said.html, "succeeded_by": None})


async def activity(request: Request) -> Response:
    """Tell how much happened here in each of the last twelve weeks."""
    ctx = context.of(request)
    now = ctx.clock()
    known: list[weeks.Week] | None = ctx.memory.figures.get("weeks", now)
    if known is None:
        async with ctx.db.read() as tx:
            known = await weeks.activity(tx, now=now)
        ctx.memory.figures.put("weeks", known, now=now, ttl_s=ACTIVITY_S)
    return json_answer(
        [
            {
                "week": str(int(week.begins.timestamp())),
                "statuses": str(week.posts),
                "logins": str(week.active),
                "registrations": str(week.joined),
            }
            for week in known
        ]
    )


async def languages(_request: Request) -> Response:
    """List languages that a post can be marked with."""
    return json_answer([{"code": code, "name": name} for code, name in LANGUAGES])


async def donation_campaigns(request: Request) -> Response:
    """Say that there is no campaign."""
    await admit(request, "read")
    return Response(status_code=204, headers={"Cache-Control": "private, no-store"})


async def annual_reports(request: Request) -> Response:
    """Say that there are no reports of years."""
    await admit(request, "read:accounts")
    return json_answer({"annual_reports": [], "accounts": [], "statuses": []})


async def annual_report_state(request: Request) -> Response:
    """Say that a year has no report, and will have none."""
    await admit(request, "read:accounts")
    return json_answer({"state": "ineligible"})


async def _text(ctx: Context, name: str) -> Response:
    """Answer with one of the texts; one that nobody wrote is empty since the server was made."""
    said = await longtexts.read(ctx, name)
    if said is None:
        async with ctx.db.read() as tx:
            server = await find_account.instance_actor(tx, ctx.settings)
        said = LongText(html="", changed_at=server.created_at if server is not None else ctx.clock())
    return json_answer({"updated_at": isoformat_ms(said.changed_at), "content": said.html})
