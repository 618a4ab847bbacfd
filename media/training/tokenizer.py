"""The tokenizer: a small byte-pair vocabulary learned from this package's own captions.

It is saved as a CLIPTokenizer, which every Stable Diffusion pipeline knows how to load. All 256 bytes
are in the alphabet, so any text of any language has tokens, if not meaning.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import CLIPTokenizer

from media.training.captions import caption, vocabulary
from media.training.scenes import stream

ENTRIES_MAX = 1024
# Captions are short; 32 tokens hold about 30 known words and cost half of what 77 would.
LENGTH_MAX = 32
CAPTIONS = 20000
START, END = "<|startoftext|>", "<|endoftext|>"


def train_tokenizer(*, seed: int) -> Any:
    """Learn the merges from ``CAPTIONS`` captions and return a ready CLIPTokenizer."""
    blank = CLIPTokenizer()
    model = Tokenizer(BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END))
    model.normalizer = blank.backend_tokenizer.normalizer
    model.pre_tokenizer = blank.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=ENTRIES_MAX,
        special_tokens=[START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    model.train_from_iterator(_texts(seed), trainer)
    vocab, merges = _tables(model)
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH_MAX)


def _texts(seed: int) -> Iterator[str]:
    scenes = stream(seed)
    for _ in range(CAPTIONS):
        scene, rng = next(scenes)
        yield caption(scene, random.Random(rng.random()))
    # Every known word a few times more, so that rare ones get a token of their own too.
    for _ in range(20):
        yield from vocabulary()


def _tables(model: Any) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Take vocabulary and merges out of a trained model, with every byte also as the end of a word.

    The trainer numbers its alphabet in the order of a hash table, another one in each process; numbering
    anew (special tokens, bytes, final bytes, merges) makes the result a function of the seed.
    """
    body = json.loads(model.to_str())["model"]
    merges = [(left, right) for left, right in body["merges"]]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = [START, END, *alphabet, *(byte + "</w>" for byte in alphabet), *(a + b for a, b in merges)]
    return {name: number for number, name in enumerate(dict.fromkeys(names))}, merges


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write the tokenizer's files."""
    tokenizer.save_pretrained(folder)
