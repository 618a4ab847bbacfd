import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media.blobs import EXTENSIONS, content_type_of, key_for, require_key
from media.errors import BlobKeyError, UnsupportedTypeError

KEY = "0" * 64 + ".jpg"


@pytest.mark.parametrize(("content_type", "extension"), EXTENSIONS.items())
def test_key_is_digest_and_extension_and_leads_back_to_the_type(content_type: str, extension: str) -> None:
    key = key_for(b"data", content_type)
    assert key == f"{hashlib.sha256(b'data').hexdigest()}.{extension}"
    assert require_key(key) == key
    assert content_type_of(key) == content_type


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "application/activity+json", "IMAGE/JPEG", ""]
)
def test_type_that_is_not_in_the_table_is_not_stored(content_type: str) -> None:
    with pytest.raises(UnsupportedTypeError):
        key_for(b"data", content_type)


HOSTILE = [
    "",
    KEY + "\n",
    "\n" + KEY,
    KEY + "\0",
    KEY.upper(),
    KEY[1:],
    "0" + KEY,
    KEY + ".jpg",
    "0" * 64 + ".svg",
    "0" * 64 + ".html",
    "0" * 64,
    "../" + KEY,
    "/" + KEY,
    "..%2f" + KEY,
    "../../etc/passwd",
    "a/" * 32 + ".jpg",
    "\uff10" * 64 + ".jpg",
    "\u0660" * 64 + ".jpg",
]


@pytest.mark.parametrize("key", HOSTILE)
def test_anything_else_is_no_key(key: str) -> None:
    with pytest.raises(BlobKeyError):
        require_key(key)
    with pytest.raises(BlobKeyError):
        content_type_of(key)


@given(st.text() | st.text(alphabet="0123456789abcdef./\\%\n\0jpgnifwe", min_size=60, max_size=75))
@example(KEY)
def test_what_passes_is_one_plain_file_name(key: str) -> None:
    try:
        require_key(key)
    except BlobKeyError:
        return
    stem, _, extension = key.partition(".")
    assert len(stem) == 64
    assert set(stem) <= set("0123456789abcdef")
    assert extension in EXTENSIONS.values()


@given(st.from_regex(r"\A[0-9a-f]{64}\.(jpg|png|gif|webp)\Z"))
def test_every_well_formed_key_passes(key: str) -> None:
    assert require_key(key) == key
