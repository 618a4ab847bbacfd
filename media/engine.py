"""The seam between "what to draw" and "who draws it".

An engine runs alone in a child process, does one picture at a time, and knows nothing of
files, posts or formats: it gives back bare pixels and the facts that reproduce them. That
keeps torch out of the server, and lets the tests use an engine that paints in a millisecond.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

from media.errors import EngineError
from media.request import ImageRequest

__all__ = ["Cancelled", "Engine", "EngineInfo", "OnStep", "Picture"]

# Called with (steps done, steps in all): once with 0 done when drawing starts, then after each step.
OnStep = Callable[[int, int], None]
# Asked between steps; True means stop and raise `media.errors.CancelledError`.
Cancelled = Callable[[], bool]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What is loaded, known once the engine is ready.

    Attributes:
        model: name for people.
        model_digest: `sha256:…` over the model's files; the same digest draws the same picture.
        revision: version of the model as its makers call it, or empty.
        licence: SPDX expression or name of the licence, or empty.
        native_size_px: side of the square that the model was trained on.
        default_steps: used where a request says None.
        default_guidance: used where a request says None.
        words_known: size of the vocabulary, 0 where it is open.
    """

    model: str
    model_digest: str = ""
    revision: str = ""
    licence: str = ""
    native_size_px: int = 0
    default_steps: int = 0
    default_guidance: float = 0.0
    words_known: int = 0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read `dataclasses.asdict` of an info that came through a pipe.

        Raises:
            EngineError: a value is missing or has the wrong type.
        """
        _require_types(cls, values, {"default_guidance": float, **dict.fromkeys(_INFO_WHOLE, int)})
        return cls(**values)


_INFO_WHOLE = ("native_size_px", "default_steps", "words_known")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Bare pixels with the facts that reproduce them.

    Attributes:
        rgb: `(height_px, width_px, 3)` uint8 sRGB, row by row, without padding.
        width_px: pixels a row.
        height_px: rows.
        model: name of the model for people.
        model_digest: `sha256:…` over the model's files, or empty.
        revision: version of the model as its makers call it, or empty.
        seed: that was used.
        steps: that were done.
        guidance: that was used.
        versions: library versions that the pixels depend on, such as `{"torch": "2.13.0"}`.
        unknown_words: words of the prompt that a closed vocabulary does not hold: drawn without.
    """

    rgb: bytes
    width_px: int
    height_px: int
    model: str
    model_digest: str
    revision: str
    seed: int
    steps: int
    guidance: float
    versions: Mapping[str, str]
    unknown_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected_bytes = self.width_px * self.height_px * 3
        if len(self.rgb) != expected_bytes or not expected_bytes:
            size = f"{self.width_px}x{self.height_px}"
            raise EngineError(detail=f"{len(self.rgb)} bytes of RGB for {size}, {expected_bytes} expected")

    def facts(self) -> dict[str, Any]:
        """Return everything but the pixels, as plain JSON values."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "rgb"}
        return {**values, "versions": dict(self.versions), "unknown_words": list(self.unknown_words)}

    @classmethod
    def from_parts(cls, facts: Mapping[str, Any], rgb: bytes) -> Self:
        """Read `facts()` and the pixels that came through a pipe.

        Raises:
            EngineError: a value is missing, has the wrong type, or the pixels do not fit the size.
        """
        whole = dict.fromkeys(("width_px", "height_px", "seed", "steps"), int)
        _require_types(
            cls, {"rgb": "", **facts}, {**whole, "guidance": float, "versions": dict, "unknown_words": list}
        )
        return cls(**{**facts, "unknown_words": tuple(facts["unknown_words"])}, rgb=rgb)


class Engine(Protocol):
    """Something that draws. Built by a factory `load(folder: str | None) -> Engine`."""

    @property
    def info(self) -> EngineInfo:
        """What is loaded."""
        ...

    def generate(self, request: ImageRequest, on_step: OnStep, cancelled: Cancelled) -> Picture:
        """Draw one picture. Blocks; is called from one thread only.

        Args:
            request: validated, with a seed.
            on_step: to be called after every step, as a sign of life.
            cancelled: to be asked between steps.

        Raises:
            CancelledError: `cancelled()` said True.
            OutOfMemoryError: the picture does not fit the device.
            GenerationFailedError: anything else went wrong.
        """
        ...


def _require_types(cls: type, values: Mapping[str, Any], types: Mapping[str, type]) -> None:
    """Check names and types of values from a pipe; a field that `types` leaves out is text."""
    names = {field.name for field in dataclasses.fields(cls)}
    if names != set(values):
        raise EngineError(
            detail=f"{cls.__name__}: fields {sorted(values)} where {sorted(names)} were expected"
        )
    for name, value in values.items():
        wanted = types.get(name, str)
        # JSON writes the float 3.0 of another language as 3, so a whole number is a float as well
        if not isinstance(value, (int, float) if wanted is float else wanted) or isinstance(value, bool):
            raise EngineError(detail=f"{cls.__name__}.{name} is a {type(value).__name__}")
