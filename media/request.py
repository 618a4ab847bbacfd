"""What someone asks an engine to draw, with every bound that we hold it to.

A request comes from a stranger's text field, travels through a job row and a pipe, and ends
in code that allocates memory by it. So it is one frozen value whose texts are normalised
when it is made and whose numbers are checked by one function, with the bound in the message.
`None` means "as the model likes it": a server that swaps its model need not know the new
one's steps or size.

Source: OWASP LLM10 (unbounded consumption); Unicode Standard Annex 15 for NFC.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Self

from media.errors import InvalidRequestError

__all__ = [
    "GUIDANCE_MAX",
    "GUIDANCE_MIN",
    "PROMPT_CHARS_MAX",
    "SEED_MAX",
    "SIDE_PX_MAX",
    "SIDE_PX_MIN",
    "STEPS_MAX",
    "STEPS_MIN",
    "ImageRequest",
    "normalise_prompt",
]

# characters; text encoders read 77 to 512 tokens, so more would only be cut off silently
PROMPT_CHARS_MAX = 1000
# characters looked at before normalising; NFC can only shrink text that much by composing
RAW_PROMPT_CHARS_MAX = 8 * PROMPT_CHARS_MAX
# pixels a side; below this no model draws anything, and thumbnails are 400
SIDE_PX_MIN = 64
# pixels a side; 2048² = 4.2 MP stays under the 8.3 MP that Mastodon and Pixelfed keep unscaled
SIDE_PX_MAX = 2048
STEPS_MIN = 1
# denoising steps; 50 is the most that a common model recommends, twice that gains nothing
STEPS_MAX = 100
GUIDANCE_MIN = 0.0
# classifier-free guidance; pictures burn out long before
GUIDANCE_MAX = 30.0
# seeds are 32 bit: what other programs show and accept, and exact in any JSON reader
SEED_MAX = 2**32 - 1
# a model is named by the operator's short id, never by a path or URL
_MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
# zero-width (non-)joiner: letters of some scripts and emoji sequences are wrong without them
_KEPT_FORMAT_CHARACTERS = frozenset("\u200c\u200d")


def normalise_prompt(text: str) -> str:
    """Return `text` in NFC on one line, without control, format and surrogate characters.

    Bidirectional overrides and zero-width characters go as well: they hide words from a
    moderator's eye, and text encoders do not know them.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text[: RAW_PROMPT_CHARS_MAX + 1]):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif category == "Cs" or (category == "Cf" and character not in _KEPT_FORMAT_CHARACTERS):
            continue
        else:
            kept.append(character)
    return " ".join("".join(kept).split())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One picture to draw.

    Attributes:
        prompt: what to draw; normalised on construction.
        negative_prompt: what to avoid; normalised on construction.
        width_px: of the finished picture; both sides or neither. None: the model's own size.
        height_px: as `width_px`.
        steps: denoising steps. None: the model's default.
        guidance: classifier-free guidance scale. None: the model's default.
        seed: 0 to `SEED_MAX`. None until `with_seed`; keep the seed in the job, so that a
            retry draws the same picture.
        model: short id of the model; empty for the server's default.
    """

    prompt: str
    negative_prompt: str = ""
    width_px: int | None = None
    height_px: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    model: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", normalise_prompt(self.prompt))
        object.__setattr__(self, "negative_prompt", normalise_prompt(self.negative_prompt))

    def validate(self) -> Self:
        """Return the request itself when every value is inside its bounds.

        Raises:
            InvalidRequestError: naming the value and its bounds.
        """
        if not self.prompt:
            raise InvalidRequestError("Please say what to draw: the prompt is empty.")
        for name, text in (("prompt", self.prompt), ("negative prompt", self.negative_prompt)):
            if len(text) > PROMPT_CHARS_MAX:
                raise InvalidRequestError(f"The {name} may have at most {PROMPT_CHARS_MAX} characters.")
        if (self.width_px is None) != (self.height_px is None):
            raise InvalidRequestError("Give both the width and the height, or neither.")
        _require_between("width in pixels", self.width_px, SIDE_PX_MIN, SIDE_PX_MAX)
        _require_between("height in pixels", self.height_px, SIDE_PX_MIN, SIDE_PX_MAX)
        _require_between("number of steps", self.steps, STEPS_MIN, STEPS_MAX)
        _require_between("guidance", self.guidance, GUIDANCE_MIN, GUIDANCE_MAX)
        _require_between("seed", self.seed, 0, SEED_MAX)
        if self.model and not _MODEL_ID.match(self.model):
            raise InvalidRequestError("There is no model of this name.")
        return self

    def with_seed(self, seed: int) -> Self:
        """Return the request with `seed` where it had none, and unchanged where it had one."""
        return self if self.seed is not None else dataclasses.replace(self, seed=seed)

    def with_size(self, width_px: int, height_px: int) -> Self:
        """Return the request with another size."""
        return dataclasses.replace(self, width_px=width_px, height_px=height_px)

    def to_json(self) -> dict[str, Any]:
        """Return the plain values, for a job row or the pipe to the child."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; unknown keys, as an older or newer version wrote, are left out.

        Raises:
            InvalidRequestError: a value has the wrong type or there is no prompt.
        """
        known = {field.name: values[field.name] for field in dataclasses.fields(cls) if field.name in values}
        for name in ("prompt", "negative_prompt", "model"):
            if not isinstance(known.get(name, ""), str):
                raise InvalidRequestError(f"The {name.replace('_', ' ')} must be text.")
        if "prompt" not in known:
            raise InvalidRequestError("Please say what to draw: the prompt is missing.")
        return cls(**known)


def _require_between(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse a number outside `low` to `high`; NaN, booleans and texts are outside of everything."""
    if value is None:
        return
    whole = name != "guidance"
    right_type = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not right_type or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise InvalidRequestError(f"The {name} must be {kind} from {low:g} to {high:.10g}.")
