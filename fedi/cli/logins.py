"""`fedi account role`, `approve`, `reject` and `second-factor-off`: who signs in here, and what they may do.

A server begins without a moderator, and the one that it has may lose their device; so these can be done
with a shell as well as through an application.
"""

from collections.abc import Awaitable, Callable

import click

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Login, Role
from fedi.queries import accounts as find
from fedi.services import auditing, moderating, securing

__all__ = ["COMMANDS"]

Act = Callable[[Context, Tx, Account], Awaitable[None]]


@click.command()
@click.argument("name")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
def role(name: str, role: str) -> None:
    """Say what an account may do: user, moderator or admin."""

    async def give(ctx: Context, tx: Tx, account: Account) -> None:
        login = await tx.get_one(Login, account.id)
        detail = {"from": login.role, "to": role}
        login.role = Role(role)
        await auditing.record(ctx, tx, action="account.role", target=account.acct, detail=detail)

    run(_act(settings_from(), name, give, f"is a {role} now" if role != Role.ADMIN else "is an admin now"))


@click.command()
@click.argument("name")
def approve(name: str) -> None:
    """Let somebody in who signed up and waits for that."""

    async def let_in(ctx: Context, tx: Tx, account: Account) -> None:
        await moderating.approve(ctx, tx, account=account, by=None)

    run(_act(settings_from(), name, let_in, "may come in"))


@click.command()
@click.argument("name")
def reject(name: str) -> None:
    """Turn somebody away who signed up and waits; the name is free again."""

    async def turn_away(ctx: Context, tx: Tx, account: Account) -> None:
        await moderating.reject(ctx, tx, account=account, by=None)

    run(_act(settings_from(), name, turn_away, "was turned away"))


@click.command("second-factor-off")
@click.argument("name")
def second_factor_off(name: str) -> None:
    """Switch the second factor off for somebody who lost their device and the recovery codes."""

    async def switch_off(ctx: Context, tx: Tx, account: Account) -> None:
        await securing.disable(tx, account=account)
        await auditing.record(ctx, tx, action="account.second_factor_off", target=account.acct)

    run(_act(settings_from(), name, switch_off, "signs in with the password alone"))


COMMANDS: tuple[click.Command, ...] = (role, approve, reject, second_factor_off)


async def _act(settings: Settings, name: str, act: Act, said: str) -> None:
    require_initialised(settings)
    username = name.removeprefix("@")
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        found = await find.local_by_name(tx, username)
        if found is None or await tx.get(Login, found.id) is None:
            raise Refused(404, f"There is no account '{username}' that signs in here.")
        handle = found.acct
        await act(ctx, tx, found)
    console.print(f"@{handle} {said}.")
