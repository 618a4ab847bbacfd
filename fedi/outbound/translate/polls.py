"""Polls of this server as Questions, how they stand, and the votes of people here in those of others.

How a poll stands is told by an Update whose `updated` is that of the last edit: so peers take over the
figures and show no edit.

Source: Mastodon's documentation of Question and of votes.
"""

from datetime import datetime

from activitypub.activities import Create, Update
from activitypub.objects.question import Option, Poll, Vote
from fedi import models

__all__ = ["as_update_of_tallies", "poll", "vote"]


def poll(row: models.Poll) -> Poll:
    """Render the poll of a local post; hidden totals are nought until it is closed."""
    hidden = row.hide_totals and row.closed_at is None
    return Poll(
        options=tuple(
            Option(name=name, votes=0 if hidden else votes)
            for name, votes in zip(row.options, row.tallies, strict=True)
        ),
        multiple=row.multiple,
        end_time=row.expires_at,
        closed=row.closed_at,
        voters_count=row.voters_count,
    )


def as_update_of_tallies(edit: Update, now: datetime) -> Update:
    """Make the Update of a post one that tells how its poll stands, under an id of its own."""
    return Update(
        id=f"{edit.object_id}#updates/poll-{int(now.timestamp() * 1000)}",
        actor=edit.actor,
        published=now,
        to=edit.to,
        cc=edit.cc,
        object_id=edit.object_id,
        object_doc=edit.object_doc,
    )


def vote(row: models.PollVote, voter: models.Account, *, option: str, question: str, author: str) -> Create:
    """Vote in a poll elsewhere, in a message to its author alone.

    Args:
        row: the vote.
        voter: who votes.
        option: the chosen option's text.
        question: IRI of the Question.
        author: IRI of its author.
    """
    said = Vote(id=row.iri, attributed_to=voter.iri, name=option, in_reply_to=question, to=(author,))
    return Create(
        id=f"{row.iri}/activity",
        actor=voter.iri,
        to=(author,),
        object_id=row.iri,
        object_doc=said.to_json(context=False),
    )
