"""The shipped pipeline folder, loaded as any folder is. Named as `media/models` is, where no code lives."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import media
from media.training.captions import vocabulary
from tests.require import import_or_skip

FOLDER = Path(media.__file__).resolve().parent / "models" / "tiny"
BYTES_MAX = 12_000_000
# torch, diffusers and transformers warn about themselves; their warnings are not about this project.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_folder_is_small_and_holds_no_code_and_no_pickle() -> None:
    files = [f for f in FOLDER.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= BYTES_MAX
    assert {f.suffix for f in files} == {".json", ".safetensors", ".md"}


def test_every_file_may_be_read_by_another_account() -> None:
    assert all(f.stat().st_mode & 0o044 == 0o044 for f in FOLDER.rglob("*") if f.is_file())


def test_the_folder_names_stock_classes_and_no_safety_checker() -> None:
    index = json.loads((FOLDER / "model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert index["safety_checker"] == [None, None]
    assert index["requires_safety_checker"] is False
    parts = {name: tuple(value) for name, value in index.items() if isinstance(value, list) and value[0]}
    assert parts == {
        "scheduler": ("diffusers", "DPMSolverMultistepScheduler"),
        "text_encoder": ("transformers", "CLIPTextModel"),
        "tokenizer": ("transformers", "CLIPTokenizer"),
        "unet": ("diffusers", "UNet2DConditionModel"),
        "vae": ("diffusers", "AutoencoderTiny"),
    }


def test_the_sidecar_says_what_the_server_needs() -> None:
    sidecar = json.loads((FOLDER / "fedi.json").read_text(encoding="utf-8"))
    assert sidecar["licence"] == "CC0-1.0"
    assert sidecar["native_size_px"] == 128
    assert sidecar["default_steps"] > 0
    assert sidecar["vocabulary"] == vocabulary()


@pytest.fixture(scope="module")
def diffusers() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        module = import_or_skip("ai", "diffusers")
        torch = import_or_skip("ai", "torch")
        threads = torch.get_num_threads()
        # One thread: the order of additions, and with it the last bit, depends on their number.
        torch.set_num_threads(1)
        yield module
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def pipe(diffusers: Any) -> Any:
    return load(diffusers.AutoPipelineForText2Image)


def load(kind: Any) -> Any:
    pipe = kind.from_pretrained(str(FOLDER), local_files_only=True, use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def picture(pipe: Any, prompt: str, seed: int, **values: Any) -> np.ndarray:
    torch = import_or_skip("ai", "torch")
    generator = torch.Generator("cpu").manual_seed(seed)
    image = pipe(
        prompt=prompt, generator=generator, num_inference_steps=8, guidance_scale=3.0, **values
    ).images[0]
    return np.asarray(image).astype(int)


@pytest.mark.slow
def test_the_same_seed_draws_the_same_pixels(pipe: Any) -> None:
    first, again = (picture(pipe, "a red boat at sunset", 1) for _ in range(2))
    assert first.shape == (128, 128, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, picture(pipe, "a red boat at sunset", 2))


@pytest.mark.slow
def test_a_sunset_is_warmer_and_lighter_than_a_night(pipe: Any) -> None:
    sunset = picture(pipe, "sunset over the sea", 1)
    night = picture(pipe, "night sky over the city", 1)
    warmth = [(p[:64, :, 0] - p[:64, :, 2]).mean() for p in (sunset, night)]
    assert warmth[0] > warmth[1] + 40
    assert sunset.mean() > night.mean() + 30


@pytest.mark.slow
def test_the_folder_loads_for_image_to_image_and_inpainting(diffusers: Any) -> None:
    start = Image.new("RGB", (128, 128), (200, 120, 60))
    changed = picture(load(diffusers.AutoPipelineForImage2Image), "the sea", 1, image=start, strength=0.8)
    assert changed.shape == (128, 128, 3)
    assert changed.std() > 10
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 0, 64, 128))
    filled = picture(
        load(diffusers.AutoPipelineForInpainting),
        "night",
        1,
        image=start,
        mask_image=mask,
        width=128,
        height=128,
    )
    kept = np.abs(filled[:, 80:] - np.array((200, 120, 60))).mean()
    assert kept < np.abs(filled[:, :48] - np.array((200, 120, 60))).mean()
