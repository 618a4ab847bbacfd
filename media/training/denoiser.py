"""Train the denoiser and the text encoder together, on the latents of the pool.

Rectified flow: a latent x0 and noise n are mixed as (1 - s) x0 + s n, and the UNet predicts n - x0;
that is diffusers' ``flow_prediction``, for which DPMSolverMultistepScheduler needs few steps. The mean
of the text joins the time embedding (``addition_embed_type="text"``), which makes a small model obey
its caption early. One caption in ten is empty, so that guidance has something to move away from.
"""

import random
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from rich.progress import track
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from media.training import autoencoder
from media.training.captions import caption
from media.training.pool import open_pool, pool_scenes
from media.training.progress import log_line, training_bar
from media.training.scenes import NATIVE_PX, Scene
from media.training.tokenizer import LENGTH_MAX

CHECKPOINT = "denoiser.pt"
LATENTS = "latents.npy"
POOL_SEED_FILE = "pool.seed"
TEXT_WIDTH = 128
TRAIN_TIMESTEPS = 1000
SAVE_EVERY = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast the denoiser is trained. The defaults are those of the shipped weights."""

    steps: int = 4500
    batch: int = 32
    rate: float = 1.5e-3
    warmup: int = 150
    empty_share: float = 0.1
    ema: float = 0.998
    seed: int = 2
    threads: int = 1


def build_unet() -> Any:
    """Make an untrained UNet for latents of 16 x 16."""
    return UNet2DConditionModel(
        sample_size=NATIVE_PX // autoencoder.FACTOR,
        in_channels=autoencoder.LATENT_CHANNELS,
        out_channels=autoencoder.LATENT_CHANNELS,
        block_out_channels=(64, 96, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def build_text_encoder(tokenizer: Any) -> Any:
    """Make an untrained text encoder for this vocabulary."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=LENGTH_MAX,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def encode_pool(folder: Path, *, threads: int) -> Path:
    """Encode the whole pool with the frozen encoder, once: ``(n, 4, 16, 16) float16``."""
    path = folder / LATENTS
    if path.exists():
        return path
    torch.set_num_threads(threads)
    model = autoencoder.build()
    model.encoder.load_state_dict(torch.load(folder / autoencoder.FROZEN, weights_only=True))
    pool, side = open_pool(folder), NATIVE_PX // autoencoder.FACTOR
    latents = np.empty((len(pool), autoencoder.LATENT_CHANNELS, side, side), np.float16)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in track(range(0, len(pool), 64), description="encoding"):
            batch = autoencoder.as_tensor(pool[start : start + 64]).contiguous(
                memory_format=torch.channels_last
            )
            latents[start : start + 64] = model.encoder(batch).float().numpy()
    np.save(path, latents)
    return path


def tokens_of(tokenizer: Any, texts: list[str]) -> Any:
    """Tokenize as the Stable Diffusion pipeline does: padded and cut to the full length."""
    return tokenizer(
        texts, padding="max_length", truncation=True, max_length=LENGTH_MAX, return_tensors="pt"
    ).input_ids


class _Model:
    """UNet and text encoder with their averaged twins."""

    __slots__ = ("averages", "parts")

    def __init__(self, tokenizer: Any) -> None:
        self.parts = {"unet": build_unet(), "text_encoder": build_text_encoder(tokenizer)}
        self.averages = {name: deepcopy(part).requires_grad_(False) for name, part in self.parts.items()}

    def parameters(self) -> list[Any]:
        return [p for part in self.parts.values() for p in part.parameters()]

    def average(self, keep: float) -> None:
        with torch.no_grad():
            for name, part in self.parts.items():
                pairs = zip(self.averages[name].parameters(), part.parameters(), strict=True)
                for slow, fast in pairs:
                    slow.lerp_(fast, 1 - keep)

    def state(self) -> dict[str, Any]:
        return {
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "averages": {name: part.state_dict() for name, part in self.averages.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
            self.averages[name].load_state_dict(state["averages"][name])


def train(folder: Path, plan: Plan) -> Path:
    """Train or go on training the denoiser in ``folder``; return the checkpoint's path."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    latents = np.load(folder / LATENTS, mmap_mode="r")
    scenes = pool_scenes(count=len(latents), seed=pool_seed(folder))
    model = _Model(tokenizer)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01)
    path, first = folder / CHECKPOINT, 0
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load(state)
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
    recent: list[float] = []
    with training_bar("denoiser", plan.steps, first) as advance:
        for step in range(first, plan.steps):
            for group in optimiser.param_groups:
                group["lr"] = autoencoder.rate_at(step, steps=plan.steps, warmup=plan.warmup, rate=plan.rate)
            loss = _loss(model, tokenizer, _batch(latents, scenes, plan, step))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            model.average(min(plan.ema, (step + 1) / (step + 10)))
            recent.append(loss.item())
            advance(recent[-1])
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == plan.steps:
                autoencoder.save_atomically(
                    path, {"step": step + 1, "optimiser": optimiser.state_dict(), **model.state()}
                )
                log_line(folder / "denoiser.log", step=step + 1, loss=sum(recent) / len(recent))
                recent.clear()
    return path


def _batch(latents: Any, scenes: list[Scene], plan: Plan, step: int) -> tuple[Any, Any, Any, list[str]]:
    """Return latents, noise, noise levels and captions of one step, from seed and step only."""
    rng = np.random.default_rng((plan.seed, step))
    words = random.Random(f"{plan.seed}/{step}")
    chosen = rng.integers(0, len(latents), plan.batch)
    x0 = torch.from_numpy(latents[np.sort(chosen)].astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(x0.shape, dtype=np.float32))
    # Logit-normal: most steps are spent where neither the noise nor the picture is obvious.
    level = 1 / (1 + np.exp(-rng.standard_normal(plan.batch).astype(np.float32)))
    texts = [
        "" if words.random() < plan.empty_share else caption(scenes[index], words)
        for index in np.sort(chosen)
    ]
    return x0, noise, torch.from_numpy(level), texts


def _loss(model: _Model, tokenizer: Any, batch: tuple[Any, Any, Any, list[str]]) -> Any:
    x0, noise, level, texts = batch
    s = level.view(-1, 1, 1, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        words = model.parts["text_encoder"](tokens_of(tokenizer, texts))[0]
        out = model.parts["unet"]((1 - s) * x0 + s * noise, level * TRAIN_TIMESTEPS, words).sample
    return (out.float() - (noise - x0)).pow(2).mean()


def note_pool_seed(folder: Path, seed: int) -> None:
    """Write down the seed of the pool, from which its scenes and so its captions follow."""
    (folder / POOL_SEED_FILE).write_text(f"{seed}\n", encoding="utf-8")


def pool_seed(folder: Path) -> int:
    """Read back the seed that the pool in ``folder`` was painted with."""
    return int((folder / POOL_SEED_FILE).read_text(encoding="utf-8"))
