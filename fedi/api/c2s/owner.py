"""Whose outbox, inbox or upload this is: the person behind the token, or nobody.

An address names an actor and a token stands for one, so the two are compared here once: a good token of
somebody else is a refusal, whatever it may do elsewhere.

Source: ActivityPub sections 5.2 and 6; RFC 6750 section 3 for the challenge.
"""

from starlette.requests import Request

from fedi import context
from fedi.api.viewer import Viewer, require
from fedi.db import Tx
from fedi.errors import Refused

__all__ = ["admit", "require_owner"]


async def require_owner(request: Request, tx: Tx, *any_of: str) -> Viewer:
    """Return the person whose address was asked for, who must have one of these scopes.

    Raises:
        Refused: 401 without a good token, 403 when it is somebody else's or lacks the scopes.
    """
    viewer = await require(request, tx, *any_of)
    if viewer.account.username.lower() != request.path_params["name"].lower():
        raise Refused(403, "This belongs to somebody else", why=f"token of {viewer.account.username}")
    return viewer


async def admit(request: Request, *any_of: str) -> Viewer:
    """Do as `require_owner`, in a transaction of its own."""
    async with context.of(request).db.read() as tx:
        return await require_owner(request, tx, *any_of)
