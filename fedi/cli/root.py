"""The command itself: its subcommands, and how errors leave it.

A setting that cannot be used ends with one line that names the key, the cause and the mend, and exit
status 2; a wish that is refused with its sentence and 1. Tracebacks are for mistakes of ours only.
"""

import click

from fedi import __version__
from fedi.cli import (
    accounts,
    announcements,
    audit,
    backups,
    belongings,
    databases,
    demo,
    doctor,
    domains,
    logins,
    media,
    pictures,
    profiles,
    queues,
    reports,
    server,
)  # fmt: skip

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fedi")
@click.option("--data-dir", metavar="DIR", help="Directory with the database, the pictures and config.toml.")
@click.pass_context
def main(click_context: click.Context, data_dir: str | None) -> None:
    """A fediverse server for pictures made with AI."""
    click_context.obj = {"data_dir": data_dir}


for command in (
    server.init, server.serve, server.worker, databases.db, backups.backup, accounts.account,
    pictures.imagine, demo.demo, doctor.doctor, queues.queue, domains.domains, reports.reports, audit.audit,
    announcements.announcements, announcements.rules, media.media,
):  # fmt: skip
    main.add_command(command)

for command in (belongings.alias, belongings.export, belongings.import_, belongings.move, profiles.change):
    accounts.account.add_command(command)

for command in logins.COMMANDS:
    accounts.account.add_command(command)
