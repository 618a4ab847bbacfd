"""The generator's account: a bot of this server's that draws for whoever writes to it.

It is made when the server is set up, names the person who answers for it, and nobody can sign in as it. Here
is who it is and how it hears; what it says is in `answering`.
"""

from collections.abc import Iterable

from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Post
from fedi.queries import accounts as find
from fedi.queries import census
from fedi.services import accounts

__all__ = ["account", "ensure", "hear", "is_generator"]

NOTE = (
    "I draw what you ask for: mention me and say what, in public or in a direct message. "
    "Hints: --wide --tall --square --seed 7 --steps 20 --no people. "
    "Every picture here was made by a machine."
)

log = get(__name__)


def is_generator(settings: Settings, who: Account) -> bool:
    """Tell whether this is the generator's account; a person of the same name is not."""
    return who.is_local and who.kind == "Service" and who.username == settings.generator


async def account(ctx: Context, tx: Tx) -> Account | None:
    """Return the generator's account, if there is one that works."""
    if not ctx.settings.generator:
        return None
    found = await find.local_by_name(tx, ctx.settings.generator)
    usable = found is not None and found.suspended_at is None and is_generator(ctx.settings, found)
    return found if usable else None


async def ensure(ctx: Context, tx: Tx) -> Account | None:
    """Return the generator's account, making it the first time; None when there is to be none.

    Whoever is the first administrator answers for it, and until there is one the server itself.
    """
    name = ctx.settings.generator
    if not name:
        return None
    domain = ctx.settings.domain
    contact = await census.contact(tx)
    operator = f"{contact.username}@{domain}" if contact is not None else f"{domain}@{domain}"
    found = await find.local_by_name(tx, name)
    if found is not None:
        if not is_generator(ctx.settings, found):
            log.warning("generator_name_taken", name=name)
            return None
        if found.operator == f"{domain}@{domain}":
            found.operator = operator
        return found
    try:
        made = await accounts.create_local(ctx, tx, username=name, kind="Service", operator=operator)
    except Refused as refusal:  # a name that cannot be one
        log.warning("generator_not_made", name=name, error=refusal.text)
        return None
    made.display_name = "Imagine"
    made.note, made.note_source = f"<p>{NOTE}</p>", NOTE
    await tx.flush()
    return made


async def hear(ctx: Context, tx: Tx, *, post: Post, named: Iterable[Account]) -> None:
    """Have a new post read by the generator, if it is among those whom the post mentions."""
    if any(is_generator(ctx.settings, who) for who in named):
        job = queue.NewJob(
            queue="default", kind="ask", payload={"post_id": post.id}, dedupe_key=f"ask:{post.id}"
        )
        await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())
