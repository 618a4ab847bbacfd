"""What every subcommand needs: settings, an open context, and errors in one line."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import click
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from fedi import log
from fedi.app import open_context
from fedi.config import Settings, load
from fedi.context import Context
from fedi.errors import FediError, Refused, SettingsError
from fedi.schema import prepare

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    import uvloop
except ImportError:  # the extra `speed` is not installed
    new_event_loop = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

__all__ = [
    "console", "is_initialised", "open_instance", "plain", "require_initialised", "run", "settings_from",
]  # fmt: skip

EXIT_SETTINGS = 2
"""A setting, flag or file cannot be used: mend it and try again."""

EXIT_REFUSED = 1
"""The wish itself was refused."""

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Prints words as they are: errors of other servers and prompts of people are among them."""


def settings_from(*, quiet: bool = True, **overrides: Any) -> Settings:
    """Load the settings for this command, with its flags on top; exit 2 with one line when they are wrong.

    Args:
        quiet: log only what is wrong, because the command itself says what it does; servers log as set.
        overrides: values of flags; None means not given.
    """
    root: dict[str, Any] = click.get_current_context().find_root().obj or {}
    try:
        settings = load(os.environ, **{"data_dir": root.get("data_dir"), **overrides})
    except SettingsError as trouble:
        _fail(str(trouble), EXIT_SETTINGS)
    level = "warning" if quiet and settings.log_level == "info" else settings.log_level
    log.configure(level, settings.log_style)
    return settings


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run a command's coroutine, and exit with its status."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            status = runner.run(work)
    except SettingsError as trouble:
        _fail(str(trouble), EXIT_SETTINGS)
    except Refused as refusal:
        _fail(refusal.text, EXIT_REFUSED)
    except FediError as trouble:
        _fail(str(trouble), EXIT_REFUSED)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except (DBAPIError, OSError) as trouble:
        cause = str(getattr(trouble, "orig", trouble)) or type(trouble).__name__
        _fail(
            f"database_url: the database cannot be used ({cause}); check that it runs and may be written",
            EXIT_SETTINGS,
        )
    sys.exit(status or 0)


@asynccontextmanager
async def open_instance(settings: Settings) -> AsyncIterator[Context]:
    """Open the context of an instance whose database is up to date."""
    async with open_context(settings) as ctx:
        await prepare(ctx)
        yield ctx


def is_initialised(settings: Settings) -> bool:
    """Tell whether an instance was made, without opening its database: to open SQLite's would make it."""
    return bool(settings.database_url) or (settings.data_path / "fedi.db").exists()


def require_initialised(settings: Settings) -> None:
    """Refuse to work in a directory in which no instance was made.

    Raises:
        SettingsError: saying how to make one.
    """
    if not is_initialised(settings):
        raise SettingsError(
            "data_dir", f"{settings.data_path} has no instance", "make one with `fedi init --origin URL`"
        )


def plain(text: str) -> str:
    """Return what a stranger wrote without what a terminal would obey."""
    return _OBEYED.sub("", text)


def _fail(line: str, status: int) -> NoReturn:
    click.echo(f"fedi: {' '.join(line.split())}", err=True)
    sys.exit(status)
