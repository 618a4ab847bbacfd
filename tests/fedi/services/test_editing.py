"""Editing: what changes, what is kept, who hears of it, and what cannot be edited away."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC, TRAINED_ALGORITHMIC_MEDIA
from fedi.errors import Refused
from fedi.models import Account, Attachment, Mention, Post, PostEdit, PostState, PostTag
from fedi.queries import polls as find_poll
from fedi.services import editing, interacting, polling
from fedi.services.editing import Change, Described
from fedi.services.polling import NewPoll
from tests.fedi.looking import count, told
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

LABEL = "AI-generated image, made with fedi (tiny). #AIart #AIGenerated"


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def edits(town: Town, who: str, post: Post, text: str = "hello", **more: Any) -> Post:
    author = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        author, held = await tx.get_one(Account, author.id), await tx.get_one(Post, post.id)
        return await editing.edit(
            town.server.ctx, tx, author=author, post=held, change=Change(text=text, **more)
        )


async def refused(town: Town, who: str, post: Post, text: str = "hello", **more: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refusal:
        await edits(town, who, post, text, **more)
    return refusal.value.status, refusal.value.text


async def history(town: Town) -> list[PostEdit]:
    async with town.server.ctx.db.read() as tx:
        return list((await tx.execute(select(PostEdit).order_by(PostEdit.id))).scalars())


async def names(town: Town, column: Any, *conditions: Any) -> set[Any]:
    async with town.server.ctx.db.read() as tx:
        return set((await tx.execute(select(column).where(*conditions))).scalars())


async def likes(town: Town, who: str, post: Post) -> None:
    async with town.server.ctx.db.write() as tx:
        person, held = await tx.get_one(Account, (await town.one(who)).id), await tx.get_one(Post, post.id)
        await interacting.receive_like(town.server.ctx, tx, account=person, post=held, iri=f"{person.iri}#l")


async def boosts(town: Town, who: str, post: Post) -> None:
    async with town.server.ctx.db.write() as tx:
        person, held = await tx.get_one(Account, (await town.one(who)).id), await tx.get_one(Post, post.id)
        await interacting.boost(town.server.ctx, tx, account=person, post=held)


# --- What changes ---------------------------------------------------------------------------------------------


async def test_words_warning_and_language_change_and_what_was_is_kept(town: Town) -> None:
    post = await town.posts("alice", "first #old", spoiler_text="cw", language="en")
    edited = await edits(town, "alice", post, "second #new", language="de", sensitive=False)
    assert "second" in edited.content
    assert (edited.source, edited.spoiler_text, edited.sensitive) == ("second #new", "", False)
    assert edited.language == "de"
    assert await names(town, PostTag.name) == {"new"}
    (former,) = await history(town)
    assert "first" in former.content
    assert (former.spoiler_text, former.sensitive) == ("cw", True)


async def test_each_version_is_kept_with_its_time(town: Town) -> None:
    post = await town.post((await town.posts("alice", "one")).id)
    second = await edits(town, "alice", post, "two")
    third = await edits(town, "alice", post, "three")
    former = await history(town)
    assert ["one" in former[0].content, "two" in former[1].content] == [True, True]
    assert [version.created_at for version in former] == [post.created_at, second.edited_at]
    assert third.edited_at is not None


async def test_the_time_of_edits_only_grows(town: Town) -> None:
    post = await town.posts("alice", "one")
    moment = (await town.post(post.id)).created_at
    object.__setattr__(town.server.ctx, "clock", lambda: moment)
    first = (await edits(town, "alice", post, "two")).edited_at
    second = (await edits(town, "alice", post, "three")).edited_at
    object.__setattr__(town.server.ctx, "clock", lambda: moment - timedelta(days=1))
    third = (await edits(town, "alice", post, "four")).edited_at
    assert first is not None
    assert second is not None
    assert third is not None
    assert moment < first < second < third
    documents = [document for document, _ in await town.outgoing() if document["type"] == "Update"]
    assert len({document["object"]["updated"] for document in documents}) == 3
    assert len({document["id"] for document in documents}) == 3


async def test_an_edit_that_changes_nothing_is_none(town: Town) -> None:
    post = await town.posts("alice", "hello #x")
    assert (await edits(town, "alice", post, "hello #x")).edited_at is None
    assert await history(town) == []
    assert len(await town.outgoing()) == 1


async def test_pictures_are_exchanged_ordered_and_described(town: Town) -> None:
    one, two, three = [await town.picture("alice", description=f"{number}") for number in range(3)]
    post = await town.posts("alice", "look", attachment_ids=(one, two))
    described = {two: Described(description="a boat", focus=(0.5, -0.5))}
    await edits(town, "alice", post, "look", attachment_ids=(three, two), described=described)
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Attachment).where(Attachment.post_id == post.id).order_by(Attachment.position)
        )
        shown = list(rows.scalars())
    assert [(row.id, row.description) for row in shown] == [(three, "2"), (two, "a boat")]
    assert (shown[1].focus_x, shown[1].focus_y) == (0.5, -0.5)
    (former,) = await history(town)
    assert former.attachments == [{"id": one, "description": "0"}, {"id": two, "description": "1"}]


async def test_a_picture_that_is_taken_out_is_erased(town: Town) -> None:
    one = await town.picture("alice")
    post = await town.posts("alice", "look", attachment_ids=(one,))
    await edits(town, "alice", post, "look")
    await town.server.work("default")
    assert await count(town.server, Attachment) == 0


async def test_a_new_focal_point_goes_out_without_a_version(town: Town) -> None:
    one = await town.picture("alice")
    post = await town.posts("alice", "look", attachment_ids=(one,))
    described = {one: Described(focus=(1.0, 1.0))}
    edited = await edits(town, "alice", post, "look", attachment_ids=(one,), described=described)
    assert edited.edited_at is not None
    assert await history(town) == []
    assert (await town.outgoing())[-1][0]["object"]["attachment"][0]["focalPoint"] == [1.0, 1.0]


async def test_other_options_of_a_poll_are_a_version_and_begin_anew(town: Town) -> None:
    post = await town.posts("alice", "which?", poll=NewPoll(options=("a", "b"), expires_in_s=300))
    bob = await town.one("bob")
    async with town.server.ctx.db.write() as tx:
        voter, held = await tx.get_one(Account, bob.id), await tx.get_one(Post, post.id)
        poll = await find_poll.by_post(tx, post.id)
        assert poll is not None
        await polling.vote(town.server.ctx, tx, account=voter, post=held, poll=poll, choices=[0])
    await edits(town, "alice", post, "which?", poll=NewPoll(options=("a", "c"), expires_in_s=300))
    (former,) = await history(town)
    assert former.poll_options == ["a", "b"]
    document, _ = (await town.outgoing())[-1]
    assert document["object"]["type"] == "Question"
    assert [option["name"] for option in document["object"]["oneOf"]] == ["a", "c"]
    assert document["object"]["votersCount"] == 0


# --- Who hears of it ------------------------------------------------------------------------------------------


async def test_the_new_version_goes_to_everyone_who_has_the_old_one(town: Town) -> None:
    parent = await town.keeps("asker@far.test")
    await town.one("named@far.test")
    await town.one("other@far.test")
    post = await town.posts("alice", "hi @named@far.test", in_reply_to_id=parent.id)
    await likes(town, "liker@far.test", post)
    await edits(town, "alice", post, "hi there @other@far.test")
    document, _ = (await town.outgoing())[-1]
    assert document["type"] == "Update"
    assert document["to"] == [PUBLIC]
    assert document["object"]["content"].startswith("<p>hi there")
    everyone = {"asker@far.test", "named@far.test", "liker@far.test", "other@far.test"}
    assert await town.audience() == (True, everyone)


async def test_the_words_of_a_private_post_go_to_those_only_for_whom_it_is(town: Town) -> None:
    await town.one("named@far.test")
    post = await town.posts("alice", "hi @named@far.test", "private")
    await likes(town, "liker@far.test", post)
    await edits(town, "alice", post, "bye")
    assert await town.audience() == (True, {"named@far.test"})


async def test_who_is_mentioned_only_now_is_told(town: Town) -> None:
    await town.one("bob"), await town.one("carol")
    post = await town.posts("alice", "hi @bob")
    await edits(town, "alice", post, "hi @bob and @carol")
    assert await told(town.server, await town.one("bob")) == ["mention"]
    assert await told(town.server, await town.one("carol")) == ["mention"]


@pytest.mark.parametrize(("visibility", "left"), [("public", set()), ("direct", {"bob"})])
async def test_who_is_no_longer_mentioned_leaves_an_open_post_only(
    town: Town, visibility: str, left: set[str]
) -> None:
    await town.one("bob")
    post = await town.posts("alice", "hi @bob", visibility)
    await edits(town, "alice", post, "hi")
    mentioned = Account.id.in_(select(Mention.account_id).where(Mention.post_id == post.id))
    assert await names(town, Account.username, mentioned) == left


async def test_who_passed_it_on_is_told_of_the_last_edit(town: Town) -> None:
    post = await town.posts("alice", "one")
    await boosts(town, "bob", post)
    await edits(town, "alice", post, "two")
    await edits(town, "alice", post, "three")
    assert await told(town.server, await town.one("bob")) == ["update"]


async def test_a_silent_recipient_who_is_then_mentioned_is_named_there_alone(town: Town) -> None:
    bob, carol = await town.one("bob"), await town.one("carol")
    both = (bob.id, carol.id)
    post, other = [await town.posts("alice", "psst", "direct", blind=both) for _ in range(2)]
    await edits(town, "alice", post, "psst @bob")
    silent = Account.id.in_(select(Mention.account_id).where(Mention.post_id == post.id, Mention.silent))
    assert await names(town, Account.username, silent) == {"carol"}
    assert await names(town, Mention.silent, Mention.post_id == other.id) == {True}


async def test_others_and_other_posts_keep_their_mentions(town: Town) -> None:
    await town.one("bob"), await town.one("carol")
    post, other = [await town.posts("alice", "hi @bob @carol") for _ in range(2)]
    await edits(town, "alice", post, "hi @carol")
    for held, people in ((post, {"carol"}), (other, {"bob", "carol"})):
        mentioned = Account.id.in_(select(Mention.account_id).where(Mention.post_id == held.id))
        assert await names(town, Account.username, mentioned) == people


# --- What may not be edited -----------------------------------------------------------------------------------


async def test_nobody_edits_what_is_not_theirs(town: Town) -> None:
    post = await town.posts("alice")
    assert await refused(town, "bob", post, "stolen") == (404, "Record not found")
    assert (await town.post(post.id)).source == "hello"


async def test_a_boost_is_not_edited(town: Town) -> None:
    post = await town.posts("alice")
    async with town.server.ctx.db.write() as tx:
        bob, held = await tx.get_one(Account, (await town.one("bob")).id), await tx.get_one(Post, post.id)
        boost = await interacting.boost(town.server.ctx, tx, account=bob, post=held)
    assert (await refused(town, "bob", boost, "mine"))[0] == 404


async def test_a_draft_is_not_edited(town: Town) -> None:
    draft = await town.keeps("alice", state=PostState.DRAFT, visibility="direct")
    assert (await refused(town, "alice", draft, "x"))[0] == 422


async def test_a_post_that_is_gone_is_not_edited(town: Town) -> None:
    post = await town.posts("alice")
    async with town.server.ctx.db.write() as tx:
        author, held = (
            await tx.get_one(Account, (await town.one("alice")).id),
            await tx.get_one(Post, post.id),
        )
        await tx.delete(held)
        await tx.flush()
        with pytest.raises(Refused) as refusal:
            await editing.edit(town.server.ctx, tx, author=author, post=held, change=Change(text="x"))
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "words or a picture"),
        ("x" * 2001, "2001 characters"),
        ("@a " * 51, None),
        ("hi " + " ".join(f"@p{n}" for n in range(51)), "50 people"),
    ],
)
async def test_the_limits_of_new_posts_hold_for_edits(town: Town, text: str, sentence: str | None) -> None:
    post = await town.posts("alice")
    if sentence is None:
        await edits(town, "alice", post, text)
    else:
        status, said = await refused(town, "alice", post, text)
        assert status == 422
        assert sentence in said


async def test_pictures_of_others_or_too_many_are_refused(town: Town) -> None:
    post = await town.posts("alice")
    theirs = await town.picture("bob")
    assert (await refused(town, "alice", post, attachment_ids=(theirs,)))[0] == 422
    mine = tuple([await town.picture("alice") for _ in range(5)])
    assert (await refused(town, "alice", post, attachment_ids=mine))[0] == 422
    full = await town.posts("alice", attachment_ids=mine[:4])
    assert "4 pictures" in (await refused(town, "alice", full, attachment_ids=mine))[1]
    poll = NewPoll(options=("a", "b"), expires_in_s=300)
    assert (await refused(town, "alice", post, attachment_ids=mine[4:], poll=poll))[0] == 422


# --- The labels of generated pictures -------------------------------------------------------------------------


@pytest.fixture
async def drawn(town: Town) -> Post:
    """A post with a picture that was drawn here."""
    picture = await town.picture("alice", digital_source_type=TRAINED_ALGORITHMIC_MEDIA)
    return await town.posts(
        "alice", f"a cat\n\n{LABEL}", attachment_ids=(picture,), recipe={"model": "tiny"},
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "a dog", f"no label: {LABEL}", "a dog\n\nAI-generated image, made with fedi (tiny).", "a\n#AIart"],
)
async def test_the_label_of_a_drawn_picture_cannot_be_edited_away(town: Town, drawn: Post, text: str) -> None:
    picture = (await names(town, Attachment.id)).pop()
    edited = await edits(town, "alice", drawn, text, attachment_ids=(picture,))
    assert LABEL in edited.source.splitlines()
    assert edited.source.startswith(text)
    assert {"aiart", "aigenerated"} <= await names(town, PostTag.name)
    assert edited.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    document, _ = (await town.outgoing())[-1]
    assert document["object"]["genAI"] is True
    assert document["object"]["attachment"][0]["digitalSourceType"] == TRAINED_ALGORITHMIC_MEDIA


async def test_a_label_that_is_still_there_is_not_written_twice(town: Town, drawn: Post) -> None:
    picture = (await names(town, Attachment.id)).pop()
    edited = await edits(town, "alice", drawn, f"a dog\n\n{LABEL}", attachment_ids=(picture,))
    assert edited.source == f"a dog\n\n{LABEL}"


async def test_markup_cannot_hide_the_label(town: Town, drawn: Post) -> None:
    edited = await edits(town, "alice", drawn, "a dog", html="<p>a photo</p>")
    assert "AI-generated image" in edited.content


async def test_a_drawn_picture_labels_the_post_into_which_it_is_put(town: Town) -> None:
    picture = await town.picture("alice", digital_source_type=TRAINED_ALGORITHMIC_MEDIA)
    post = await town.posts("alice")
    edited = await edits(town, "alice", post, attachment_ids=(picture,))
    assert edited.digital_source_type == TRAINED_ALGORITHMIC_MEDIA


async def test_a_drawn_picture_keeps_its_label_when_it_is_posted_again(town: Town) -> None:
    picture = await town.picture("alice", digital_source_type=TRAINED_ALGORITHMIC_MEDIA)
    post = await town.posts("alice", "my photo", attachment_ids=(picture,))
    assert post.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    camera = TRAINED_ALGORITHMIC_MEDIA.replace("trainedAlgorithmicMedia", "digitalCapture")
    photo = await town.picture("alice", digital_source_type=camera)
    assert (await town.posts("alice", "my photo", attachment_ids=(photo,))).digital_source_type is None
