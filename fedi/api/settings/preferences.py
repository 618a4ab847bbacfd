"""One's preferences: what new posts are like, what others are told, and what clients show."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api.params import Params
from fedi.api.profile import read_preferences
from fedi.api.settings import menu
from fedi.errors import Refused
from fedi.models import Account, Login
from fedi.services import preferring, profile
from fedi.services.authorizing import SignedIn

__all__ = ["change", "show"]

CHOICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "posting:default:visibility": (
        "Who sees new posts",
        {"public": "Everyone", "unlisted": "Everyone, but not in public timelines", "private": "Followers"},
    ),
    "posting:default:quote_policy": (
        "Who may quote them",
        {"public": "Everyone", "followers": "Followers", "nobody": "Nobody"},
    ),
    preferring.SHARE: (
        "What others are told of how a picture was made",
        {"all": "Everything", "no_prompt": "All but the words", "nothing": "Only that a machine made it"},
    ),
    preferring.EXPAND_MEDIA: (
        "Pictures in apps",
        {"default": "Cover what is sensitive", "show_all": "Show all", "hide_all": "Cover all"},
    ),
}
"""Preferences with words: what is asked, and what each word means."""

FLAGS: Mapping[str, str] = {
    "posting:default:sensitive": "Mark pictures of new posts as sensitive",
    preferring.IMAGINE: "Draw a picture when a post begins with /imagine",
    preferring.EXPAND_SPOILERS: "Show posts with a warning at once, in apps",
    preferring.AUTOPLAY: "Play moving pictures at once, in apps",
}
"""Preferences that are yes or no."""


async def show(request: Request) -> Response:
    """Show the form."""
    signed_in = await menu.opened(request)
    return menu.to_sign_in(request) if signed_in is None else await _form(request, signed_in)


async def change(request: Request) -> Response:
    """Change them.

    Raises:
        Refused: 403 for a form that is not ours.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    ctx = context.of(request)
    try:
        wish = read_preferences(_with_all_flags(given))
        async with ctx.db.write() as tx:
            me = await tx.get_one(Account, signed_in.account.id)
            await profile.edit(ctx, tx, account=me, wish=wish)
    except Refused as refusal:
        if refusal.status != 422:
            raise
        return await _form(request, signed_in, wrong=refusal.text)
    return await _form(request, signed_in, done="Your preferences are kept.")


def _with_all_flags(given: Params) -> Params:
    """Return the form with a no for each box that is not ticked: browsers leave those out."""
    return Params({**dict.fromkeys(FLAGS, "false"), **given})


async def _form(request: Request, signed_in: SignedIn, *, wrong: str = "", done: str = "") -> Response:
    async with context.of(request).db.read() as tx:
        login = await tx.get(Login, signed_in.account.id)
    values = {
        "wrong": wrong,
        "done": done,
        "choices": CHOICES,
        "flags": FLAGS,
        "chosen": preferring.everything(login),
        "language_name": "posting:default:language",
    }
    return menu.show(request, "preferences.html", signed_in, values, status=422 if wrong else 200)
