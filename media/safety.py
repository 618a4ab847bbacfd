"""Judge a prompt by its words before anything is drawn.

The embedded model cannot draw harm, but any folder can take its place. One rule is always
on and no setting turns it off: minors and sexual words together. Beyond it the operator
adds words of their own, and some words only mark the post as sensitive. Word lists stop
the careless and the lazily disguised, not the inventive; reports and moderators do the
rest.

Sources: Unicode Technical Standard 39 (confusable characters); OWASP LLM Top Ten.
"""

import dataclasses
import enum
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

__all__ = ["Decision", "Verdict", "moderate_prompt"]


class Decision(enum.Enum):
    """What to do with a prompt."""

    ALLOW = "allow"
    SENSITIVE = "sensitive"
    DENY = "deny"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision with its reason.

    Attributes:
        decision: what to do.
        reason: a sentence for the author; empty when allowed. It never repeats the words found,
            which would only teach the way around.
    """

    decision: Decision
    reason: str = ""


def _words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text, to be read as one."""
    return frozenset(text.split())


# People who are minors, in the words used for them. Kept short: every word here forbids a
# combination in all prompts, also innocent ones.
_MINORS: Final = _words(
    """
    babies baby boy boys child children girl girls infant infants juvenile kid kids
    kindergarten loli lolicon lolita minor minors preschooler preteen preteens pubescent
    schoolboy schoolgirl schoolgirls shota shotacon teen teenage teenager teenagers teens
    toddler toddlers underage youngster
    """
)
_SEXUAL: Final = _words(
    """
    erotic erotica explicit genitals hentai horny intercourse lewd lingerie masturbating
    masturbation naked nipple nipples nsfw nude nudes nudity orgasm penis porn porno
    pornographic pornography seductive sex sexual sexualized sexy topless undressed
    undressing vagina
    """
)
# Words that have no harmless use beside a picture.
_NEVER: Final = _words("lolicon shotacon")
# Adult or cruel, but for grown-ups to choose to see.
_SENSITIVE: Final = _SEXUAL | _words(
    "beheading corpse decapitated dismembered gore gory mutilated mutilation suicide torture"
)
# ages of minors: "13yo", "13 y/o", "9 year old", "aged 7", "12-year-old"
_YOUNG_AGE: Final = re.compile(
    r"(?<!\d)(?:1[0-7]|[1-9])\s*-?\s*(?:yo\b|y\s?/?\s?o\b|years?\s*-?\s*old)|\baged?\s+(?:1[0-7]|[1-9])(?!\d)"
)

# digits and signs that are read as letters
_LEET: Final = str.maketrans("03457@$!|", "oeastasil")
# the digit one stands for two letters, so both are tried
_ONES: Final = ("l", "i")
# letters of other scripts that look like Latin ones: first capitals, whose small forms look otherwise
_CONFUSABLE_CAPITALS: Final = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХ",  # noqa: RUF001 (the look-alikes themselves)
    "abezhikmnoptyxabekmhopctyx",
)
_CONFUSABLE: Final = str.maketrans(
    "абвсԁеһіјкӏмнорԛѕтухүοαβεικνρτυχωɡıʟ",
    "abbcdehijklmhopqstyxyoabeikvptuxwgil",
)
_SENTENCE_MINORS: Final = "Pictures that sexualise minors are never made here."
_SENTENCE_RULES: Final = "This server does not make pictures with these words."
_SENTENCE_SENSITIVE: Final = "The picture will be marked as sensitive."


def moderate_prompt(text: str, *, denied: Iterable[str] = (), sensitive: Iterable[str] = ()) -> Verdict:
    """Judge `text`, also where it is disguised by look-alike letters, digits or spacing.

    Args:
        text: the prompt and, put behind it, the negative prompt.
        denied: the operator's words or phrases that forbid a prompt.
        sensitive: the operator's words or phrases that mark a post as sensitive.
    """
    readings = _readings(text)
    young = any(words & _MINORS for words, _ in readings) or _YOUNG_AGE.search(_folded(text)) is not None
    sexual = any(words & _SEXUAL for words, _ in readings)
    if (young and sexual) or any(words & _NEVER for words, _ in readings):
        return Verdict(decision=Decision.DENY, reason=_SENTENCE_MINORS)
    if _mentions(readings, denied):
        return Verdict(decision=Decision.DENY, reason=_SENTENCE_RULES)
    if any(words & _SENSITIVE for words, _ in readings) or _mentions(readings, sensitive):
        return Verdict(decision=Decision.SENSITIVE, reason=_SENTENCE_SENSITIVE)
    return Verdict(decision=Decision.ALLOW)


# the words of a text, and the text as " word word word "
_Reading = tuple[frozenset[str], str]


def _readings(text: str) -> list[_Reading]:
    """Return the ways in which `text` can be read: plainly, with digits as letters, letter by letter."""
    plain = _folded(text)
    ways = [plain]
    for one in _ONES:
        as_letters = plain.translate(_LEET).replace("1", one)
        ways += [as_letters, _without_repeats(as_letters)]
    return [_reading(way) for way in dict.fromkeys(ways)]


def _folded(text: str) -> str:
    """Return `text` in lower-case Latin letters as far as it looks like them."""
    compatible = unicodedata.normalize("NFKC", text).translate(_CONFUSABLE_CAPITALS).casefold()
    decomposed = unicodedata.normalize("NFKD", compatible)
    visible = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return "".join(visible).translate(_CONFUSABLE)


def _without_repeats(text: str) -> str:
    """Return `text` with runs of three and more equal letters made one: "nuuuude"."""
    return re.sub(r"(.)\1{2,}", r"\1", text)


def _reading(text: str) -> _Reading:
    """Split into words; single letters in a row, as in "n u d e" or "n.u.d.e", become one word."""
    words: list[str] = []
    letters = ""
    for word in re.findall(r"[^\W_]+", text):
        if len(word) == 1:
            letters += word
            continue
        words += [letters, word]
        letters = ""
    words = [word for word in (*words, letters) if word]
    return frozenset(words), f" {' '.join(words)} "


def _mentions(readings: list[_Reading], phrases: Iterable[str]) -> bool:
    """Say whether a phrase of the operator's stands in any reading, at word borders."""
    for phrase in phrases:
        _, wanted = _reading(_folded(phrase))
        if wanted.strip() and any(wanted in spaced for _, spaced in readings):
            return True
    return False
