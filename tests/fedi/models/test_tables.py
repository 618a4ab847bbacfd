"""What the tables hold true whatever the code does, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fedi.db import Database
from fedi.models import (
    Account,
    Activity,
    Attachment,
    Base,
    Favourite,
    Follow,
    HomeEntry,
    Idempotency,
    Job,
    Login,
    Marker,
    Mention,
    Notification,
    OAuthApp,
    OAuthCode,
    OAuthToken,
    Placeholder,
    Post,
    PostTag,
    WebSession,
)  # fmt: skip

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ANNA, BEN, POST, ANSWER, APP = 1, 2, 10, 11, 20


def account(identifier: int, **columns: Any) -> Account:
    iri = f"https://fedi.test/users/{identifier}"
    return Account(**{
        "id": identifier, "username": f"u{identifier}", "iri": iri, "kind": "Person", "inbox": f"{iri}/inbox",
        "public_keys": [], "fields": [], "emojis": [], "also_known_as": [], "created_at": NOW, **columns,
    })  # fmt: skip


def post(identifier: int, author: int, **columns: Any) -> Post:
    made = {"visibility": "public", "iri": f"https://fedi.test/p/{identifier}", "local": True, "emojis": []}
    return Post(id=identifier, account_id=author, created_at=NOW, **{**made, **columns})


def everything() -> list[Any]:
    """Return one row of each table that hangs on somebody, Ben's things on Anna's post."""
    app = OAuthApp(
        id=APP, client_id="c", secret_hash="s", name="n", redirect_uris=[], scopes=[], created_at=NOW
    )
    return [
        account(ANNA), account(BEN), app,
        post(POST, ANNA, application_id=APP),
        post(ANSWER, BEN, in_reply_to_id=POST),
        post(12, BEN, reblog_of_id=POST),
        Attachment(id=1, account_id=ANNA, post_id=POST, kind="image", created_at=NOW),
        Mention(post_id=POST, account_id=BEN),
        PostTag(post_id=POST, name="sky"),
        HomeEntry(account_id=BEN, post_id=POST),
        Placeholder(draft_id=9, post_id=POST),
        Favourite(id=1, account_id=BEN, post_id=POST, iri="x", created_at=NOW),
        Notification(id=1, account_id=ANNA, from_account_id=BEN, kind="favourite", post_id=POST, key="k", created_at=NOW),
        Follow(id=1, account_id=BEN, target_id=ANNA, state="accepted", iri="f", created_at=NOW),
        Idempotency(account_id=ANNA, key="k", post_id=POST, created_at=NOW),
        Marker(account_id=ANNA, timeline="home", last_read_id=1, version=1, updated_at=NOW),
        Login(account_id=ANNA, password_hash="h", created_at=NOW),
        OAuthCode(code_hash="h", app_id=APP, account_id=ANNA, redirect_uri="r", scopes=[], expires_at=NOW),
        OAuthToken(id=1, token_hash="t", app_id=APP, account_id=ANNA, scopes=[], created_at=NOW),
        WebSession(token_hash="w", account_id=ANNA, csrf_token="c", created_at=NOW, expires_at=NOW),
        Activity(id=1, direction="out", iri="a", kind="Create", account_id=ANNA, raw=b"{}", state="done", created_at=NOW),
    ]  # fmt: skip


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def add(db: Database, *rows: Any) -> None:
    async with db.write() as tx:
        for row in rows:
            tx.add(row)
            await tx.flush()


async def counts(db: Database) -> dict[str, int]:
    """Count the rows of the tables that have any."""
    async with db.read() as tx:
        found = {
            table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in found.items() if count}


async def test_with_a_post_goes_what_hangs_on_it_and_answers_stay(db: Database) -> None:
    await add(db, *everything())
    async with db.write() as tx:
        await tx.delete(await tx.get_one(Post, POST))
    async with db.read() as tx:
        answer = await tx.get_one(Post, ANSWER)
        assert answer.in_reply_to_id is None
        assert (await tx.execute(select(func.count()).select_from(Post))).scalar_one() == 1
    left = await counts(db)
    assert {
        "attachment",
        "mention",
        "post_tag",
        "home_entry",
        "placeholder",
        "favourite",
        "notification",
    } & set(left) == set()
    assert {"follow", "login", "idempotency"} < set(left)


async def test_with_an_account_goes_everything_of_its_own(db: Database) -> None:
    await add(db, *everything())
    async with db.write() as tx:
        await tx.delete(await tx.get_one(Account, ANNA))
    assert await counts(db) == {"account": 1, "oauth_app": 1, "post": 1}


async def test_an_application_goes_with_its_tokens_and_its_posts_stay(db: Database) -> None:
    await add(db, *everything())
    async with db.write() as tx:
        await tx.delete(await tx.get_one(OAuthApp, APP))
    async with db.read() as tx:
        assert (await tx.get_one(Post, POST)).application_id is None
    assert {"oauth_code", "oauth_token"} & set(await counts(db)) == set()


def doubles() -> dict[str, Any]:
    """Return rows that repeat what `everything` has, by what they repeat."""
    return {
        "name": account(3, username="u1"),
        "actor": account(3, iri="https://fedi.test/users/1"),
        "post": post(13, ANNA, iri=f"https://fedi.test/p/{POST}"),
        "boost": post(13, BEN, reblog_of_id=POST),
        "follow": Follow(id=2, account_id=BEN, target_id=ANNA, state="pending", iri="g", created_at=NOW),
        "favour": Favourite(id=2, account_id=BEN, post_id=POST, iri="y", created_at=NOW),
        "news": Notification(id=2, account_id=ANNA, from_account_id=BEN, kind="f", key="k", created_at=NOW),
        "activity": Activity(id=2, direction="out", iri="a", kind="Create", raw=b"", state="done", created_at=NOW),
        "app": OAuthApp(id=21, client_id="c", secret_hash="s", name="n", redirect_uris=[], scopes=[], created_at=NOW),
        "token": OAuthToken(id=2, token_hash="t", app_id=APP, scopes=[], created_at=NOW),
    }  # fmt: skip


async def test_what_may_exist_once_is_refused_a_second_time(db: Database) -> None:
    await add(db, *everything())
    accepted = []
    for what, row in doubles().items():
        try:
            await add(db, row)
        except IntegrityError:
            continue
        accepted.append(what)
    assert accepted == []


async def test_the_same_name_elsewhere_is_somebody_else(db: Database) -> None:
    await add(db, account(ANNA), account(BEN, username="u1", domain="other.test"))
    assert await counts(db) == {"account": 2}


async def test_many_jobs_may_have_no_dedupe_key(db: Database) -> None:
    await add(db, *(Job(queue="q", kind="k", payload={}, run_at=NOW, created_at=NOW) for _ in range(2)))
    assert await counts(db) == {"job": 2}
    with pytest.raises(IntegrityError):
        await add(
            db,
            *(
                Job(queue="q", kind="k", payload={}, run_at=NOW, created_at=NOW, dedupe_key="d")
                for _ in range(2)
            ),
        )
