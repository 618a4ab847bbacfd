"""People and posts, written straight into the database."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account, Follow, FollowState, HomeEntry, Mention, Post, PostTag

if TYPE_CHECKING:
    from tests.servers import Server


class World:
    """Rows of a small world; ids are what a test chooses."""

    def __init__(self, server: "Server") -> None:
        self.server = server

    async def add(self, *rows: Any) -> None:
        """Write rows."""
        async with self.server.ctx.db.write() as tx:
            for row in rows:
                tx.add(row)
                await tx.flush()

    def account(self, identifier: int, name: str, domain: str = "", **columns: Any) -> Account:
        """Return an account."""
        iri = f"https://{domain or 'fedi.test'}/users/{name}"
        return Account(
            id=identifier, username=name, domain=domain, iri=iri, kind=columns.pop("kind", "Person"), inbox=f"{iri}/inbox",
            public_keys=[], fields=[], emojis=[], also_known_as=[], created_at=self.server.clock(), **columns,
        )  # fmt: skip

    def post(self, identifier: int, account_id: int, visibility: str = "public", **columns: Any) -> Post:
        """Return a post."""
        return Post(
            id=identifier, account_id=account_id, visibility=visibility, iri=f"https://fedi.test/posts/{identifier}",
            local=columns.pop("local", True), emojis=[], created_at=self.server.clock(), **columns,
        )  # fmt: skip

    def follow(
        self, identifier: int, who: int, whom: int, state: FollowState = FollowState.ACCEPTED
    ) -> Follow:
        """Return a follow."""
        iri = f"https://fedi.test/follows/{identifier}"
        return Follow(
            id=identifier,
            account_id=who,
            target_id=whom,
            state=state,
            iri=iri,
            created_at=self.server.clock(),
        )

    home = staticmethod(lambda account_id, post_id: HomeEntry(account_id=account_id, post_id=post_id))
    mention = staticmethod(lambda post_id, account_id: Mention(post_id=post_id, account_id=account_id))
    tag = staticmethod(lambda name, post_id: PostTag(name=name, post_id=post_id))


@pytest.fixture
def world(either_server: "Server") -> World:
    """A world on each of the two databases."""
    return World(either_server)
