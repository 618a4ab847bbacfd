"""Every list page by page, over random data and from every cursor: nothing is lost, nothing comes twice.

What a list holds is known from how it was made. Somebody who took part in everything is suspended in the end,
so that each list has holes where its pages are cut. The keys of the rows are found as clients find them: in
the links of pages of one.
"""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

POSTS = 16
LIMITS = (2, 3, 40)
KEPT = {"extra": ["kept"], "other[]": ["1", "2"]}
"""Parameters that every link must keep."""


async def do(person: Person, method: str, path: str, **how: Any) -> Any:
    answer = await person.http.request(method, path, **how)
    assert answer.status_code == 200, f"{method} {path}: {answer.text}"
    return answer.json()


def an_id(row: Any) -> str:
    found: str = row["id"]
    return found


def a_name(row: Any) -> str:
    found: str = row["name"]
    return found


def of_status(row: Any) -> str:
    found: str = row["status"]["id"]
    return found


class World:
    """A town that did a bit of everything, and what each list must show of it, newest first."""

    def __init__(
        self, rng: random.Random, anna: Person, people: list[Person], strangers: list[Person]
    ) -> None:
        self.rng, self.anna, self.people, self.strangers = rng, anna, people, strangers
        self.gone = people[0]
        self.lists: dict[str, tuple[list[str], Callable[[Any], str]]] = {}

    def shuffled(self, what: Sequence[Any]) -> list[Any]:
        return self.rng.sample(list(what), len(what))

    def shows(self, path: str, rows: Sequence[str], key: Callable[[Any], str] = an_id) -> None:
        self.lists[path] = (list(rows)[::-1], key)

    def shows_people(self, path: str, people: Sequence[Person]) -> None:
        self.shows(path, [str(one.account.id) for one in people if one is not self.gone])

    async def to_each(self, people: Sequence[Person], path: str) -> list[Person]:
        """Have Anna do something to people, in some order, and return them in it."""
        order = self.shuffled(people)
        for one in order:
            await do(self.anna, "POST", path.format(one.account.id))
        return order

    async def by_each(self, people: Sequence[Person], path: str) -> list[Person]:
        """Have people do something, in some order, and return them in it."""
        order = self.shuffled(people)
        for one in order:
            await do(one, "POST", path)
        return order

    async def relate(self) -> None:
        anna, base = self.anna, f"/api/v1/accounts/{self.anna.account.id}"
        self.shows_people(f"{base}/followers", await self.by_each(self.people, f"{base}/follow"))
        self.shows_people(f"{base}/following", await self.to_each(self.people, "/api/v1/accounts/{}/follow"))
        endorsed = await self.to_each(self.people, "/api/v1/accounts/{}/endorse")
        for path in ("/api/v1/endorsements", f"{base}/endorsements"):
            self.shows_people(path, endorsed)
        half = len(self.strangers) // 2
        blocked = await self.to_each(self.strangers[:half], "/api/v1/accounts/{}/block")
        self.shows_people("/api/v1/blocks", blocked)
        self.shows_people(
            "/api/v1/mutes", await self.to_each(self.strangers[half:], "/api/v1/accounts/{}/mute")
        )
        await do(anna, "PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
        asking = await self.by_each(self.strangers[half:], f"{base}/follow")
        self.shows_people("/api/v1/follow_requests", asking)
        names = self.shuffled([f"n{number}.example" for number in range(6)])
        for name in names:
            await do(anna, "POST", "/api/v1/domain_blocks", data={"domain": name})
        self.shows("/api/v1/domain_blocks", names, str)
        tags = self.shuffled(["cow", "hen", "owl", "bee", "ant", "eel"])
        for name in tags:
            await do(anna, "POST", f"/api/v1/tags/{name}/follow")
        self.shows("/api/v1/followed_tags", tags, a_name)

    async def write(self) -> None:
        anna, listed = self.anna, self.people[:4]
        friends = (await do(anna, "POST", "/api/v1/lists", json={"title": "Friends"}))["id"]
        added = self.shuffled(listed)
        for one in added:
            chosen = {"account_ids": [str(one.account.id)]}
            await do(anna, "POST", f"/api/v1/lists/{friends}/accounts", json=chosen)
        self.shows_people(f"/api/v1/lists/{friends}/accounts", added)
        posts: list[tuple[Person, dict[str, Any]]] = []
        for _ in range(POSTS):
            author = self.rng.choice([anna, *self.people])
            visibility = self.rng.choice(["public", "unlisted", "private"])
            told = "@anna " if author is not anna and self.rng.random() < 0.4 else ""
            posts.append((author, await author.post(f"{told}#fox", visibility=visibility)))
        there = [(author, post) for author, post in posts if author is not self.gone]
        public = [post["id"] for _, post in there if post["visibility"] == "public"]
        self.shows("/api/v1/timelines/home", [post["id"] for _, post in there])
        self.shows("/api/v1/timelines/public", public)
        self.shows("/api/v1/timelines/tag/fox", public)
        on_it = [post["id"] for author, post in there if author in listed]
        self.shows(f"/api/v1/timelines/list/{friends}", on_it)
        one = self.people[1]
        own = [post["id"] for author, post in there if author is one]
        self.shows(f"/api/v1/accounts/{one.account.id}/statuses", own)
        told_of = [post["id"] for _, post in there if "anna" in [who["acct"] for who in post["mentions"]]]
        self.shows("/api/v1/notifications?types[]=mention", told_of, of_status)
        for verb, path in (("favourite", "favourites"), ("bookmark", "bookmarks")):
            chosen_posts = self.shuffled(posts)[: POSTS - 3]
            for _, post in chosen_posts:
                await do(anna, "POST", f"/api/v1/statuses/{post['id']}/{verb}")
            seen = [post["id"] for author, post in chosen_posts if author is not self.gone]
            self.shows(f"/api/v1/{path}", seen)

    async def applaud(self) -> None:
        post = (await self.people[1].post("look"))["id"]
        home, key = self.lists["/api/v1/timelines/home"]
        public, _ = self.lists["/api/v1/timelines/public"]
        self.lists["/api/v1/timelines/home"] = ([post, *home], key)
        self.lists["/api/v1/timelines/public"] = ([post, *public], key)
        for path in self.lists:
            if path.startswith(
                ("/api/v1/timelines/list", f"/api/v1/accounts/{self.people[1].account.id}/statuses")
            ):
                self.lists[path] = ([post, *self.lists[path][0]], key)
        base = f"/api/v1/statuses/{post}"
        self.shows_people(f"{base}/favourited_by", await self.by_each(self.people, f"{base}/favourite"))
        boosts = self.shuffled(self.people[2:])
        for one in boosts:  # for nobody's home
            await do(self.anna, "POST", f"/api/v1/accounts/{one.account.id}/follow", json={"reblogs": False})
            await do(one, "POST", f"{base}/reblog")
        self.shows_people(f"{base}/reblogged_by", boosts)


class Walk:
    """One list, asked from everywhere."""

    def __init__(self, person: Person, path: str, rows: list[str], key: Callable[[Any], str]) -> None:
        self.person, self.path, self.rows, self.key = person, path, rows, key

    async def ask(self, address: str | None = None, **query: Any) -> tuple[list[str], dict[str, str]]:
        if address is None:
            begun = parse_qs(urlsplit(self.path).query)
            answer = await self.person.http.get(
                self.path.partition("?")[0], params={**begun, **KEPT, **query}
            )
        else:
            answer = await self.person.http.get(address)
        assert answer.status_code == 200, answer.text
        links = {str(rel): str(link["url"]) for rel, link in answer.links.items()}
        for link in links.values():
            asked = parse_qs(urlsplit(link).query)
            assert {name: asked[name] for name in KEPT} == KEPT, link
            for name, value in query.items():
                assert name.endswith("_id") or asked[name] == [str(value)], link
            assert len([name for name in asked if name.endswith("_id") and name != "account_id"]) == 1, link
        return [self.key(row) for row in answer.json()], links

    async def follow(self, rel: str, address: str | None, **query: Any) -> list[list[str]]:
        """Follow one kind of link to its end."""
        pages = []
        rows, links = await self.ask(address, **query)
        while rows:
            pages.append(rows)
            if rel not in links:
                break
            assert len(pages) <= len(self.rows) + 1, "the links go round in circles"
            rows, links = await self.ask(links[rel])
        return pages

    async def keys(self) -> list[str]:
        """Find the key of each row in the links of pages of one."""
        found = []
        rows, links = await self.ask(limit=1)
        while rows:
            found.append(parse_qs(urlsplit(links["prev"]).query)["min_id"][0])
            if "next" not in links:
                break
            rows, links = await self.ask(links["next"])
        return found

    async def check(self) -> None:
        rows = self.rows
        keys = await self.keys()
        assert len(keys) == len(rows), (self.path, "the list is as long as it must be")
        for limit in LIMITS:
            pages = await self.follow("next", None, limit=limit)
            assert [one for page in pages for one in page] == rows, (self.path, "downwards", limit)
            assert all(len(page) == limit for page in pages[:-1]), (self.path, "full pages", limit)
            upwards = await self.follow("prev", None, limit=limit, min_id=keys[-1]) if keys else []
            assert [one for page in upwards[::-1] for one in page] == rows[:-1], (self.path, "upwards", limit)
            for place, key in enumerate(keys if limit < len(rows) or limit == LIMITS[0] else ()):
                here = (self.path, limit, place)
                below, links = await self.ask(limit=limit, max_id=key)
                assert below == rows[place + 1 : place + 1 + limit], ("max_id", *here)
                assert ("next" in links) == (place + 1 + limit < len(rows)), ("next", *here)
                above, links = await self.ask(limit=limit, min_id=key)
                assert ("next" in links) == bool(above), ("next upwards", *here)
                assert above == rows[max(0, place - limit) : place], ("min_id", *here)
                newest, _ = await self.ask(limit=limit, since_id=key)
                assert newest == rows[:place][:limit], ("since_id", *here)
        assert (await self.ask(max_id=keys[-1] if keys else 1))[1] == {}, "an empty page has no links"


@pytest.fixture
def server(either_server: "Server") -> "Server":
    """The server on each of the databases."""
    return either_server


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_list_is_whole_from_every_cursor(server: "Server", enter: Enter, seed: int) -> None:
    rng = random.Random(seed)
    anna = await enter("anna")
    people = [await enter(f"p{number}") for number in range(7)]
    world = World(rng, anna, people, [await enter(f"s{number}") for number in range(8)])
    await world.relate()
    await world.write()
    await world.applaud()
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, world.gone.account.id)).suspended_at = server.clock()
    for path, (rows, key) in world.lists.items():
        await Walk(anna, path, rows, key).check()
    assert sum(len(rows) for rows, _ in world.lists.values()) > 100, "there was something to see"
