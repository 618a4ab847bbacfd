"""Read a diffusers model folder without importing diffusers, and refuse what could run code.

A model is somebody else's download. Pickled weights and Python files run as the server's
user when they are loaded, and a folder name that does not exist is taken for the name of a
model on the network; both have been holes in practice. So every file and every class name
is looked at here, before torch is even imported.

Sources: CVE-2026-44513, CVE-2026-5241, CVE-2024-3568, CVE-2025-14924 (code from model
folders); safetensors format: 8 bytes of header length.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from media.errors import ModelMissingError, ModelRefusedError

__all__ = ["ModelFolder", "Sidecar", "digest_of", "open_folder", "read_sidecar"]

# files that hold or name code; diffusers would load the weights among them if no other were there
_CODE_SUFFIXES: Final = (
    # code, then archives that importers look into, then formats that unpickle
    *(".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh"),
    *(".zip", ".tar", ".gz", ".whl", ".keras"),
    *(".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5", ".msgpack"),
)
# files that decide what is drawn; the digest is over these, so that a new README changes nothing
_MODEL_SUFFIXES: Final = frozenset((".json", ".safetensors", ".txt", ".model"))
SIDECAR_NAME: Final = "fedi.json"
INDEX_NAME: Final = "model_index.json"
# where a component's class may come from; the last is diffusers' own module for one old checker
_LIBRARIES: Final = frozenset(("diffusers", "transformers"))
_OLD_CHECKER: Final = ["stable_diffusion", "StableDiffusionSafetyChecker"]
# bytes of a JSON file that we parse; tokenizers have up to 20 MB, indexes a few kB
_JSON_BYTES_MAX = 1024 * 1024
# bytes of a safetensors header; the format's own reader stops at 100 MB
_SAFETENSORS_HEADER_BYTES_MAX = 100 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What `fedi.json` in the folder says beyond what diffusers knows; every field may be missing.

    Attributes:
        name: of the model, for people.
        revision: as its makers call it.
        licence: SPDX expression or name.
        native_size_px: side of the square that it was trained on.
        default_steps: for requests that say None.
        default_guidance: for requests that say None.
        vocabulary: every word that it knows; empty where it is open.
    """

    name: str = ""
    revision: str = ""
    licence: str = ""
    native_size_px: int = 0
    default_steps: int = 0
    default_guidance: float | None = None
    vocabulary: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder that is safe to load.

    Attributes:
        path: absolute.
        pipeline_class: name of the diffusers class.
        sidecar: what `fedi.json` says.
        digest: see `digest_of`.
    """

    path: Path
    pipeline_class: str
    sidecar: Sidecar
    digest: str


def open_folder(folder: str | None) -> ModelFolder:
    """Look at every file of a model folder.

    Args:
        folder: absolute path.

    Raises:
        ModelMissingError: no folder, not absolute, or without a readable `model_index.json`.
        ModelRefusedError: it holds code, pickled weights or classes of other libraries.
    """
    if not folder:
        raise ModelMissingError(detail="no model folder is set")
    path = Path(folder)
    if not path.is_absolute() or not path.is_dir():
        raise ModelMissingError(detail=f"{folder!r} is not the absolute path of a folder")
    if not (path / INDEX_NAME).is_file():
        raise ModelMissingError(detail=f"{folder!r} has no {INDEX_NAME}")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        _require_harmless(file)
    return ModelFolder(
        path=path,
        pipeline_class=_pipeline_class(_read_json(path / INDEX_NAME)),
        sidecar=_sidecar(path / SIDECAR_NAME),
        digest=digest_of(path, files),
    )


def read_sidecar(folder: Path) -> Sidecar:
    """Return what a model says about itself, without looking at the rest of its folder.

    Raises:
        ModelRefusedError: `fedi.json` is too large or no JSON object.
    """
    return _sidecar(folder / SIDECAR_NAME)


def digest_of(path: Path, files: list[Path]) -> str:
    """Return `sha256:…` over the files that decide what is drawn, in the order of their names.

    It is the SHA-256 of lines of the form "name, NUL, SHA-256 in hexadecimal, newline".
    """
    lines = hashlib.sha256()
    relative = sorted((file.relative_to(path).as_posix(), file) for file in files)
    for name, file in relative:
        if file.suffix in _MODEL_SUFFIXES and name != SIDECAR_NAME:
            lines.update(f"{name}\0{_sha256(file)}\n".encode())
    return f"sha256:{lines.hexdigest()}"


def _sha256(file: Path) -> str:
    """Hash one file without holding it in memory."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _require_harmless(file: Path) -> None:
    """Refuse a file that is or holds code, and weights whose header is absurd."""
    if file.suffix.lower() in _CODE_SUFFIXES:
        raise ModelRefusedError(detail=f"{file} may run code when loaded; only safetensors weights are taken")
    if file.suffix == ".safetensors":
        with file.open("rb") as opened:
            header_bytes = int.from_bytes(opened.read(8), "little")
        if not 0 < header_bytes <= min(_SAFETENSORS_HEADER_BYTES_MAX, file.stat().st_size):
            raise ModelRefusedError(detail=f"{file} announces a header of {header_bytes} bytes")
    if file.name == "config.json" and "auto_map" in _read_json(file):
        raise ModelRefusedError(detail=f"{file} names code of its own in auto_map")


def _read_json(file: Path) -> Mapping[str, Any]:
    """Read a small JSON object."""
    if file.stat().st_size > _JSON_BYTES_MAX:
        raise ModelRefusedError(detail=f"{file} is larger than {_JSON_BYTES_MAX} bytes")
    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError(detail=f"{file} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ModelRefusedError(detail=f"{file} is not a JSON object")
    return document


def _pipeline_class(index: Mapping[str, Any]) -> str:
    """Return the name of the pipeline's class when every component is of a library that we load."""
    pipeline_class = index.get("_class_name")
    if not isinstance(pipeline_class, str) or not pipeline_class.isidentifier():
        raise ModelRefusedError(detail=f"{INDEX_NAME}: _class_name is {pipeline_class!r}")
    for name, value in index.items():
        if name.startswith("_") or not isinstance(value, list | dict):
            continue
        if value not in ([None, None], _OLD_CHECKER) and not _is_known_class(value):
            raise ModelRefusedError(detail=f"{INDEX_NAME}: {name} is {value!r}")
    return pipeline_class


def _is_known_class(value: object) -> bool:
    """Say whether a component reads ["diffusers", "SomeClass"] or ["transformers", "SomeClass"]."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    library, name = value
    texts = isinstance(library, str) and isinstance(name, str)
    return texts and library in _LIBRARIES and name.isidentifier()


def _sidecar(file: Path) -> Sidecar:
    """Read `fedi.json`; what is missing or of the wrong type counts as not said."""
    if not file.is_file():
        return Sidecar()
    said = _read_json(file)
    guidance = said.get("default_guidance")
    vocabulary = said.get("vocabulary")
    return Sidecar(
        name=_text(said, "name"),
        revision=_text(said, "revision"),
        licence=_text(said, "licence"),
        native_size_px=_count(said, "native_size_px"),
        default_steps=_count(said, "default_steps"),
        default_guidance=float(guidance) if isinstance(guidance, int | float) else None,
        vocabulary=frozenset(_words(vocabulary if isinstance(vocabulary, list) else [])),
    )


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value[:200] if isinstance(value, str) else ""


def _count(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return value if type(value) is int and value > 0 else 0


def _words(vocabulary: list[Any]) -> Iterator[str]:
    """Yield the vocabulary in lower case."""
    return (word.lower() for word in vocabulary if isinstance(word, str))
