"""Our exception hierarchy.

    MediaError
    ├── InvalidRequestError          a number or text of the request is outside its bounds     422
    ├── UnsupportedTypeError         the upload is none of the formats that we take            422
    ├── TooLargeError                more bytes, pixels or work than we allow                  422
    ├── DamagedError                 it says it is a picture, but cannot be decoded            422
    ├── BlobError                    the store of finished files
    │   ├── BlobKeyError             a key that this package never made                        404
    │   └── BlobMissingError         a well-formed key, but nothing is stored there            404
    └── EngineError                  the drawing process died or answered nonsense             503
        ├── ModelMissingError        the model folder is not there or not complete             503
        ├── ModelRefusedError        the folder holds something that could run code            503
        ├── GenerationFailedError    the engine raised while drawing                           500
        ├── OutOfMemoryError         the picture did not fit the memory of the device          503
        ├── CancelledError           someone asked to stop, and it stopped                     409
        └── TimedOutError            no sign of life for longer than allowed                   503

`message` is one plain sentence for the person who waits for the picture, and holds no path,
no traceback and no text of a library. `detail` is for the operator's log. `status_hint` is
the HTTP status that an edge would answer; uploads use 422 throughout, as Mastodon's
`POST /api/v2/media` does.
"""

from typing import ClassVar

__all__ = [
    "BlobError",
    "BlobKeyError",
    "BlobMissingError",
    "CancelledError",
    "DamagedError",
    "EngineError",
    "GenerationFailedError",
    "InvalidRequestError",
    "MediaError",
    "ModelMissingError",
    "ModelRefusedError",
    "OutOfMemoryError",
    "TimedOutError",
    "TooLargeError",
    "UnsupportedTypeError",
    "error_of_kind",
]


class MediaError(Exception):
    """Anything that this package refuses or fails to do.

    Args:
        message: one sentence for the person; the class's own sentence when left out.
        detail: what happened, for the log; may name paths and libraries.
    """

    status_hint: ClassVar[int] = 500
    default_message: ClassVar[str] = "The picture could not be made."

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        self.message = self.default_message if message is None else message
        self.detail = detail
        super().__init__(self.message)


class InvalidRequestError(MediaError):
    """A number or text of an `ImageRequest` is outside its bounds."""

    status_hint = 422
    default_message = "This picture cannot be asked for."


class UnsupportedTypeError(MediaError):
    """The upload is none of the formats on the allow-list."""

    status_hint = 422
    default_message = "Only JPEG, PNG, WebP and GIF pictures can be uploaded."


class TooLargeError(MediaError):
    """The upload has more bytes, pixels or decoding work than we allow."""

    status_hint = 422
    default_message = "This picture is too large."


class DamagedError(MediaError):
    """The upload claims a format that we take, but cannot be decoded as it."""

    status_hint = 422
    default_message = "This file is damaged and cannot be opened as a picture."


class BlobError(MediaError):
    """The store of finished files could not do what was asked."""

    default_message = "The stored file could not be reached."


class BlobKeyError(BlobError):
    """A key that no store of ours ever made; nothing was looked up."""

    status_hint = 404
    default_message = "There is no such file."


class BlobMissingError(BlobError):
    """A well-formed key under which nothing is stored."""

    status_hint = 404
    default_message = "There is no such file."


class EngineError(MediaError):
    """The drawing process died, or answered something that is not in the protocol."""

    status_hint = 503
    default_message = "The drawing process stopped unexpectedly. Please try again."


class ModelMissingError(EngineError):
    """The model folder does not exist or lacks a file that it must have."""

    default_message = "The image model is not installed on this server."


class ModelRefusedError(EngineError):
    """The model folder holds code or pickled weights, or names classes that we do not load."""

    default_message = "The image model on this server was refused because it is not safe to load."


class GenerationFailedError(EngineError):
    """The engine raised while drawing; the process is still there."""

    status_hint = 500
    default_message = "The picture could not be drawn. Please try again, or with other words."


class OutOfMemoryError(EngineError):
    """The picture did not fit in the memory of the device."""

    default_message = "There was not enough memory for this picture. Please try a smaller one."


class CancelledError(EngineError):
    """The drawing was stopped on request."""

    status_hint = 409
    default_message = "The drawing was cancelled."


class TimedOutError(EngineError):
    """The engine gave no sign of life for longer than allowed, and was stopped."""

    default_message = "The drawing took too long and was stopped."


_KINDS: dict[str, type[MediaError]] = {
    kind.__name__: kind
    for kind in (
        InvalidRequestError,
        UnsupportedTypeError,
        TooLargeError,
        DamagedError,
        EngineError,
        ModelMissingError,
        ModelRefusedError,
        GenerationFailedError,
        OutOfMemoryError,
        CancelledError,
        TimedOutError,
    )
}


def error_of_kind(kind: str, message: str, *, detail: str = "") -> MediaError:
    """Build the error that a child process named; an unknown name gives a plain `EngineError`."""
    if kind not in _KINDS:
        return EngineError(detail=f"unknown error kind {kind!r}: {message} {detail}".strip())
    return _KINDS[kind](message, detail=detail)
