"""Publishing and deleting: whose home it reaches, who hears of it, and what goes out."""

from typing import Any

import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import (
    Account,
    Activity,
    Attachment,
    AttachmentState,
    Favourite,
    FollowState,
    Job,
    Mention,
    OAuthApp,
    Placeholder,
    Post,
    PostState,
    PostTag,
    Tombstone,
)
from fedi.services import homing, interacting, posting
from fedi.services.posting import NewPost
from tests.fedi.looking import count, get_account, told
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(server: Server) -> Town:
    return Town(server)


async def refusal(question: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await question
    return refused.value.status, refused.value.text


# Whose home timeline


@pytest.fixture
async def peopled(town: Town) -> Town:
    """Followers of alice of each kind: `friend` follows bob as well, `calm` wants no boosts."""
    await town.follows("fan", "alice")
    await town.follows("friend", "alice")
    await town.follows("friend", "bob")
    await town.follows("hopeful", "bob", FollowState.PENDING)
    await town.follows("hopeful", "alice")
    await town.follows("calm", "alice", show_reblogs=False)
    await town.follows("asking", "alice", FollowState.PENDING)
    await town.follows("far@far.test", "alice")
    await town.one("bob")
    await town.one("stranger")
    return town


ALL = {"alice", "fan", "friend", "hopeful", "calm"}


@pytest.mark.parametrize(
    ("visibility", "text", "expected"),
    [
        ("public", "hello", ALL),
        ("unlisted", "hello", ALL),
        ("private", "hello", ALL),
        ("direct", "hello", {"alice"}),
        ("public", "hello @stranger", ALL),
        ("private", "hello @stranger", ALL | {"stranger"}),
        ("direct", "hello @stranger and @fan and @far@far.test", {"alice", "fan", "stranger"}),
    ],
)
async def test_a_post_is_in_the_homes_of_those_who_should_see_it_there(
    peopled: Town, visibility: str, text: str, expected: set[str]
) -> None:
    assert await peopled.home_of(await peopled.posts("alice", text, visibility)) == expected


async def test_an_answer_is_in_the_homes_of_those_who_follow_both(peopled: Town) -> None:
    asked = await peopled.posts("bob")
    answer = await peopled.posts("alice", in_reply_to_id=asked.id)
    assert await peopled.home_of(answer) == {"alice", "friend"}


async def test_who_is_answered_gets_it_when_they_follow_the_answerer(peopled: Town) -> None:
    await peopled.follows("bob", "alice")
    asked = await peopled.posts("bob")
    answer = await peopled.posts("alice", in_reply_to_id=asked.id)
    assert await peopled.home_of(answer) == {"alice", "friend", "bob"}


async def test_an_answer_to_oneself_is_like_any_post(peopled: Town) -> None:
    first = await peopled.posts("alice")
    assert await peopled.home_of(await peopled.posts("alice", in_reply_to_id=first.id)) == ALL


async def test_boosts_pass_those_by_who_do_not_want_them(peopled: Town) -> None:
    boosted = await peopled.posts("bob")
    async with peopled.server.ctx.db.write() as tx:
        alice, post = (
            await tx.get_one(Account, (await peopled.one("alice")).id),
            await tx.get_one(Post, boosted.id),
        )
        boost = await interacting.boost(peopled.server.ctx, tx, account=alice, post=post)
    assert await peopled.home_of(boost) == ALL - {"calm"}


async def test_a_draft_is_in_its_authors_home_only(peopled: Town) -> None:
    draft = await peopled.keeps("alice", state=PostState.DRAFT, visibility="direct")
    async with peopled.server.ctx.db.write() as tx:
        await homing.fan_out_home(tx, draft)
    assert await peopled.home_of(draft) == {"alice"}


async def test_a_post_from_elsewhere_is_in_the_homes_of_people_here_only(peopled: Town) -> None:
    await peopled.follows("fan", "far@far.test")
    await peopled.follows("other@far.test", "far@far.test")
    post = await peopled.keeps("far@far.test")
    async with peopled.server.ctx.db.write() as tx:
        await homing.fan_out_home(tx, post)
        await homing.fan_out_home(tx, post)  # a second time changes nothing
    assert await peopled.home_of(post) == {"fan"}


# The post itself


async def test_a_post_is_written_with_all_that_hangs_on_it(town: Town) -> None:
    pictures = [await town.picture("alice"), await town.picture("alice")]
    bob, far = await town.one("bob"), await town.one("far@far.test")
    post = await town.posts(
        "alice",
        "Hi @bob @far@far.test @nobody #Sky <b>",
        attachment_ids=pictures[::-1],
        sensitive=True,
        language="de",
    )
    alice = await get_account(town.server, (await town.one("alice")).iri)
    assert post.iri == f"{alice.iri}/statuses/{post.id}"
    assert post.url == f"https://fedi.test/@alice/{post.id}"
    assert (post.local, post.sensitive, post.language, post.visibility) == (True, True, "de", "public")
    assert post.source == "Hi @bob @far@far.test @nobody #Sky <b>"
    assert "&lt;b&gt;" in post.content
    assert 'href="https://fedi.test/@bob"' in post.content
    assert 'href="https://far.test/@far"' in post.content
    assert 'href="https://fedi.test/tags/' in post.content
    assert "@nobody" in post.content
    assert post.conversation == post.context_iri == f"https://fedi.test/contexts/{post.id}"
    async with town.server.ctx.db.read() as tx:
        mentioned = set(
            (await tx.execute(select(Mention.account_id).where(Mention.post_id == post.id))).scalars()
        )
        tags = list((await tx.execute(select(PostTag.name).where(PostTag.post_id == post.id))).scalars())
        placed = select(Attachment.id).where(Attachment.post_id == post.id).order_by(Attachment.position)
        held = list((await tx.execute(placed)).scalars())
    assert mentioned == {bob.id, far.id}
    assert tags == ["sky"]
    assert held == pictures[::-1]


async def test_what_is_not_said_is_taken_from_the_settings(town: Town) -> None:
    post = await town.posts("alice", spoiler_text="careful")
    assert (post.language, post.sensitive) == ("en", True)


async def test_mentions_are_people_and_found_as_they_are_typed(town: Town) -> None:
    bob, far = await town.one("bob"), await town.one("far@far.test")
    await town.posts("alice", "@BOB@fedi.test @Far@FAR.test @fedi.test@fedi.test")
    async with town.server.ctx.db.read() as tx:
        assert set((await tx.execute(select(Mention.account_id))).scalars()) == {bob.id, far.id}


async def test_an_answer_belongs_to_its_conversation(town: Town) -> None:
    first = await town.posts("alice")
    answer = await town.posts("bob", in_reply_to_id=first.id)
    assert (answer.in_reply_to_id, answer.in_reply_to_iri) == (first.id, first.iri)
    assert answer.in_reply_to_account_id == (await town.one("alice")).id
    assert answer.conversation == first.conversation
    assert (await town.post(first.id)).replies_count == 1


async def test_an_answer_to_a_boost_answers_what_was_boosted(town: Town) -> None:
    first = await town.posts("alice")
    boost = await town.keeps("bob", reblog_of_id=first.id, iri="https://fedi.test/announce/1")
    answer = await town.posts("carol", in_reply_to_id=boost.id)
    assert (answer.in_reply_to_id, answer.in_reply_to_iri) == (first.id, first.iri)
    assert (await town.post(first.id)).replies_count == 1


async def test_the_author_is_counted_and_stays_readable_in_the_transaction(town: Town) -> None:
    alice = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        author = await tx.get_one(Account, alice.id)
        for _ in range(2):
            await posting.publish(
                town.server.ctx, tx, author=author, new=NewPost(text="x", visibility="public")
            )
        assert author.statuses_count == 2
        assert author.last_status_at is not None
    assert (await get_account(town.server, alice.iri)).statuses_count == 2


async def test_mentioned_people_here_are_told_once(town: Town) -> None:
    bob, alice = await town.one("bob"), await town.one("alice")
    await town.posts("alice", "@bob @bob@fedi.test @alice hello")
    assert await told(town.server, bob) == ["mention"]
    assert await told(town.server, alice) == []


# Limits


@pytest.mark.parametrize(
    ("new", "status", "part"),
    [
        ({"visibility": "everyone"}, 422, "Visibility must be one of public, unlisted, private, direct"),
        ({"text": "x" * 2001}, 422, "has 2001 characters; 2000 are allowed"),
        ({"text": "x" * 2000, "spoiler_text": "y"}, 422, "has 2001 characters"),
        ({"text": " \n "}, 422, "needs words or a picture"),
        ({"text": " ".join(f"@u{n}" for n in range(51))}, 422, "mention 50 people at most"),
        ({"in_reply_to_id": 1}, 404, "does not exist"),
        ({"attachment_ids": [1]}, 422, "does not exist or belongs to another post"),
        ({"attachment_ids": [1, 2, 3, 4, 5]}, 422, "4 pictures at most"),
    ],
)
async def test_what_cannot_be_published_is_refused_in_a_sentence(
    town: Town, new: dict[str, Any], status: int, part: str
) -> None:
    got, text = await refusal(town.posts("alice", **new))
    assert got == status
    assert part in text
    assert await count(town.server, Post) == 0
    assert await count(town.server, Activity) == 0


async def test_the_longest_post_and_the_most_mentions_are_taken(town: Town) -> None:
    await town.posts("alice", "x" * 2000)
    await town.posts("alice", " ".join(f"@u{n}" for n in range(50)))
    assert await count(town.server, Post) == 2


async def test_a_picture_needs_no_words(town: Town) -> None:
    post = await town.posts("alice", "", attachment_ids=[await town.picture("alice")])
    assert post.content == ""


async def test_pictures_of_others_and_of_other_posts_are_refused(town: Town) -> None:
    used = await town.picture("alice")
    await town.posts("alice", attachment_ids=[used])
    for taken in (await town.picture("bob"), used):
        status, text = await refusal(town.posts("alice", attachment_ids=[taken]))
        assert (status, "belongs to another post" in text) == (422, True)


@pytest.mark.parametrize("state", [AttachmentState.QUEUED, AttachmentState.FAILED])
async def test_a_picture_that_is_not_ready_is_refused(town: Town, state: AttachmentState) -> None:
    waiting = await town.picture("alice", state=state)
    status, text = await refusal(town.posts("alice", attachment_ids=[waiting]))
    assert (status, "not finished processing" in text) == (422, True)


async def test_what_one_cannot_see_cannot_be_answered(town: Town) -> None:
    hidden = await town.posts("bob", visibility="private")
    assert (await refusal(town.posts("alice", in_reply_to_id=hidden.id)))[0] == 404
    await town.follows("alice", "bob")
    await town.posts("alice", in_reply_to_id=hidden.id)


async def test_a_draft_cannot_be_answered_before_it_is_out(town: Town) -> None:
    draft = await town.keeps("alice", state=PostState.DRAFT, visibility="direct")
    status, text = await refusal(town.posts("alice", in_reply_to_id=draft.id))
    assert (status, "not out yet" in text) == (422, True)


# What goes out


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        ("public", [PUBLIC], ["followers", "bob"]),
        ("unlisted", ["followers"], [PUBLIC, "bob"]),
        ("private", ["followers"], ["bob"]),
        ("direct", ["bob"], []),
    ],
)
async def test_one_create_goes_out_addressed_by_its_visibility(
    town: Town, visibility: str, to: list[str], cc: list[str]
) -> None:
    alice, bob = await town.one("alice"), await town.one("bob@far.test")
    picture = await town.picture("alice", description="a boat", blurhash="U", thumbnail_key="t.jpg")
    post = await town.posts("alice", "hi @bob@far.test #sky", visibility, attachment_ids=[picture])
    [(create, payload)] = await town.outgoing()
    names = {"followers": f"{alice.iri}/followers", "bob": bob.iri}
    note = create["object"]
    assert (create["type"], create["actor"], note["id"]) == ("Create", alice.iri, post.iri)
    for document in (create, note):
        found_to, found_cc = (_listed(document.get(key)) for key in ("to", "cc"))
        assert sorted(found_to + found_cc) == sorted(names.get(name, name) for name in to + cc)
        assert (PUBLIC in found_to, PUBLIC in found_cc) == (PUBLIC in to, PUBLIC in cc)
    [image] = _listed(note["attachment"])
    assert (image["name"], image["mediaType"]) == ("a boat", "image/jpeg")
    assert payload["order_on"] == post.iri
    assert await town.audience() == (visibility != "direct", {"bob@far.test"})


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [("public", {"bob@far.test"}), ("unlisted", {"bob@far.test"}), ("private", set()), ("direct", set())],
)
async def test_who_is_answered_gets_it_when_they_may_see_it(
    town: Town, visibility: str, expected: set[str]
) -> None:
    asked = await town.keeps("bob@far.test")
    answer = await town.posts("alice", visibility=visibility, in_reply_to_id=asked.id)
    assert await town.audience() == (visibility != "direct", expected)
    await town.deletes("alice", answer)
    assert await town.audience() == (visibility != "direct", expected)


async def test_a_post_reaches_its_followers_servers_once(town: Town) -> None:
    for name in ("a@one.test", "b@one.test", "c@two.test"):
        await town.follows(name, "alice")
    await town.posts("alice", "hello @a@one.test")
    async with town.server.ctx.db.write() as tx:
        [fanout] = (await tx.execute(select(Job).where(Job.kind == "fanout"))).scalars()
    assert fanout.payload["account_ids"] == [(await town.one("a@one.test")).id]
    await town.server.work("deliver")
    posted = [str(request.url) for request in town.server.network.requests if request.method == "POST"]
    assert sorted(set(posted)) == ["https://one.test/inbox", "https://two.test/inbox"]


# Deleting


async def test_a_deleted_post_leaves_a_tombstone_and_a_delete(town: Town) -> None:
    post = await town.posts("alice")
    await town.deletes("alice", post)
    assert await count(town.server, Post) == 0
    async with town.server.ctx.db.read() as tx:
        stone = (await tx.execute(select(Tombstone))).scalar_one()
    assert (stone.iri, stone.local) == (post.iri, True)
    delete, payload = (await town.outgoing())[-1]
    assert (delete["type"], delete["object"]["id"]) == ("Delete", post.iri)
    assert payload["order_on"] == post.iri
    assert await town.audience() == (True, set())


async def test_everyone_who_may_have_a_post_is_told_of_its_end(town: Town) -> None:
    server = town.server
    asked = await town.keeps("asker@far.test")
    await town.one("named@far.test")
    post = await town.posts("alice", "hi @named@far.test", in_reply_to_id=asked.id)
    await town.keeps("booster@far.test", reblog_of_id=post.id)
    await town.keeps("replier@far.test", in_reply_to_id=post.id)
    liker = await town.one("liker@far.test")
    await town.one("nobody@far.test")
    async with server.ctx.db.write() as tx:
        tx.add(Favourite(id=1, account_id=liker.id, post_id=post.id, iri="x", created_at=server.clock()))
    await town.deletes("alice", post)
    names = {"asker", "named", "booster", "replier", "liker"}
    assert await town.audience() == (True, {f"{name}@far.test" for name in names})


async def test_the_end_of_a_direct_post_is_between_those_who_had_it(town: Town) -> None:
    await town.follows("fan@far.test", "alice")
    await town.one("bob@far.test")
    post = await town.posts("alice", "@bob@far.test psst", "direct")
    await town.deletes("alice", post)
    assert await town.audience() == (False, {"bob@far.test"})


async def test_a_deleted_post_is_counted_no_more(town: Town) -> None:
    first = await town.posts("bob")
    answer = await town.posts("alice", in_reply_to_id=first.id)
    await town.deletes("alice", answer)
    assert (await town.post(first.id)).replies_count == 0
    assert (await get_account(town.server, (await town.one("alice")).iri)).statuses_count == 0


async def test_with_a_post_its_boosts_are_counted_no_more(town: Town) -> None:
    post = await town.posts("alice")
    bob = await town.one("bob")
    async with town.server.ctx.db.write() as tx:
        booster, held = await tx.get_one(Account, bob.id), await tx.get_one(Post, post.id)
        await interacting.boost(town.server.ctx, tx, account=booster, post=held)
    await town.deletes("alice", post)
    assert await count(town.server, Post) == 0
    assert (await get_account(town.server, bob.iri)).statuses_count == 0


async def test_a_deleted_draft_was_never_counted_and_nobody_is_told(town: Town) -> None:
    first = await town.posts("bob")
    await town.posts("alice", in_reply_to_id=first.id)
    draft = await town.keeps("alice", state=PostState.DRAFT, visibility="direct", in_reply_to_id=first.id)
    before = len(await town.outgoing())
    await town.deletes("alice", draft)
    assert len(await town.outgoing()) == before
    assert (await town.post(first.id)).replies_count == 1
    assert (await get_account(town.server, (await town.one("alice")).iri)).statuses_count == 1


@pytest.mark.parametrize(("redraft", "wait_s"), [(False, 0), (True, 24 * 3600)])
async def test_pictures_of_a_deleted_post_are_erased_at_once_or_after_a_day(
    town: Town,
    redraft: bool,
    wait_s: int,
) -> None:
    picture = await town.picture("alice")
    post = await town.posts("alice", attachment_ids=[picture])
    await town.deletes("alice", post, redraft=redraft)
    async with town.server.ctx.db.read() as tx:
        [job] = (await tx.execute(select(Job).where(Job.kind == "erase"))).scalars()
        assert (await tx.get_one(Attachment, picture)).post_id is None
    assert (job.queue, job.payload) == ("default", {"attachment_ids": [picture]})
    assert abs((job.run_at - job.created_at).total_seconds() - wait_s) < 1
    await town.server.work("default")
    assert await count(town.server, Attachment) == (1 if redraft else 0)


async def test_a_redrafted_picture_outlives_the_day(town: Town) -> None:
    picture = await town.picture("alice")
    post = await town.posts("alice", attachment_ids=[picture])
    await town.deletes("alice", post, redraft=True)
    again = await town.posts("alice", "better words", attachment_ids=[picture])
    town.server.clock.advance(25 * 3600)
    await town.server.work("default")
    assert await count(town.server, Job, Job.kind == "erase") == 0
    assert await count(town.server, Attachment, Attachment.post_id == again.id) == 1


async def test_a_post_without_pictures_leaves_nothing_to_erase(town: Town) -> None:
    await town.deletes("alice", await town.posts("alice"))
    assert await count(town.server, Job, Job.kind == "erase") == 0


async def test_what_was_deleted_meanwhile_is_not_deleted_again(town: Town) -> None:
    post = await town.posts("alice")
    await town.posts("alice")
    alice = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        author, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await posting.delete(town.server.ctx, tx, post=held, author=author)
        again = posting.delete(town.server.ctx, tx, post=held, author=author)
        assert (await refusal(again))[0] == 404
    assert (await get_account(town.server, alice.iri)).statuses_count == 1


async def test_a_draft_that_is_out_is_answered_by_its_old_id(town: Town) -> None:
    post = await town.posts("alice")
    async with town.server.ctx.db.write() as tx:
        tx.add(Placeholder(draft_id=5, post_id=post.id))
    assert (await town.posts("alice", in_reply_to_id=5)).in_reply_to_id == post.id


async def test_the_application_is_kept_with_the_post(town: Town) -> None:
    async with town.server.ctx.db.write() as tx:
        tx.add(
            OAuthApp(
                id=7, client_id="c", secret_hash="s", name="App", redirect_uris=[], scopes=[],
                created_at=town.server.clock(),
            )
        )  # fmt: skip
    assert (await town.posts("alice", application_id=7)).application_id == 7
