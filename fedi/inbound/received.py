"""What a handler gets and what it gives back.

A handler first asks other servers for what it needs, then returns an effect: a function that writes, in one
transaction that also marks the activity and finishes the job. So network and database are never mixed, and a
process killed in between repeats the asking and never the writing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import FediError
from fedi.models import Account
from fedi.outbound.fetch import Budget

__all__ = ["Effect", "Handler", "Ignored", "Received", "nothing"]

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[A]):
    """An activity whose actor is sure to have said it.

    Attributes:
        activity: what was said.
        budget: what may still be fetched because of it.
        actor: the account of its actor, if that is known here.
    """

    activity: A
    budget: Budget
    actor: Account | None = None


class Ignored(FediError):  # noqa: N818 - a verdict, as `Refused` is
    """The activity is well formed and allowed, and of no use here; the reason is recorded with it."""


Effect = Callable[[Tx], Awaitable[None]]
"""Writes what follows from an activity into a transaction; raises `Ignored` when nothing does."""

Handler = Callable[[Context, Received[Any]], Awaitable[Effect]]
"""Raises `Ignored`, or an error of `activitypub.errors` to refuse or (UnreachableError) to be tried again."""


async def nothing(_tx: Tx) -> None:
    """Have no effect."""
