"""Posts that say they were published at the same moment, which whole seconds make common and a rogue can force."""

import pytest

from fedi.models import Account, Post
from fedi.outbound import remote, resolve
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_posts_of_one_moment_get_ids_of_their_own(
    server: Server, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([7, 7, 7, 8, 7, 8, 9])
    monkeypatch.setattr(remote.secrets, "randbits", lambda _bits: next(drawn))
    posts = [await resolve.note(server.ctx, bob.note(str(number))["id"]) for number in range(3)]
    assert [post.id & 0xFFFF for post in posts] == [7, 8, 9]


async def test_a_moment_that_is_full_borrows_from_the_present(
    server: Server, alice: Account, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote.secrets, "randbits", lambda _bits: 7)
    for number in range(3):
        await resolve.note(server.ctx, bob.note(str(number))["id"])
    assert await looking.count(server, Post) == 3
