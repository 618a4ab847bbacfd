"""The colours of the style sheet can be read by people with weak eyes, in light and in dark."""

import re
from importlib import resources

import pytest

SHEET = resources.files("fedi.web").joinpath("static", "style.css").read_text()
RATIO_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3."""

PAIRS = [
    ("ink", "paper"), ("ink", "card"), ("ink", "mat"), ("ink", "accent-soft"), ("ink", "label-soft"),
    ("quiet", "paper"), ("quiet", "card"), ("quiet", "mat"), ("accent", "paper"), ("accent", "card"),
    ("label", "label-soft"), ("card", "accent"),
]  # fmt: skip


def _themes() -> dict[str, dict[str, str]]:
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    )
    return {"light": light, "dark": light | dark}


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out(theme: str, text: str, ground: str) -> None:
    colours = _themes()[theme]
    lighter, darker = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= RATIO_MIN


def test_the_sheet_loads_nothing_from_elsewhere() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
