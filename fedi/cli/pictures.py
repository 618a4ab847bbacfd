"""`fedi imagine`: a picture from words, from the command line."""

import asyncio

import click
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Post
from fedi.queries import accounts as find_account
from fedi.queries import posts as find
from fedi.services import drawing, imagining, posting
from fedi.worker import run_one

__all__ = ["draw", "imagine"]

POLL_S = 0.5
"""How often we look whether somebody else's worker has finished the picture, in seconds."""


@click.command()
@click.argument("name")
@click.argument("prompt")
@click.option("--seed", type=int, help="For the same picture again.")
@click.option(
    "--visibility", type=click.Choice(posting.VISIBILITIES), help="Unlisted for bots, otherwise public."
)
def imagine(name: str, prompt: str, seed: int | None, visibility: str | None) -> None:
    """Draw PROMPT and post it as NAME."""
    settings = settings_from()
    run(_imagine(settings, name, prompt, seed, visibility))


async def _imagine(
    settings: Settings, name: str, prompt: str, seed: int | None, visibility: str | None
) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        async with ctx.db.read() as tx:
            author = await find_account.local_by_name(tx, name.removeprefix("@"))
        if author is None:
            raise Refused(
                404, f"There is no account '{name}' here; make it with `fedi account create {name}`."
            )
        post = await draw(ctx, author, prompt, seed=seed, visibility=visibility)
        console.print(post.url)


async def draw(
    ctx: Context, author: Account, prompt: str, *, seed: int | None = None, visibility: str | None = None
) -> Post:
    """Draw and publish a picture, showing the steps, and return the post.

    The job is an ordinary one: killed in between, the picture is finished by the next worker.

    Raises:
        Refused: the prompt is not allowed or could not be drawn.
    """
    new = posting.NewPost(text=prompt, visibility=visibility or ("unlisted" if author.is_bot else "public"))
    async with ctx.db.write() as tx:
        draft = await imagining.request(ctx, tx, author=author, prompt=prompt, new=new, seed=seed)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),  # the prompt
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=False) as progress:
        task = progress.add_task("Loading the model", total=None)

        def on_step(done: int, of: int) -> None:
            progress.update(task, description=f"Drawing “{prompt}”", completed=done, total=of)

        while (found := await _published(ctx, draft.id)) is None:
            if not await _work_once(ctx, draft.id, on_step):
                await asyncio.sleep(POLL_S)
    return found


async def _work_once(ctx: Context, draft_id: int, on_step: drawing.OnStep) -> bool:
    """Claim one drawing and do it; False when there is none to claim."""
    async with ctx.db.write() as tx:
        claims = await queue.claim(tx, "gpu", limit=1, lease_s=drawing.LEASE_S, now=ctx.clock())
    for job in claims:
        if job.payload.get("post_id") == draft_id:
            await run_one(ctx, job, lambda ctx, job: drawing.run(ctx, job, on_step=on_step))
        else:
            await run_one(ctx, job)
    return bool(claims)


async def _published(ctx: Context, draft_id: int) -> Post | None:
    """Return the post when it is out; None while it is being drawn.

    Raises:
        Refused: it could not be drawn, or its draft was deleted.
    """
    async with ctx.db.read() as tx:
        post_id = await find.published_as(tx, draft_id)
        if post_id is not None:
            return await find.by_id(tx, post_id)
        if await find.by_id(tx, draft_id) is None:
            raise Refused(410, "The draft was deleted before its picture was finished.")
        trouble = await imagining.trouble_of(tx, draft_id)
    if trouble is not None:
        raise Refused(500, trouble)
    return None
