"""Move: somebody elsewhere lives at another account from now on.

Only they themselves can say so, and the new account must say it too: its document, fetched now, names the old
one among its aliases. Otherwise anyone could be sent anybody's followers. One move in a week is enough, or
two accounts could have our people follow one and the other without end.

Source: FEP-7628; Mastodon's `activity/move.rb` (the pause).
"""

from datetime import datetime, timedelta

from activitypub.activities import Move
from activitypub.errors import ForbiddenError
from activitypub.origin import require_actor_is_signer
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.services import moving

__all__ = ["handle"]

PAUSE = timedelta(days=7)
"""Between two moves of an account elsewhere; Mastodon's figure."""


async def handle(ctx: Context, received: Received[Move]) -> Effect:
    """Have those who follow the old account here follow the new one."""
    activity = received.activity
    require_actor_is_signer(activity.object_id, activity.actor)
    async with ctx.db.read() as tx:
        account = await find_account.by_iri(tx, activity.actor)
    if account is None:
        raise Ignored("nobody here has to do with the account")
    _require_pause(account, ctx.clock())
    target = await resolve.actor(ctx, activity.target, fresh=True, budget=received.budget)
    if account.iri not in target.also_known_as:
        raise ForbiddenError("the new account does not name the old one", iri=target.iri)
    if target.id == account.id or target.moved_to is not None or not moving.can_be_moved_to(target):
        raise Ignored("nobody can move there")

    async def effect(tx: Tx) -> None:
        old = await tx.get_one(Account, account.id, with_for_update=True)
        _require_pause(old, ctx.clock())  # the same may have come twice
        await moving.receive_move(ctx, tx, account=old, target=target)

    return effect


def _require_pause(account: Account, now: datetime) -> None:
    if account.moved_at is not None and now - account.moved_at < PAUSE:
        raise Ignored("it moved not long ago")
