"""uploadMedia, and the object that it makes."""

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fedi.models import Attachment
from tests.fedi import looking
from tests.fedi.api.c2s.conftest import C2S

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def send(alice: C2S, picture: bytes | None, shell: Any = None, *, as_file: bool = False) -> Any:
    files = {} if picture is None else {"file": ("a.jpg", picture, "image/jpeg")}
    text = shell if isinstance(shell, str) else json.dumps(shell)
    if as_file:
        files["object"] = ("object.json", text.encode(), "application/activity+json")
    form = {} if shell is None or as_file else {"object": text}
    return await alice.http.post("/api/c2s/media", files=files or None, data=form)


async def test_the_actor_tells_where_to_upload(server: "Server", alice: C2S) -> None:
    endpoints = (await alice.get(alice.me))["endpoints"]
    assert endpoints["uploadMedia"] == "https://fedi.test/api/c2s/media"
    assert endpoints["proxyUrl"] == "https://fedi.test/api/c2s/proxy"
    metadata = (await server.client.get("/.well-known/oauth-authorization-server")).json()
    assert endpoints["oauthAuthorizationEndpoint"] == metadata["authorization_endpoint"]
    assert endpoints["oauthTokenEndpoint"] == metadata["token_endpoint"]


@pytest.mark.parametrize("as_file", [False, True])
async def test_a_picture_becomes_an_image_of_its_own_address(
    alice: C2S, picture: bytes, as_file: bool
) -> None:
    shell = {"type": "Image", "id": "https://x.example/1", "name": "a gradient", "focalPoint": [0.5, -2]}
    answer = await send(alice, picture, shell, as_file=as_file)
    assert answer.status_code == 201, answer.text
    image = answer.json()
    assert image["id"] == answer.headers["location"]
    assert image["id"].startswith(f"{alice.me}/media/")
    assert (image["type"], image["name"], image["mediaType"]) == ("Image", "a gradient", "image/jpeg")
    assert (image["width"], image["height"], image["focalPoint"]) == (120, 80, [0.5, -1.0])
    assert image["attributedTo"] == alice.me
    assert await alice.get(image["id"]) == image
    assert (await alice.http.get(image["url"])).headers["content-type"] == "image/jpeg"


async def test_no_words_are_demanded_as_of_other_clients(alice: C2S, picture: bytes) -> None:
    image = (await send(alice, picture)).json()
    assert "name" not in image


@pytest.mark.parametrize(
    "shell",
    ["{", "[]", '{"type": "Video"}', '{"type": "Note"}', '{"type":"Image","name":"' + "x" * 1501 + '"}'],
)
async def test_a_bad_shell_is_422_and_leaves_nothing(
    server: "Server", alice: C2S, picture: bytes, shell: str
) -> None:
    assert (await send(alice, picture, shell)).status_code == 422
    assert await looking.count(server, Attachment) == 0


async def test_what_is_no_picture_is_422(alice: C2S) -> None:
    for data in (None, b"", b"<svg/>", b"GIF89a"):
        assert (await send(alice, data, {"type": "Image"})).status_code == 422


async def test_the_label_in_the_file_is_kept_whatever_the_shell_says(alice: C2S) -> None:
    term = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{term}"/></rdf:RDF></x:xmpmeta>'
    )
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "green").save(out, "JPEG", xmp=xmp.encode())
    shell = {
        "type": "Image",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    }
    image = (await send(alice, out.getvalue(), shell)).json()
    assert image["digitalSourceType"] == term


async def test_an_upload_is_its_owners_alone(
    server: "Server", alice: C2S, carol: C2S, picture: bytes
) -> None:
    where = (await send(alice, picture)).headers["location"]
    assert (await carol.http.get(where)).status_code == 403
    assert (await server.client.get(where)).status_code == 401
    assert (await alice.http.get(f"{alice.me}/media/12")).status_code == 404
    assert (await alice.http.get(f"{alice.me}/media/x")).status_code == 404
    theirs = (await send(carol, picture)).headers["location"]
    borrowed = f"{alice.me}/media/{theirs.rpartition('/')[2]}"
    assert (await alice.http.get(borrowed)).status_code == 404
