"""All addresses that other servers read, in turn: none is forgotten where readers must be named."""

import pytest
from starlette.routing import Route

from fedi.inbound.routes import ROUTES
from fedi.models import Account
from fedi.services import posting
from tests.conftest import MakeServer
from tests.fedi.remote import ACTIVITY_JSON, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

READ = sorted({route.path for route in ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())})

OPEN = ("/actor", "/.well-known/", "/nodeinfo/")
"""What everyone may always read: the server's own key, and how to find it and its people."""

ACCEPT = {"accept": ACTIVITY_JSON}


async def addresses(server: Server) -> list[str]:
    """Return an address for each path, of what is there or could be."""
    alice = await server.person("alice")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="hello", visibility="public")
        post = await posting.publish(server.ctx, tx, author=me, new=new)
    values = {"{name}": "alice", "{post_id}": str(post.id), "{stamp_id}": "1"}
    found = READ
    for name, value in values.items():
        found = [path.replace(name, value) for path in found]
    assert not [path for path in found if "{" in path]
    return found


async def test_with_authorized_fetch_everything_but_the_server_itself_needs_a_signature(
    make_server: MakeServer,
) -> None:
    server = await make_server(authorized_fetch=True)
    bob = RemoteServer(server.network).person("bob")
    for path in await addresses(server):
        answer = await server.client.get(path, headers=ACCEPT)
        if path.startswith(OPEN):
            assert answer.status_code in {200, 400}, path
            continue
        assert answer.status_code == 401, path
        assert "@target-uri" in answer.headers["accept-signature"]
        signed = bob.signed("GET", f"{server.settings.origin}{path}", server.clock())
        read = await server.client.get(path, headers=ACCEPT | signed)
        assert read.status_code in {200, 404}, path
        assert "public" not in read.headers["cache-control"], path


async def test_without_it_everything_for_everyone_is_read_unsigned(server: Server) -> None:
    for path in await addresses(server):
        answer = await server.client.get(path, headers=ACCEPT)
        assert answer.status_code in {200, 400, 401, 404}, path
        if answer.status_code == 401:  # a list that is for one server only
            assert path.endswith("/followers_synchronization")
        if answer.status_code == 200:
            assert answer.headers["cache-control"].startswith("public"), path
