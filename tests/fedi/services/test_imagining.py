"""From words to a published picture, once, whatever happens in between."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from fedi.errors import LeaseLostError, Refused
from fedi.jobs import queue
from fedi.models import (
    Account,
    Activity,
    Attachment,
    AttachmentState,
    HomeEntry,
    Job,
    JobState,
    Placeholder,
    Post,
    PostState,
)
from fedi.queries import posts as find
from fedi.queries.visibility import can_see
from fedi.services import drawing, imagining, posting
from fedi.services.posting import NewPost
from fedi.worker import run_one
from media.errors import (
    EngineError,
    GenerationFailedError,
    InvalidRequestError,
    ModelMissingError,
    ModelRefusedError,
    TimedOutError,
)
from media.provenance import TRAINED_ALGORITHMIC_MEDIA
from tests.fedi.looking import count
from tests.fedi.services.studio import Easel, equip
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

PROMPT = "a red boat at sunset"


@pytest.fixture
def easel(server: Server) -> Easel:
    """What draws for the server of the test."""
    made = Easel()
    equip(server, engine=made)
    return made


@pytest.fixture
def town(server: Server, easel: Easel) -> Town:
    return Town(server)


async def wish(town: Town, who: str = "alice", prompt: str = PROMPT, **how: Any) -> Post:
    """Ask for a picture and return its draft."""
    seed = how.pop("seed", None)
    author = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = NewPost(**{"text": f"/imagine {prompt}", "visibility": "public", **how})
        return await imagining.request(town.server.ctx, tx, author=me, prompt=prompt, new=new, seed=seed)


async def published(server: Server) -> list[Post]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(select(Post).where(Post.state == PostState.PUBLISHED).order_by(Post.id))
        return list(rows.scalars())


async def picture_of(server: Server, post: Post) -> Attachment:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Attachment).where(Attachment.post_id == post.id))).scalar_one()


async def job_of(server: Server) -> Job | None:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Job).where(Job.kind == "generate"))).scalar_one_or_none()


async def claim(server: Server, *, lease_s: float = 60) -> queue.Claim:
    async with server.ctx.db.write() as tx:
        [held] = await queue.claim(tx, "gpu", limit=1, lease_s=lease_s, now=server.clock())
    return held


async def files(server: Server) -> int:
    """Count the files that are stored."""
    return len(
        await asyncio.to_thread(lambda: list(server.settings.data_path.joinpath("media").rglob("*.jpg")))
    )


async def refusal(question: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await question
    return refused.value.status, refused.value.text


# The draft


async def test_a_draft_shows_at_once_that_something_is_coming(town: Town) -> None:
    draft = await wish(town, spoiler_text="boats", language="de")
    assert (draft.state, draft.visibility, draft.local) == (PostState.DRAFT, "direct", True)
    assert draft.source == f"/imagine {PROMPT}"
    assert PROMPT in draft.content
    assert (draft.spoiler_text, draft.language) == ("boats", "de")
    picture = await picture_of(town.server, draft)
    assert (picture.state, picture.file_key) == (AttachmentState.QUEUED, None)
    assert await town.home_of(draft) == {"alice"}


async def test_a_draft_is_seen_by_its_author_only(town: Town) -> None:
    await town.follows("fan", "alice")
    draft = await wish(town)
    async with town.server.ctx.db.read() as tx:
        seen = {name for name, person in town.people.items() if await can_see(tx, person.id, draft)}
        assert not await can_see(tx, None, draft)
    assert seen == {"alice"}
    assert await count(town.server, Activity) == 0


async def test_draft_and_job_are_written_together_or_not_at_all(town: Town) -> None:
    author = await town.one("alice")

    async def think_better_of_it() -> None:
        async with town.server.ctx.db.write() as tx:
            me = await tx.get_one(Account, author.id)
            new = NewPost(text="", visibility="public")
            await imagining.request(town.server.ctx, tx, author=me, prompt=PROMPT, new=new)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await think_better_of_it()
    assert [await count(town.server, model) for model in (Post, Attachment, Job, HomeEntry)] == [0, 0, 0, 0]
    await wish(town)
    assert [await count(town.server, model) for model in (Post, Attachment, Job, HomeEntry)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("prompt", "status", "part"),
    [
        ("", 422, "the prompt is empty"),
        ("\u200b \u202e", 422, "the prompt is empty"),
        ("x" * 1001, 422, "at most 1000 characters"),
        ("a nude child", 403, "are never made here"),
    ],
)
async def test_a_wish_that_cannot_be_had_is_refused_in_a_sentence(
    town: Town, prompt: str, status: int, part: str
) -> None:
    got, text = await refusal(wish(town, prompt=prompt))
    assert got == status
    assert part in text
    assert [await count(town.server, model) for model in (Post, Attachment, Job)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("how", "status"),
    [({"visibility": "everyone"}, 422), ({"in_reply_to_id": 1}, 404), ({"spoiler_text": "x" * 2000}, 422)],
)
async def test_a_post_that_could_not_be_published_is_not_drawn(
    town: Town, how: dict[str, Any], status: int
) -> None:
    assert (await refusal(wish(town, **how)))[0] == status
    assert await count(town.server, Job) == 0


async def test_the_seed_is_drawn_once_and_kept_in_the_job(town: Town, easel: Easel) -> None:
    easel.troubles = [EngineError()]
    await wish(town)
    await wish(town, seed=7)
    await town.server.work("gpu")
    town.server.clock.advance(drawing.RETRY_S)
    await town.server.work("gpu")
    first, other, again = easel.asked
    assert first == again
    assert (other.seed, first.seed == other.seed) == (7, False)
    assert (first.width_px, first.height_px) == (64, 64)


# The picture


async def test_a_finished_picture_is_published_with_all_its_marks(town: Town) -> None:
    await town.follows("fan", "alice")
    draft = await wish(town, seed=7, spoiler_text="boats", language="de")
    between = await town.posts("fan")
    await town.server.work("gpu")
    (post,) = [found for found in await published(town.server) if found.id != between.id]
    assert post.id > between.id > draft.id
    assert (post.visibility, post.spoiler_text, post.language, post.sensitive) == (
        "public",
        "boats",
        "de",
        True,
    )
    assert post.source.startswith(f"{PROMPT}\n\nAI-generated image, made with fedi (painted). ")
    assert 'href="https://fedi.test/tags/aiart"' in post.content
    assert post.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    assert post.recipe is not None
    assert {key: post.recipe[key] for key in ("prompt", "model", "seed", "width_px", "unknown_words")} == {
        "prompt": PROMPT,
        "model": "painted",
        "seed": 7,
        "width_px": 64,
        "unknown_words": ["zorp"],
    }
    async with town.server.ctx.db.read() as tx:
        assert await find.published_as(tx, draft.id) == post.id
        view = await find.load_one(tx, post.id)
    assert view is not None
    assert set(view.tags) == {"aiart", "aigenerated"}
    [picture] = view.attachments
    assert (picture.state, picture.media_type, picture.width, picture.height) == (
        "ready",
        "image/jpeg",
        64,
        64,
    )
    assert picture.description == "A red boat at sunset. AI-generated image."
    assert picture.blurhash
    assert (picture.thumbnail_width, picture.thumbnail_height) == (64, 64)
    assert picture.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    for key in (picture.file_key, picture.thumbnail_key):
        assert key is not None
        assert (await town.server.ctx.blobs.open(key)).size_bytes > 0
    assert await town.home_of(post) == {"alice", "fan"}
    assert await count(town.server, Post, Post.id == draft.id) == 0
    assert await job_of(town.server) is None


async def test_one_create_goes_out_and_carries_the_picture(town: Town) -> None:
    await wish(town, visibility="unlisted")
    await town.server.work("gpu")
    [post] = await published(town.server)
    [(create, _)] = await town.outgoing()
    note = create["object"]
    [image] = note["attachment"]
    assert (create["type"], note["id"], note["sensitive"]) == ("Create", post.iri, False)
    assert image["name"].endswith("AI-generated image.")
    assert image["mediaType"] == "image/jpeg"
    assert "AI-generated image, made with" in note["content"]
    assert {tag["name"].lower() for tag in note["tag"]} == {"#aiart", "#aigenerated"}
    assert json.dumps(create).count("Drawing") == 0


async def test_the_author_is_counted_once_and_for_the_picture_only(town: Town) -> None:
    await wish(town)
    async with town.server.ctx.db.read() as tx:
        alice = await tx.get_one(Account, town.people["alice"].id)
        assert alice.statuses_count == 0
    await town.server.work("gpu")
    async with town.server.ctx.db.read() as tx:
        assert (await tx.get_one(Account, town.people["alice"].id)).statuses_count == 1


async def test_adult_words_make_a_sensitive_post(town: Town) -> None:
    draft = await wish(town, prompt="a nude statue")
    await town.server.work("gpu")
    [post] = await published(town.server)
    assert (draft.sensitive, post.sensitive) == (True, True)


async def test_a_picture_can_be_an_answer(town: Town) -> None:
    asked = await town.posts("bob")
    draft = await wish(town, in_reply_to_id=asked.id, visibility="unlisted")
    assert draft.in_reply_to_id == asked.id
    assert (await town.post(asked.id)).replies_count == 0
    await town.server.work("gpu")
    answer = (await published(town.server))[-1]
    assert (answer.in_reply_to_id, answer.visibility) == (asked.id, "unlisted")
    assert (await town.post(asked.id)).replies_count == 1


async def test_steps_are_told_to_who_watches(town: Town, easel: Easel) -> None:
    await wish(town)
    job = await claim(town.server)
    steps: list[tuple[int, int]] = []
    await drawing.run(town.server.ctx, job, on_step=lambda done, of: steps.append((done, of)))
    assert steps == [(n, 4) for n in range(5)]


# What can happen meanwhile


async def test_what_was_deleted_while_it_was_drawn_is_not_published(town: Town, easel: Easel) -> None:
    draft = await wish(town)

    async def deleted() -> None:
        await town.deletes("alice", draft)

    easel.meanwhile = deleted
    await town.server.work()
    assert easel.asked
    assert [await count(town.server, model) for model in (Post, Attachment, Job, Activity)] == [0, 0, 0, 0]
    assert await files(town.server) == 0


async def test_what_was_deleted_before_is_not_drawn(town: Town, easel: Easel) -> None:
    draft = await wish(town)
    await town.deletes("alice", draft)
    await town.server.work()
    assert easel.asked == []
    assert await count(town.server, Job) == 0


async def test_with_its_author_a_picture_is_gone(town: Town, easel: Easel) -> None:
    await wish(town)

    async def gone() -> None:
        async with town.server.ctx.db.write() as tx:
            await tx.delete(await tx.get_one(Account, town.people["alice"].id))

    easel.meanwhile = gone
    await town.server.work()
    assert [await count(town.server, model) for model in (Post, Attachment, Job)] == [0, 0, 0]
    assert await files(town.server) == 0


async def test_when_what_it_answers_is_deleted_meanwhile_the_author_is_told(town: Town, easel: Easel) -> None:
    asked = await town.posts("bob")
    draft = await wish(town, in_reply_to_id=asked.id)

    async def deleted() -> None:
        await town.deletes("bob", asked)

    easel.meanwhile = deleted
    await town.server.work("gpu")
    async with town.server.ctx.db.read() as tx:
        told = await imagining.trouble_of(tx, draft.id)
    assert told is not None
    assert PROMPT in told
    assert "The post that this answers does not exist." in told
    job = await job_of(town.server)
    assert job is not None
    assert job.state == JobState.DEAD
    assert await files(town.server) == 0


async def test_an_engine_that_dies_is_tried_again_a_little_later(town: Town, easel: Easel) -> None:
    easel.troubles = [EngineError(), TimedOutError()]
    draft = await wish(town)
    for _ in range(2):
        await town.server.work("gpu")
        job = await job_of(town.server)
        assert job is not None
        assert job.state == JobState.READY
        async with town.server.ctx.db.read() as tx:
            assert await imagining.trouble_of(tx, draft.id) is None
        assert await town.server.work("gpu") == 0, "not before its time"
        town.server.clock.advance(drawing.RETRY_S)
    await town.server.work("gpu")
    assert len(await published(town.server)) == 1


async def test_words_that_kill_the_engine_are_given_up_with_a_sentence(town: Town, easel: Easel) -> None:
    easel.troubles = [GenerationFailedError(detail="/secret/path") for _ in range(9)]
    draft = await wish(town)
    for _ in range(drawing.ATTEMPTS_MAX + 2):
        await town.server.work("gpu")
        town.server.clock.advance(drawing.RETRY_S)
    assert len(easel.asked) == drawing.ATTEMPTS_MAX
    job = await job_of(town.server)
    assert job is not None
    assert (job.state, job.attempts) == (JobState.DEAD, drawing.ATTEMPTS_MAX)
    async with town.server.ctx.db.read() as tx:
        told = await imagining.trouble_of(tx, draft.id)
        shown = (await tx.get_one(Post, draft.id)).content
    assert (
        told
        == f"Could not draw “{PROMPT}”: The picture could not be drawn. Please try again, or with other words."
    )
    assert "secret" not in shown
    assert (await picture_of(town.server, draft)).state == AttachmentState.FAILED
    assert await published(town.server) == []


async def test_what_was_given_up_can_be_drawn_later_after_all(town: Town, easel: Easel) -> None:
    easel.troubles = [ModelMissingError()]
    await wish(town)
    await town.server.work("gpu")
    async with town.server.ctx.db.write() as tx:
        await queue.revive(tx, town.server.ctx.wake, kind="generate", now=town.server.clock())
    await town.server.work("gpu")
    [post] = await published(town.server)
    assert "Could not draw" not in post.content
    assert (await picture_of(town.server, post)).state == AttachmentState.READY


@pytest.mark.parametrize(
    "trouble", [ModelMissingError(), ModelRefusedError(), InvalidRequestError("No such model.")]
)
async def test_what_another_try_would_not_mend_is_given_up_at_once(
    town: Town, easel: Easel, trouble: Exception
) -> None:
    easel.troubles = [trouble]
    draft = await wish(town)
    await town.server.work("gpu")
    job = await job_of(town.server)
    assert job is not None
    assert job.state == JobState.DEAD
    async with town.server.ctx.db.read() as tx:
        assert str(trouble) in str(await imagining.trouble_of(tx, draft.id))


async def test_a_draft_that_waits_has_no_trouble(town: Town) -> None:
    draft = await wish(town)
    async with town.server.ctx.db.read() as tx:
        assert await imagining.trouble_of(tx, draft.id) is None
        assert await imagining.trouble_of(tx, 1) is None


# Once


async def test_run_by_two_after_a_lost_lease_it_is_published_once(town: Town, easel: Easel) -> None:
    server = town.server
    await wish(town)
    first = await claim(server, lease_s=10)
    server.clock.advance(11)
    second = await claim(server)
    await asyncio.gather(run_one(server.ctx, first), run_one(server.ctx, second))
    assert len(easel.asked) == 2
    assert len(await published(server)) == 1
    assert [await count(server, Placeholder), await count(server, Activity)] == [1, 1]
    assert await count(server, Attachment) == 1
    picture = await picture_of(server, (await published(server))[0])
    assert picture.file_key is not None
    assert (await server.ctx.blobs.open(picture.file_key)).size_bytes > 0


async def test_killed_in_the_middle_it_is_published_by_who_comes_next(
    town: Town, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = town.server
    await wish(town)
    killed = await claim(server, lease_s=10)

    async def die(*_: Any, **__: Any) -> None:
        raise LeaseLostError("killed between the files and the commit")

    with monkeypatch.context() as patch:
        patch.setattr(posting, "publish", die)
        await run_one(server.ctx, killed)
    assert await published(server) == []
    assert await server.work("gpu") == 0, "the lease holds"
    server.clock.advance(11)
    await server.work("gpu")
    assert len(await published(server)) == 1
    assert await job_of(server) is None


async def test_a_failure_that_comes_too_late_changes_nothing(town: Town, easel: Easel) -> None:
    server = town.server
    easel.troubles = [ModelMissingError()]
    draft = await wish(town)
    first = await claim(server, lease_s=10)
    server.clock.advance(11)
    await claim(server)
    await run_one(server.ctx, first)
    async with server.ctx.db.read() as tx:
        assert await imagining.trouble_of(tx, draft.id) is None
    job = await job_of(server)
    assert job is not None
    assert job.state == JobState.READY


def beats(monkeypatch: pytest.MonkeyPatch, wanted: int, *, trouble: Exception | None = None) -> Any:
    """Return what waits for some signs of life; the first fails with `trouble`."""
    came, seen = asyncio.Event(), 0
    real = queue.extend

    async def watched(*given: Any, **how: Any) -> None:
        nonlocal seen
        seen += 1
        if trouble is not None and seen == 1:
            raise trouble
        await real(*given, **how)
        if seen >= wanted:
            came.set()

    async def wait() -> None:
        async with asyncio.timeout(10):
            await came.wait()

    monkeypatch.setattr(queue, "extend", watched)
    return wait


async def test_a_long_drawing_gives_signs_of_life(
    town: Town, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LEASE_S", 0.03)
    await wish(town)
    held = await claim(town.server, lease_s=0.001)
    until: list[Any] = []
    two_beats = beats(monkeypatch, 2)

    async def looked_at() -> None:
        await two_beats()
        job = await job_of(town.server)
        assert job is not None
        until.append(job.claimed_until)

    easel.meanwhile = looked_at
    await run_one(town.server.ctx, held)
    assert until[0] > held.until
    assert len(await published(town.server)) == 1


async def test_a_drawing_that_another_took_over_is_stopped(
    town: Town, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LEASE_S", 0.03)
    await wish(town)
    held = await claim(town.server, lease_s=1)
    town.server.clock.advance(2)
    other = await claim(town.server)
    stopped: list[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append("drawing")
            raise

    easel.meanwhile = for_ever
    async with asyncio.timeout(10):
        await run_one(town.server.ctx, held)
        assert stopped == ["drawing"]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "it was the drawing that was to end"
    easel.meanwhile = None
    await run_one(town.server.ctx, other)
    assert len(await published(town.server)) == 1


async def test_a_database_that_is_away_does_not_end_the_signs_of_life(
    town: Town, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LEASE_S", 0.03)
    await wish(town)
    held = await claim(town.server, lease_s=60)
    easel.meanwhile = beats(monkeypatch, 2, trouble=ConnectionRefusedError("down"))
    await run_one(town.server.ctx, held)
    assert len(await published(town.server)) == 1


async def test_a_worker_that_is_stopped_stops_the_drawing_and_keeps_the_job(town: Town, easel: Easel) -> None:
    await wish(town)
    held = await claim(town.server)
    begun = asyncio.Event()

    async def for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    easel.meanwhile = for_ever
    task = asyncio.create_task(run_one(town.server.ctx, held))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    job = await job_of(town.server)
    assert job is not None
    assert job.claim_token == held.token
