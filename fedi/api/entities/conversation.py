"""Conversations: threads of direct messages.

Source: Mastodon's documentation, "Conversation entity".
"""

from typing import TypedDict

from fedi.api.entities.account import Account, account
from fedi.api.entities.status import Status, status
from fedi.config import Settings
from fedi.queries.conversations import ConversationView

__all__ = ["Conversation", "conversation"]


class Conversation(TypedDict):
    """One thread, as one of those in it sees it."""

    id: str
    unread: bool
    accounts: list[Account]
    last_status: Status | None


def conversation(view: ConversationView, settings: Settings) -> Conversation:
    """Build a conversation."""
    return {
        "id": str(view.conversation.id),
        "unread": view.conversation.unread,
        "accounts": [account(row, settings) for row in view.accounts],
        "last_status": status(view.last, settings, marked=True),
    }
