"""Draw with any diffusers text-to-image folder on this machine.

The folder that ships with the server and one of 30 GB go through the same lines: diffusers'
AutoPipeline finds the class, and this module adds what a server needs around it. It never
asks the network for anything, gives a sign of life after each step, stops when told, and
draws the same picture again from the same request.

A model is at its best at the area it was trained on. Larger pictures are therefore drawn at
that area in the asked aspect and enlarged; small models would otherwise repeat the scene in
tiles.

Sources: diffusers 0.42 (AutoPipelineForText2Image, callback_on_step_end, `_interrupt`);
huggingface/diffusers pull request 7030 for `_interrupt`.
"""

import gc
import importlib
import inspect
import math
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from PIL import Image, ImageOps

from media.engine import Cancelled, EngineInfo, OnStep, Picture
from media.engines.folder import ModelFolder, open_folder
from media.errors import (
    CancelledError,
    EngineError,
    GenerationFailedError,
    ModelMissingError,
    ModelRefusedError,
    OutOfMemoryError,
)
from media.request import ImageRequest

__all__ = ["DiffusionEngine", "drawn_size", "finished_size", "load", "unknown_words"]

# pixels a side that a picture without a wished size has at least; a small model's is enlarged
PICTURE_SIDE_PX_MIN = 768
# pixels; both sides of a drawing are a multiple: 8 of the autoencoder times 2 of the patches
SIDE_MULTIPLE_PX = 16
# environment variable that names the device; `media.host.EngineHost` is given it by the server
DEVICE_VARIABLE: Final = "FEDI_DEVICE"
# words named to the author at most
UNKNOWN_WORDS_MAX = 20

# Set before diffusers is imported, which reads them once. A missing file must be an error and
# never a download: the name of a folder is nobody's business on the network.
_OFFLINE: Final[Mapping[str, str]] = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}
_VERSIONED: Final = ("torch", "diffusers", "transformers")


def load(folder: str | None) -> "DiffusionEngine":
    """Load a model folder onto the device that `DEVICE_VARIABLE` names, or the best there is.

    Args:
        folder: absolute path of a diffusers folder with safetensors weights.

    Raises:
        ModelMissingError: the folder or a part of it is missing, or the extra `ai` is not installed.
        ModelRefusedError: the folder could run code, or is no text-to-image pipeline.
        EngineError: the device is not there, or the weights do not fit.
    """
    # 1. look at every file, before anything that could run one is imported
    model = open_folder(folder)
    # 2. libraries, told to stay offline
    torch, diffusers = _import_offline()
    # 3. weights, in the number format of the device
    device, dtype = _device(torch, os.environ.get(DEVICE_VARIABLE, "auto"))
    pipe = _pipeline(diffusers, model, dtype)
    # 4. onto the device
    pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    return DiffusionEngine(torch, pipe, model)


class DiffusionEngine:
    """A loaded pipeline. One job at a time: its scheduler keeps the state of the job.

    Args:
        torch: the module.
        pipe: a diffusers text-to-image pipeline on its device.
        model: the folder that it came from.
    """

    def __init__(self, torch: Any, pipe: Any, model: ModelFolder) -> None:
        self._torch = torch
        self._pipe = pipe
        self._sidecar = model.sidecar
        self._parameters = inspect.signature(pipe.__call__).parameters
        self._versions = {name: importlib.import_module(name).__version__ for name in _VERSIONED}
        default_guidance = self._sidecar.default_guidance
        if default_guidance is None:
            default_guidance = float(self._default("guidance_scale", 0.0))
        self.info = EngineInfo(
            model=self._sidecar.name or model.path.name,
            model_digest=model.digest,
            revision=self._sidecar.revision,
            licence=self._sidecar.licence,
            native_size_px=self._sidecar.native_size_px or _native_size_px(pipe),
            default_steps=self._sidecar.default_steps or int(self._default("num_inference_steps", 20)),
            default_guidance=default_guidance,
            words_known=len(self._sidecar.vocabulary),
        )

    def generate(self, request: ImageRequest, on_step: OnStep, cancelled: Cancelled) -> Picture:
        """Draw one picture; see `media.engine.Engine.generate`."""
        # 1. what the request leaves to the model
        finished = finished_size(request.width_px, request.height_px, self.info.native_size_px)
        steps = request.steps or self.info.default_steps
        guidance = self.info.default_guidance if request.guidance is None else request.guidance
        seed = request.seed or 0
        # 2. the pipeline's arguments
        arguments = self._arguments(request, drawn_size(*finished, self.info.native_size_px), steps, guidance)
        # 3. draw
        on_step(0, steps)
        image = self._drawn(arguments, seed, steps, on_step, cancelled)
        # 4. to the asked size
        if image.size != finished:
            image = ImageOps.fit(image, finished, Image.Resampling.LANCZOS)
        return Picture(
            rgb=image.convert("RGB").tobytes(),
            width_px=image.width,
            height_px=image.height,
            model=self.info.model,
            model_digest=self.info.model_digest,
            revision=self.info.revision,
            seed=seed,
            steps=steps,
            guidance=guidance,
            versions=self._versions,
            unknown_words=unknown_words(request.prompt, self._sidecar.vocabulary),
        )

    def _default(self, parameter: str, otherwise: float) -> float:
        """Return the pipeline's own default of a number, where it has one."""
        known = self._parameters.get(parameter)
        return known.default if known and isinstance(known.default, int | float) else otherwise

    def _arguments(
        self, request: ImageRequest, size: tuple[int, int], steps: int, guidance: float
    ) -> dict[str, Any]:
        """Return the arguments of the call, without those that this pipeline does not have."""
        width_px, height_px = size
        wished = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "width": width_px,
            "height": height_px,
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "output_type": "pil",
        }
        return {name: value for name, value in wished.items() if name in self._parameters}

    def _drawn(
        self, arguments: Mapping[str, Any], seed: int, steps: int, on_step: OnStep, cancelled: Cancelled
    ) -> Image.Image:
        """Call the pipeline; when memory runs out, once more with every saving that it offers."""
        try:
            return self._called(arguments, seed, steps, on_step, cancelled)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
        self._save_memory()
        try:
            return self._called(arguments, seed, steps, on_step, cancelled)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            self._save_memory()
            raise OutOfMemoryError(detail=str(error)) from error

    def _called(
        self, arguments: Mapping[str, Any], seed: int, steps: int, on_step: OnStep, cancelled: Cancelled
    ) -> Image.Image:
        """Call the pipeline once."""

        def after_step(pipe: Any, index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
            if cancelled():
                # the loop skips what is left; pipelines without this flag are killed by the host
                pipe._interrupt = True  # noqa: SLF001 (diffusers' documented way to stop a pipeline)
            on_step(min(index + 1, steps), steps)
            return {}

        watched = {"callback_on_step_end": after_step} if "callback_on_step_end" in self._parameters else {}
        # on the CPU, so that the same seed gives the same noise whatever the device
        generator = self._torch.Generator("cpu").manual_seed(seed)
        output = self._pipe(**arguments, **watched, generator=generator)
        if cancelled():
            raise CancelledError
        if any(getattr(output, "nsfw_content_detected", None) or ()):
            raise GenerationFailedError(
                "The model's own filter held this picture back; please use other words."
            )
        image = output.images[0]
        assert isinstance(image, Image.Image)
        return image

    def _save_memory(self) -> None:
        """Give back what is cached, and decode and attend in slices from now on."""
        gc.collect()
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()
        vae = getattr(self._pipe, "vae", None)
        for part, saving in ((vae, "enable_tiling"), (vae, "enable_slicing")):
            if hasattr(part, saving):
                getattr(part, saving)()


def finished_size(width_px: int | None, height_px: int | None, native_size_px: int) -> tuple[int, int]:
    """Return the size that a picture will have: as wished, or the native square enlarged in whole steps."""
    if width_px is not None and height_px is not None:
        return width_px, height_px
    side_px = native_size_px * math.ceil(PICTURE_SIDE_PX_MIN / native_size_px)
    return side_px, side_px


def drawn_size(width_px: int, height_px: int, native_size_px: int) -> tuple[int, int]:
    """Return the size at which to draw: the asked aspect at no more than the native area."""
    scale = min(1.0, native_size_px / math.sqrt(width_px * height_px))
    return _multiple(width_px * scale), _multiple(height_px * scale)


def unknown_words(prompt: str, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """Return the words of `prompt` that a closed vocabulary does not hold, each once, in order."""
    if not vocabulary:
        return ()
    words = dict.fromkeys(re.findall(r"[^\W\d_]+", prompt.lower()))
    return tuple(word for word in words if word not in vocabulary)[:UNKNOWN_WORDS_MAX]


def _multiple(side_px: float) -> int:
    """Round a side to what autoencoders divide evenly."""
    return max(1, round(side_px / SIDE_MULTIPLE_PX)) * SIDE_MULTIPLE_PX


def _import_offline() -> tuple[Any, Any]:
    """Import torch and diffusers so that they never reach for the network."""
    os.environ.update(_OFFLINE)
    try:
        return importlib.import_module("torch"), importlib.import_module("diffusers")
    except ModuleNotFoundError as error:
        raise ModelMissingError(
            "This server has no drawing software installed.",
            detail=f"{error}; install the extra `ai`: pip install 'fedi[ai]'",
        ) from error


def _device(torch: Any, wished: str) -> tuple[str, Any]:
    """Return the device to draw on, and its number format.

    Args:
        torch: the module.
        wished: as torch names devices, such as `cuda:1`; `auto` or empty is the best there is.

    Raises:
        EngineError: the wished device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    best = next(kind for kind, there in available.items() if there)
    device = best if wished in ("", "auto") else wished
    kind = device.partition(":")[0]
    if not available.get(kind):
        raise EngineError("This server has no device to draw on.", detail=f"{wished!r} is not available")
    if kind == "cuda":
        return device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if kind == "mps":
        return device, torch.float16
    if "OMP_NUM_THREADS" not in os.environ:
        # one core stays with the server; a thread that waits for its turn holds up all the others
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    return device, torch.float32


def _pipeline(diffusers: Any, model: ModelFolder, dtype: Any) -> Any:
    """Build the pipeline from files only."""
    if not hasattr(diffusers, model.pipeline_class):
        raise ModelRefusedError(detail=f"{model.pipeline_class} is not a class of this diffusers")
    try:
        return diffusers.AutoPipelineForText2Image.from_pretrained(
            str(model.path), dtype=dtype, local_files_only=True, use_safetensors=True
        )
    except OSError as error:
        raise ModelMissingError(
            "The image model on this server is not complete.", detail=str(error)
        ) from error
    except ValueError as error:
        raise ModelRefusedError(
            "The image model on this server does not draw from words.", detail=str(error)
        ) from error
    except Exception as error:
        # weights of the wrong shape or a cut-off file: each library has exceptions of its own
        raise EngineError("The image model could not be loaded.", detail=repr(error)) from error


def _native_size_px(pipe: Any) -> int:
    """Return the side that the denoiser was trained on, as its configuration tells, or 512."""
    for part in ("unet", "transformer"):
        config = getattr(getattr(pipe, part, None), "config", None)
        size = getattr(config, "sample_size", None)
        if isinstance(size, int) and size > 0:
            return size * int(getattr(pipe, "vae_scale_factor", 8))
    return 512


def _is_out_of_memory(error: BaseException) -> bool:
    """Say whether a failure is for want of memory; torch has a class for it on CUDA only."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text
