"""Train the picture codec: AutoencoderTiny, 8 times smaller per side, four latent channels.

The inpainting pipeline accepts a UNet with four input channels only, so four it is. Latents are kept
at zero mean and unit variance per channel during training (batch statistics, with a running mean as in
batch normalisation); the statistics are folded into the encoder's last convolution at the end, so the
shipped codec is a stock AutoencoderTiny with ``scaling_factor`` 1. The encoder is frozen at
``freeze_at``: from then on the denoiser can be trained while the decoder still improves.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from torch.nn import functional

from media.training.pool import open_pool
from media.training.progress import log_line, training_bar

CHECKPOINT = "autoencoder.pt"
FROZEN = "encoder_frozen.pt"
WIDTH = 32
ENCODER_BLOCKS = (0, 1, 2, 3)
DECODER_BLOCKS = (4, 4, 3, 1)
LATENT_CHANNELS = 4
FACTOR = 8
# The denoiser's output is never exact; a decoder that has seen noise of this size does not amplify it.
LATENT_NOISE = 0.06
SAVE_EVERY = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast the codec is trained. The defaults are those of the shipped weights."""

    steps: int = 9000
    freeze_at: int = 5000
    batch: int = 16
    crop_px: int = 64
    rate: float = 1.5e-3
    warmup: int = 100
    seed: int = 1
    threads: int = 1


def build() -> Any:
    """Make an untrained codec."""
    return AutoencoderTiny(
        latent_channels=LATENT_CHANNELS,
        encoder_block_out_channels=(WIDTH,) * 4,
        decoder_block_out_channels=(WIDTH,) * 4,
        num_encoder_blocks=ENCODER_BLOCKS,
        num_decoder_blocks=DECODER_BLOCKS,
        scaling_factor=1.0,
    ).to(memory_format=torch.channels_last)


def as_tensor(pictures: NDArray[np.uint8]) -> Any:
    """Turn ``(n, h, w, 3) uint8`` into ``(n, 3, h, w) float32`` in -1..1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def crops(pool: NDArray[np.uint8], plan: Plan, step: int) -> Any:
    """Cut the batch of one step; it depends on seed and step only, so a resumed run sees the same."""
    rng = np.random.default_rng((plan.seed, step))
    side, limit = plan.crop_px, pool.shape[1] - plan.crop_px
    batch = np.empty((plan.batch, side, side, 3), np.uint8)
    for i, index in enumerate(rng.integers(0, len(pool), plan.batch)):
        y, x = rng.integers(0, limit + 1, 2)
        picture = pool[index, y : y + side, x : x + side]
        batch[i] = picture[:, ::-1] if rng.random() < 0.5 else picture
    return as_tensor(batch)


def loss_of(out: Any, target: Any) -> Any:
    """Mean absolute error of pixels, of their gradients (edges) and of a 4-times smaller picture."""
    loss = (out - target).abs().mean()
    for dim in (2, 3):
        loss = loss + 0.5 * (out.diff(dim=dim) - target.diff(dim=dim)).abs().mean()
    return loss + 0.5 * (functional.avg_pool2d(out, 4) - functional.avg_pool2d(target, 4)).abs().mean()


def rate_at(step: int, *, steps: int, warmup: int, rate: float) -> float:
    """Learning rate: a linear warm-up, then a half cosine down to one hundredth."""
    if step < warmup:
        return rate * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - warmup)
    return rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def _fold(model: Any, mean: Any, std: Any) -> None:
    """Put the normalisation of the latents into the encoder's last convolution."""
    last = model.encoder.layers[-1]
    with torch.no_grad():
        last.weight.div_(std.view(-1, 1, 1, 1))
        last.bias.sub_(mean).div_(std)


def _latents(model: Any, batch: Any, stats: dict[str, Any]) -> Any:
    """Encode and normalise by the batch's own statistics, keeping a running mean of them."""
    raw = model.encoder(batch).float()
    mean, std = raw.mean((0, 2, 3)), raw.std((0, 2, 3)) + 1e-4
    for name, value in (("mean", mean), ("std", std)):
        stats[name] = stats[name].lerp(value.detach(), 0.01) if name in stats else value.detach()
    return (raw - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1)


def train(folder: Path, plan: Plan) -> Path:
    """Train or go on training the codec in ``folder``; return the checkpoint's path."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    pool = open_pool(folder)
    model = build()
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=1e-4)
    state: dict[str, Any] = {"step": 0, "stats": {}}
    path = folder / CHECKPOINT
    if path.exists():
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
    with training_bar("autoencoder", plan.steps, state["step"]) as advance:
        for step in range(state["step"], plan.steps):
            if step == plan.freeze_at:
                _freeze(folder, model, state["stats"])
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps=plan.steps, warmup=plan.warmup, rate=plan.rate)
            loss = _step(model, crops(pool, plan, step), state["stats"], frozen=step >= plan.freeze_at)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            advance(loss.item())
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == plan.steps:
                body = {"step": step + 1, "model": model.state_dict(), "stats": state["stats"]}
                save_atomically(path, body | {"optimiser": optimiser.state_dict()})
                shown = measure(model, pool[: plan.batch], state["stats"], folded=step >= plan.freeze_at)
                log_line(folder / "autoencoder.log", step=step + 1, loss=loss.item(), psnr_db=shown)
    return path


def _step(model: Any, batch: Any, stats: dict[str, Any], *, frozen: bool) -> Any:
    batch = batch.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        if frozen:
            with torch.no_grad():
                latents = model.encoder(batch).float()
        else:
            latents = _latents(model, batch, stats)
        out = model.decoder(latents + LATENT_NOISE * torch.randn_like(latents)).float()
    return loss_of(out, batch)


def _freeze(folder: Path, model: Any, stats: dict[str, Any]) -> None:
    """Fold the statistics, stop training the encoder, and publish it for the denoiser."""
    if not stats.get("folded"):
        _fold(model, stats["mean"], stats["std"])
        stats["folded"] = True
        torch.save(model.encoder.state_dict(), folder / FROZEN)
    model.encoder.requires_grad_(False)


def save_atomically(path: Path, body: dict[str, Any]) -> None:
    """Write a checkpoint so that an interruption leaves the previous one in place."""
    part = path.with_suffix(".part")
    torch.save(body, part)
    part.rename(path)


def measure(model: Any, pictures: NDArray[np.uint8], stats: dict[str, Any], *, folded: bool) -> float:
    """Peak signal-to-noise ratio in dB over whole drawings, without latent noise."""
    with torch.no_grad():
        batch = as_tensor(pictures)
        latents = model.encoder(batch)
        if not folded:
            latents = (latents - stats["mean"].view(1, -1, 1, 1)) / stats["std"].view(1, -1, 1, 1)
        out = model.decoder(latents).clamp(-1, 1)
    return 10 * math.log10(4 / float(functional.mse_loss(out, batch)))
