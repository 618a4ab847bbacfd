"""Looking into an instance from outside of the command, as another process would."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from fedi.app import open_context
from fedi.config import Settings, load
from fedi.context import Context

__all__ = ["within"]

Found = TypeVar("Found")


def within(data_dir: Path, work: Callable[[Context], Awaitable[Found]]) -> Found:
    """Do something with the context of the instance in a directory."""

    async def run() -> Found:
        settings: Settings = load({}, data_dir=str(data_dir))
        async with open_context(settings) as ctx:
            return await work(ctx)

    return asyncio.run(run())
