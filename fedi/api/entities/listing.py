"""Lists.

Source: Mastodon's documentation, "List entity".
"""

from typing import TypedDict

from fedi.models import AccountList

__all__ = ["List", "a_list"]


class List(TypedDict):
    """A list, which its owner sees."""

    id: str
    title: str
    replies_policy: str
    exclusive: bool


def a_list(row: AccountList) -> List:
    """Build a list."""
    return {
        "id": str(row.id),
        "title": row.title,
        "replies_policy": row.replies_policy,
        "exclusive": row.exclusive,
    }
