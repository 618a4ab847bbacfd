"""What tests of federation ask a server's database, and bring about in it."""

from typing import Any

from sqlalchemy import func, select

from fedi.models import Account, Activity, Follow, HomeEntry, Notification, Post
from fedi.outbound import resolve
from fedi.services import following
from tests.fedi.remote import RemoteActor
from tests.servers import Server


async def last_activity(server: Server) -> Activity:
    """Return the activity that came in last."""
    async with server.ctx.db.read() as tx:
        incoming = select(Activity).where(Activity.direction == "in").order_by(Activity.id.desc()).limit(1)
        return (await tx.execute(incoming)).scalar_one()


async def verdict(server: Server, bob: RemoteActor, activity: dict[str, Any]) -> str:
    """Send an activity, have it processed, and return what became of it."""
    answer = await bob.sends(server, activity)
    assert answer.status_code == 202, answer.text
    await server.work()
    return (await last_activity(server)).state


async def find_post(server: Server, iri: str) -> Post | None:
    """Return a post by its id."""
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Post).where(Post.iri == iri))).scalar_one_or_none()


async def get_post(server: Server, iri: str) -> Post:
    """Return a post by its id, which must be there."""
    found = await find_post(server, iri)
    assert found is not None, iri
    return found


async def find_account(server: Server, iri: str) -> Account | None:
    """Return an account by its id."""
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Account).where(Account.iri == iri))).scalar_one_or_none()


async def get_account(server: Server, iri: str) -> Account:
    """Return an account by its id, which must be there."""
    found = await find_account(server, iri)
    assert found is not None, iri
    return found


async def count(server: Server, model: Any, *conditions: Any) -> int:
    """Count rows."""
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(model).where(*conditions))).scalar_one()


async def home(server: Server, account: Account) -> list[str]:
    """Return the ids of the posts in somebody's home timeline, newest first."""
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Post.iri)
            .join(HomeEntry, HomeEntry.post_id == Post.id)
            .where(HomeEntry.account_id == account.id)
            .order_by(HomeEntry.post_id.desc())
        )
        return list(rows.scalars())


async def told(server: Server, account: Account) -> list[str]:
    """Return the kinds of what somebody was told, oldest first."""
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Notification.kind).where(Notification.account_id == account.id).order_by(Notification.id)
        )
        return list(rows.scalars())


async def meet(server: Server, *people: RemoteActor) -> None:
    """Make people of other servers known, as their earlier doings would have."""
    for person in people:
        await resolve.actor(server.ctx, person.iri)


async def follow(server: Server, follower: Account, bob: RemoteActor, *, accepted: bool = True) -> Follow:
    """Have somebody here follow somebody elsewhere."""
    target = await resolve.actor(server.ctx, bob.iri)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, follower.id)
        relation = await following.follow(server.ctx, tx, follower=me, target=target)
        if accepted:
            await following.receive_accept(tx, relation=relation)
        return relation


async def first(server: Server, model: Any, *conditions: Any) -> Any:
    """Return the first row."""
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(model).where(*conditions).order_by(model.id).limit(1))).scalar_one()
