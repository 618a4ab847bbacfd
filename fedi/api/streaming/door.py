"""Who comes in: the token of a stream, which may be in more places than elsewhere.

A browser cannot give a WebSocket any header, so clients put the token among its subprotocols or into the
address. Cookies count for nothing here, so it does not matter on whose page the script runs.

Source: Mastodon's documentation, "Streaming API", "Authentication".
"""

from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection

from fedi.api import errors, scopes
from fedi.api.limits import address_of
from fedi.api.streaming.airings import handle
from fedi.api.streaming.channels import Channel, read
from fedi.api.streaming.exchange import Exchange, Listener, Told
from fedi.api.viewer import bearer
from fedi.context import Context
from fedi.queries import lists
from fedi.services import authorizing
from fedi.services.authorizing import Granted

__all__ = ["admit", "channel_of", "exchange_of", "listener", "offered", "open_exchange"]


def open_exchange(ctx: Context) -> Exchange:
    """Make the exchange of an application."""
    return Exchange(ctx, handle)


def exchange_of(connection: HTTPConnection) -> Exchange:
    """Return the exchange of the application that serves this connection."""
    exchange = connection.app.state.exchange
    assert isinstance(exchange, Exchange)
    return exchange


def offered(connection: HTTPConnection) -> str | None:
    """Return the token among the subprotocols, which the answer must repeat."""
    first = connection.headers.get("sec-websocket-protocol", "").split(",")[0].strip()
    return first or None


async def admit(connection: HTTPConnection) -> Granted:
    """Return what the token of a connection stands for.

    Raises:
        Refused: 401 without a good token or for an application's own, 403 for one of a suspended account,
            429 or 503 when there is no room.
    """
    token = bearer(connection) or connection.query_params.get("access_token") or offered(connection)
    if not token:
        raise errors.no_token()
    exchange = exchange_of(connection)
    async with exchange.ctx.db.read() as tx:
        granted = await authorizing.find_granted(tx, token)
    if granted is None or granted.account is None:
        raise errors.bad_token()
    if granted.account.suspended_at is not None:
        raise errors.disabled()
    exchange.require_room(granted.account.id, address_of(connection))
    return granted


def listener(
    connection: HTTPConnection, granted: Granted, text_of: Callable[[Told, Channel], str]
) -> Listener:
    """Return the listener for a connection that was admitted."""
    assert granted.account is not None
    return Listener(
        account_id=granted.account.id,
        token_id=granted.token_id,
        address=address_of(connection),
        hears_notifications=scopes.covers(granted.scopes, "read:notifications"),
        text_of=text_of,
    )


async def channel_of(ctx: Context, granted: Granted, asked: Mapping[str, str]) -> Channel:
    """Read a wish to listen.

    Args:
        ctx: the context.
        granted: who wishes.
        asked: `stream`, `tag` and `list`, as far as they are there.

    Raises:
        Refused: 400 for what does not exist, 403 for what the token may not hear, 404 for the list of
            somebody else.
    """
    wanted = read(
        asked.get("stream"), tag=asked.get("tag"), list_id=asked.get("list"), granted=granted.scopes
    )
    if wanted.name == "list":
        assert granted.account is not None
        async with ctx.db.read() as tx:
            if await lists.by_id(tx, granted.account.id, int(wanted.of)) is None:
                raise errors.not_found()
    return wanted
