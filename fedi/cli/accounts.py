"""`fedi account`: the people and bots of this server."""

import secrets
import sys
from collections.abc import Awaitable, Callable

import click
from rich.table import Table
from sqlalchemy import select

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.errors import Refused
from fedi.models import Account, Login, Role
from fedi.queries import accounts as find
from fedi.services import accounts, auditing, authorizing, leaving, suspending

__all__ = ["account"]

Act = Callable[..., Awaitable[None]]

GENERATED_PASSWORD_BYTES = 12
"""Entropy of a password that we invent: 96 bits."""


@click.group()
def account() -> None:
    """People and bots of this server."""


@account.command()
@click.argument("name")
@click.option("--password", help="Shown to everyone who can list processes; prefer --password-stdin.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--bot", is_flag=True, help="An automated account; needs --operator.")
@click.option("--operator", metavar="ACCT", help="Handle of the person who answers for the bot.")
@click.option("--admin", is_flag=True, help="May administer the server.")
def create(name: str, password: str | None, operator: str | None, **flags: bool) -> None:
    """Make an account; without a password one is made and shown, except for bots."""
    if flags["password_stdin"]:
        password = _read_password()
    settings = settings_from()
    run(_create(settings, name, password, operator, bot=flags["bot"], admin=flags["admin"]))


async def _create(
    settings: Settings, name: str, password: str | None, operator: str | None, *, bot: bool, admin: bool
) -> None:
    require_initialised(settings)
    invented = None
    if password is None and not bot:
        password = invented = secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)
    async with open_instance(settings) as ctx:
        hashed = await accounts.hash_password(password) if password is not None else None
        async with ctx.db.write() as tx:
            made = await accounts.create_local(
                ctx,
                tx,
                username=name,
                password_hash=hashed,
                kind="Service" if bot else "Person",
                operator=operator,
                role=Role.ADMIN if admin else Role.USER,
            )
            role = Role.ADMIN if admin else Role.USER
            await auditing.record(ctx, tx, action="account.create", target=made.acct, detail={"role": role})
        console.print(f"Made @{made.username}@{settings.domain}  {made.url}")
        if invented:
            console.print(f"Password: {invented}")


@account.command("list")
def list_() -> None:
    """List the accounts of this server."""
    settings = settings_from()
    run(_list(settings))


async def _list(settings: Settings) -> None:
    require_initialised(settings)
    table = Table("name", "kind", "role", "posts", "followers", box=None)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        rows = await tx.execute(
            select(Account, Login.role)
            .outerjoin(Login, Login.account_id == Account.id)
            .where(Account.domain == "", Account.kind != "Application", Account.deleted_at.is_(None))
            .order_by(Account.username)
        )
        for found, role in rows:
            table.add_row(
                found.username,
                found.kind,
                role or "no login",
                str(found.statuses_count),
                str(found.followers_count),
            )
    console.print(table)


@account.command()
@click.argument("name")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input; otherwise one is made and shown.",
)
def password(name: str, password_stdin: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Give an account another password; it is signed out everywhere."""
    given = _read_password() if password_stdin else None
    settings = settings_from()
    run(_password(settings, name, given))


async def _password(settings: Settings, name: str, given: str | None) -> None:
    require_initialised(settings)
    chosen = given if given is not None else secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)
    async with open_instance(settings) as ctx:
        hashed = await accounts.hash_password(chosen)
        async with ctx.db.write() as tx:
            found = await find.local_by_name(tx, name.removeprefix("@"))
            if found is None:
                raise Refused(404, f"There is no account '{name}' here.")
            await accounts.set_password(tx, found, hashed)
            await authorizing.forget_everything(ctx, tx, account_id=found.id)
            await auditing.record(ctx, tx, action="account.password", target=found.acct)
    console.print(f"@{found.username} has a new password and was signed out everywhere.")
    if given is None:
        console.print(f"Password: {chosen}")


@account.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, yes: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Delete an account of this server for good, with all its posts, here and everywhere."""
    settings = settings_from()
    username = name.removeprefix("@")
    if not yes:
        click.confirm(
            f"Delete @{username}@{settings.domain} with all its posts? "
            "This cannot be undone, and the name stays taken for ever.",
            abort=True,
        )
    run(_delete(settings, username))


async def _delete(settings: Settings, username: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        found = await find.local_by_name(tx, username)
        if found is None:
            raise Refused(404, f"There is no account '{username}' here.")
        await leaving.leave(ctx, tx, account=found)
        await auditing.record(ctx, tx, action="account.delete", target=found.acct)
    console.print(
        f"@{username} is deleted. Its posts go, and other servers are told, while the server works."
    )


def _act(name: str, verb: Act, reason: str, said: str) -> None:
    """Do something to an account, here or elsewhere, and say so."""
    run(_acted(settings_from(), name, verb, reason, said))


async def _acted(settings: Settings, handle: str, verb: Act, reason: str, said: str) -> None:
    require_initialised(settings)
    username, _, domain = handle.removeprefix("@").partition("@")
    domain = "" if domain.lower() in {settings.domain, settings.host} else domain.lower()
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        found = await find.by_handle(tx, username, domain)
        if found is None:
            raise Refused(404, f"There is no account '{handle}' known here.")
        await verb(ctx, tx, account=found, reason=reason)
    console.print(f"@{found.acct} is {said}.")


reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the log of acts.")


@account.command()
@click.argument("name", metavar="HANDLE")
@reason_option
def suspend(name: str, reason: str) -> None:
    """Hide an account and all that it wrote; of this server it is signed out everywhere."""
    _act(name, suspending.suspend, reason, "suspended")


@account.command()
@click.argument("name", metavar="HANDLE")
@reason_option
def unsuspend(name: str, reason: str) -> None:
    """Take a suspension back; follows that it ended stay ended."""
    _act(name, suspending.unsuspend, reason, "no longer suspended")


@account.command()
@click.argument("name", metavar="HANDLE")
@reason_option
def limit(name: str, reason: str) -> None:
    """Show an account to its followers only."""
    _act(name, suspending.limit, reason, "limited")


@account.command()
@click.argument("name", metavar="HANDLE")
@reason_option
def unlimit(name: str, reason: str) -> None:
    """Show an account to everyone again."""
    _act(name, suspending.unlimit, reason, "no longer limited")


def _read_password() -> str:
    """Read the first line of standard input; what is not UTF-8 in it is left for the hash to refuse."""
    line = sys.stdin.buffer.readline()
    return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
