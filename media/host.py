"""Draw and decode from an event loop, without the libraries that do it.

The two hosts are what a server holds: `EngineHost` draws with one model on one device,
`DecodeHost` opens strangers' uploads. Each owns one child process (`media.slot`); importing
this module needs neither Pillow nor numpy nor torch, which keeps the server small.

A decoder gets a bare environment and hard limits: a crafted picture that takes it over
finds no password in it, no file to write and no more than a minute to live.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from media import wire
from media.engine import EngineInfo, OnStep, Picture
from media.errors import DamagedError, EngineError, TooLargeError
from media.processed import FinishedPicture, ProcessedImage
from media.provenance import Provenance
from media.request import ImageRequest
from media.slot import ChildPlan, ChildSlot, Timeouts

__all__ = ["DIFFUSION", "PAINTED", "UPLOAD_BYTES_MAX", "DecodeHost", "EngineHost", "Timeouts"]

# factories for `EngineHost`
DIFFUSION: Final = "media.engines.diffusion:load"
PAINTED: Final = "media.engines.painted:load"
# bytes of an upload, checked before it is sent anywhere; `media.decoding` holds the same number
UPLOAD_BYTES_MAX: Final = 16 * 1024 * 1024
# seconds without a job after which the child is stopped: a model holds gigabytes that others want
ENGINE_IDLE_S = 600.0
# seconds; a decoder holds 60 MB and starts in a fraction of a second
DECODER_IDLE_S = 60.0
# uploads that one decoder sees before it is replaced: what one file broke, few others meet
DECODER_JOBS_MAX = 100
# an upload is decoded in a second or two; the processor limit in the child is 20 s
DECODER_TIMEOUTS: Final = Timeouts(load_s=60.0, first_step_s=60.0, step_s=60.0, whole_s=60.0, cancel_s=0.0)
# variables that a decoder may see; BLAS would otherwise reserve memory for a thread a core
_BARE: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Threads of a drawing that wait for one another sleep instead of spinning: on two cores with
# other work, a small model drew 50 times slower without this. The operator's own value wins.
_PATIENT: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
# the server's own settings hold its passwords, and no engine reads them
_SERVER_PREFIX: Final = "FEDI_"


def _ignore_step(_done: int, _steps: int) -> None:
    """Stand in where nobody watches."""


class EngineHost:
    """One engine in a child process. Use as an async context manager, or `close` it.

    Args:
        engine: factory `module:name`; `DIFFUSION` unless a test says otherwise.
        folder: absolute path of the model, for the factory.
        timeouts: how long the engine may be silent.
        idle_s: seconds without a job after which the model's memory is freed; None keeps it.
        environment: added to the child's, such as `CUDA_VISIBLE_DEVICES`.
    """

    def __init__(
        self,
        *,
        folder: Path | None,
        engine: str = DIFFUSION,
        timeouts: Timeouts | None = None,
        idle_s: float | None = ENGINE_IDLE_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        arguments = ["--engine", engine]
        if folder is not None:
            arguments += ["--folder", str(folder)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SERVER_PREFIX)}
        self._slot = ChildSlot(
            ChildPlan(
                arguments=tuple(arguments),
                environment={**_PATIENT, **inherited, **(environment or {})},
                timeouts=timeouts or Timeouts(),
                idle_s=idle_s,
            )
        )

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded last; None before the first start."""
        return self._slot.info

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return self._slot.pid

    async def warm(self) -> EngineInfo:
        """Load the model now, if it is not loaded.

        Raises:
            ModelMissingError: the folder is not there or not complete.
            ModelRefusedError: the folder is not safe to load.
            EngineError: it could not be loaded.
        """
        return await self._slot.warm()

    async def generate(self, request: ImageRequest, on_step: OnStep = _ignore_step) -> Picture:
        """Draw bare pixels. Cancel the calling task to stop it.

        Args:
            request: with a seed; see `media.pipeline.draw` for the whole recipe.
            on_step: called in the event loop with (steps done, steps in all); must not block.

        Raises:
            InvalidRequestError: a value is out of bounds.
            EngineError: see `media.errors`; the child died, was silent, or could not draw it.
        """
        header = {"do": "generate", "request": request.validate().to_json()}
        return await self._slot.run(header, b"", on_step, _read_picture)

    async def draw(
        self, request: ImageRequest, *, alt: str, embed_prompt: bool = False, on_step: OnStep = _ignore_step
    ) -> FinishedPicture:
        """Draw and encode finished files, both in the child; raises as `generate`.

        Args:
            request: with a seed.
            alt: text alternative.
            embed_prompt: whether its author wants the prompt in the file and the provenance.
            on_step: as for `generate`.
        """
        header = {
            "do": "draw",
            "request": request.validate().to_json(),
            "alt": alt,
            "embed_prompt": embed_prompt,
        }
        return await self._slot.run(header, b"", on_step, lambda frame: _read_finished(frame, alt))

    async def close(self) -> None:
        """Stop the child; a running job fails."""
        await self._slot.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class DecodeHost:
    """A decoder of uploads in a confined child process. Use as an async context manager.

    Args:
        timeouts: how long one upload may take.
        idle_s: seconds without an upload after which the child is stopped.
        jobs_max: uploads after which the child is replaced.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts = DECODER_TIMEOUTS,
        idle_s: float | None = DECODER_IDLE_S,
        jobs_max: int = DECODER_JOBS_MAX,
    ) -> None:
        bare = {name: os.environ[name] for name in _BARE if name in os.environ}
        self._slot = ChildSlot(
            ChildPlan(
                arguments=("--decode",),
                environment={**bare, **_ONE_THREAD},
                timeouts=timeouts,
                idle_s=idle_s,
                jobs_max=jobs_max,
            )
        )

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return self._slot.pid

    async def warm(self) -> None:
        """Start the child now, if there is none."""
        await self._slot.warm()

    async def ingest(self, data: bytes, *, first_frame: bool = False) -> ProcessedImage:
        """Decode a stranger's picture and encode it anew, without its metadata.

        Args:
            data: the file as it came.
            first_frame: take the first frame of an animation instead of refusing it.

        Raises:
            UnsupportedTypeError: not JPEG, PNG, WebP or GIF, or animated.
            TooLargeError: too many bytes or pixels, or too much work.
            DamagedError: cannot be decoded, or the decoder died of it.
            EngineError: the decoder could not be started, or was closed.
        """
        if len(data) > UPLOAD_BYTES_MAX:
            raise TooLargeError(f"Pictures may have at most {UPLOAD_BYTES_MAX // 2**20} MB.")
        header = {"do": "ingest", "first_frame": first_frame}
        # a decoder that cannot start, or may no longer, is our fault and not the picture's
        await self._slot.warm()
        try:
            return await self._slot.run(header, data, _ignore_step, _read_image)
        except EngineError as error:
            if self._slot.closed:
                raise
            # whatever went wrong in there, this file did it: a refusal to its owner, not a server error
            raise DamagedError(detail=f"{type(error).__name__}: {error.detail}") from error

    async def close(self) -> None:
        """Stop the child; a running upload fails."""
        await self._slot.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _mapping(frame: wire.Frame, name: str) -> dict[str, Any]:
    """Return a JSON object of an answer."""
    value = frame.header.get(name)
    if not isinstance(value, dict):
        raise EngineError(detail=f"the answer has no {name}")
    return value


def _read_picture(frame: wire.Frame) -> Picture:
    """Read the answer to `generate`."""
    return Picture.from_parts(_mapping(frame, "picture"), frame.body)


def _read_image(frame: wire.Frame) -> ProcessedImage:
    """Read the answer to `ingest`."""
    return ProcessedImage.from_parts(_mapping(frame, "image"), frame.body)


def _read_finished(frame: wire.Frame, alt: str) -> FinishedPicture:
    """Read the answer to `draw`."""
    unknown_words = frame.header.get("unknown_words")
    return FinishedPicture(
        image=_read_image(frame),
        alt=alt,
        provenance=Provenance.from_json(_mapping(frame, "provenance")),
        unknown_words=tuple(map(str, unknown_words)) if isinstance(unknown_words, list) else (),
    )
