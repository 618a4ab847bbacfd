import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from media.engines.folder import Sidecar, open_folder
from media.errors import EngineError, ModelMissingError, ModelRefusedError

INDEX: dict[str, Any] = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "safety_checker": [None, None],
    "requires_safety_checker": False,
}
SIDECAR = {
    "name": "Tiny",
    "revision": "1",
    "licence": "CC0-1.0",
    "native_size_px": 256,
    "default_steps": 12,
    "default_guidance": 3,
    "vocabulary": ["Red", "boat"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing wrong."""
    path = tmp_path / "model"
    (path / "unet").mkdir(parents=True)
    (path / "model_index.json").write_text(json.dumps(INDEX))
    (path / "unet" / "config.json").write_text('{"sample_size": 8}')
    (path / "unet" / "weights.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    return path


def index(folder: Path, **changes: Any) -> None:
    (folder / "model_index.json").write_text(json.dumps({**INDEX, **changes}))


def test_sound_folder_is_opened(folder: Path) -> None:
    model = open_folder(str(folder))
    assert (model.path, model.pipeline_class) == (folder, "StableDiffusionPipeline")
    assert model.sidecar == Sidecar()


@pytest.mark.parametrize("path", [None, "", "relative/model", "stabilityai/sd-turbo", "/no/such/folder"])
def test_what_is_no_absolute_folder_is_missing(path: str | None) -> None:
    with pytest.raises(ModelMissingError):
        open_folder(path)


def test_relative_path_of_a_folder_that_exists_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ModelMissingError, match="not installed"):
        open_folder("model")


def test_folder_without_index_is_missing(folder: Path) -> None:
    (folder / "model_index.json").unlink()
    with pytest.raises(ModelMissingError):
        open_folder(str(folder))


@pytest.mark.parametrize(
    "name",
    [
        "pipeline.py",
        "unet/evil.py",
        "unet/w.bin",
        "x.ckpt",
        "x.pt",
        "x.pth",
        "x.pkl",
        "X.PICKLE",
        "x.msgpack",
        "x.so",
    ],
)
def test_folder_with_code_or_pickles_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelRefusedError, match="not safe to load") as error:
        open_folder(str(folder))
    assert name in error.value.detail
    assert name not in error.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"_class_name": None},
        {"_class_name": ["pipeline", "Evil"]},
        {"_class_name": "os.system"},
        {"unet": ["evil_module", "Class"]},
        {"unet": ["os", "system"]},
        {"unet": ["diffusers", "models.Evil"]},
        {"unet": ["diffusers"]},
        {"unet": ["diffusers", None]},
        {"unet": [None, "Class"]},
        {"unet": ["diffusers", "UNet2DConditionModel", "extra"]},
        {"unet": {"library": "evil"}},
        {"unet": [["diffusers"], "UNet"]},
    ],
)
def test_index_that_names_other_classes_is_refused(folder: Path, changes: dict) -> None:
    index(folder, **changes)
    with pytest.raises(ModelRefusedError):
        open_folder(str(folder))


def test_old_safety_checker_of_diffusers_is_taken(folder: Path) -> None:
    index(folder, safety_checker=["stable_diffusion", "StableDiffusionSafetyChecker"])
    assert open_folder(str(folder)).pipeline_class == "StableDiffusionPipeline"


@pytest.mark.parametrize("text", ["", "not json", "[]", '"text"', "[" * 100_000, "\xff"])
def test_index_that_is_no_object_is_refused(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelRefusedError):
        open_folder(str(folder))


def test_enormous_index_is_refused(folder: Path) -> None:
    (folder / "model_index.json").write_text(json.dumps({**INDEX, "x": "y" * 2**21}))
    with pytest.raises(ModelRefusedError):
        open_folder(str(folder))


def test_component_that_brings_its_own_code_is_refused(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text('{"auto_map": {"AutoModel": "modeling.Evil"}}')
    with pytest.raises(ModelRefusedError) as error:
        open_folder(str(folder))
    assert "auto_map" in error.value.detail


@pytest.mark.parametrize("header", [b"", b"\0" * 8, struct.pack("<Q", 2**40), struct.pack("<Q", 11) + b"{}"])
def test_weights_with_an_absurd_header_are_refused(folder: Path, header: bytes) -> None:
    (folder / "unet" / "weights.safetensors").write_bytes(header)
    with pytest.raises(ModelRefusedError):
        open_folder(str(folder))


def test_digest_is_over_the_files_that_draw(folder: Path) -> None:
    lines = b""
    for name in ("model_index.json", "unet/config.json", "unet/weights.safetensors"):
        lines += f"{name}\0{hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n".encode()
    digest = open_folder(str(folder)).digest
    assert digest == "sha256:" + hashlib.sha256(lines).hexdigest()
    (folder / "README.md").write_text("new")
    (folder / "fedi.json").write_text(json.dumps(SIDECAR))
    assert open_folder(str(folder)).digest == digest
    (folder / "unet" / "config.json").write_text("{}")
    assert open_folder(str(folder)).digest != digest


def test_sidecar_is_read(folder: Path) -> None:
    (folder / "fedi.json").write_text(json.dumps(SIDECAR))
    assert open_folder(str(folder)).sidecar == Sidecar(
        name="Tiny",
        revision="1",
        licence="CC0-1.0",
        native_size_px=256,
        default_steps=12,
        default_guidance=3.0,
        vocabulary=frozenset({"red", "boat"}),
    )


def test_wrong_values_of_the_sidecar_count_as_not_said(folder: Path) -> None:
    wrong = {
        "name": 1,
        "native_size_px": "256",
        "default_steps": -1,
        "default_guidance": "3",
        "vocabulary": "red",
    }
    (folder / "fedi.json").write_text(json.dumps(wrong))
    assert open_folder(str(folder)).sidecar == Sidecar()


def test_sidecar_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / "fedi.json").write_text("{")
    with pytest.raises(EngineError):
        open_folder(str(folder))
