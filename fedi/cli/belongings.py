"""`fedi account export`, `import`, `alias` and `move`: what people take along when they come or go.

The first two read and write lists in Mastodon's columns; the others do what its settings pages "account
aliases" and "move to a different account" do.
"""

import io
from typing import Any

import click

from activitypub.errors import ActivityPubError
from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.outbound import resolve
from fedi.queries import accounts as find
from fedi.services import auditing, moving
from fedi.services.relation_lists import Kind, read_list, take_in, written

__all__ = ["alias", "export", "import_", "move"]

kind_option = click.option(
    "--kind", required=True, type=click.Choice([kind.value for kind in Kind]), help="What the list is of."
)


@click.command()
@click.argument("name")
@kind_option
@click.argument("file", type=click.File("wb"), default="-")
def export(name: str, kind: str, file: io.BufferedWriter) -> None:
    """Write whom NAME follows, blocks or mutes, or which servers they block, to FILE or standard output."""
    run(_export(settings_from(), name, Kind(kind), file))


async def _export(settings: Settings, name: str, kind: Kind, file: io.BufferedWriter) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        account = await _require_local(tx, name)
        content = await written(tx, kind, account_id=account.id, settings=settings)
    file.write(content.encode())
    file.flush()


@click.command("import")
@click.argument("name")
@kind_option
@click.argument("file", type=click.File("rb"))
def import_(name: str, kind: str, file: io.BufferedReader) -> None:
    """Have NAME follow, block or mute whom FILE (- for standard input) lists too; nothing is taken back."""
    run(_import(settings_from(), name, Kind(kind), file.read()))


async def _import(settings: Settings, name: str, kind: Kind, content: bytes) -> int:
    require_initialised(settings)
    lines, failed = read_list(content), 0
    async with open_instance(settings) as ctx:
        async with ctx.db.read() as tx:
            account = await _require_local(tx, name)
        for line in lines:
            try:
                console.print(f"line {line.number}: {await take_in(ctx, kind, line, account_id=account.id)}")
            except (Refused, ActivityPubError) as trouble:
                failed += 1
                why = trouble.text if isinstance(trouble, Refused) else str(trouble)
                console.print(f"line {line.number}: passed over {line.name!r}: {why}")
        async with ctx.db.write() as tx:
            taken = len(lines) - failed
            await _note(ctx, tx, account, "account.import", list=kind.value, taken=taken, passed_over=failed)
    console.print(f"{len(lines) - failed} taken in, {failed} passed over")
    return 1 if failed else 0


@click.command()
@click.argument("name")
@click.option(
    "--add", multiple=True, metavar="ACCT", help="Handle or address of an account; may be repeated."
)
@click.option("--remove", multiple=True, metavar="ACCT", help="The same, of an alias that is to go.")
def alias(name: str, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Say that other accounts are NAME's too, so that they can be moved here; then show all that are."""
    run(_alias(settings_from(), name, add, remove))


async def _alias(settings: Settings, name: str, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        added = [(await _found(ctx, one)).iri for one in add]
        removed = {await _iri_of(ctx, one) for one in remove}
        async with ctx.db.write() as tx:
            account = await _require_local(tx, name)
            wanted = [iri for iri in dict.fromkeys([*account.also_known_as, *added]) if iri not in removed]
            if wanted != account.also_known_as:
                await moving.set_aliases(ctx, tx, account=account, iris=wanted)
                await _note(ctx, tx, account, "account.alias", aliases=wanted)
            console.print("\n".join(account.also_known_as) or "There are no aliases.")


@click.command()
@click.argument("name")
@click.argument("target", required=False)
@click.option("--back", is_flag=True, help="End the move instead: the account is used again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def move(name: str, target: str | None, **flags: bool) -> None:
    """Move NAME to TARGET, which must name it as an alias; followers go along, NAME posts nothing more."""
    if flags["back"] is (target is not None):
        raise click.UsageError("Name the account to move to, or say --back.")
    if target is not None and not flags["yes"]:
        click.confirm(f"Move {name} to {target}? Its followers will not come back by themselves", abort=True)
    run(_move(settings_from(), name, target))


async def _move(settings: Settings, name: str, target: str | None) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        async with ctx.db.read() as tx:
            account = await _require_local(tx, name)
        if target is not None:
            new = await _found(ctx, target)
            try:
                await moving.move(ctx, account_id=account.id, target_iri=new.iri)
            except ActivityPubError as trouble:
                raise Refused(404, f"{target}: {trouble}") from trouble
            async with ctx.db.write() as tx:  # a transaction of its own, as the move has its own
                await _note(ctx, tx, account, "account.move", to=new.iri)
            console.print(f"@{account.username} has moved to @{new.acct}")
            return
        async with ctx.db.write() as tx:
            await moving.come_back(ctx, tx, account=await _require_local(tx, name))
            await _note(ctx, tx, account, "account.move_back")
        console.print(f"@{account.username} is used again")


async def _note(ctx: Context, tx: Tx, account: Account, action: str, **detail: Any) -> None:
    """Write down what was done with somebody's account, which they did not do themselves."""
    await auditing.record(ctx, tx, action=action, target=account.acct, detail=detail)


async def _found(ctx: Context, named: str) -> Account:
    """Return the account of a handle or of an actor's address, asking its server if need be."""
    try:
        if named.startswith(("https://", "http://")):
            return await resolve.actor(ctx, named)
        return await resolve.handle(ctx, named.removeprefix("@"))
    except ActivityPubError as trouble:
        raise Refused(404, f"{named}: {trouble}") from trouble


async def _iri_of(ctx: Context, named: str) -> str:
    """Return the address that an alias is kept under; one whose server is gone can only be named by it."""
    return named if named.startswith(("https://", "http://")) else (await _found(ctx, named)).iri


async def _require_local(tx: Tx, name: str) -> Account:
    found = await find.local_by_name(tx, name.removeprefix("@"))
    if found is None or found.kind == "Application":
        raise Refused(404, f"There is no account '{name}' here.")
    return found
