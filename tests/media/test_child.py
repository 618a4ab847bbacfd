"""The child's parts in this process; whole children are in test_slot.py and test_host.py."""

import io
import os
import queue
from typing import Any

import pytest
from PIL import Image

from media import child, confinement, wire
from media.child import Server, _Job, _work
from media.engine import Cancelled, EngineInfo, OnStep, Picture
from media.engines.painted import PaintedEngine
from media.errors import GenerationFailedError, MediaError, ModelMissingError
from media.processed import ProcessedImage
from media.provenance import Provenance
from media.request import ImageRequest

pytestmark = pytest.mark.slow  # processes of their own


class Ended(BaseException):
    """Stands in for the end of the process."""


@pytest.fixture
def outgoing() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the limits of a child off the process of the tests."""
    monkeypatch.setattr(confinement, "allow_cpu", lambda _seconds: None)


def frames_in(outgoing: io.BytesIO) -> list[wire.Frame]:
    outgoing.seek(0)
    frames = []
    while frame := wire.read_blocking(outgoing):
        frames.append(frame)
    return frames


def work(
    outgoing: io.BytesIO, header: dict[str, Any], body: bytes = b"", engine: Any = None
) -> list[wire.Frame]:
    """Do one job and return what was sent."""
    _work(_Job(wire.Frame({"id": 7, **header}, body), Server(io.BytesIO(), outgoing), engine))
    return frames_in(outgoing)


REQUEST = {"request": {"prompt": "a boat", "seed": 3, "width_px": 64, "height_px": 64, "steps": 1}}


def test_generating_sends_steps_and_pixels(outgoing: io.BytesIO) -> None:
    first, second, done = work(outgoing, {"do": "generate", **REQUEST}, engine=PaintedEngine())
    assert first.header == {"event": "step", "id": 7, "done": 0, "steps": 1}
    assert second.header == {"event": "step", "id": 7, "done": 1, "steps": 1}
    assert (done.header["event"], done.header["id"]) == ("done", 7)
    assert Picture.from_parts(done.header["picture"], done.body).seed == 3


@pytest.mark.parametrize(("embed", "prompt"), [(True, "a boat"), (False, None)])
def test_drawing_sends_files_and_provenance(outgoing: io.BytesIO, *, embed: bool, prompt: str | None) -> None:
    header = {"do": "draw", "alt": "A boat.", "embed_prompt": embed, **REQUEST}
    done = work(outgoing, header, engine=PaintedEngine())[-1]
    assert ProcessedImage.from_parts(done.header["image"], done.body).width_px == 64
    assert Provenance.from_json(done.header["provenance"]).prompt == prompt
    assert done.header["unknown_words"] == []


def test_ingesting_sends_files(outgoing: io.BytesIO) -> None:
    upload = io.BytesIO()
    Image.new("RGB", (8, 8)).save(upload, "PNG")
    (done,) = work(outgoing, {"do": "ingest", "first_frame": False}, upload.getvalue())
    assert ProcessedImage.from_parts(done.header["image"], done.body).height_px == 8


def test_refusal_is_told_with_kind_and_sentence(outgoing: io.BytesIO) -> None:
    (failed,) = work(outgoing, {"do": "ingest", "first_frame": False}, b"hello")
    assert (failed.header["event"], failed.header["kind"]) == ("failed", "UnsupportedTypeError")
    assert failed.header["message"].startswith("Only JPEG")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ({"do": "generate", **REQUEST}, "EngineError"),
        ({"do": "generate", "request": {"prompt": ""}}, "EngineError"),
        ({"do": "unknown"}, "GenerationFailedError"),
        ({}, "GenerationFailedError"),
        ({"do": "ingest"}, "GenerationFailedError"),
    ],
)
def test_job_that_a_decoder_cannot_do_is_told(outgoing: io.BytesIO, header: dict, kind: str) -> None:
    assert work(outgoing, header)[-1].header["kind"] == kind


def test_request_is_checked_again_in_the_child(outgoing: io.BytesIO) -> None:
    header = {"do": "generate", "request": {"prompt": "a", "steps": 10**9}}
    assert work(outgoing, header, engine=PaintedEngine())[-1].header["kind"] == "InvalidRequestError"


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ZeroDivisionError("inside"), "GenerationFailedError"), (MemoryError(), "OutOfMemoryError")],
)
def test_error_of_a_library_is_told_without_its_text_for_the_person(
    outgoing: io.BytesIO, error: Exception, kind: str
) -> None:
    class Failing:
        info = EngineInfo(model="failing")

        def generate(self, _request: ImageRequest, _on_step: OnStep, _cancelled: Cancelled) -> Picture:
            raise error

    header = work(outgoing, {"do": "generate", **REQUEST}, engine=Failing())[-1].header
    assert header["kind"] == kind
    assert "inside" not in header["message"]
    assert type(error).__name__ in header["detail"]


def test_end_of_the_process_is_not_held_up() -> None:
    with pytest.raises(KeyboardInterrupt), child._Told(GenerationFailedError):
        raise KeyboardInterrupt


def test_listening_sorts_jobs_from_cancellations_and_ends_with_the_server(
    outgoing: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    incoming = io.BytesIO(wire.pack({"do": "ingest", "id": 1}, b"x") + wire.pack({"do": "cancel", "id": 1}))
    server = Server(incoming, outgoing)
    assert not server.is_cancelled(1)
    with pytest.raises(Ended):
        server.listen()
    assert server.next_job() == wire.Frame({"do": "ingest", "id": 1}, b"x")
    assert server.is_cancelled(1)
    assert not server.is_cancelled(2)


def test_broken_pipe_from_the_server_ends_the_process(
    outgoing: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    with pytest.raises(Ended):
        Server(io.BytesIO(b"\xff" * 20), outgoing).listen()


@pytest.mark.parametrize(
    "arguments", [[], ["--parent", "1"], ["--parent", "1", "--decode", "--engine", "a:b"]]
)
def test_command_line_names_one_kind_of_work(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        child._options(arguments)


def test_engine_is_loaded_by_its_factory() -> None:
    assert child._load("media.engines.painted:load", None).info.model == "painted"


@pytest.mark.parametrize(
    "engine", ["no.such.module:load", "media.engines.painted:none", "media.engines.painted", ""]
)
def test_engine_that_is_not_there_is_told(engine: str) -> None:
    with pytest.raises(MediaError, match="could not be loaded"):
        child._load(engine, None)


class Wired:
    """`main` with everything replaced that would change the process of the tests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.outgoing = io.BytesIO()
        incoming, self.end = os.pipe()
        self.incoming = os.fdopen(incoming, "rb")
        for name in ("leave_with_parent", "give_way", "bound_decoder"):
            monkeypatch.setattr(confinement, name, lambda *_, name=name: self.calls.append(name))
        monkeypatch.setattr(child, "_claim_pipes", lambda: (self.incoming, self.outgoing))
        monkeypatch.setattr(Server, "listen", lambda _self: None)
        monkeypatch.setattr(Server, "next_job", self.next_job)
        self.jobs: queue.SimpleQueue[wire.Frame] = queue.SimpleQueue()

    def next_job(self) -> wire.Frame:
        if self.jobs.empty():
            raise Ended
        return self.jobs.get()

    def close(self) -> None:
        self.incoming.close()
        os.close(self.end)


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Any:
    wired = Wired(monkeypatch)
    yield wired
    wired.close()


def test_decoder_says_ready_after_it_is_bounded_and_works(wired: Wired) -> None:
    wired.jobs.put(wire.Frame({"do": "ingest", "id": 1, "first_frame": False}, b"hello"))
    with pytest.raises(Ended):
        child.main(["--parent", "1", "--decode"])
    assert wired.calls == ["leave_with_parent", "give_way", "bound_decoder"]
    assert [frame.header["event"] for frame in frames_in(wired.outgoing)] == ["ready", "failed"]


def test_engine_says_ready_with_what_it_loaded(wired: Wired) -> None:
    with pytest.raises(Ended):
        child.main(["--parent", "1", "--engine", "media.engines.painted:load"])
    (ready,) = frames_in(wired.outgoing)
    assert EngineInfo.from_json(ready.header["info"]).model == "painted"
    assert wired.calls == ["leave_with_parent", "give_way"]


def test_engine_that_cannot_load_says_why_and_ends(wired: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_engine: str, _folder: str | None) -> None:
        raise ModelMissingError(detail="no folder")

    monkeypatch.setattr(child, "_load", missing)
    with pytest.raises(SystemExit) as end:
        child.main(["--parent", "1", "--engine", "a:b"])
    assert end.value.code == 1
    (failed,) = frames_in(wired.outgoing)
    assert (failed.header["id"], failed.header["kind"]) == (0, "ModelMissingError")
