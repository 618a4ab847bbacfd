"""What people here report, told to the server of whom it is about.

The server itself says it, so that nobody there learns who complained.

Source: https://docs.joinmastodon.org/spec/activitypub/#Flag.
"""

from collections.abc import Sequence

from activitypub.activities import Flag
from fedi import iris, models
from fedi.config import Settings

__all__ = ["flag"]


def flag(
    report: models.Report, target: models.Account, posts: Sequence[models.Post], settings: Settings
) -> Flag:
    """Report an account and some of its posts to their server."""
    return Flag(
        id=iris.report(settings, report.id),
        actor=iris.instance_actor(settings),
        to=(target.iri,),
        object_id=target.iri,
        object_ids=(target.iri, *(post.iri for post in posts)),
        content=report.comment,
    )
