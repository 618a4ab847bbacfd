"""`fedi demo`: from nothing to a picture in a browser."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy import select

from fedi.cli.common import console, open_instance, run, settings_from
from fedi.cli.pictures import draw
from fedi.cli.server import require_port, serve_until_stopped, write_config
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post, PostState, Role
from fedi.queries import accounts as find
from fedi.services import accounts, generator

__all__ = ["demo"]

HERE = "127.0.0.1"
NOT_CHOSEN = Settings().origin
"""Nobody chose this origin; its port is the default one."""

FIRST_PROMPT = "sunset over the sea"
PASSWORD_FILE = "demo-password.txt"  # noqa: S105 - a file's name
PASSWORD_BYTES = 9
"""Entropy of the demo's password: 72 bits, short enough to type."""


@click.command()
@click.option("--prompt", help=f"What to draw. At the first start: “{FIRST_PROMPT}”.")
@click.option("--port", type=int, help="TCP port to listen on.")
@click.option("--no-serve", is_flag=True, help="Draw and post, then end.")
def demo(prompt: str | None, port: int | None, no_serve: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Make a server on this machine, draw a picture, post it and serve it."""
    settings = settings_from(port=port)
    if settings.origin == NOT_CHOSEN:
        settings = settings_from(port=settings.port, origin=f"http://{HERE}:{settings.port}")
    elif port is None and settings.port == Settings().port:
        settings = settings_from(port=_port_of(settings.origin))
    run(_demo(settings, prompt, serve=not no_serve))


def _port_of(origin: str) -> int | None:
    """Return the port that an earlier demo on this machine chose; None when the origin tells none."""
    parts = urlsplit(origin)
    return parts.port if parts.hostname == HERE else None


async def _demo(settings: Settings, prompt: str | None, *, serve: bool) -> None:
    if serve:
        require_port(settings)
    write_config(settings)
    async with open_instance(settings) as ctx:
        password = await _ensure_person(ctx)
        bot = await _ensure_bot(ctx)
        async with ctx.db.read() as tx:
            latest = await _latest(tx, bot)
        if prompt is not None or latest is None:
            latest = await draw(ctx, bot, prompt or FIRST_PROMPT, visibility="public")
        console.print()
        console.print(f"  The server   {settings.origin}")
        console.print(f"  The picture  {latest.url}")
        console.print(f"  The bot      {bot.url}")
        console.print(f"  Sign in as   demo  with  {password}")
        console.print()
        if serve:
            console.print("Serving. Stop with Ctrl-C; start again with ./run demo, which keeps everything.")
            await serve_until_stopped(ctx, with_worker=True)


async def _ensure_person(ctx: Context) -> str:
    """Return the password of the person `demo`, making both the first time."""
    path = ctx.settings.data_path / PASSWORD_FILE
    async with ctx.db.read() as tx:
        known = await find.local_by_name(tx, "demo")
    if known is not None and path.exists():
        return path.read_text().strip()
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    hashed = await accounts.hash_password(password)
    async with ctx.db.write() as tx:
        if known is None:
            await accounts.create_local(ctx, tx, username="demo", password_hash=hashed, role=Role.ADMIN)
        else:
            await accounts.set_password(tx, known, hashed)
    _write_private(path, password)
    return password


async def _ensure_bot(ctx: Context) -> Account:
    async with ctx.db.write() as tx:
        bot = await generator.ensure(ctx, tx)  # once more, for `demo` exists by now and answers for it
    if bot is None:
        raise Refused(422, f"'{ctx.settings.generator}' is not a bot; choose another `generator`.")
    return bot


async def _latest(tx: Tx, bot: Account) -> Post | None:
    newest = (
        select(Post)
        .where(Post.account_id == bot.id, Post.state == PostState.PUBLISHED)
        .order_by(Post.id.desc())
    )
    return (await tx.execute(newest.limit(1))).scalar_one_or_none()


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n")
