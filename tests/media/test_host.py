import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from media import wire
from media.confinement import ADDRESS_SPACE_BYTES
from media.engine import EngineInfo
from media.errors import (
    DamagedError,
    EngineError,
    InvalidRequestError,
    MediaError,
    TooLargeError,
    UnsupportedTypeError,
)
from media.host import (
    PAINTED,
    UPLOAD_BYTES_MAX,
    DecodeHost,
    EngineHost,
    Timeouts,
    _read_finished,
    _read_image,
)
from media.process import ChildProcess
from media.request import ImageRequest

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design


def png(size: tuple[int, int] = (32, 32)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
async def decoder() -> AsyncIterator[DecodeHost]:
    async with DecodeHost() as host:
        yield host


@pytest.fixture
async def painter() -> AsyncIterator[EngineHost]:
    async with EngineHost(folder=None, engine=PAINTED) as host:
        yield host


def test_server_imports_neither_pillow_nor_numpy_nor_torch() -> None:
    code = (
        "import sys, media.host, media.pipeline, media.blobs, media.request, media.stores, media.safety\n"
        "print(*sorted({'PIL', 'numpy', 'torch', 'diffusers', 'obstore'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


async def test_painted_picture_comes_through_the_pipe(painter: EngineHost) -> None:
    picture = await painter.generate(ImageRequest(prompt="a boat", width_px=64, height_px=96, seed=4))
    assert (picture.width_px, picture.height_px, picture.seed, len(picture.rgb)) == (64, 96, 4, 64 * 96 * 3)
    assert isinstance(painter.info, EngineInfo)
    assert painter.info.model == "painted"


async def test_working_directory_is_no_place_to_import_from(
    painter: EngineHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "__init__.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert (await painter.warm()).model == "painted"


async def test_request_out_of_bounds_never_reaches_the_child(painter: EngineHost) -> None:
    with pytest.raises(InvalidRequestError):
        await painter.generate(ImageRequest(prompt="a boat", steps=0))
    with pytest.raises(InvalidRequestError):
        await painter.draw(ImageRequest(prompt=""), alt="")
    assert painter.pid is None


async def test_upload_is_decoded_in_the_child(decoder: DecodeHost) -> None:
    image = await decoder.ingest(png())
    assert (image.content_type, image.width_px) == ("image/png", 32)
    pid = decoder.pid
    with pytest.raises(UnsupportedTypeError, match="Only JPEG"):
        await decoder.ingest(b"<svg/>")
    with pytest.raises(DamagedError):
        await decoder.ingest(png()[:50])
    assert decoder.pid == pid


async def test_animation_is_refused_or_stilled(decoder: DecodeHost) -> None:
    file = io.BytesIO()
    still = Image.new("RGB", (8, 8), "red")
    still.save(file, "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8), "blue")])
    with pytest.raises(UnsupportedTypeError, match="Animated"):
        await decoder.ingest(file.getvalue())
    assert (await decoder.ingest(file.getvalue(), first_frame=True)).width_px == 8


async def test_too_large_upload_starts_no_child(decoder: DecodeHost) -> None:
    with pytest.raises(TooLargeError, match="at most 16 MB"):
        await decoder.ingest(bytes(UPLOAD_BYTES_MAX + 1))
    assert decoder.pid is None


async def test_decoder_that_dies_refuses_the_file_and_takes_the_next(decoder: DecodeHost) -> None:
    await decoder.warm()
    killed = decoder.pid
    assert killed is not None
    os.kill(killed, signal.SIGSTOP)  # so that the upload is surely waiting when the child dies
    task = asyncio.create_task(decoder.ingest(png()))
    await asyncio.sleep(0)
    os.kill(killed, signal.SIGKILL)
    before_s = time.monotonic()
    with pytest.raises(DamagedError) as error:
        await task
    assert time.monotonic() - before_s < 1
    assert "SIGKILL" in error.value.detail
    assert (await decoder.ingest(png())).width_px == 32


async def test_decoder_that_hangs_is_killed() -> None:
    async with DecodeHost(timeouts=Timeouts(first_step_s=0.2)) as decoder:
        await decoder.warm()
        stopped = decoder.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(DamagedError) as error:
            await decoder.ingest(png())
        assert "TimedOutError" in error.value.detail
        assert (await decoder.ingest(png())).width_px == 32
        assert decoder.pid != stopped


async def test_decoder_that_is_closed_does_not_blame_the_picture() -> None:
    decoder = DecodeHost()
    await decoder.warm()
    stopped = decoder.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    task = asyncio.create_task(decoder.ingest(png()))
    for _ in range(5):
        await asyncio.sleep(0)
    await decoder.close()
    with pytest.raises(EngineError):
        await task
    with pytest.raises(EngineError, match="shutting down"):
        await decoder.ingest(png())


async def test_decoder_that_cannot_start_does_not_blame_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChildProcess, "start", _cannot_start)
    async with DecodeHost() as decoder:
        with pytest.raises(EngineError, match="could not be started") as error:
            await decoder.ingest(png())
    assert "no more processes" in error.value.detail


async def _cannot_start(*_: object, **__: object) -> ChildProcess:
    raise BlockingIOError("no more processes")


async def test_decoder_is_replaced_after_a_number_of_uploads() -> None:
    async with DecodeHost(jobs_max=2) as decoder:
        pids = []
        for _ in range(3):
            await decoder.ingest(png())
            pids.append(decoder.pid)
    assert pids[0] == pids[1] != pids[2]


async def test_decoder_cannot_draw(decoder: DecodeHost) -> None:
    with pytest.raises(EngineError) as error:
        await decoder._slot.run(
            {"do": "generate", "request": {"prompt": "a"}}, b"", lambda *_: None, lambda f: f
        )
    assert "decoder" in error.value.detail


async def test_decoder_sees_no_secret_and_is_bounded(
    decoder: DecodeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with DecodeHost() as host:
        await host.warm()
        with open(f"/proc/{host.pid}/environ", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 (a test)
            environment = file.read()
        with open(f"/proc/{host.pid}/limits", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 (a test)
            limits = {line[:26].strip(): line[26:].split()[0] for line in file}
    assert "secret" not in environment
    assert "OPENBLAS_NUM_THREADS=1" in environment
    assert limits["Max file size"] == "0"
    assert limits["Max address space"] == str(ADDRESS_SPACE_BYTES)
    assert limits["Max open files"] == "32"
    assert limits["Max core file size"] == "0"


async def test_children_give_way_and_lead_their_own_session(decoder: DecodeHost) -> None:
    await decoder.warm()
    pid = decoder.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getsid(pid) == pid


@pytest.fixture
def orphan() -> Iterator[int]:
    """The child of a server that was killed with SIGKILL while its child was busy."""
    code = (
        "import asyncio, os, signal, sys\n"
        "from media.host import EngineHost\n"
        "from media.request import ImageRequest\n"
        "async def main():\n"
        "    host = EngineHost(folder=None, engine='fake_engines:load', environment={'PYTHONPATH': sys.argv[1]})\n"
        "    def on_step(done, of):\n"
        "        if done:\n"
        "            print(host.pid, flush=True)\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "    await host.generate(ImageRequest(prompt='stubborn', seed=1), on_step)\n"
        "asyncio.run(main())\n"
    )
    folder = os.path.dirname(__file__)  # noqa: PTH120 (an argument for another process)
    run = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    pid = int(run.stdout)
    yield pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def test_child_dies_with_its_server(orphan: int) -> None:
    async with asyncio.timeout(5):
        while os.path.exists(f"/proc/{orphan}"):  # noqa: ASYNC240, PTH110 (no file, but a process)
            state = _state_of(orphan)
            if state in ("Z", ""):
                break
            await asyncio.sleep(0.01)


def _state_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 (no file, but a process)
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("header", [{}, {"image": None}, {"image": []}, {"image": {"width_px": 1}}])
def test_answer_without_a_sound_image_is_refused(header: dict) -> None:
    with pytest.raises(EngineError):
        _read_image(wire.Frame(header, b"bytes"))


async def test_answer_that_cannot_be_believed_ends_the_child(decoder: DecodeHost) -> None:
    await decoder.warm()
    first = decoder.pid

    def read(_frame: wire.Frame) -> None:
        raise EngineError(detail="nonsense")

    with pytest.raises(MediaError):
        await decoder._slot.run({"do": "ingest", "first_frame": False}, png(), lambda *_: None, read)
    await decoder.ingest(png())
    assert decoder.pid != first


async def test_words_that_the_model_does_not_know_come_back(painter: EngineHost) -> None:
    finished = await painter.draw(ImageRequest(prompt="a boat", seed=1), alt="A boat.")
    assert finished.unknown_words == ()
    facts, body = finished.image.to_parts()
    frame = wire.Frame(
        {"image": facts, "provenance": finished.provenance.to_json(), "unknown_words": ["dragon"]}, body
    )
    assert _read_finished(frame, "A boat.").unknown_words == ("dragon",)
    frame.header["unknown_words"] = None
    assert _read_finished(frame, "A boat.").unknown_words == ()
