"""Telling the moderators that somebody, here or elsewhere, does what they should not.

Source: Mastodon's documentation, "reports API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.entities.report import report as entity
from fedi.api.viewer import admit
from fedi.queries import accounts as find_account
from fedi.services import reporting
from fedi.services.reporting import Complaint

__all__ = ["create"]


async def create(request: Request) -> Response:
    """Report an account, and some of its posts if they are named."""
    ctx = context.of(request)
    viewer = await admit(request, "write:reports")
    given = await params.read(request)
    account_id = given.identifier("account_id")
    if account_id is None:
        raise errors.unprocessable("account_id is missing")
    complaint = Complaint(
        comment=given.text("comment") or "",
        category=given.word("category") or "other",
        post_ids=given.identifiers("status_ids"),
        rule_ids=given.identifiers("rule_ids"),
        forward=given.flag("forward") or False,
    )
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await find_account.by_id(tx, account_id)
        if target is None:
            raise errors.not_found()
        made = await reporting.report(ctx, tx, reporter=me, target=target, complaint=complaint)
    return json_answer(entity(made, target, ctx.settings))
