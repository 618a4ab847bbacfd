"""What every function below the edge may need, built once in `app.py` and passed on explicitly.

Nothing else is global: a test builds a Context with a fixed clock, a painted engine and a transport of
its own, and gets a whole server.
"""

import random
from dataclasses import dataclass, field

import httpx
from starlette.requests import HTTPConnection

from activitypub.post import Poster
from fedi.bus.hub import Hub
from fedi.clock import Clock
from fedi.config import Settings
from fedi.db import Database
from fedi.ids import IdMaker
from fedi.jobs.batch import GroupCommit
from fedi.jobs.wake import Wake
from fedi.keyring import KeyRing
from fedi.memory import Memory
from fedi.queries.domains import Rulebook
from fedi.sealing import Sealer
from media.blobs import BlobStore
from media.host import DecodeHost, EngineHost

__all__ = ["Context", "of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The long-lived objects of one process."""

    settings: Settings
    db: Database
    http: httpx.AsyncClient
    """The one outgoing client, behind the guard of `fedi.http`."""
    courier: Poster
    """What carries deliveries, over the same connections and behind the same guard."""
    blobs: BlobStore
    engine: EngineHost
    decoder: DecodeHost
    clock: Clock
    ids: IdMaker
    wake: Wake
    keys: KeyRing
    sealer: Sealer
    """Seals the secrets that must be read again."""
    rules: Rulebook
    """What the operator decided about other servers."""
    hub: Hub = field(default_factory=Hub)
    """Where events meet open streams; writing transactions carry it."""
    commits: GroupCommit = field(default_factory=GroupCommit)
    """Small writes that share a transaction: accepted activities, finished deliveries."""
    memory: Memory = field(default_factory=Memory)
    """What is remembered to spare work, and safe to lose."""
    rng: random.Random = field(default_factory=random.Random)
    """For jitter only."""


def of(connection: HTTPConnection) -> Context:
    """Return the context of the application that serves this request."""
    ctx = connection.app.state.ctx
    assert isinstance(ctx, Context)
    return ctx
