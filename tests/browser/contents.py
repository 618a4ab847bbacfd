"""People, pictures and words to look at."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from fedi.context import Context
from fedi.models import Account, Post
from fedi.queries import accounts as find
from fedi.services import accounts, imagining, posting
from tests.peers.server_process import Instance, eventually

PASSWORD = "correct horse battery"

PROMPTS = (
    "sunset over the sea",
    "snowy mountains at night",
    "a red boat on a lake",
    "green hills at noon",
    "a castle at sunset",
    "a lighthouse in a storm",
    "autumn forest in the mist",
    "city at dusk",
)

SEED = 7
"""Of the first picture; the next ones follow."""

DRAWN_S_MAX = 100.0
"""For all pictures, by a model on a slow processor; painted ones take three seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Addresses of what was made."""

    bot: str
    post: str
    warned: str
    person: str


def fill(instance: Instance) -> Contents:
    """Make a bot with pictures and a person with words on a server that runs and has the person `mara`."""
    instance.with_context(_ask_for_pictures)
    latest, *_ = eventually(partial(_pictures, instance), "drawing", DRAWN_S_MAX, poll_s=0.5)
    assert latest["content"].startswith(f"<p>{PROMPTS[-1]}"), latest
    warned = instance.with_context(partial(_say_things, answer_to=int(latest["id"])))
    return Contents(
        bot=latest["account"]["url"],
        post=latest["url"],
        warned=warned,
        person=f"{instance.origin}/@mara",
    )


async def _ask_for_pictures(ctx: Context) -> None:
    async with ctx.db.write() as tx:
        # The server's own generator has that name, where it has one.
        bot = await find.local_by_name(tx, "imagine") or await accounts.create_local(
            ctx,
            tx,
            username="imagine",
            password_hash=None,
            kind="Service",
            operator=f"mara@{ctx.settings.domain}",
        )
        bot.display_name = "Imagine"
        bot.note = "<p>Draws what it is asked for. Every picture here was made by a machine.</p>"
        bot.fields = [
            {"name": "Draws with", "value": "a small model of our own"},
            {"name": "Ask for", "value": "<code>/imagine words</code>"},
        ]
        for seed, prompt in enumerate(PROMPTS, SEED):
            new = posting.NewPost(text=prompt, visibility="public")
            await imagining.request(ctx, tx, author=bot, prompt=prompt, new=new, seed=seed)


def _pictures(instance: Instance) -> list[dict[str, Any]]:
    """Return the public pictures once all are there, latest first."""
    answer = httpx.get(
        f"{instance.inside}/api/v1/timelines/public", params={"only_media": "true"}, trust_env=False
    )
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found if len(found) == len(PROMPTS) else []


async def _say_things(ctx: Context, *, answer_to: int) -> str:
    async with ctx.db.read() as tx:
        person = await find.local_by_name(tx, "mara")
        assert person is not None
    await _say(ctx, person, "Welcome to this server. Pictures only, please. #hello")
    await _say(ctx, person, "The light in this one!", in_reply_to_id=answer_to)
    warned = await _say(ctx, person, "What an ending.", spoiler_text="About the last episode")
    assert warned.url is not None
    return warned.url


async def _say(ctx: Context, author: Account, text: str, **more: Any) -> Post:
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        return await posting.publish(
            ctx, tx, author=me, new=posting.NewPost(text=text, visibility="public", **more)
        )
