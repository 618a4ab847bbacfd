"""Rules about whole servers: making and changing them, and bringing what is here in line with them.

The rule itself counts at once, everywhere that a host is named (`queries.domains`). The accounts that are
known from there are marked in the same transaction, so that what they wrote disappears with it. What may be
much (follows to end, pictures to withhold) is left to a job that goes through it in pieces. Marks say that
they come from a rule; taking it back removes exactly those, and what people decided about single accounts
stays. Ended follows stay ended: nobody remembers who meant whom.

Nothing is said to a server that is suspended, not even that follows with it ended.

Source: Mastodon's documentation, "Domain blocks"; its `block_domain_service` and `unblock_domain_service`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from fedi import domains
from fedi.context import Context
from fedi.db import Tx, insert, on_commit
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Attachment, AttachmentState, DomainAllow, DomainRule, Follow, Severity
from fedi.queries.domains import Rules, find_rule, host_of, load
from fedi.services import auditing, severing, suspending

__all__ = ["Wish", "allow", "bring_in_line", "disallow", "remove", "run", "wish"]

ROWS_AT_ONCE = 500
"""Accounts or files changed in one statement: SQLite takes 32 766 parameters."""

FOLLOWS_AT_ONCE = 50
"""Follows ended in one transaction: more would hold the database's only writer for long."""

COMMENT_CHARACTERS_MAX = 2000
"""Of a comment to a rule."""

STRICTNESS = (Severity.NOOP, Severity.SILENCE, Severity.SUSPEND)
"""From the mildest to the strictest."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What should hold for a server; None leaves it as it is, or at first mild."""

    severity: Severity | None = None
    reject_media: bool | None = None
    reject_reports: bool | None = None
    obfuscate: bool | None = None
    public_comment: str | None = None
    private_comment: str | None = None

    def changes(self) -> dict[str, Any]:
        """Return the columns that are wished for."""
        wished = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value[:COMMENT_CHARACTERS_MAX] if name.endswith("comment") else value
            for name, value in wished.items()
            if value is not None
        }


async def wish(
    ctx: Context,
    tx: Tx,
    *,
    domain: str,
    wanted: Wish,
    by: Account | None = None,
    reason: str = "",
    milder: bool = True,
    at_once: bool = True,
) -> tuple[str, bool]:
    """Make a rule about a server, or change it.

    Args:
        ctx: the context.
        tx: a writing transaction.
        domain: in any spelling; its subdomains are meant too.
        wanted: what should hold.
        by: who decides; None for the command line.
        reason: why, for the log of acts.
        milder: whether a rule that is there may become milder; a list from elsewhere should not do that.
        at_once: whether accounts are brought in line; who makes many rules does it at the end, for all.

    Returns:
        The domain in its normal form, and whether anything changed.

    Raises:
        Refused: 422, when this is no domain, or ours.
    """
    name = _name(ctx, domain)
    rule = await find_rule(tx, name)
    changes = wanted.changes()
    if rule is None:
        mild = {"severity": Severity.NOOP, "reject_media": False, "reject_reports": False, "obfuscate": False}
        rule = DomainRule(id=ctx.ids.next(), domain=name, created_at=ctx.clock(), **{**mild, **changes})
        tx.add(rule)
    else:
        changes = {key: value for key, value in changes.items() if getattr(rule, key) != value}
        if not milder and _strictness(rule.severity) > _strictness(changes.get("severity", Severity.SUSPEND)):
            del changes["severity"]
        if not changes:
            return name, False
        for key, value in changes.items():
            setattr(rule, key, value)
    await tx.flush()
    detail = {key: str(value) if isinstance(value, Severity) else value for key, value in changes.items()}
    action = ACTIONS[Severity(rule.severity)] if "severity" in changes else "domain.change"
    await auditing.record(ctx, tx, action=action, target=name, by=by, reason=reason, detail=detail)
    if at_once:
        await bring_in_line(ctx, tx, name)
    return name, True


ACTIONS: Mapping[Severity, str] = {
    Severity.NOOP: "domain.note",
    Severity.SILENCE: "domain.limit",
    Severity.SUSPEND: "domain.suspend",
}
"""How an act is called in the log."""


async def remove(ctx: Context, tx: Tx, *, domain: str, by: Account | None = None, reason: str = "") -> str:
    """Take a rule back, and what it did to accounts and pictures; return the domain in its normal form.

    Raises:
        Refused: 404, when there is none about exactly this domain.
    """
    name = domains.normal(domain)
    rule = await find_rule(tx, name)
    if rule is None:
        raise Refused(404, f"There is no rule about {name}.")
    detail = {"severity": rule.severity, "reject_media": rule.reject_media}
    await tx.delete(rule)
    await tx.flush()
    await auditing.record(ctx, tx, action="domain.remove", target=name, by=by, reason=reason, detail=detail)
    await bring_in_line(ctx, tx, name)
    return name


async def allow(
    ctx: Context, tx: Tx, *, domain: str, by: Account | None = None, reason: str = ""
) -> tuple[str, bool]:
    """Put a server on the list of those that are talked to.

    Returns:
        The domain in its normal form, and whether it is new there.

    Raises:
        Refused: 422, when this is no domain.
    """
    name = domains.normal(domain)
    made = insert(tx, DomainAllow).values(id=ctx.ids.next(), domain=name, created_at=ctx.clock())
    made = made.on_conflict_do_nothing(index_elements=[DomainAllow.domain]).returning(DomainAllow.id)
    if (await tx.execute(made)).first() is None:
        return name, False
    await auditing.record(ctx, tx, action="domain.allow", target=name, by=by, reason=reason)
    await bring_in_line(ctx, tx, name)
    return name, True


async def disallow(ctx: Context, tx: Tx, *, domain: str, by: Account | None = None, reason: str = "") -> str:
    """Take a server off that list; return its domain in its normal form.

    Raises:
        Refused: 404, when it is not there.
    """
    name = domains.normal(domain)
    gone = await tx.execute(delete(DomainAllow).where(DomainAllow.domain == name).returning(DomainAllow.id))
    if gone.first() is None:
        raise Refused(404, f"{name} is not on the list.")
    await auditing.record(ctx, tx, action="domain.disallow", target=name, by=by, reason=reason)
    await bring_in_line(ctx, tx, name)
    return name


async def bring_in_line(ctx: Context, tx: Tx, domain: str | None) -> dict[str, int]:
    """Mark the accounts of a domain (of all, when None) as the rules have it, and have the rest done.

    Args:
        ctx: the context.
        tx: a writing transaction, in which the rules are as they should be.
        domain: in its normal form.

    Returns:
        How many were suspended, limited, or no longer so.
    """
    rules = await load(tx, ctx.settings)
    marks: dict[str, list[int]] = {"suspend": [], "unsuspend": [], "limit": [], "unlimit": []}
    rows = await tx.execute(
        select(
            Account.id, Account.domain, Account.iri, Account.suspended_at, Account.suspended_by_rule,
            Account.silenced_at, Account.silenced_by_rule, Account.suspended_by_origin,
        ).where(Account.domain != "", _may_be_of(domain, Account.domain, Account.iri))
    )  # fmt: skip
    for row in rows:
        verdict = rules.of(row.domain, host_of(row.iri))
        if verdict.suspended and (row.suspended_at is None or row.suspended_by_origin):
            marks["suspend"].append(row.id)
        elif not verdict.suspended and row.suspended_by_rule:
            marks["unsuspend"].append(row.id)
        if verdict.limited and row.silenced_at is None:
            marks["limit"].append(row.id)
        elif not verdict.limited and row.silenced_by_rule:
            marks["unlimit"].append(row.id)
    now = ctx.clock()
    await _change(
        tx, Account, marks["suspend"], suspended_at=now, suspended_by_rule=True, suspended_by_origin=False
    )
    await severing.tell(ctx, tx, kind="domain_block", gone=marks["suspend"], name=domain)
    await _change(tx, Account, marks["unsuspend"], suspended_at=None, suspended_by_rule=False)
    await _change(tx, Account, marks["limit"], silenced_at=now, silenced_by_rule=True)
    await _change(tx, Account, marks["unlimit"], silenced_at=None, silenced_by_rule=False)
    counts = {word: len(ids) for word, ids in marks.items()}
    log.info("domain_in_line", domain=domain, **counts)
    job = queue.NewJob(queue="default", kind="rule", payload={"domain": domain})
    await queue.enqueue(tx, ctx.wake, [job], now=now)
    on_commit(tx, ctx.rules.forget)
    return counts


async def run(ctx: Context, job: queue.Claim) -> None:
    """Do what a changed rule asks for besides marks: end follows, withhold pictures or show them again.

    Each piece has a transaction of its own, and doing it again changes nothing.
    """
    domain: str | None = job.payload["domain"]
    while await _end_follows(ctx):
        pass
    ctx.rules.forget()
    rules = await ctx.rules.now()
    await _settle_files(ctx, rules, domain)
    await _settle_profiles(ctx, rules, domain)
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)


async def _end_follows(ctx: Context) -> bool:
    """End some of the follows with those whom a rule suspends; return whether there may be more."""
    follower, target = aliased(Account), aliased(Account)
    async with ctx.db.write() as tx:
        rows = (
            await tx.execute(
                select(Follow, follower, target)
                .join(follower, follower.id == Follow.account_id)
                .join(target, target.id == Follow.target_id)
                .where(or_(follower.suspended_by_rule, target.suspended_by_rule))
                .order_by(Follow.id)
                .limit(FOLLOWS_AT_ONCE)
            )
        ).all()
        for relation, who, whom in rows:
            await suspending.end_follow(tx, relation, follower=who, target=whom)
    return len(rows) == FOLLOWS_AT_ONCE


async def _settle_files(ctx: Context, rules: Rules, domain: str | None) -> None:
    """Withhold the files of posts that the rules reject, and show those that they do not."""
    after = 0
    while True:
        async with ctx.db.read() as tx:
            rows = (
                await tx.execute(
                    select(
                        Attachment.id, Attachment.remote_url, Attachment.state, Account.domain, Account.iri
                    )
                    .join(Account, Account.id == Attachment.account_id)
                    .where(
                        Attachment.id > after,
                        Attachment.remote_url.is_not(None),
                        Account.domain != "",
                        or_(
                            _may_be_of(domain, Account.domain, Account.iri),
                            _may_be_of(domain, Account.domain, Attachment.remote_url),
                        ),
                    )
                    .order_by(Attachment.id)
                    .limit(ROWS_AT_ONCE)
                )
            ).all()
        if not rows:
            return
        after = rows[-1].id
        wanted: dict[str, list[int]] = {AttachmentState.WITHHELD: [], AttachmentState.READY: []}
        for row in rows:
            withheld = rules.withhold(row.remote_url, row.domain, host_of(row.iri))
            state = AttachmentState.WITHHELD if withheld else AttachmentState.READY
            if row.state != state:
                wanted[state].append(row.id)
        async with ctx.db.write() as tx:
            for wished, ids in wanted.items():
                await _change(tx, Attachment, ids, state=wished)


async def _settle_profiles(ctx: Context, rules: Rules, domain: str | None) -> None:
    """Take pictures from profiles where the rules reject them; others are read again when they are met."""
    after = 0
    while True:
        async with ctx.db.read() as tx:
            rows = (
                await tx.execute(
                    select(Account.id, Account.domain, Account.iri, Account.avatar_url, Account.header_url)
                    .where(
                        Account.id > after,
                        Account.domain != "",
                        or_(
                            _may_be_of(domain, Account.domain, Account.iri),
                            _may_be_of(domain, Account.domain, Account.avatar_url),
                            _may_be_of(domain, Account.domain, Account.header_url),
                        ),
                    )
                    .order_by(Account.id)
                    .limit(ROWS_AT_ONCE)
                )
            ).all()
        if not rows:
            return
        after = rows[-1].id
        emptied: dict[str, list[int]] = {"avatar_url": [], "header_url": []}
        again: list[int] = []
        for row in rows:
            hosts = (row.domain, host_of(row.iri))
            for column, ids in emptied.items():
                if getattr(row, column) and rules.withhold(getattr(row, column), *hosts):
                    ids.append(row.id)
            if not (row.avatar_url and row.header_url) and not rules.of(*hosts).rejects_media:
                again.append(row.id)
        async with ctx.db.write() as tx:
            for column, ids in emptied.items():
                await _change(tx, Account, ids, **{column: None})
            await _change(tx, Account, again, fetched_at=None)


def _may_be_of(domain: str | None, handle: Any, address: Any) -> ColumnElement[bool]:
    """Return a condition that holds for whatever a domain covers, and for some more.

    It only spares reading the whole table; what is read is then compared as everywhere. Addresses may spell
    a name in another script, so for those names nothing is spared.
    """
    if domain is None or "xn--" in domain:
        return handle.is_not(None)  # type: ignore[no-any-return] # a column's condition
    return or_(
        handle == domain,
        handle.startswith(f"{domain}:", autoescape=True),
        handle.contains(f".{domain}", autoescape=True),
        func.lower(address).contains(domain, autoescape=True),
    )


async def _change(tx: Tx, model: Any, ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(ids), ROWS_AT_ONCE):
        some = update(model).where(model.id.in_(ids[start : start + ROWS_AT_ONCE])).values(**values)
        await tx.execute(some.execution_options(synchronize_session=False))


def _strictness(severity: str) -> int:
    return STRICTNESS.index(Severity(severity))


def _name(ctx: Context, domain: str) -> str:
    """Return a domain in its normal form.

    Raises:
        Refused: 422, when it is none, or covers this server.
    """
    name = domains.normal(domain)
    if any(domains.covers(name, ours) for ours in (ctx.settings.host, ctx.settings.domain)):
        raise Refused(422, f"{name} is this server, or above it.")
    return name
