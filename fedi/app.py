"""The composition root: what a process of fedi is made of.

`open_context` builds the long-lived objects and closes them in reverse; `build_app` puts the three edges
(other servers, clients, browsers) before them. All routes and all middleware are visible here.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from activitypub.client import HttpxPoster
from fedi.api.cors import CorsMiddleware
from fedi.api.limits import RateLimitMiddleware
from fedi.api.routes import ROUTES as API
from fedi.api.streaming.door import open_exchange
from fedi.boundary import BoundaryMiddleware, pass_on
from fedi.bus.events import HUB
from fedi.bus.hub import Hub
from fedi.clock import Clock, utcnow
from fedi.config import Settings
from fedi.context import Context
from fedi.courier import Courier
from fedi.db import Database
from fedi.errors import SettingsError
from fedi.http import Connections, build_client, guard_from
from fedi.ids import IdMaker
from fedi.inbound.routes import ROUTES as INBOUND
from fedi.inbound.welcome import WelcomeMiddleware
from fedi.jobs.wake import Wake
from fedi.keyring import KeyRing
from fedi.queries.domains import Rulebook
from fedi.routing import IndexedRouter
from fedi.sealing import Sealer
from fedi.services.offering import model_folder
from fedi.web.headers import HeadersMiddleware
from fedi.web.routes import ROUTES as WEB
from media.errors import MediaError
from media.host import DecodeHost, EngineHost
from media.slot import Timeouts
from media.stores import open_store

__all__ = ["build_app", "open_context"]


@asynccontextmanager
async def open_context(
    settings: Settings,
    *,
    clock: Clock = utcnow,
    engine: EngineHost | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Context]:
    """Build what a process needs, and close it at the end.

    Args:
        settings: what the operator decided.
        clock: the time.
        engine: who draws; the diffusers model of the settings when missing.
        transport: what carries outgoing requests; the network when missing.

    Raises:
        SettingsError: a directory or store cannot be used.
    """
    _require_writable(settings)
    async with AsyncExitStack() as stack:
        database, hub = _open_database(settings), Hub()
        database.carried[HUB] = hub
        stack.push_async_callback(database.close)
        try:
            blobs = open_store(settings.storage)
        except (MediaError, ValueError, OSError) as trouble:
            raise SettingsError(
                "storage_url", str(trouble), "write file:/path or s3://bucket/prefix"
            ) from None
        stack.push_async_callback(blobs.close)
        if engine is None:
            engine = EngineHost(
                folder=model_folder(settings),
                timeouts=Timeouts(whole_s=float(settings.generation_timeout_s)),
                environment={"FEDI_DEVICE": settings.device},
            )
        stack.push_async_callback(engine.close)
        decoder = DecodeHost()
        stack.push_async_callback(decoder.close)
        rules = Rulebook(database, settings, clock)

        async def refuses(host: str) -> bool:
            return (await rules.now()).of(host).suspended

        guard = guard_from(settings)
        connections = Connections(settings, guard)
        stack.push_async_callback(connections.aclose)
        client = build_client(settings, transport=transport, connections=connections, refuses=refuses)
        stack.push_async_callback(client.aclose)
        courier = Courier(settings, connections, guard, refuses)
        yield Context(
            settings=settings,
            db=database,
            http=client,
            courier=courier if transport is None else HttpxPoster(client),
            blobs=blobs,
            engine=engine,
            decoder=decoder,
            clock=clock,
            ids=IdMaker(clock),
            wake=Wake(),
            keys=KeyRing(),
            sealer=Sealer(settings.data_path, settings.secret_key),
            rules=rules,
            hub=hub,
        )


def build_app(ctx: Context) -> Starlette:
    """Build the web application over a context."""
    app = Starlette(
        middleware=[
            Middleware(HeadersMiddleware, settings=ctx.settings),
            Middleware(CorsMiddleware),
            Middleware(RateLimitMiddleware, enabled=ctx.settings.rate_limits, clock=ctx.clock),
            Middleware(BoundaryMiddleware),
            Middleware(WelcomeMiddleware),
        ],
        exception_handlers={HTTPException: pass_on},
    )
    # `web` has the pages that share an address with a document, so `inbound` comes first and passes
    # browsers on.
    app.router = IndexedRouter([*API, *INBOUND, *WEB])
    app.state.ctx = ctx
    app.state.exchange = open_exchange(ctx)
    return app


def _open_database(settings: Settings) -> Database:
    try:
        return Database(settings.database)
    except ImportError as trouble:
        cause = f"its driver {trouble.name} is not installed"
    except SQLAlchemyError as trouble:
        cause = str(trouble.args[0])
    raise SettingsError(
        "database_url",
        cause,
        "write postgresql://user@host/name and install 'fedi[postgres]', or leave it empty for SQLite",
    )


def _require_writable(settings: Settings) -> None:
    path = settings.data_path
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # a process that starts at the same moment may have taken it away
    except OSError as trouble:
        raise SettingsError(
            "data_dir", f"{path} cannot be written ({trouble.strerror})", "choose a directory of yours"
        ) from None
