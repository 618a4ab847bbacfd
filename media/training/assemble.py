"""Write the pipeline folder: stock diffusers and transformers classes, fp16 safetensors, no code.

Whatever loads this folder loads any other model folder, because nothing in it is special: a
StableDiffusionPipeline whose parts happen to be tiny. ``fedi.json`` beside it says what diffusers has
no field for: the licence, the native size, good defaults, and the words that the model has seen.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from transformers import CLIPTokenizer

from media.training import autoencoder, denoiser
from media.training.captions import vocabulary
from media.training.scenes import NATIVE_PX

NAME = "fedi tiny"
LICENCE = "CC0-1.0"
DEFAULT_STEPS = 12
DEFAULT_GUIDANCE = 5.0
SIDECAR = "fedi.json"
# Agreed for the repository: a clone must stay small, and the wheel carries this folder.
FOLDER_BYTES_MAX = 12_000_000
MAX_SHARD = "1GB"
# safetensors writes files for their owner only; a server under another account must read them.
WEIGHT_MODE = 0o644


def load_parts(run: Path) -> dict[str, Any]:
    """Build codec, averaged denoiser and averaged text encoder from the checkpoints in ``run``."""
    tokenizer = CLIPTokenizer.from_pretrained(run / "tokenizer")
    codec = autoencoder.build()
    codec.load_state_dict(torch.load(run / autoencoder.CHECKPOINT, weights_only=True)["model"])
    # The denoiser was trained on the frozen encoder's latents; nothing else may be shipped with it.
    codec.encoder.load_state_dict(torch.load(run / autoencoder.FROZEN, weights_only=True))
    unet, text_encoder = denoiser.build_unet(), denoiser.build_text_encoder(tokenizer)
    averages = torch.load(run / denoiser.CHECKPOINT, weights_only=True)["averages"]
    unet.load_state_dict(averages["unet"])
    text_encoder.load_state_dict(averages["text_encoder"])
    return {"vae": codec, "unet": unet, "text_encoder": text_encoder, "tokenizer": tokenizer}


def scheduler() -> Any:
    """Make the sampler that fits rectified flow and the Stable Diffusion pipeline at once.

    FlowMatchEulerDiscreteScheduler does not: it lacks ``scale_model_input`` and ``init_noise_sigma``.
    """
    return DPMSolverMultistepScheduler(
        num_train_timesteps=denoiser.TRAIN_TIMESTEPS,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=1.0,
        steps_offset=1,
    )


def pipeline(parts: dict[str, Any]) -> Any:
    """Join the parts into a StableDiffusionPipeline without a safety checker.

    The checker is a 1.2 GB classifier for photographs; this model cannot draw what it looks for.
    """
    return StableDiffusionPipeline(
        **parts,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def assemble(run: Path, target: Path) -> int:
    """Write the folder ``target`` from the checkpoints in ``run`` and return its size in bytes.

    Raises:
        ValueError: when the folder is larger than ``FOLDER_BYTES_MAX``.
    """
    pipe = pipeline(load_parts(run)).to(torch.float16)
    pipe.vae.to(memory_format=torch.contiguous_format)
    pipe.save_pretrained(target, safe_serialization=True, max_shard_size=MAX_SHARD)
    # diffusers loads its parts as float32 unless told otherwise, transformers as the type that is written
    # here; a pipeline of both types fails in its first step.
    _mend(target / "text_encoder" / "config.json", dtype="float32")
    # AutoencoderTiny computes this one itself, and complains when it finds what it has written.
    _mend(target / "vae" / "config.json", drop="block_out_channels")
    (target / SIDECAR).write_text(
        json.dumps(sidecar(revision(target)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    for path in target.rglob("*.safetensors"):
        path.chmod(WEIGHT_MODE)
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    if size > FOLDER_BYTES_MAX:
        raise ValueError(f"{target} has {size} bytes, more than {FOLDER_BYTES_MAX}")
    return size


def _mend(path: Path, *, drop: str = "", **values: str) -> None:
    """Change a configuration file that a library has written."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config.pop(drop, None)
    path.write_text(json.dumps(config | values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def revision(target: Path) -> str:
    """Name the weights: the first 12 hex digits of the SHA-256 over all weight files, in path order."""
    digest = hashlib.sha256()
    for path in sorted(target.rglob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def sidecar(weights: str) -> dict[str, object]:
    """Describe the model for the server."""
    return {
        "name": NAME,
        "revision": weights,
        "licence": LICENCE,
        "native_size_px": NATIVE_PX,
        "default_steps": DEFAULT_STEPS,
        "default_guidance": DEFAULT_GUIDANCE,
        "vocabulary": vocabulary(),
    }
