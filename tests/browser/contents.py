"""People, pictures and words to look at."""

from dataclasses import dataclass

from sqlalchemy import select

from fedi.models import Account, Post
from fedi.services import imagining, posting
from tests.servers import Server

PROMPTS = (
    "sunset over the sea",
    "snowy mountains at night",
    "a red boat on a lake",
    "green hills at noon",
    "city at dusk",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Addresses of what was made."""

    bot: str
    post: str
    warned: str
    person: str


async def fill(server: Server) -> Contents:
    """Make a bot with pictures and a person with words."""
    bot = await server.person("imagine", bot=True)
    person = await server.person("mara", password="correct horse battery")  # noqa: S106 - a test's
    async with server.ctx.db.write() as tx:
        row = await tx.get_one(Account, bot.id)
        row.display_name = "Imagine"
        row.note = "<p>Draws what it is asked for. Every picture here was made by a machine.</p>"
        row.fields = [
            {"name": "Model", "value": "tiny"},
            {"name": "Asks for", "value": "<code>/imagine words</code>"},
        ]
    for prompt in PROMPTS:
        async with server.ctx.db.write() as tx:
            author = await tx.get_one(Account, bot.id)
            new = posting.NewPost(text=prompt, visibility="public")
            await imagining.request(server.ctx, tx, author=author, prompt=prompt, new=new, seed=len(prompt))
    await server.work()
    latest = await _latest(server, bot)
    await _say(server, person, "Welcome to this server. Pictures only, please. #hello")
    await _say(server, person, "The light in this one!", in_reply_to_id=latest.id)
    warned = await _say(server, person, "What an ending.", spoiler_text="About the last episode")
    assert latest.url is not None
    assert warned.url is not None
    return Contents(bot=bot.url or "", post=latest.url, warned=warned.url, person=person.url or "")


async def _say(server: Server, author: Account, text: str, **more: object) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(text=text, visibility="public", **more)  # type: ignore[arg-type] # as given
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def _latest(server: Server, author: Account) -> Post:
    async with server.ctx.db.read() as tx:
        rows = select(Post).where(Post.account_id == author.id).order_by(Post.id.desc()).limit(1)
        return (await tx.execute(rows)).scalar_one()
