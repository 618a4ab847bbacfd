"""Propose a text alternative for a generated picture from the words that asked for it.

People who do not see the picture are owed a sentence, and nobody is looking at a picture
that a bot drew at night. The prompt is what we know about it; freed from the notation that
is meant for the model, it reads as a description. Its author can replace it.

Source: W3C, "An alt Decision Tree"; Mastodon's limit of 1500 characters.
"""

import re
from typing import Final

__all__ = ["AI_SENTENCE", "ALT_CHARS_MAX", "propose_alt"]

# characters; what Mastodon stores of a description
ALT_CHARS_MAX = 1500
AI_SENTENCE: Final = "AI-generated image."

# <lora:name:0.8> and <hypernet:…>: instructions to load extra weights
_WEIGHT_TAGS = re.compile(r"<[^<>]{0,200}>")
# (red boat:1.3): emphasis, of which the words stay; no pattern here may look for its closing bracket,
# which would take quadratic time on a prompt of opening ones
_WEIGHTS = re.compile(r":\s{0,3}-?[\d.]{1,6}\s{0,3}(?=[)\]}])")
_BRACKETS: Final = str.maketrans("", "", "()[]{}")
# --ar 16:9 and the like: command line options of other services
_OPTIONS = re.compile(r"(?:^|\s)--[a-z]+(?:\s+[\d.:]+)?", re.IGNORECASE)
# praise and technique that describe the wish and not the picture
_PADDING: Final = frozenset(
    (
        "4k",
        "8k",
        "award winning",
        "best quality",
        "detailed",
        "extremely detailed",
        "hd",
        "high quality",
        "highly detailed",
        "high resolution",
        "hq",
        "intricate details",
        "masterpiece",
        "professional",
        "sharp focus",
        "trending on artstation",
        "uhd",
        "ultra detailed",
        "very detailed",
    )
)
_SENTENCE_ENDS: Final = ".!?…。！？"  # noqa: RUF001 (full-width marks end sentences in Chinese and Japanese)


def propose_alt(prompt: str) -> str:
    """Return a sentence or two for `prompt`, ending in `AI_SENTENCE`, of at most `ALT_CHARS_MAX`.

    Args:
        prompt: as the person wrote it, on one line (see `media.request.normalise_prompt`).
    """
    words = _OPTIONS.sub("", _WEIGHT_TAGS.sub(" ", prompt))
    words = _WEIGHTS.sub("", words).translate(_BRACKETS)
    phrases = (" ".join(phrase.split()) for phrase in words.split(","))
    kept = [phrase for phrase in phrases if phrase and phrase.rstrip(".").lower() not in _PADDING]
    description = ", ".join(kept).strip(" ,;:-")
    if not description:
        return AI_SENTENCE
    room = ALT_CHARS_MAX - len(AI_SENTENCE) - 1
    if len(description) >= room:
        description = description[: room - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
    elif description[-1] not in _SENTENCE_ENDS:
        description += "."
    return f"{description[0].upper()}{description[1:]} {AI_SENTENCE}"
