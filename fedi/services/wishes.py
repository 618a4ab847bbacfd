"""What somebody wrote to the generator's account, read as a wish for a picture. Pure.

In a post of their own everything but the names is the prompt. Under a picture of the generator's, and in
threads where apps put its name into every answer, people talk to one another; there only words that can mean
nothing else count: `again`, `wider`, `no text`, or a sentence that begins with `draw`. Hints begin with two
dashes; phones make one long dash of them, so that counts as well.

Source: how bots that draw on request are written to (`draw for me …`, `--ar 16:9`).
"""

import re
from dataclasses import dataclass, replace

from media.request import SIDE_PX_MIN, ImageRequest

__all__ = ["NEXT_WORDS", "Place", "read"]

NEXT_WORDS = "again, wider, taller, square, no text"
"""What can be answered to a picture; told under each."""

RATIOS = (9 / 16, 3 / 4, 1.0, 4 / 3, 16 / 9)
"""Shapes, width by height, from the tallest to the widest."""

SIDE_STEP_PX = 8
"""Sides are multiples of this: models work on squares of 8 pixels."""

_MENTION = re.compile(r"[@＠][\w.-]+(?:[@＠][\w.-]+(?::\d+)?)?")  # noqa: RUF001 - full-width signs are typed
_OPTION = re.compile(
    r"(?:(?<=\s)|^)(?:--|—|–)\s?(?:(wide|tall|square)\b"
    r"|(seed|steps)[\s=]+(\d{1,12})\b|no[\s=]+([^—–\n]+?)(?=\s+--|\s*[—–]|\s*$))",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:please\s+)?(?:draw|paint|imagine)(?:\s+(?:for\s+)?(?:me|us))?\s*:?\s+(.+)", re.IGNORECASE
)
_PARTS = re.compile(r"\s*(?:[,;.!\n]|\band\b|\bplease\b)\s*", re.IGNORECASE)
_WITHOUT = re.compile(r"(?:no|without)\s+(.{1,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was written.

    Attributes:
        size_px: longer side of a picture of this server's.
        based_on: the request of the generator's picture that is answered, if it is one.
        needs_order: whether it is said among others, so that only an order counts.
    """

    size_px: int
    based_on: ImageRequest | None = None
    needs_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hints:
    """What the options of a text say."""

    shape: str | None = None
    seed: int | None = None
    steps: int | None = None
    without: tuple[str, ...] = ()


def read(words: str, place: Place) -> ImageRequest | None:
    """Return what is wanted; None when nothing is.

    Args:
        words: the text, without markup.
        place: where it was written.
    """
    rest, hints = _without_options(_MENTION.sub(" ", words))
    said = " ".join(rest.replace("#", " ").split())
    if place.based_on is not None:
        follow_up = _follow_up(said, place.based_on, is_hinted=hints != _Hints())
        if follow_up is not None:
            return _hinted(follow_up, hints, place.size_px)
    if place.based_on is not None or place.needs_order:
        order = _ORDER.fullmatch(said)
        said = order[1] if order else ""
    elif order := _ORDER.fullmatch(said):
        said = order[1]
    if not said:
        return None
    return _hinted(ImageRequest(prompt=said), hints, place.size_px)


def _without_options(words: str) -> tuple[str, _Hints]:
    hints = _Hints()
    for found in _OPTION.finditer(words):
        shape, name, number, without = found.groups()
        if shape:
            hints = replace(hints, shape=shape.lower())
        elif name and name.lower() == "seed":
            hints = replace(hints, seed=int(number))
        elif name:
            hints = replace(hints, steps=int(number))
        else:
            hints = replace(hints, without=(*hints.without, without.strip()))
    return _OPTION.sub(" ", words), hints


def _follow_up(said: str, base: ImageRequest, *, is_hinted: bool) -> ImageRequest | None:
    """Return the next version of a picture, if all that is said asks for one."""
    parts = [part for part in _PARTS.split(said.casefold()) if part]
    if not parts and not is_hinted:
        return None
    changed = base
    for part in parts:
        without = _WITHOUT.fullmatch(part)
        if part in {"again", "another", "another one", "once more"}:
            changed = replace(changed, seed=None)
        elif part in {"wider", "taller"}:
            changed = _reshaped(changed, 1 if part == "wider" else -1)
        elif part in {"square", "wide", "tall"}:
            changed = _shaped(changed, part, max(_sides(changed)))
        elif without:
            changed = _less(changed, without[1])
        else:
            return None
    return changed


def _hinted(request: ImageRequest, hints: _Hints, size_px: int) -> ImageRequest:
    if hints.shape:
        request = _shaped(request, hints.shape, size_px)
    for without in hints.without:
        request = _less(request, without)
    seed = request.seed if hints.seed is None else hints.seed
    steps = request.steps if hints.steps is None else hints.steps
    return replace(request, seed=seed, steps=steps)


def _less(request: ImageRequest, unwanted: str) -> ImageRequest:
    return replace(request, negative_prompt=", ".join(filter(None, (request.negative_prompt, unwanted))))


def _sides(request: ImageRequest) -> tuple[int, int]:
    return request.width_px or SIDE_PX_MIN, request.height_px or SIDE_PX_MIN


def _reshaped(request: ImageRequest, steps: int) -> ImageRequest:
    """Make a picture wider or taller by some shapes of the ladder."""
    width, height = _sides(request)
    nearest = min(range(len(RATIOS)), key=lambda place: abs(RATIOS[place] - width / height))
    return _of_ratio(request, RATIOS[min(max(nearest + steps, 0), len(RATIOS) - 1)], max(width, height))


def _shaped(request: ImageRequest, shape: str, size_px: int) -> ImageRequest:
    return _of_ratio(request, {"wide": RATIOS[-1], "tall": RATIOS[0]}.get(shape, 1.0), size_px)


def _of_ratio(request: ImageRequest, ratio: float, longer_px: int) -> ImageRequest:
    shorter_px = round(longer_px * min(ratio, 1 / ratio) / SIDE_STEP_PX) * SIDE_STEP_PX
    shorter_px = min(max(shorter_px, SIDE_PX_MIN), longer_px)
    return request.with_size(*((longer_px, shorter_px) if ratio >= 1 else (shorter_px, longer_px)))
