"""Reports, by people here and by other servers, from their arrival until somebody has dealt with them.

A report is seen by moderators only. Who is reported is not told, and whoever reports from elsewhere gets no
answer but that it arrived. Strangers can fill this queue, so it has limits: per server and as a whole.

Source: Mastodon's `report_service` and `activity/flag.rb`; ActivityStreams 2.0 vocabulary, Flag.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from activitypub.activities import FLAG_CONTENT_CHARS_MAX
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.log import get
from fedi.models import Account, Post, PostState, Report, Rule
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import accounts as find_account
from fedi.queries import moderation
from fedi.queries.domains import host_of, rules_for
from fedi.queries.visibility import can_see
from fedi.services import auditing, notifying

__all__ = [
    "CATEGORIES", "COMMENT_CHARACTERS_MAX", "Complaint", "assign", "change", "receive", "reopen", "report",
    "resolve",
]  # fmt: skip

CATEGORIES = ("spam", "legal", "violation", "other")
"""Mastodon's words for what is wrong."""

COMMENT_CHARACTERS_MAX = 1000
"""Of what a person here writes to a report; Mastodon's figure."""

POSTS_MAX = 100
"""Posts of one report."""

TARGETS_MAX = 10
"""People that one Flag may report: Mastodon sends one."""

PER_SERVER_MAX = 40
"""Reports that one server may send within `PER_SERVER_WINDOW`: a raid is dealt with by a few of them."""

PER_SERVER_WINDOW = timedelta(hours=1)

WAITING_MAX = 5_000
"""Reports from other servers that wait: whoever has many domains can still not fill the database."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a person here says is wrong.

    Attributes:
        comment: why.
        category: one of `CATEGORIES`.
        post_ids: posts of the person reported.
        rule_ids: rules of this server that they break; only these make sense of the category `violation`.
        forward: whether their server is told as well.
    """

    comment: str = ""
    category: str = "other"
    post_ids: Sequence[int] = ()
    rule_ids: Sequence[int] = ()
    forward: bool = False


async def report(ctx: Context, tx: Tx, *, reporter: Account, target: Account, complaint: Complaint) -> Report:
    """Take a report by a person here, and pass it on if they want that and the other lives elsewhere.

    Raises:
        Refused: 404, when a post is not theirs or may not be seen; 422, when it makes no sense.
    """
    if target.id == reporter.id or (target.is_local and target.kind == "Application"):
        raise Refused(422, "Validation failed: this account cannot be reported")
    if complaint.category not in CATEGORIES:
        raise Refused(422, f"Validation failed: category must be one of {', '.join(CATEGORIES)}")
    if len(complaint.comment) > COMMENT_CHARACTERS_MAX:
        raise Refused(
            422, f"Validation failed: a comment may have {COMMENT_CHARACTERS_MAX} characters at most"
        )
    await _require_rules(tx, complaint.rule_ids)
    posts = await _posts_of(tx, reporter, target, complaint.post_ids)
    made = _new(ctx, target, posts, comment=complaint.comment)
    made.account_id, made.rule_ids = reporter.id, list(complaint.rule_ids)
    # Whoever names rules says that they are broken, whatever category an older client sends.
    made.category = "violation" if complaint.rule_ids else complaint.category
    tx.add(made)
    await tx.flush()
    if complaint.forward and not target.is_local:
        await _pass_on(ctx, tx, made, target, posts)
    detail = {"report": str(made.id)}
    await notifying.tell_staff(ctx, tx, kind="admin.report", about_id=reporter.id, detail=detail)
    log.info("reported", report=made.id, target=target.acct, category=made.category, forwarded=made.forwarded)
    return made


async def receive(
    ctx: Context, tx: Tx, *, actor_iri: str, iri: str | None, object_ids: Sequence[str], comment: str
) -> int:
    """Take a report by another server about people here; return about how many of them it was.

    Args:
        ctx: the context.
        tx: a writing transaction.
        actor_iri: who sent it, often the server's own actor; nothing is fetched of them.
        iri: id of the Flag.
        object_ids: accounts and posts; what is not ours is passed over.
        comment: why.

    Raises:
        Refused: 403, when that server's reports are not taken; 429, when there were too many.
    """
    server = host_of(actor_iri)
    if (await rules_for(tx, ctx.settings, server)).of(server).rejects_reports:
        raise Refused(403, "reports of this server are not taken")
    since = ctx.clock() - PER_SERVER_WINDOW
    if await moderation.count_reports(tx, origin=server, since=since) >= PER_SERVER_MAX:
        raise Refused(429, "too many reports of this server within an hour")
    if await moderation.count_waiting(tx) >= WAITING_MAX:
        raise Refused(429, "too many reports wait already")
    reporter = await find_account.by_iri(tx, actor_iri)
    found = await _named(tx, object_ids)
    for number, (target, posts) in enumerate(found):
        made = _new(ctx, target, posts, comment=comment[:FLAG_CONTENT_CHARS_MAX])
        values = {
            column.key: getattr(made, column.key)
            for column in Report.__table__.columns
            if getattr(made, column.key) is not None
        } | {"origin": server, "account_id": reporter.id if reporter else None}
        if iri is not None:  # which is unique, and one Flag may be about several people
            values["iri"] = iri if number == 0 else f"{iri}#{target.id}"
        added = await tx.execute(
            insert(tx, Report)
            .values(values)
            .on_conflict_do_nothing(index_elements=[Report.iri])
            .returning(Report.id)
        )
        if added.first() is not None:
            # An actor whom nobody here knows is not fetched for it: then this server itself tells.
            teller = reporter or await find_account.instance_actor(tx, ctx.settings) or target
            detail = {"report": str(made.id)}
            await notifying.tell_staff(ctx, tx, kind="admin.report", about_id=teller.id, detail=detail)
        log.info("report_received", target=target.acct, origin=server)
    return len(found)


async def resolve(
    ctx: Context, tx: Tx, *, found: Report, target: Account, by: Account | None = None, reason: str = ""
) -> None:
    """Say that a report has been dealt with.

    Raises:
        Refused: 422, when it was before.
    """
    if found.resolved_at is not None:
        raise Refused(422, f"Report {found.id} has been resolved already.")
    found.resolved_at = ctx.clock()
    found.resolved_by_id = by.id if by is not None else None
    await auditing.record(
        ctx,
        tx,
        action="report.resolve",
        target=target.acct,
        by=by,
        reason=reason,
        detail={"report": str(found.id)},
    )


async def reopen(ctx: Context, tx: Tx, *, found: Report, target: Account, by: Account) -> None:
    """Say that a report has not been dealt with after all; one that waits goes on waiting."""
    if found.resolved_at is None:
        return
    found.resolved_at = found.resolved_by_id = None
    await _note(ctx, tx, "report.reopen", found, target, by=by)


async def assign(
    ctx: Context, tx: Tx, *, found: Report, target: Account, to: Account | None, by: Account
) -> None:
    """Say who looks after a report; None for nobody."""
    found.assigned_id = to.id if to is not None else None
    await _note(ctx, tx, "report.assign" if to is not None else "report.unassign", found, target, by=by)


async def change(
    ctx: Context,
    tx: Tx,
    *,
    found: Report,
    target: Account,
    category: str | None,
    rule_ids: Sequence[int] | None,
    by: Account,
) -> None:
    """Put a report into another category; None leaves a part as it is.

    Raises:
        Refused: 422, for a category or a rule that is not there.
    """
    if category is not None and category not in CATEGORIES:
        raise Refused(422, f"Validation failed: category must be one of {', '.join(CATEGORIES)}")
    if rule_ids is not None:
        await _require_rules(tx, rule_ids)
        found.rule_ids = list(rule_ids)
    if category is not None:
        found.category = category
    if found.category != "violation":
        found.rule_ids = []
    await _note(ctx, tx, "report.change", found, target, by=by)


async def _note(ctx: Context, tx: Tx, action: str, found: Report, target: Account, *, by: Account) -> None:
    await tx.flush()
    detail = {"report": str(found.id)}
    await auditing.record(ctx, tx, action=action, target=target.acct, by=by, detail=detail)


async def _require_rules(tx: Tx, ids: Sequence[int]) -> None:
    there = set((await tx.execute(select(Rule.id).where(Rule.id.in_(ids)))).scalars()) if ids else set()
    if not set(ids) <= there:
        raise Refused(422, "Validation failed: rule_ids names rules that this server does not have")


def _new(ctx: Context, target: Account, posts: Sequence[Post], *, comment: str) -> Report:
    return Report(
        id=ctx.ids.next(),
        target_id=target.id,
        post_ids=[post.id for post in posts],
        comment=comment,
        category="other",
        rule_ids=[],
        forwarded=False,
        created_at=ctx.clock(),
    )


async def _posts_of(tx: Tx, reporter: Account, target: Account, ids: Sequence[int]) -> list[Post]:
    if len(ids) > POSTS_MAX:
        raise Refused(422, f"Validation failed: a report may name {POSTS_MAX} posts at most")
    posts: list[Post] = []
    for post_id in dict.fromkeys(ids):
        post = await tx.get(Post, post_id)
        if post is None or post.account_id != target.id or not await can_see(tx, reporter.id, post):
            raise Refused(404, "Record not found")
        posts.append(post)
    return posts


async def _pass_on(ctx: Context, tx: Tx, made: Report, target: Account, posts: Sequence[Post]) -> None:
    """Tell the server of whom it is about, and no other, in the name of this server."""
    server = await find_account.instance_actor(tx, ctx.settings)
    assert server is not None, "it is made at the first start"
    said = translate.flag(made, target, posts, ctx.settings)
    made.iri, made.forwarded = said.id, True
    await tx.flush()
    await record(
        ctx,
        tx,
        sender=server,
        activity=said,
        audience=Audience(inboxes=(target.inbox,)),
        order_on=str(said.id),
    )


async def _named(tx: Tx, object_ids: Sequence[str]) -> list[tuple[Account, list[Post]]]:
    """Return the people here that a Flag names, or whose posts it names, each with those posts."""
    wanted = list(dict.fromkeys(object_ids))
    posts = (
        await tx.execute(
            select(Post)
            .where(Post.iri.in_(wanted), Post.local, Post.state == PostState.PUBLISHED)
            .order_by(Post.id)
            .limit(POSTS_MAX)
        )
    ).scalars()
    by_author: dict[int, list[Post]] = {}
    for post in posts:
        by_author.setdefault(post.account_id, []).append(post)
    people = (
        await tx.execute(
            select(Account)
            .where(
                Account.iri.in_(wanted) | Account.id.in_(by_author),
                Account.domain == "",
                Account.kind != "Application",
            )
            .order_by(Account.id)
            .limit(TARGETS_MAX)
        )
    ).scalars()
    return [(account, by_author.get(account.id, [])) for account in people]
