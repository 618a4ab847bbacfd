"""Accept: somebody elsewhere agrees to be followed by somebody here.

It counts only from the one who was asked, and only for a wish that we sent: `find_ours` finds it by the id of
our Follow or, where the other side lost it, by the two people.
"""

from sqlalchemy import select

from activitypub.activities import Accept, Follow, Reject
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account
from fedi.models import Follow as Relation
from fedi.queries import accounts as find_account
from fedi.services import following

__all__ = ["find_ours", "handle"]


async def handle(_ctx: Context, received: Received[Accept]) -> Effect:
    """Take the agreement to a Follow of ours."""
    activity = received.activity

    async def effect(tx: Tx) -> None:
        await following.receive_accept(tx, relation=await find_ours(tx, activity))

    return effect


async def find_ours(tx: Tx, activity: Accept | Reject) -> Relation:
    """Find the follow that an answer is about: from somebody here, to the one who answers.

    Raises:
        Ignored: there is none.
        MalformedError: the embedded activity cannot be read.
    """
    target = await find_account.by_iri(tx, activity.actor)
    if target is None:
        raise Ignored("nobody here asked to follow this actor")
    ours = (
        select(Relation)
        .join(Account, Account.id == Relation.account_id)
        .where(Relation.target_id == target.id, Account.domain == "")
    )
    inner = activity.inner()
    found = None
    if activity.object_id is not None:
        found = (await tx.execute(ours.where(Relation.iri == activity.object_id))).scalar_one_or_none()
    if found is None and isinstance(inner, Follow) and inner.object_id == activity.actor:
        found = (await tx.execute(ours.where(Account.iri == inner.actor))).scalar_one_or_none()
    if found is None:
        raise Ignored("an answer to a question that we did not ask")
    return found
