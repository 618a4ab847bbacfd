"""The program of a child process: load an engine or the decoders, then do one job at a time.

    python -P -m media.child --parent 4711 --engine media.engines.diffusion:load --folder /models/tiny
    python -P -m media.child --parent 4711 --decode

The main thread works; a second one listens to the server, so that a cancellation or the
server's death is noticed in the middle of a drawing. What the two sides say to each other
is in `media.wire`. Libraries may print what they like: the pipes to the server are moved
away from the standard numbers first, and what is printed goes to standard error.
"""

import argparse
import dataclasses
import importlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final

from media import confinement, images, wire
from media.engine import Engine, EngineInfo, Picture
from media.errors import EngineError, GenerationFailedError, MediaError, OutOfMemoryError
from media.provenance import Provenance
from media.request import ImageRequest

__all__ = ["Server", "main"]

# seconds of processor time for one upload; the largest takes about 5 on a slow core
DECODE_CPU_S = 20

# header and bytes of an answer
_Answer = tuple[dict[str, Any], bytes]


class Server:
    """The other end of the pipes: jobs come in through a thread, answers go out.

    Args:
        incoming: frames of the server.
        outgoing: frames for the server.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._jobs: queue.SimpleQueue[wire.Frame] = queue.SimpleQueue()
        self._cancelled_id = 0

    def listen(self) -> None:
        """Sort incoming frames until the server goes away, and end the process with it."""
        try:
            while frame := wire.read_blocking(self._incoming):
                if frame.header.get("do") == "cancel":
                    self._cancelled_id = frame.header.get("id", 0)
                else:
                    self._jobs.put(frame)
        finally:
            # at once, whatever the main thread is in the middle of: nobody waits for it
            os._exit(0)

    def next_job(self) -> wire.Frame:
        """Wait for a job."""
        return self._jobs.get()

    def is_cancelled(self, job_id: int) -> bool:
        """Say whether the server wants job `job_id` stopped."""
        return self._cancelled_id == job_id

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame."""
        self._outgoing.write(wire.pack(header, body))
        self._outgoing.flush()

    def fail(self, job_id: int, error: MediaError) -> None:
        """Say that a job, or with id 0 the loading, failed."""
        kind = type(error).__name__
        self.send(
            {"event": "failed", "id": job_id, "kind": kind, "message": error.message, "detail": error.detail}
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """One job at work."""

    frame: wire.Frame
    server: Server
    engine: Engine | None

    def on_step(self, done: int, steps: int) -> None:
        """Give a sign of life."""
        self.server.send({"event": "step", "id": self.frame.header["id"], "done": done, "steps": steps})

    def cancelled(self) -> bool:
        """Say whether to stop."""
        return self.server.is_cancelled(self.frame.header["id"])


def main(arguments: Sequence[str]) -> None:
    """Run until the server closes the pipe."""
    options = _options(arguments)
    confinement.leave_with_parent(options.parent)
    server = Server(*_claim_pipes())
    confinement.give_way()
    threading.Thread(target=server.listen, daemon=True).start()
    try:
        engine = None if options.decode else _load(options.engine, options.folder)
    except MediaError as error:
        server.fail(0, error)
        sys.exit(1)
    if options.decode:
        confinement.bound_decoder()
    info = engine.info if engine else EngineInfo(model="decoder")
    server.send({"event": "ready", "info": dataclasses.asdict(info)})
    while True:
        _work(_Job(server.next_job(), server, engine))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="media.child")
    parser.add_argument("--parent", type=int, required=True, help="process id of the server")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--engine", metavar="MODULE:FACTORY", help="draw with this engine")
    what.add_argument("--decode", action="store_true", help="decode uploads, under limits")
    parser.add_argument("--folder", help="model folder for the engine's factory")
    return parser.parse_args(arguments)


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from the standard file numbers, so that no library reads or writes them."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def _load(engine: str, folder: str | None) -> Engine:
    """Call the factory `module:name`; whatever it raises is told to the server as a `MediaError`."""
    module, _, name = engine.partition(":")
    with _Told(EngineError, "The image model could not be loaded."):
        loaded: Engine = getattr(importlib.import_module(module), name)(folder)
    return loaded


def _work(job: _Job) -> None:
    """Do one job and answer, whatever happens."""
    header = job.frame.header
    job_id = header["id"]
    try:
        with _Told(GenerationFailedError):
            answer, body = _JOBS[header["do"]](job)
    except MediaError as error:
        job.server.fail(job_id, error)
    else:
        job.server.send({"event": "done", "id": job_id, **answer}, body)


class _Told:
    """Turn anything that a library raises into a `MediaError`, so that the server hears of it.

    This is the border of the process: an exception that went further would only be a dead
    child and a lost reason.

    Args:
        kind: of the error that is told.
        message: its sentence for the person; the kind's own when None.
    """

    def __init__(self, kind: type[MediaError], message: str | None = None) -> None:
        self._kind = kind
        self._message = message

    def __enter__(self) -> None:
        self._since_s = time.monotonic()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, MediaError) or not isinstance(error, Exception):
            return
        after = f"{error!r} after {time.monotonic() - self._since_s:.1f} s"
        if isinstance(error, MemoryError):
            raise OutOfMemoryError(detail=after) from error
        raise self._kind(self._message, detail=after) from error


def _generate(job: _Job) -> _Answer:
    """Draw; answer with bare pixels."""
    picture = _picture(job)
    return {"picture": picture.facts()}, picture.rgb


def _draw(job: _Job) -> _Answer:
    """Draw and encode; answer with finished files."""
    picture = _picture(job)
    header = job.frame.header
    prompt = ImageRequest.from_json(header["request"]).prompt if header["embed_prompt"] else None
    provenance = Provenance.of(picture, prompt=prompt)
    facts, body = images.finish_generated(picture, header["alt"], provenance).to_parts()
    unknown_words = list(picture.unknown_words)
    return {"image": facts, "provenance": provenance.to_json(), "unknown_words": unknown_words}, body


def _picture(job: _Job) -> Picture:
    """Draw what the job's request asks for."""
    if job.engine is None:
        raise EngineError(detail="a decoder was asked to draw")
    request = ImageRequest.from_json(job.frame.header["request"]).validate()
    return job.engine.generate(request, job.on_step, job.cancelled)


def _ingest(job: _Job) -> _Answer:
    """Decode an upload; answer with finished files."""
    confinement.allow_cpu(DECODE_CPU_S)
    first_frame = bool(job.frame.header["first_frame"])
    facts, body = images.ingest_upload(job.frame.body, first_frame=first_frame).to_parts()
    return {"image": facts}, body


_JOBS: Final[dict[str, Callable[[_Job], _Answer]]] = {"generate": _generate, "draw": _draw, "ingest": _ingest}

if __name__ == "__main__":
    main(sys.argv[1:])
