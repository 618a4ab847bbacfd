"""Asking for leave, giving it, and taking it back: requests, answers and stamps.

An answer embeds the request that it is about, since that is how GoToSocial and Mastodon find theirs; the
stamp lies under an address of its own, where third servers fetch it.

Source: FEP-044f; https://docs.gotosocial.org/en/latest/federation/interaction_controls/.
"""

import dataclasses
from datetime import datetime

from activitypub.activities import Accept, Delete, QuoteRequest, Reject, Request, Update
from activitypub.objects.authorization import Authorization
from activitypub.vocab import PUBLIC
from fedi import iris, models
from fedi.config import Settings
from fedi.outbound.translate import notes
from fedi.queries.posts import PostView

__all__ = ["authorization", "grant", "quote_request", "refuse", "restate", "revocation"]

TYPES = {
    "announce": "AnnounceAuthorization",
    "like": "LikeAuthorization",
    "quote": "QuoteAuthorization",
    "reply": "ReplyAuthorization",
}
"""Kinds of stamps, and what their documents are called."""


def quote_request(
    view: PostView, quoted_iri: str, author: models.Account, settings: Settings
) -> QuoteRequest:
    """Ask the author of a post of another server for leave to quote it."""
    return QuoteRequest(
        id=iris.quote_request(view.account.iri, view.post.id),
        actor=view.account.iri,
        to=(author.iri,),
        object_id=quoted_iri,
        instrument=view.post.iri,
        instrument_doc=notes.note(view, settings).to_json(context=False),
    )


def authorization(stamp: models.Stamp, post: models.Post, author: models.Account) -> Authorization:
    """Render the stamp that an author here gave."""
    return Authorization(
        id=iris.stamp(author.iri, stamp.id),
        type=TYPES[stamp.kind],
        attributed_to=author.iri,
        interacting_object=stamp.object_iri,
        interaction_target=post.iri,
    )


def grant(answer_id: int, request: Request, stamp: models.Stamp, author: models.Account) -> Accept:
    """Give leave, and say where the stamp is."""
    return Accept(
        id=f"{author.iri}#accepts/requests/{answer_id}",
        actor=author.iri,
        to=(request.actor,),
        object_id=request.id,
        object_doc=_quoted_back(request),
        result=iris.stamp(author.iri, stamp.id),
    )


def refuse(answer_id: int, request: Request, author: models.Account) -> Reject:
    """Give no leave."""
    return Reject(
        id=f"{author.iri}#rejects/requests/{answer_id}",
        actor=author.iri,
        to=(request.actor,),
        object_id=request.id,
        object_doc=_quoted_back(request),
    )


def revocation(stamp: models.Stamp, post: models.Post, author: models.Account) -> Delete:
    """Take a stamp back; addressed to everyone, because whoever relied on it must stop."""
    iri = iris.stamp(author.iri, stamp.id)
    return Delete(
        id=f"{iri}#delete",
        actor=author.iri,
        to=(PUBLIC,),
        object_id=iri,
        object_doc=authorization(stamp, post, author).to_json(context=False),
    )


def restate(view: PostView, settings: Settings, now: datetime) -> Update:
    """Say what a post is like when it was not edited: its stamp or what others may do with it changed.

    `updated` stays as it was, by which others know that there is no new version to keep or to tell of.
    """
    said = notes.update(view, settings)
    return dataclasses.replace(
        said, id=f"{view.post.iri}#updates/quote-{int(now.timestamp() * 1000)}", published=now
    )


def _quoted_back(request: Request) -> dict[str, object]:
    """Embed a request without what was embedded in it: the sender knows it."""
    bare = dataclasses.replace(request, object_doc=None, instrument_doc=None, to=(), cc=())
    return bare.to_json(context=False)
