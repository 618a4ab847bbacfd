"""`fedi account profile`: what an account of this server says of itself.

People change theirs in any client. Bots have no login, so this is how theirs gets a name and a face.
"""

import dataclasses
from pathlib import Path

import click

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import Refused
from fedi.queries import accounts as find
from fedi.services import auditing, profile
from fedi.services.profile import Edit

__all__ = ["change"]

PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for, with pictures as files."""

    edit: Edit
    avatar: Path | None
    header: Path | None


@click.command("profile")
@click.argument("name")
@click.option("--display-name", help="Name that is shown.")
@click.option("--note", help="Biography, as plain text.")
@click.option("--avatar", type=PICTURE, metavar="FILE", help="Picture beside the name.")
@click.option("--avatar-description", metavar="TEXT", help="What it shows.")
@click.option("--header", type=PICTURE, metavar="FILE", help="Picture at the top.")
@click.option("--header-description", metavar="TEXT", help="What it shows.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="Line of the profile; replaces all that were.",
)
@click.option("--locked/--unlocked", default=None, help="Whether followers are let in by hand.")
@click.option("--discoverable/--hidden", default=None, help="Whether it may be suggested.")
def change(
    name: str, avatar: Path | None, header: Path | None, fields: tuple[str, ...], **words: str | bool | None
) -> None:
    """Change the profile of an account of this server; other servers are told."""
    edit = Edit(fields=[_field(text) for text in fields] if fields else None, **words)  # type: ignore[arg-type] # click's own typing ends at the function
    run(_change(settings_from(), name.removeprefix("@"), Wish(edit=edit, avatar=avatar, header=header)))


async def _change(settings: Settings, username: str, wish: Wish) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        profile.check(wish.edit)
        edit = await _with_pictures(ctx, wish)
        async with ctx.db.write() as tx:
            found = await find.local_by_name(tx, username)
            if found is None or found.suspended_at is not None:
                raise Refused(404, f"There is no account '{username}' here.")
            await profile.edit(ctx, tx, account=found, wish=edit)
            await auditing.record(ctx, tx, action="account.profile", target=found.acct)
    console.print(f"@{username} has a new profile. Other servers are told while the server works.")


async def _with_pictures(ctx: Context, wish: Wish) -> Edit:
    return dataclasses.replace(
        wish.edit,
        avatar_key=await profile.store_avatar(ctx, wish.avatar.read_bytes()) if wish.avatar else None,
        header_key=await profile.store_header(ctx, wish.header.read_bytes()) if wish.header else None,
    )


def _field(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise click.BadParameter(f"'{text}' has no '='.", param_hint="--field")
    return name, value
