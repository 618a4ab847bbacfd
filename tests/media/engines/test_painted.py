import pytest

from media.engines.painted import DEFAULT_STEPS, NATIVE_SIZE_PX, load
from media.errors import CancelledError
from media.request import ImageRequest


def paint(**values):
    return load().generate(
        ImageRequest(**{"prompt": "a boat", "seed": 1, **values}), lambda *_: None, lambda: False
    )


def test_same_request_gives_the_same_pixels() -> None:
    assert paint() == paint()


@pytest.mark.parametrize(
    "change", [{"prompt": "a house"}, {"seed": 2}, {"negative_prompt": "rain"}, {"steps": 2}]
)
def test_another_request_gives_other_pixels(change: dict) -> None:
    assert paint().rgb != paint(**change).rgb


def test_request_without_wishes_gets_the_defaults() -> None:
    picture = paint()
    assert (picture.width_px, picture.height_px, picture.steps) == (
        NATIVE_SIZE_PX,
        NATIVE_SIZE_PX,
        DEFAULT_STEPS,
    )


def test_cancelling_stops_between_steps() -> None:
    steps: list[int] = []
    with pytest.raises(CancelledError):
        load().generate(
            ImageRequest(prompt="a", seed=1), lambda done, _: steps.append(done), lambda: len(steps) > 2
        )
    assert steps == [0, 1, 2]
