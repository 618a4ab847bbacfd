"""Does the test partner itself work? Two Fedify peers federate with each other, without a server of ours.

When this fails, nothing that `test_fedify.py` says about our server means anything.
"""

import base64
import ssl
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.peers.fedify_peer import FedifyPeer, running_peer
from tests.peers.tls import Authority

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("fedify")]


@pytest.fixture(scope="module")
def pair(
    authority: Authority, _fedify_installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FedifyPeer, FedifyPeer]]:
    """Two peers, on addresses of their own."""
    homes = tmp_path_factory.mktemp("peers")
    with (
        running_peer(authority, "127.0.2.4", homes / "one") as one,
        running_peer(authority, "127.0.2.5", homes / "two") as two,
    ):
        yield one, two


def test_one_peer_follows_the_other_by_handle_and_receives_its_picture(
    pair: tuple[FedifyPeer, FedifyPeer], authority: Authority
) -> None:
    one, two = pair
    followed = one.follow(two.handle)
    assert followed["target"] == two.actor
    assert one.accepted(two.actor), one.words()
    assert two.state()["followers"] == [one.actor]

    picture = BytesIO()
    Image.new("RGB", (8, 6), "teal").save(picture, "PNG")
    image = {
        "base64": base64.b64encode(picture.getvalue()).decode(), "media_type": "image/png",
        "alt": "a teal square", "width": 8, "height": 6,
    }  # fmt: skip
    posted = two.post("<p>hello</p>", (image,))
    (create,) = one.received("Create")
    assert create["object"] == posted["note"]
    (attachment,) = create["attachments"]
    assert (attachment["name"], attachment["width"], attachment["height"]) == ("a teal square", 8, 6)
    with httpx.Client(verify=authority.client_context(), trust_env=False) as client:
        assert client.get(attachment["url"]).content == picture.getvalue()

    two.delete(posted["note"])
    (deleted,) = one.received("Delete")
    assert deleted["object"] == posted["note"]
    assert one.complaints() == two.complaints() == []


def test_a_peer_refuses_what_nobody_signed(pair: tuple[FedifyPeer, FedifyPeer], authority: Authority) -> None:
    one, two = pair
    follow = {
        "@context": "https://www.w3.org/ns/activitystreams", "type": "Follow",
        "id": f"{two.origin}/made-up", "actor": two.actor, "object": one.actor,
    }  # fmt: skip
    with httpx.Client(verify=authority.client_context(), trust_env=False) as client:
        answer = client.post(
            f"{one.actor}/inbox", json=follow, headers={"Content-Type": "application/activity+json"}
        )
    assert answer.status_code == 401
    assert two.actor not in one.state()["followers"]
    assert one.requests()[-1]["status"] == 401


def test_nobody_else_trusts_the_certificates(pair: tuple[FedifyPeer, FedifyPeer]) -> None:
    with (
        httpx.Client(verify=ssl.create_default_context(), trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="certificate"),
    ):
        client.get(pair[0].actor)
