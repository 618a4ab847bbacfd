from collections.abc import AsyncIterator

import pytest

from media import pipeline
from media.errors import InvalidRequestError
from media.host import PAINTED, EngineHost
from media.provenance import read_marks
from media.request import SEED_MAX, ImageRequest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def host() -> AsyncIterator[EngineHost]:
    async with EngineHost(folder=None, engine=PAINTED) as host:
        yield host


async def test_words_become_finished_files(host: EngineHost) -> None:
    steps: list[tuple[int, int]] = []
    request = ImageRequest(prompt="a red boat", width_px=512, height_px=384, steps=2, seed=3)
    finished = await pipeline.draw(host, request, lambda done, of: steps.append((done, of)))
    assert steps == [(0, 2), (1, 2), (2, 2)]
    assert finished.alt == "A red boat. AI-generated image."
    assert (finished.image.width_px, finished.image.height_px) == (512, 384)
    assert (finished.provenance.seed, finished.provenance.steps, finished.provenance.prompt) == (3, 2, None)
    assert read_marks(finished.image.data).says_ai
    assert b"red boat" not in finished.image.data


async def test_same_request_gives_the_same_files(host: EngineHost) -> None:
    request = ImageRequest(prompt="a red boat", seed=3)
    assert await pipeline.draw(host, request) == await pipeline.draw(host, request)


async def test_author_may_write_the_alt_and_publish_the_prompt(host: EngineHost) -> None:
    request = ImageRequest(prompt="a red boat", seed=3)
    finished = await pipeline.draw(host, request, alt="My boat", embed_prompt=True)
    assert finished.alt == "My boat"
    assert finished.provenance.prompt == "a red boat"
    assert read_marks(finished.image.data).prompt == "a red boat"


async def test_request_without_a_seed_gets_one(host: EngineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "fresh_seed", lambda: 77)
    assert (await pipeline.draw(host, ImageRequest(prompt="a boat"))).provenance.seed == 77


async def test_request_out_of_bounds_is_refused(host: EngineHost) -> None:
    with pytest.raises(InvalidRequestError):
        await pipeline.draw(host, ImageRequest(prompt="a boat", width_px=4096, height_px=64))


def test_fresh_seeds_are_in_range_and_differ() -> None:
    seeds = {pipeline.fresh_seed() for _ in range(50)}
    assert len(seeds) > 40
    assert all(0 <= seed <= SEED_MAX for seed in seeds)
