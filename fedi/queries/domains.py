"""What the operator decided about other servers, asked with a host and answered from memory.

Everything that another server names (a key, an actor, an attachment, a redirect) may have to be kept out,
so this question is asked several times for each request and must cost nothing. The rules are a small table,
read as a whole and used for a few seconds; a change made by this process counts at once, one made by another
(the command line) when those seconds are over.

All rules on the way up from a host hold together: a milder one for a subdomain does not lift what is said of
the whole domain.

Source: Mastodon's documentation, "Moderation actions" and "Domain blocks"; `fedi.domains` for the comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from activitypub.errors import MalformedError
from activitypub.origin import origin
from fedi.clock import Clock
from fedi.config import Settings
from fedi.db import AWAY, Database, Tx
from fedi.domains import lineage
from fedi.memory import InFlight
from fedi.models import DomainAllow, DomainRule, Severity

__all__ = [
    "CLEAR", "Rulebook", "Rules", "Verdict", "all_allowed", "all_rules", "find_allow", "find_rule", "host_of",
    "load", "rules_for",
]  # fmt: skip

RULES_TTL_S = 5.0
"""How long the rules are used without asking the database, in seconds: so late a change by another process
counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What holds for one server.

    Attributes:
        suspended: nothing comes in and nothing goes out.
        limited: its people are shown to their followers only.
        rejects_media: their pictures are not shown.
        rejects_reports: their reports are not taken.
    """

    suspended: bool = False
    limited: bool = False
    rejects_media: bool = False
    rejects_reports: bool = False

    def __or__(self, other: "Verdict") -> "Verdict":
        """Return what holds when both do."""
        return Verdict(
            suspended=self.suspended or other.suspended,
            limited=self.limited or other.limited,
            rejects_media=self.rejects_media or other.rejects_media,
            rejects_reports=self.rejects_reports or other.rejects_reports,
        )


CLEAR = Verdict()
"""Nothing is held against a server."""

AWAY_FROM_US = Verdict(suspended=True)
"""A server that is not on the list, where only those on it are talked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules at one moment.

    Attributes:
        ruled: what is said of each domain, by its normal form.
        allowed: the domains that are talked to; None when all are.
        ours: this server's own names, about which there are no rules.
    """

    ruled: Mapping[str, Verdict] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    ours: frozenset[str] = frozenset()

    def of(self, *hosts: str) -> Verdict:
        """Return what holds for something that several hosts have to do with, in whatever spelling."""
        if not self.ruled and self.allowed is None:
            return CLEAR
        found = CLEAR
        for host in hosts:
            names = lineage(host)
            if names and names[0] in self.ours:
                continue
            if self.allowed is not None and self.allowed.isdisjoint(names):
                found |= AWAY_FROM_US
            for name in names:
                if name in self.ruled:
                    found |= self.ruled[name]
        return found

    def of_iris(self, *iris: str) -> Verdict:
        """Return what holds for something at several addresses; one that names no host says nothing."""
        if not self.ruled and self.allowed is None:
            return CLEAR
        return self.of(*(host for host in map(host_of, iris) if host))

    def withhold(self, url: str, *hosts: str) -> bool:
        """Tell whether a file is not shown here: because of where it is, or of whose it is (`hosts`)."""
        verdict = self.of(*hosts) | self.of_iris(url)
        return verdict.suspended or verdict.rejects_media


def host_of(iri: str) -> str:
    """Return the host of an address, without port; empty when it has none."""
    try:
        return origin(iri).host
    except MalformedError:
        return ""


class Rulebook:
    """The rules as they stood a moment ago.

    Args:
        db: where they are.
        settings: whether all servers are talked to, or those on a list.
        clock: the time.
    """

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._rules: Rules | None = None
        self._until: datetime | None = None
        self._changes = 0
        self._in_flight = InFlight()

    async def now(self) -> Rules:
        """Return the rules; read anew when they are older than `RULES_TTL_S`."""
        if self._rules is not None and self._until is not None and self._clock() < self._until:
            return self._rules
        return await self._in_flight.share("rules", self._read)

    def forget(self) -> None:
        """Read them anew the next time, because they were changed."""
        self._until = None
        self._changes += 1

    async def _read(self) -> Rules:
        asked_at, changes = self._clock(), self._changes
        try:
            async with self._db.read() as tx:
                found = await load(tx, self._settings)
        except AWAY:
            if self._rules is None:
                raise
            return self._rules  # old rules are better than none, and than no answer
        self._rules = found
        if changes == self._changes:  # else this is what stood there before the change
            self._until = asked_at + timedelta(seconds=RULES_TTL_S)
        return found


async def rules_for(tx: Tx, settings: Settings, *hosts: str) -> Rules:
    """Return those of the rules that speak of these hosts, as this transaction sees them.

    For what is written down for good: it must not go by what was true some seconds ago.
    """
    names = {name for host in hosts for name in lineage(host)}
    rows = await tx.execute(select(DomainRule).where(DomainRule.domain.in_(names)))
    listed = await tx.execute(select(DomainAllow).where(DomainAllow.domain.in_(names)))
    return _rules(settings, rows.scalars().all(), listed.scalars().all())


async def all_rules(tx: Tx) -> Sequence[DomainRule]:
    """Return the rules, by domain."""
    return (await tx.execute(select(DomainRule).order_by(DomainRule.domain))).scalars().all()


async def all_allowed(tx: Tx) -> Sequence[DomainAllow]:
    """Return the servers on the list of those that are talked to, by domain."""
    return (await tx.execute(select(DomainAllow).order_by(DomainAllow.domain))).scalars().all()


async def find_rule(tx: Tx, domain: str) -> DomainRule | None:
    """Find the rule about exactly this domain, given in its normal form."""
    return (await tx.execute(select(DomainRule).where(DomainRule.domain == domain))).scalar_one_or_none()


async def find_allow(tx: Tx, domain: str) -> DomainAllow | None:
    """Find a server, given in its normal form, on the list of those that are talked to."""
    return (await tx.execute(select(DomainAllow).where(DomainAllow.domain == domain))).scalar_one_or_none()


async def load(tx: Tx, settings: Settings) -> Rules:
    """Return all rules, as this transaction sees them."""
    return _rules(settings, await all_rules(tx), await all_allowed(tx))


def _rules(settings: Settings, rows: Sequence[DomainRule], listed: Sequence[DomainAllow]) -> Rules:
    allowed = frozenset(row.domain for row in listed) if settings.federation_mode == "allowlist" else None
    ruled = {
        row.domain: Verdict(
            suspended=row.severity == Severity.SUSPEND,
            limited=row.severity == Severity.SILENCE,
            rejects_media=row.reject_media,
            rejects_reports=row.reject_reports,
        )
        for row in rows
    }
    ours = frozenset(name for host in (settings.host, settings.domain) for name in lineage(host)[:1])
    return Rules(ruled=ruled, allowed=allowed, ours=ours)
