"""Lists of whom a person follows, blocks and mutes, in Mastodon's columns."""

import pytest

from activitypub.errors import ActivityPubError
from fedi.errors import Refused
from fedi.models import Account, Follow, FollowState, Mute
from fedi.services import relation_lists
from fedi.services.relation_lists import Kind, Line, read_list
from tests.fedi.remote import RemoteActor
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

FOLLOWING = "Account address,Show boosts,Notify on new posts,Languages\n"
MUTES = "Account address,Hide notifications\n"


# --- reading --------------------------------------------------------------------------------------------------


def test_a_list_of_follows_says_how() -> None:
    content = FOLLOWING + 'bob@far.test,false,true,"en, de"\n@eve@far.test,,,\n'
    assert read_list(content.encode()) == [
        Line(number=2, name="bob@far.test", show_reblogs=False, notify_posts=True, languages=["en", "de"]),
        Line(number=3, name="@eve@far.test"),
    ]


def test_a_list_of_mutes_says_whether_notifications_are_hidden() -> None:
    content = MUTES + "bob@far.test,false\neve@far.test,true\nann@far.test,\n"
    assert [line.hide_notifications for line in read_list(content.encode())] == [False, True, True]


@pytest.mark.parametrize("header", ["", "Account address\n", "#domain\n", "domain\n", "\ufeff", "\n\n"])
def test_a_header_may_be_missing(header: str) -> None:
    assert [line.name for line in read_list(f"{header}one.test\r\n\r\ntwo.test".encode())] == [
        "one.test",
        "two.test",
    ]


def test_columns_may_stand_in_any_order_and_others_beside_them() -> None:
    content = "Account Address,Note,show BOOSTS\nbob@far.test,x,no\n"
    assert read_list(content.encode()) == [Line(number=2, name="bob@far.test", show_reblogs=False)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b'"bob@far.test', "not CSV"),
        (b"a@b.test\n" * 20_001, "20000 lines"),
        (b" " * (10 * 1024 * 1024 + 1), "bytes"),
    ],
    ids=["encoding", "quotes", "lines", "bytes"],
)
def test_what_is_no_list_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(Refused, match=told):
        read_list(content)


# --- there and back -------------------------------------------------------------------------------------------


async def lists_of(server: Server, account: Account) -> dict[Kind, str]:
    async with server.ctx.db.read() as tx:
        return {
            kind: await relation_lists.written(tx, kind, account_id=account.id, settings=server.settings)
            for kind in Kind
        }


async def take_in(server: Server, account: Account, kind: Kind, content: str) -> list[str]:
    return [
        await relation_lists.take_in(server.ctx, kind, line, account_id=account.id)
        for line in read_list(content.encode())
    ]


async def test_what_was_written_is_read_again(either_server: Server) -> None:
    town = Town(either_server)
    alice, anna = await town.one("alice"), await town.one("anna")
    for name in ("ben", "bob@far.test", "Eve@far.test"):
        await town.one(name)
    given = {
        Kind.FOLLOWING: f'{FOLLOWING}ben@fedi.test,true,false,\nbob@far.test,false,true,"en, de"\n',
        Kind.MUTES: f"{MUTES}ben@fedi.test,false\nEve@far.test,true\n",
        Kind.BLOCKS: "Eve@far.test\n",
        Kind.DOMAINS: "evil.test\nxn--bcher-kva.test\n",
    }
    for kind, content in given.items():
        await take_in(either_server, alice, kind, content)
    async with either_server.ctx.db.write() as tx:
        for follow in (await tx.execute(Follow.__table__.select())).all():
            (await tx.get_one(Follow, follow.id)).state = FollowState.ACCEPTED
    written = await lists_of(either_server, alice)
    assert written == given
    for kind, content in written.items():
        await take_in(either_server, anna, kind, content)
        await take_in(either_server, anna, kind, content)
    again = await lists_of(either_server, anna)
    assert {kind: again[kind] for kind in (Kind.MUTES, Kind.BLOCKS, Kind.DOMAINS)} == {
        kind: given[kind] for kind in (Kind.MUTES, Kind.BLOCKS, Kind.DOMAINS)
    }


async def test_nothing_is_written_but_the_header_of_somebody_without_relations(server: Server) -> None:
    alice = await server.person("alice")
    assert await lists_of(server, alice) == {
        Kind.FOLLOWING: FOLLOWING, Kind.MUTES: MUTES, Kind.BLOCKS: "", Kind.DOMAINS: "",
    }  # fmt: skip


async def test_strangers_are_looked_up(server: Server, bob: RemoteActor, alice: Account) -> None:
    assert await take_in(server, alice, Kind.MUTES, f"{MUTES}@bob@remote.test,true\n") == ["bob@remote.test"]
    async with server.ctx.db.read() as tx:
        mute = (await tx.execute(Mute.__table__.select())).one()
    assert mute.account_id == alice.id
    assert bob.home.asked != []


@pytest.mark.parametrize("name", ["nobody@remote.test", "nobody@nowhere.test", "not a handle", "", "alice"])
async def test_who_cannot_be_found_or_followed_is_told_apart(
    server: Server, bob: RemoteActor, alice: Account, name: str
) -> None:
    assert bob.home.asked == []
    with pytest.raises((ActivityPubError, Refused)):
        await take_in(server, alice, Kind.FOLLOWING, f"{FOLLOWING}{name},true\n")
