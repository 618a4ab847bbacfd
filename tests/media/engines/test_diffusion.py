"""The engine over a real diffusers pipeline with random weights; torch stays in child processes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from media import pipeline
from media.engines import diffusion
from media.engines.diffusion import DiffusionEngine, drawn_size, finished_size, unknown_words
from media.engines.folder import ModelFolder, Sidecar
from media.errors import (
    CancelledError,
    EngineError,
    GenerationFailedError,
    ModelMissingError,
    ModelRefusedError,
    OutOfMemoryError,
)
from media.host import EngineHost
from media.provenance import read_marks
from media.request import ImageRequest
from tests.require import import_or_skip

pytestmark = pytest.mark.anyio

SCRIPT = Path(__file__).parent.parent / "random_model.py"


# Quick: what needs no torch.


@pytest.mark.parametrize(
    ("wished", "native", "finished"),
    [
        ((512, 300), 256, (512, 300)),
        ((None, None), 256, (768, 768)),
        ((None, None), 512, (1024, 1024)),
        ((None, None), 1024, (1024, 1024)),
        ((None, None), 64, (768, 768)),
        ((None, None), 700, (1400, 1400)),
    ],
)
def test_picture_without_a_wished_size_is_the_native_one_enlarged(
    wished: tuple[int | None, int | None], native: int, finished: tuple[int, int]
) -> None:
    assert finished_size(*wished, native) == finished


@pytest.mark.parametrize(
    ("size", "native", "drawn"),
    [
        ((256, 256), 256, (256, 256)),
        ((768, 768), 256, (256, 256)),
        ((1024, 512), 256, (368, 176)),
        ((512, 512), 1024, (512, 512)),
        ((2048, 64), 256, (1456, 48)),
        ((70, 70), 256, (64, 64)),
    ],
)
def test_larger_picture_is_drawn_at_the_native_area_in_its_aspect(
    size: tuple[int, int], native: int, drawn: tuple[int, int]
) -> None:
    assert drawn_size(*size, native) == drawn


def test_words_outside_a_closed_vocabulary_are_named_once() -> None:
    vocabulary = frozenset({"a", "red", "boat"})
    assert unknown_words("A red DRAGON, a dragon & 3 élans", vocabulary) == ("dragon", "élans")
    assert unknown_words("anything", frozenset()) == ()
    assert (
        len(unknown_words(" ".join("abcdefghijklmnopqrstuvwxyz"), vocabulary)) == diffusion.UNKNOWN_WORDS_MAX
    )


class FakeTorch(types.ModuleType):
    """Enough of torch to call a pipeline."""

    def __init__(self) -> None:
        super().__init__("torch")
        self.cuda = types.SimpleNamespace(
            is_available=lambda: True, is_bf16_supported=lambda: True, empty_cache=lambda: None
        )
        self.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: True))
        self.bfloat16, self.float16, self.float32 = "bfloat16", "float16", "float32"
        self.threads = 0

    def Generator(self, device: str) -> Any:  # noqa: N802 (torch's name)
        return types.SimpleNamespace(manual_seed=lambda seed: (device, seed))

    def set_num_threads(self, threads: int) -> None:
        self.threads = threads


def torch_with(devices: set[str]) -> FakeTorch:
    torch = FakeTorch()
    torch.cuda.is_available = lambda: "cuda" in devices
    torch.backends.mps.is_available = lambda: "mps" in devices
    return torch


class FakePipe:
    """A pipeline without a step callback, guidance or negative prompt."""

    def __init__(self, *failures: BaseException, flagged: bool = False) -> None:
        self.failures = list(failures)
        self.flagged = flagged
        self.calls: list[dict[str, Any]] = []
        self.tiled = 0
        self.vae = types.SimpleNamespace(enable_tiling=self.tile)
        self.unet = types.SimpleNamespace(config=types.SimpleNamespace(sample_size=16))

    def tile(self) -> None:
        self.tiled += 1

    def __call__(
        self, prompt: str, width: int, height: int, num_inference_steps: int = 9, generator: Any = None
    ) -> Any:
        self.calls.append(
            {"prompt": prompt, "size": (width, height), "steps": num_inference_steps, "noise": generator}
        )
        if self.failures:
            raise self.failures.pop(0)
        image = Image.new("RGB", (width, height), "teal")
        return types.SimpleNamespace(images=[image], nsfw_content_detected=[self.flagged])


@pytest.fixture
def engine_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Make engines over fake pipelines."""
    fake = types.SimpleNamespace(__version__="0")
    monkeypatch.setattr(diffusion.importlib, "import_module", lambda _name: fake)

    def make(pipe: Any, sidecar: Sidecar | None = None) -> DiffusionEngine:
        path = tmp_path / "folder-name"
        model = ModelFolder(path=path, pipeline_class="P", sidecar=sidecar or Sidecar(), digest="sha256:0")
        return DiffusionEngine(FakeTorch(), pipe, model)

    return make


def draw(engine: DiffusionEngine, *, cancel: bool = False, **values: Any) -> Any:
    request = ImageRequest(**{"prompt": "a boat", "seed": 5, **values})
    return engine.generate(request, lambda *_: None, lambda: cancel)


def test_what_the_sidecar_does_not_say_comes_from_the_pipeline(engine_of: Any) -> None:
    info = engine_of(FakePipe()).info
    assert (info.model, info.native_size_px, info.default_steps, info.default_guidance) == (
        "folder-name",
        128,
        9,
        0.0,
    )


def test_denoiser_without_a_plain_size_counts_as_512(engine_of: Any) -> None:
    pipe = FakePipe()
    pipe.unet.config.sample_size = [8, 8]
    assert engine_of(pipe).info.native_size_px == 512


def test_pipeline_gets_only_arguments_that_it_has(engine_of: Any) -> None:
    pipe = FakePipe()
    picture = draw(engine_of(pipe), negative_prompt="rain", guidance=4.0, width_px=256, height_px=128)
    assert pipe.calls == [{"prompt": "a boat", "size": (176, 96), "steps": 9, "noise": ("cpu", 5)}]
    assert (picture.width_px, picture.height_px, picture.seed, picture.steps) == (256, 128, 5, 9)


def test_pipeline_without_callback_is_cancelled_at_its_end(engine_of: Any) -> None:
    with pytest.raises(CancelledError):
        draw(engine_of(FakePipe()), cancel=True)


def test_filter_of_the_model_holds_the_picture_back(engine_of: Any) -> None:
    with pytest.raises(GenerationFailedError, match="own filter"):
        draw(engine_of(FakePipe(flagged=True)))


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA out of memory."), MemoryError(), RuntimeError("can't allocate memory")]
)
def test_want_of_memory_is_met_with_savings_and_a_second_try(engine_of: Any, error: Exception) -> None:
    pipe = FakePipe(error)
    assert draw(engine_of(pipe)).width_px == 768
    assert (len(pipe.calls), pipe.tiled) == (2, 1)


def test_want_of_memory_in_the_second_try_is_told(engine_of: Any) -> None:
    pipe = FakePipe(MemoryError(), RuntimeError("out of memory"))
    with pytest.raises(OutOfMemoryError, match="smaller"):
        draw(engine_of(pipe))


@pytest.mark.parametrize("failures", [(RuntimeError("shape"),), (MemoryError(), RuntimeError("shape"))])
def test_other_failures_are_not_tried_again(engine_of: Any, failures: tuple[Exception, ...]) -> None:
    pipe = FakePipe(*failures)
    with pytest.raises(RuntimeError, match="shape"):
        draw(engine_of(pipe))
    assert len(pipe.calls) == len(failures)


def test_missing_libraries_are_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(diffusion.importlib, "import_module", missing)
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(ModelMissingError, match="no drawing software") as error:
        diffusion._import_offline()
    assert "pip install 'fedi[ai]'" in error.value.detail
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"


@pytest.mark.parametrize(
    ("there", "wished", "chosen"),
    [
        ({"cuda", "mps"}, "auto", ("cuda", "bfloat16")),
        ({"cuda"}, "", ("cuda", "bfloat16")),
        ({"cuda"}, "cuda:1", ("cuda:1", "bfloat16")),
        ({"cuda"}, "cpu", ("cpu", "float32")),
        ({"mps"}, "auto", ("mps", "float16")),
        (set(), "auto", ("cpu", "float32")),
    ],
)
def test_device_is_the_wished_or_the_best_there_is(
    there: set[str], wished: str, chosen: tuple[str, str]
) -> None:
    assert diffusion._device(torch_with(there), wished) == chosen


def test_older_gpu_gets_the_older_number_format() -> None:
    torch = torch_with({"cuda"})
    torch.cuda.is_bf16_supported = lambda: False
    assert diffusion._device(torch, "cuda") == ("cuda", "float16")


@pytest.mark.parametrize("wished", ["cuda", "cuda:0", "mps", "nonsense", "../cpu"])
def test_device_that_is_not_there_is_told(wished: str) -> None:
    with pytest.raises(EngineError, match="no device to draw on") as error:
        diffusion._device(torch_with(set()), wished)
    assert wished in error.value.detail


def test_one_core_is_left_to_the_server_unless_threads_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch = torch_with(set())
    diffusion._device(torch, "cpu")
    assert torch.threads == max(1, (os.cpu_count() or 1) - 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch = torch_with(set())
    diffusion._device(torch, "cpu")
    assert torch.threads == 0


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError("no file"), ModelMissingError),
        (ValueError("no pipeline"), ModelRefusedError),
        (KeyError("weights"), EngineError),
    ],
)
def test_folder_that_diffusers_cannot_load_is_told(
    tmp_path: Path, raised: Exception, told: type[EngineError]
) -> None:
    class Auto:
        @staticmethod
        def from_pretrained(*_: Any, **options: Any) -> None:
            assert options["local_files_only"]
            assert options["use_safetensors"]
            raise raised

    diffusers = types.SimpleNamespace(AutoPipelineForText2Image=Auto, P=object)
    model = ModelFolder(path=tmp_path, pipeline_class="P", sidecar=Sidecar(), digest="")
    with pytest.raises(told) as error:
        diffusion._pipeline(diffusers, model, None)
    assert type(error.value) is told
    unknown = ModelFolder(path=tmp_path, pipeline_class="Unknown", sidecar=Sidecar(), digest="")
    with pytest.raises(ModelRefusedError):
        diffusion._pipeline(diffusers, unknown, None)


def test_unsafe_folder_is_refused_before_torch_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> None:
        raise AssertionError("imported")

    monkeypatch.setattr(diffusion, "_import_offline", never)
    (tmp_path / "model_index.json").write_text("{}")
    (tmp_path / "evil.py").write_text("")
    with pytest.raises(ModelRefusedError):
        diffusion.load(str(tmp_path))


# Slow: the real libraries.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights, made by another process."""
    import_or_skip("ai", "diffusers")
    target = tmp_path_factory.mktemp("random") / "model"
    subprocess.run([sys.executable, str(SCRIPT), str(target)], check=True, capture_output=True, timeout=110)
    return target


@pytest.fixture
async def host(folder: Path) -> AsyncIterator[EngineHost]:
    async with EngineHost(folder=folder) as host:
        yield host


@pytest.mark.slow
async def test_real_pipeline_draws_the_same_files_from_the_same_request(host: EngineHost) -> None:
    steps: list[tuple[int, int]] = []
    request = ImageRequest(prompt="a red boat and a dragon", seed=7)
    first = await pipeline.draw(host, request, lambda done, of: steps.append((done, of)))
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert (first.image.width_px, first.image.height_px) == (768, 768)
    assert first.unknown_words == ("and", "dragon")
    assert set(first.provenance.versions) == {"torch", "diffusers", "transformers"}
    assert read_marks(first.image.data).ai_system == "fedi, random test model"
    info = host.info
    assert info is not None
    assert (info.revision, info.licence, info.native_size_px, info.words_known) == ("r1", "CC0-1.0", 64, 3)
    assert first.provenance.model_digest == info.model_digest
    again = await pipeline.draw(host, request)
    assert again.image.sha256 == first.image.sha256
    await host.close()
    async with EngineHost(folder=Path(os.fspath(host._slot._plan.arguments[-1]))) as restarted:
        assert (await pipeline.draw(restarted, request)).image.sha256 == first.image.sha256
        other = await pipeline.draw(restarted, ImageRequest(prompt="a red boat and a dragon", seed=8))
        assert other.image.sha256 != first.image.sha256
        wide = ImageRequest(prompt="a red boat", seed=7, width_px=200, height_px=100, guidance=1.0, steps=2)
        assert (await pipeline.draw(restarted, wide)).image.width_px == 200


@pytest.mark.slow
async def test_real_pipeline_stops_between_steps(host: EngineHost) -> None:
    steps: list[int] = []
    task: asyncio.Task[Any]

    def on_step(done: int, _of: int) -> None:
        steps.append(done)
        if done == 2:
            task.cancel()

    task = asyncio.create_task(host.generate(ImageRequest(prompt="a", seed=1, steps=100), on_step))
    with pytest.raises(asyncio.CancelledError):
        await task
    pid = host.pid
    assert (await host.generate(ImageRequest(prompt="a", seed=1, steps=1))).steps == 1
    assert host.pid == pid
    assert steps[:3] == [0, 1, 2]
    assert len(steps) < 10, "the word to stop crosses a step or two that are on their way"


@pytest.mark.slow
async def test_incomplete_folder_is_told_apart_from_an_unsafe_one(folder: Path, tmp_path: Path) -> None:
    incomplete = tmp_path / "incomplete"
    shutil.copytree(folder, incomplete)
    (incomplete / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    async with EngineHost(folder=incomplete) as host:
        with pytest.raises(ModelMissingError, match="not complete"):
            await host.warm()


@pytest.mark.slow
async def test_class_that_does_not_draw_from_words_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    index = json.loads((other / "model_index.json").read_text())
    (other / "model_index.json").write_text(json.dumps({**index, "_class_name": "DDPMPipeline"}))
    async with EngineHost(folder=other) as host:
        with pytest.raises(ModelRefusedError, match="does not draw from words"):
            await host.warm()
