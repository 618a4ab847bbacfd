"""The one recipe from words to finished files, for the worker, the command line and the demo.

It touches no database and no network: a caller takes a job row, awaits `draw`, and stores
what it returns. Cancelling the awaiting task stops the drawing.
"""

import secrets

from media.alt import propose_alt
from media.engine import OnStep
from media.host import EngineHost
from media.processed import FinishedPicture
from media.request import SEED_MAX, ImageRequest

__all__ = ["draw", "fresh_seed"]


def fresh_seed() -> int:
    """Return a seed for a request that has none; keep it in the job, so that a retry draws the same."""
    return secrets.randbelow(SEED_MAX + 1)


def _ignore_step(_done: int, _steps: int) -> None:
    """Stand in where nobody watches."""


async def draw(
    host: EngineHost,
    request: ImageRequest,
    on_step: OnStep = _ignore_step,
    *,
    alt: str | None = None,
    embed_prompt: bool = False,
) -> FinishedPicture:
    """Draw a picture and give back its files, text alternative and provenance.

    Args:
        host: of the engine.
        request: what to draw; gets a fresh seed if it has none.
        on_step: called in the event loop with (steps done, steps in all); must not block.
        alt: text alternative by the author; proposed from the prompt when None.
        embed_prompt: whether the author wants the prompt published in the file.

    Raises:
        InvalidRequestError: a value is out of bounds.
        EngineError: see `media.errors`.
    """
    # 1. what to draw, complete and within bounds
    complete = request.with_seed(fresh_seed()).validate()
    # 2. what to tell those who will not see it
    description = propose_alt(complete.prompt) if alt is None else alt
    # 3. pixels, then files with their marks: both in the child
    return await host.draw(complete, alt=description, embed_prompt=embed_prompt, on_step=on_step)
