"""Reactions with an emoji: as EmojiReact where they are understood, as a plain Like elsewhere.

Which of the two went out is in the reaction's id, so that its Undo embeds the same.

Source: FEP-c0e0; FEP-9098 (custom emoji).
"""

from activitypub.activities import EmojiReact, Like
from activitypub.objects.tag import Emoji
from fedi import models

__all__ = ["is_reaction", "react"]


def react(reaction: models.Reaction, account: models.Account, post: models.Post) -> EmojiReact | Like:
    """React to a post."""
    if not is_reaction(reaction):
        return Like(id=reaction.iri, actor=account.iri, object_id=post.iri)
    shortcode, _, _ = reaction.name.partition("@")
    custom = reaction.url is not None
    return EmojiReact(
        id=reaction.iri,
        actor=account.iri,
        object_id=post.iri,
        content=f":{shortcode}:" if custom else reaction.name,
        emoji=Emoji(shortcode=shortcode, icon_url=reaction.url) if reaction.url is not None else None,
    )


def is_reaction(reaction: models.Reaction) -> bool:
    """Tell whether a reaction of somebody here went out as one."""
    return "#reactions/" in reaction.iri
