"""What of a recipe its author shows, and what stays between them and the machine.

Three words: all of it; all but the prompts; nothing but that a machine drew it. They hold for the text of a
post, its alt text, the API and the file alike. Nobody is asked before the first picture, so there is a
default, which shows the words as `/imagine` always did; but into a file, which travels without its post, the
prompt goes only when its author chose so.

Source: Regulation (EU) 2024/1689, article 50, for what cannot be hidden: that a picture was generated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Attachment, Login
from fedi.queries import generations as find
from fedi.services import preferring

__all__ = ["Choice", "apply", "choose", "require_word", "shared"]

ALL, NO_PROMPT, NOTHING = preferring.SHARES

_WORDS = frozenset({"prompt", "negative_prompt", "unknown_words"})
"""What of a recipe is somebody's own words, or tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is shown of a recipe.

    Attributes:
        share: one of `preferring.SHARES`.
        embeds: whether the prompt goes into the file.
    """

    share: str
    embeds: bool

    @property
    def shows_words(self) -> bool:
        """Whether others may read the prompt."""
        return self.share == ALL


async def choose(tx: Tx, account_id: int, wanted: str | None) -> Choice:
    """Return what is shown: what is wanted this time, else what somebody prefers, else the default.

    Raises:
        Refused: 422, when there is no such word.
    """
    if wanted is not None:
        require_word(wanted)
        return Choice(share=wanted, embeds=wanted == ALL)
    login = await tx.get(Login, account_id)
    share = preferring.stored(login)[preferring.SHARE]
    chosen = login is not None and preferring.SHARE in login.preferences
    return Choice(share=share, embeds=chosen and share == ALL)


def require_word(share: str) -> None:
    """Refuse what is no word for this.

    Raises:
        Refused: 422.
    """
    if share not in preferring.SHARES:
        raise Refused(422, f"Validation failed: share must be one of {', '.join(preferring.SHARES)}")


def shared(recipe: Mapping[str, Any], share: str) -> dict[str, Any]:
    """Return what others are told of a recipe; how much that is stands in it as `share`."""
    if share == NOTHING:
        return {"share": share}
    kept = recipe if share == ALL else {name: recipe[name] for name in recipe if name not in _WORDS}
    return {**kept, "share": share}


async def apply(tx: Tx, pictures: Iterable[Attachment], share: str | None) -> None:
    """Have a post say more or less of how its pictures were made than was chosen for each, if so wanted.

    Raises:
        Refused: 422, when there is no such word.
    """
    if share is None:
        return
    require_word(share)
    for picture in pictures:
        row = await find.of_picture(tx, picture.id) if picture.recipe is not None else None
        if row is not None and row.recipe is not None:
            row.share, picture.recipe = share, shared(row.recipe, share)
