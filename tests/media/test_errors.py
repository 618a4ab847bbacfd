import inspect
import re

import pytest

from media import errors
from media.errors import EngineError, MediaError, TooLargeError, error_of_kind

CLASSES = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, MediaError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_sentence_and_a_status(kind: type[MediaError]) -> None:
    error = kind(detail="/secret/path")
    assert re.fullmatch(r"[A-Z].*\.", error.message)
    assert str(error) == error.message
    assert "/secret" not in error.message
    assert 400 <= error.status_hint <= 503


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_drawn_in_the_tree_with_its_status(kind: type[MediaError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__all__
    line = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line)
    assert kind in (MediaError, errors.BlobError) or line.endswith(str(kind.status_hint))


def test_error_of_a_child_keeps_kind_sentence_and_detail() -> None:
    error = error_of_kind("TooLargeError", "Too large.", detail="why")
    assert isinstance(error, TooLargeError)
    assert (error.message, error.detail) == ("Too large.", "why")


@pytest.mark.parametrize("kind", ["SystemExit", "MediaError", "BlobError", ""])
def test_kind_that_no_child_may_name_is_a_plain_engine_error(kind: str) -> None:
    error = error_of_kind(kind, "I am the message", detail="d")
    assert type(error) is EngineError
    assert error.message == EngineError.default_message
    assert "I am the message" in error.detail
