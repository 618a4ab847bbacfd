"""GET /users/NAME/followers_synchronization: which of the asking server's people follow somebody here.

Who asks signs, and gets the followers on their own server and no others: the list of all may be hidden.

Source: FEP-8fcf.
"""

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection
from activitypub.signatures.rfc9421 import GET_COMPONENTS, accept_signature
from fedi import context, iris
from fedi.errors import Refused
from fedi.inbound import guard
from fedi.inbound.answer import document
from fedi.inbound.documents import local_account
from fedi.outbound.synchronise import FOLLOWERS_MAX, server_of
from fedi.queries import follower_sets

__all__ = ["followers"]


async def followers(request: Request) -> Response:
    """Answer with the followers on the server whose key signed the request.

    Raises:
        Refused: 401 when nobody signed, 404 when there is no such person or they have too many followers.
    """
    ctx = context.of(request)
    signer = await guard.reader(ctx, request)
    if signer is None:
        wanted = {"Accept-Signature": accept_signature(GET_COMPONENTS)}
        raise Refused(401, "Sign the request with a key of your server.", headers=wanted)
    account = await local_account(ctx, request)
    if account.suspended_at is not None or account.followers_count >= FOLLOWERS_MAX:
        raise Refused(404, "Record not found")
    async with ctx.db.read() as tx:
        theirs = await follower_sets.elsewhere(tx, account.id, server=server_of(signer.actor_iri))
    listed = Collection(
        id=iris.followers_synchronization(account.iri), total_items=len(theirs), items=tuple(theirs)
    )
    return document(listed.to_json(), public=False)
