"""The sentence and the hashtags with which a generated picture is posted, and that they stay.

They are part of the text, because they are the only marks that every server shows, filters and mutes by; so
an edit of the text is where they could get lost.
"""

from fedi.config import Settings
from fedi.models import Post

__all__ = ["labelled", "relabelled"]

BEGINNING = "AI-generated image, made with "
HASHTAGS = "#AIart #AIGenerated"


def labelled(settings: Settings, words: str, *, model: str) -> str:
    """Return a text, or none, with the label of a picture that this model drew."""
    return f"{words}\n\n{_label(settings, model)}".lstrip()


def relabelled(settings: Settings, post: Post, words: str) -> str:
    """Return a new text for a post, with the label that it has if its picture was drawn here.

    Args:
        settings: for the name of this server.
        post: as it is before the edit.
        words: what its author typed instead.
    """
    if post.recipe is None:
        return words
    label = next((line for line in post.source.splitlines() if _is_label(line)), None)
    label = label or _label(settings, str(post.recipe.get("model") or "a model"))
    return words if label in words.splitlines() else f"{words.rstrip()}\n\n{label}".lstrip()


def _label(settings: Settings, model: str) -> str:
    return f"{BEGINNING}{settings.instance_name} ({model}). {HASHTAGS}"


def _is_label(line: str) -> bool:
    return line.startswith(BEGINNING) and line.endswith(HASHTAGS)
