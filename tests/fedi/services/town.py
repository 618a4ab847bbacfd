"""People, what they write and what becomes of it, for tests of the verbs."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from fedi.errors import Refused
from fedi.models import Account, Activity, Attachment, Follow, FollowState, HomeEntry, Job, Post
from fedi.services import posting
from fedi.services.posting import NewPost
from tests.servers import Server


@dataclass
class Town:
    """A server with people, who are made when they are first named: `bob@far.test` lives elsewhere."""

    server: Server
    people: dict[str, Account] = field(default_factory=dict)

    async def one(self, name: str) -> Account:
        """Return somebody."""
        if name not in self.people:
            username, _, domain = name.partition("@")
            self.people[name] = await (
                self._stranger(username, domain) if domain else self.server.person(username)
            )
        return self.people[name]

    async def _stranger(self, username: str, domain: str) -> Account:
        iri = f"https://{domain}/users/{username}"
        account = Account(
            id=self.server.ctx.ids.next(), username=username, domain=domain, iri=iri, kind="Person",
            inbox=f"{iri}/inbox", shared_inbox=f"https://{domain}/inbox", url=f"https://{domain}/@{username}",
            followers=f"{iri}/followers", public_keys=[], fields=[], emojis=[], also_known_as=[],
            created_at=self.server.clock(),
        )  # fmt: skip
        async with self.server.ctx.db.write() as tx:
            tx.add(account)
        return account

    async def follows(
        self, who: str, whom: str, state: FollowState = FollowState.ACCEPTED, *, show_reblogs: bool = True
    ) -> None:
        """Let one follow another."""
        follower, target = await self.one(who), await self.one(whom)
        async with self.server.ctx.db.write() as tx:
            tx.add(
                Follow(
                    id=self.server.ctx.ids.next(), account_id=follower.id, target_id=target.id, state=state,
                    iri=f"{follower.iri}#f/{target.id}", show_reblogs=show_reblogs, created_at=self.server.clock(),
                )
            )  # fmt: skip

    async def posts(self, who: str, text: str = "hello", visibility: str = "public", **more: Any) -> Post:
        """Publish a post."""
        author = await self.one(who)
        async with self.server.ctx.db.write() as tx:
            author = await tx.get_one(Account, author.id)
            new = NewPost(text=text, visibility=visibility, **more)
            return await posting.publish(self.server.ctx, tx, author=author, new=new)

    async def keeps(self, who: str, **columns: Any) -> Post:
        """Write a post as it is, without anything that would follow from publishing it."""
        author, key = await self.one(who), self.server.ctx.ids.next()
        made = {
            "visibility": "public",
            "iri": f"{author.iri}/statuses/{key}",
            "local": author.is_local,
            "created_at": self.server.clock(),
        }
        post = Post(id=key, account_id=author.id, emojis=[], **{**made, **columns})
        async with self.server.ctx.db.write() as tx:
            tx.add(post)
        return post

    async def deletes(self, who: str, post: Post, **how: Any) -> None:
        """Delete a post."""
        author = await self.one(who)
        async with self.server.ctx.db.write() as tx:
            author, held = await tx.get_one(Account, author.id), await tx.get(Post, post.id)
            if held is None:
                raise Refused(404, "Record not found")
            await posting.delete(self.server.ctx, tx, post=held, author=author, **how)

    async def picture(self, who: str, **columns: Any) -> int:
        """Write a picture that waits for its post."""
        owner, key = await self.one(who), self.server.ctx.ids.next()
        made = {
            "kind": "image",
            "media_type": "image/jpeg",
            "file_key": await self.server.ctx.blobs.put(str(key).encode(), "image/jpeg"),
            "width": 2,
            "height": 1,
        }
        async with self.server.ctx.db.write() as tx:
            tx.add(
                Attachment(id=key, account_id=owner.id, created_at=self.server.clock(), **{**made, **columns})
            )
        return key

    async def home_of(self, post: Post) -> set[str]:
        """Return in whose home timelines a post is."""
        async with self.server.ctx.db.read() as tx:
            rows = await tx.execute(
                select(Account.username)
                .join(HomeEntry, HomeEntry.account_id == Account.id)
                .where(HomeEntry.post_id == post.id)
            )
            return set(rows.scalars())

    async def outgoing(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return what was recorded to go out: documents with the payloads of their fan-outs."""
        async with self.server.ctx.db.read() as tx:
            rows = await tx.execute(select(Activity).where(Activity.direction == "out").order_by(Activity.id))
            jobs = (await tx.execute(select(Job).where(Job.kind == "fanout"))).scalars()
            by_activity = {job.payload["activity_id"]: job.payload for job in jobs}
            return [(json.loads(row.raw), by_activity[row.id]) for row in rows.scalars()]

    async def audience(self) -> tuple[bool, set[str]]:
        """Return whether the last activity went to the followers, and which others it names."""
        _, payload = (await self.outgoing())[-1]
        names = {account.id: name for name, account in self.people.items()}
        return payload["followers_of"] is not None, {names[key] for key in payload["account_ids"]}

    async def post(self, post_id: int) -> Post:
        """Return a post as it is now."""
        async with self.server.ctx.db.read() as tx:
            return await tx.get_one(Post, post_id)
