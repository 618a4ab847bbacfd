"""`fedi domains`: what holds for other servers, one by one and in lists.

Lists are CSV in Mastodon's columns, which is how operators pass them on to one another.
"""

import csv
import io
import sys
from collections.abc import Sequence

import click
from rich.table import Column, Table

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import DomainRule, Severity
from fedi.queries import domains as find
from fedi.services import domain_rules
from fedi.services.blocklists import COLUMNS, Entry, read_list, row_of
from fedi.services.domain_rules import Wish

__all__ = ["domains"]

reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the log of acts.")


@click.group()
def domains() -> None:
    """Rules about other servers; each holds for the subdomains too."""


@domains.command("list")
def list_() -> None:
    """List the rules, and the servers that are allowed by name."""
    run(_list(settings_from()))


async def _list(settings: Settings) -> None:
    require_initialised(settings)
    table = Table(Column("domain", overflow="fold"), "severity", "media", "reports", "comment", box=None)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        rules, allowed = await find.all_rules(tx), await find.all_allowed(tx)
    for rule in rules:
        comment = rule.private_comment or rule.public_comment
        table.add_row(
            rule.domain, rule.severity, _kept(rule.reject_media), _kept(rule.reject_reports), comment
        )
    console.print(table if rules else "There are no rules.")
    for row in allowed:
        console.print(f"allowed: {row.domain}")
    if settings.federation_mode == "allowlist":
        console.print("federation_mode is allowlist: every other server is suspended.")


def _kept(rejected: bool) -> str:  # noqa: FBT001 - a column
    return "rejected" if rejected else ""


@domains.command()
@click.argument("domain")
@click.option("--comment", metavar="TEXT", help="Shown to whoever may read the list of blocks.")
@click.option("--obfuscate", is_flag=True, help="Show the name in that list only in part.")
@reason_option
def suspend(domain: str, comment: str | None, reason: str, *, obfuscate: bool) -> None:
    """Have nothing to do with a server: nothing comes in, nothing goes out, its people disappear."""
    wanted = Wish(severity=Severity.SUSPEND, public_comment=comment, obfuscate=obfuscate or None)
    run(_wish(settings_from(), domain, wanted, reason))


@domains.command()
@click.argument("domain")
@click.option("--comment", metavar="TEXT", help="Shown to whoever may read the list of blocks.")
@click.option("--obfuscate", is_flag=True, help="Show the name in that list only in part.")
@reason_option
def limit(domain: str, comment: str | None, reason: str, *, obfuscate: bool) -> None:
    """Show a server's people to their followers only."""
    wanted = Wish(severity=Severity.SILENCE, public_comment=comment, obfuscate=obfuscate or None)
    run(_wish(settings_from(), domain, wanted, reason))


@domains.command("reject-media")
@click.argument("domain")
@reason_option
def reject_media(domain: str, reason: str) -> None:
    """Show no pictures of a server; other rules about it stay."""
    run(_wish(settings_from(), domain, Wish(reject_media=True), reason))


@domains.command("reject-reports")
@click.argument("domain")
@reason_option
def reject_reports(domain: str, reason: str) -> None:
    """Take no reports from a server; other rules about it stay."""
    run(_wish(settings_from(), domain, Wish(reject_reports=True), reason))


async def _wish(settings: Settings, domain: str, wanted: Wish, reason: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        async with ctx.db.write() as tx:
            name, changed = await domain_rules.wish(ctx, tx, domain=domain, wanted=wanted, reason=reason)
        async with ctx.db.read() as tx:
            rule = await find.find_rule(tx, name)
    assert rule is not None, "it was made or was there"
    console.print(f"{_said(rule)}{'' if changed else ', as before'}")


@domains.command()
@click.argument("domain")
@reason_option
def allow(domain: str, reason: str) -> None:
    """Name a server that is talked to when `federation_mode` is `allowlist`."""
    run(_allow(settings_from(), domain, reason))


async def _allow(settings: Settings, domain: str, reason: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        name, changed = await domain_rules.allow(ctx, tx, domain=domain, reason=reason)
    console.print(f"{name} is allowed{'' if changed else ', as before'}")


@domains.command()
@click.argument("domain")
@reason_option
def remove(domain: str, reason: str) -> None:
    """Take back the rule about a server, and its place among those allowed; ended follows stay ended."""
    run(_remove(settings_from(), domain, reason))


async def _remove(settings: Settings, domain: str, reason: str) -> None:
    require_initialised(settings)
    done: list[str] = []
    async with open_instance(settings) as ctx:
        for verb, what in (
            (domain_rules.remove, "rule"),
            (domain_rules.disallow, "place among those allowed"),
        ):
            try:
                async with ctx.db.write() as tx:
                    done.append(f"{await verb(ctx, tx, domain=domain, reason=reason)}: its {what} is gone")
            except Refused as refusal:
                if refusal.status != 404:
                    raise
    if not done:
        raise Refused(404, f"There is no rule about {domain}, and it is not allowed by name.")
    for line in done:
        console.print(line)


@domains.command()
def apply() -> None:
    """Bring all accounts in line with the rules, after `federation_mode` was changed."""
    run(_apply(settings_from()))


async def _apply(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        counts = await domain_rules.bring_in_line(ctx, tx, None)
    console.print(", ".join(f"{word}: {count}" for word, count in counts.items()))


@domains.command("import")
@click.argument("file", type=click.File("rb"))
@reason_option
def import_(file: io.BufferedReader, reason: str) -> None:
    """Take in a list in Mastodon's columns, - for standard input; what is stricter here stays so."""
    run(_import(settings_from(), file.read(), reason))


async def _import(settings: Settings, content: bytes, reason: str) -> int:
    require_initialised(settings)
    entries, said, failed = read_list(content), [], 0
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        for entry in entries:
            try:
                said.append(f"line {entry.line}: {await _take_in(ctx, tx, entry, reason)}")
            except Refused as refusal:
                failed += 1
                said.append(f"line {entry.line}: passed over: {refusal.text}")
        await domain_rules.bring_in_line(ctx, tx, None)
    for line in said:  # only now is it true
        console.print(line)
    console.print(f"{len(entries) - failed} taken in, {failed} passed over")
    return 1 if failed else 0


async def _take_in(ctx: Context, tx: Tx, entry: Entry, reason: str) -> str:
    if entry.trouble is not None:
        raise Refused(422, entry.trouble)
    name, changed = await domain_rules.wish(
        ctx, tx, domain=entry.domain, wanted=entry.wanted, reason=reason, milder=False, at_once=False
    )
    rule = await find.find_rule(tx, name)
    assert rule is not None, "it was made or was there"
    return f"{_said(rule)}{'' if changed else ', as before'}"


@domains.command()
def export() -> None:
    """Print the rules as a list in Mastodon's columns."""
    run(_export(settings_from()))


async def _export(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        rules = await find.all_rules(tx)
    sys.stdout.write(_written(rules))


def _written(rules: Sequence[DomainRule]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row_of(rule) for rule in rules)
    return out.getvalue()


def _said(rule: DomainRule) -> str:
    words = {Severity.NOOP: "no limit", Severity.SILENCE: "limited", Severity.SUSPEND: "suspended"}
    said = [words[Severity(rule.severity)]]
    said += ["media rejected"] if rule.reject_media else []
    said += ["reports rejected"] if rule.reject_reports else []
    return f"{rule.domain}: {', '.join(said)}"
