"""What is deleted while something about it is being processed."""

import pytest
from sqlalchemy import delete

from fedi.models import Account, Job, Post
from fedi.outbound import resolve
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_an_author_who_is_deleted_before_their_post_is_written(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = resolve.actor

    async def and_then_gone(*given: object, **how: object) -> Account:
        account = await found(*given, **how)  # type: ignore[arg-type] # passed on as it came
        async with server.ctx.db.write() as tx:
            await tx.execute(delete(Account).where(Account.iri == bob.iri))
        return account

    monkeypatch.setattr(resolve, "actor", and_then_gone)
    await bob.sends(server, bob.creates(bob.note(to=[alice.iri])))
    await server.work("inbox")
    assert mistakes == []
    assert await looking.count(server, Job, Job.last_error.contains("changed meanwhile")) == 1
    monkeypatch.undo()
    server.clock.advance(60)
    await server.work("inbox")
    assert await looking.count(server, Post) == 1
