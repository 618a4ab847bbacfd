"""Train, write and measure the shipped model: ``python -m media.training COMMAND``.

Every command goes on from what it finds in ``--run``, so an interrupted training is resumed by giving
the same command again.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from diffusers import AutoPipelineForText2Image
from rich.console import Console
from rich.table import Table

from media.training import assemble, autoencoder, denoiser, evaluate
from media.training.pool import paint_pool
from media.training.tokenizer import save_tokenizer, train_tokenizer

POOL_COUNT = 40_000
POOL_SEED = 7
TOKENIZER_SEED = 7
TARGET = Path(__file__).parents[1] / "models" / "tiny"

run_option = click.option(
    "--run",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for drawings and checkpoints (2 GB); outside the repository.",
)
target_option = click.option(
    "--target", type=click.Path(path_type=Path, file_okay=False), default=TARGET, show_default=True
)
threads_option = click.option("--threads", default=1, show_default=True, help="CPU threads for torch.")


@click.group()
def main() -> None:
    """Train the model that ships with fedi."""


@main.command()
@run_option
@click.option("--count", default=POOL_COUNT, show_default=True)
@click.option("--seed", default=POOL_SEED, show_default=True)
def paint(run: Path, count: int, seed: int) -> None:
    """Paint the drawings that everything is trained on."""
    run.mkdir(parents=True, exist_ok=True)
    denoiser.note_pool_seed(run, seed)
    paint_pool(run, count=count, seed=seed)


@main.command()
@run_option
@click.option("--seed", default=TOKENIZER_SEED, show_default=True)
def tokenizer(run: Path, seed: int) -> None:
    """Learn the byte-pair vocabulary from captions."""
    save_tokenizer(train_tokenizer(seed=seed), run / "tokenizer")


@main.command("autoencoder")
@run_option
@threads_option
@click.option("--steps", default=autoencoder.Plan().steps, show_default=True)
@click.option("--freeze-at", default=autoencoder.Plan().freeze_at, show_default=True)
def train_autoencoder(run: Path, threads: int, steps: int, freeze_at: int) -> None:
    """Train the picture codec; ``encode`` may start once the encoder is frozen."""
    autoencoder.train(run, autoencoder.Plan(steps=steps, freeze_at=freeze_at, threads=threads))


@main.command()
@run_option
@threads_option
def encode(run: Path, threads: int) -> None:
    """Encode the drawings with the frozen encoder."""
    denoiser.encode_pool(run, threads=threads)


@main.command("denoiser")
@run_option
@threads_option
@click.option("--steps", default=denoiser.Plan().steps, show_default=True)
def train_denoiser(run: Path, threads: int, steps: int) -> None:
    """Train UNet and text encoder on the encoded drawings."""
    denoiser.train(run, denoiser.Plan(steps=steps, threads=threads))


@main.command("assemble")
@run_option
@target_option
def write_folder(run: Path, target: Path) -> None:
    """Write the pipeline folder from the checkpoints."""
    size = assemble.assemble(run, target)
    Console().print(f"{target}: {size} bytes")


@main.command("evaluate")
@target_option
@click.option("--count", default=400, show_default=True, help="Pictures to ask about.")
@click.option("--steps", default=assemble.DEFAULT_STEPS, show_default=True)
@click.option("--guidance", default=assemble.DEFAULT_GUIDANCE, show_default=True)
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Write a contact sheet (PNG).")
@click.option("--figures", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures (JSON).")
def measure(
    *, target: Path, count: int, steps: int, guidance: float, sheet: Path | None, figures: Path | None
) -> None:
    """Measure whether pictures follow their words."""
    pipe: Any = AutoPipelineForText2Image.from_pretrained(
        target.resolve(), local_files_only=True, use_safetensors=True
    )
    if sheet is not None:
        evaluate.contact_sheet(pipe, sheet, steps=steps, guidance=guidance)
    if not count:
        return
    scores = evaluate.score(pipe, count=count, steps=steps, guidance=guidance)
    table = Table("question", "generated", "drawings", "chance", "pictures")
    for row in scores:
        table.add_row(
            row.question, f"{row.generated:.1%}", f"{row.drawings:.1%}", f"{row.chance:.1%}", str(row.count)
        )
    Console().print(table)
    if figures is not None:
        figures.write_text(json.dumps([asdict(row) for row in scores], indent=1) + "\n", encoding="utf-8")


@main.command("all")
@run_option
@target_option
@threads_option
@click.pass_context
def everything(ctx: click.Context, run: Path, target: Path, threads: int) -> None:
    """Go from nothing to the pipeline folder with the defaults of the shipped weights."""
    ctx.invoke(paint, run=run, count=POOL_COUNT, seed=POOL_SEED)
    ctx.invoke(tokenizer, run=run, seed=TOKENIZER_SEED)
    autoencoder.train(run, autoencoder.Plan(threads=threads))
    ctx.invoke(encode, run=run, threads=threads)
    denoiser.train(run, denoiser.Plan(threads=threads))
    ctx.invoke(write_folder, run=run, target=target)


if __name__ == "__main__":
    main()
