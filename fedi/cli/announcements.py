"""`fedi announcements` and `fedi rules`: what the operator tells everyone, and what holds here."""

from datetime import UTC, datetime

import click

from fedi.cli.common import console, open_instance, plain, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.queries import announcements as find
from fedi.services import announcing

__all__ = ["announcements", "rules"]

MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


@click.group()
def announcements() -> None:
    """What everyone here is told by the operator."""


@announcements.command("add")
@click.argument("text")
@click.option("--starts", type=MOMENT, help="When what it is about begins, in UTC.")
@click.option("--ends", type=MOMENT, help="When that is over, in UTC; it is shown until then.")
@click.option("--all-day", is_flag=True, help="The two are days, without their times.")
def add(text: str, starts: datetime | None, ends: datetime | None, *, all_day: bool) -> None:
    """Tell everyone something, at once."""
    run(_add(settings_from(), text, _utc(starts), _utc(ends), all_day=all_day))


async def _add(
    settings: Settings, text: str, starts: datetime | None, ends: datetime | None, *, all_day: bool
) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        made = await announcing.announce(ctx, tx, said=text, starts_at=starts, ends_at=ends, all_day=all_day)
    console.print(f"Announced as {made.id}.")


@announcements.command("list")
def list_() -> None:
    """List all announcements, the oldest first."""
    run(_list(settings_from()))


async def _list(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        found = await find.all_of_them(tx)
        over = {row.id for row in found if row.ends_at is not None and row.ends_at <= ctx.clock()}
    for row in found:
        console.print(plain(f"{row.id} {'over' if row.id in over else 'shown'} {' '.join(row.text.split())}"))
    if not found:
        console.print("Nothing was announced.")


@announcements.command("remove")
@click.argument("announcement_id", metavar="ID", type=int)
def remove(announcement_id: int) -> None:
    """Take an announcement away."""
    run(_remove(settings_from(), announcement_id))


async def _remove(settings: Settings, announcement_id: int) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        await announcing.remove(ctx, tx, announcement_id=announcement_id)
    console.print("Taken away.")


@click.group()
def rules() -> None:
    """The rules of this server, which people see and reports can name."""


@rules.command("add")
@click.argument("text")
@click.option("--hint", default="", help="What it means, in a sentence more.")
def add_rule(text: str, hint: str) -> None:
    """Add a rule after the others."""
    run(_add_rule(settings_from(), text, hint))


async def _add_rule(settings: Settings, text: str, hint: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        made = await announcing.add_rule(ctx, tx, said=text, hint=hint)
    console.print(f"Rule {made.id}.")


@rules.command("list")
def list_rules() -> None:
    """List the rules in their order."""
    run(_list_rules(settings_from()))


async def _list_rules(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        found = await find.rules(tx)
    for row in found:
        console.print(plain(f"{row.id} {row.text}" + (f" ({row.hint})" if row.hint else "")))
    if not found:
        console.print("There are no rules yet.")


@rules.command("remove")
@click.argument("rule_id", metavar="ID", type=int)
def remove_rule(rule_id: int) -> None:
    """Take a rule away."""
    run(_remove_rule(settings_from(), rule_id))


async def _remove_rule(settings: Settings, rule_id: int) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        await announcing.remove_rule(ctx, tx, rule_id=rule_id)
    console.print("Taken away.")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
