"""Drawing and decoding in this process, in a few milliseconds, and going wrong when a test wants it.

The real children are tested in tests/media; here it is about what the server does around them.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from media.engine import OnStep
from media.engines.painted import PaintedEngine
from media.images import finish_generated, ingest_upload
from media.processed import FinishedPicture, ProcessedImage
from media.provenance import Provenance
from media.request import ImageRequest
from tests.servers import Server


class Easel:
    """Stands in for `media.host.EngineHost`."""

    def __init__(self) -> None:
        self.asked: list[ImageRequest] = []
        """What was to be drawn, in order."""
        self.embedded: list[bool] = []
        """Whether the prompt was to go into the file, likewise."""
        self.troubles: list[Exception] = []
        """What goes wrong next; nothing when empty."""
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What happens while a picture is being drawn."""

    async def draw(
        self, request: ImageRequest, *, alt: str, embed_prompt: bool, on_step: OnStep
    ) -> FinishedPicture:
        """Draw, or raise what is due."""
        self.asked.append(request)
        self.embedded.append(embed_prompt)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.troubles:
            raise self.troubles.pop(0)
        picture = PaintedEngine().generate(request, on_step, lambda: False)
        provenance = Provenance.of(picture, prompt=request.prompt if embed_prompt else None)
        image = finish_generated(picture, alt, provenance)
        return FinishedPicture(image=image, alt=alt, provenance=provenance, unknown_words=("zorp",))

    async def close(self) -> None:
        """Do nothing."""


class Darkroom:
    """Stands in for `media.host.DecodeHost`."""

    async def ingest(self, data: bytes, *, first_frame: bool = False) -> ProcessedImage:
        """Decode in this process."""
        return await asyncio.to_thread(ingest_upload, data, first_frame=first_frame)


def equip(server: Server, **parts: Any) -> None:
    """Give a server other parts than those that it was opened with."""
    server.ctx = dataclasses.replace(server.ctx, **parts)
    server.app.state.ctx = server.ctx
