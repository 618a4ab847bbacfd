"""The encoder is held against a slow one written straight from the description of the format."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import blurhash
from media.processed import _BLURHASH

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def to_linear(value: int) -> float:
    v = value / 255
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def to_srgb(value: float) -> int:
    v = max(0.0, min(1.0, value))
    return int((v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055) * 255 + 0.5)


def base83(value: int, length: int) -> str:
    return "".join(ALPHABET[(value // 83 ** (length - i)) % 83] for i in range(1, length + 1))


def slow_encode(pixels: list[list[tuple[int, int, int]]], cx: int, cy: int) -> str:
    height, width = len(pixels), len(pixels[0])
    factors = []
    for j in range(cy):
        for i in range(cx):
            total = [0.0, 0.0, 0.0]
            for y in range(height):
                for x in range(width):
                    basis = math.cos(math.pi * i * x / width) * math.cos(math.pi * j * y / height)
                    for c in range(3):
                        total[c] += basis * to_linear(pixels[y][x][c])
            norm = (1 if i == j == 0 else 2) / (width * height)
            factors.append([t * norm for t in total])
    dc, ac = factors[0], factors[1:]
    text = base83((cx - 1) + (cy - 1) * 9, 1)
    if ac:
        actual = max(abs(v) for f in ac for v in f)
        quantised = int(max(0, min(82, math.floor(actual * 166 - 0.5))))
        maximum = (quantised + 1) / 166
        text += base83(quantised, 1)
    else:
        maximum = 1.0
        text += base83(0, 1)
    r, g, b = (to_srgb(v) for v in dc)
    text += base83((r << 16) + (g << 8) + b, 4)
    for f in ac:
        q = [int(max(0, min(18, math.floor(math.copysign(abs(v / maximum) ** 0.5, v) * 9 + 9.5)))) for v in f]
        text += base83(q[0] * 19 * 19 + q[1] * 19 + q[2], 2)
    return text


@pytest.mark.parametrize(("cx", "cy"), [(4, 3), (3, 4), (4, 4), (5, 5), (1, 1), (1, 5)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_encoding_equals_the_description_of_the_format(cx: int, cy: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    plain = [[tuple(int(c) for c in px) for px in row] for row in pixels]
    assert blurhash.encode(pixels, cx, cy) == slow_encode(plain, cx, cy)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), "00" + "0000"),
        ((255, 255, 255), "00" + base83(0xFFFFFF, 4)),
        ((255, 0, 0), "00" + base83(0xFF0000, 4)),
    ],
)
def test_average_of_one_colour_is_that_colour(colour: tuple[int, int, int], expected: str) -> None:
    pixels = np.full((4, 4, 3), colour, dtype=np.uint8)
    assert blurhash.encode(pixels, 1, 1) == expected


def test_black_is_the_well_known_hash() -> None:
    assert blurhash.encode(np.zeros((8, 8, 3), np.uint8), 4, 3) == "L00000fQfQfQfQfQfQfQfQfQfQfQ"


@pytest.mark.parametrize(
    ("size", "components"), [((100, 50), (4, 3)), ((50, 100), (3, 4)), ((64, 64), (4, 4))]
)
def test_components_follow_the_aspect(size: tuple[int, int], components: tuple[int, int]) -> None:
    assert blurhash.components_for(*size) == components


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_every_hash_is_valid(height: int, width: int, cx: int, cy: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    text = blurhash.encode(pixels, cx, cy)
    assert blurhash.is_valid(text)
    assert _BLURHASH.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "L0000",
        "L00000fQfQfQfQfQfQfQfQfQfQf",
        "L00000fQfQfQfQfQfQfQfQfQfQfQfQ",
        "L00000fQfQfQfQfQfQfQfQfQfQf\n",
        "L00000fQfQfQfQfQfQfQfQfQfQf\u00fc",
        "~" + "0" * 170,
        "L<script>fQfQfQfQfQfQfQfQfQfQ",
    ],
)
def test_malformed_hash_is_invalid(text: str) -> None:
    assert not blurhash.is_valid(text)


@pytest.mark.parametrize(("cx", "cy"), [(0, 4), (4, 0), (6, 4), (4, 6)])
def test_impossible_components_are_refused(cx: int, cy: int) -> None:
    with pytest.raises(ValueError, match="components"):
        blurhash.encode(np.zeros((4, 4, 3), np.uint8), cx, cy)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_impossible_pixels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        blurhash.encode(np.zeros(shape, np.uint8), 4, 4)
