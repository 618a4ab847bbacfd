"""nginx and Caddy, started with the files of `deploy/`, before a server that its operator started."""

import getpass
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.peers.server_process import Instance, eventually, free_port
from tests.peers.tls import Authority, Certificate
from tests.require import require_or_skip

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HOST = "127.0.4.1"
"""Where the proxies listen."""

INSIDE = "127.0.0.1"
PASSWORD = "correct horse battery"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxied:
    """A server behind a proxy."""

    instance: Instance
    client: httpx.Client
    plain: str
    """Address of the proxy without TLS."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Proxied]:
    """A server with its limits on, behind one of the two."""
    program = shutil.which(request.param) or shutil.which(request.param, path="/usr/sbin:/usr/bin")
    if program is None:
        require_or_skip("proxies", f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    port, plain, upstream = free_port(HOST), free_port(HOST), free_port(INSIDE)
    instance = Instance(
        data_dir=folder / "data",
        origin=f"https://{HOST}:{port}",
        bind=INSIDE,
        port=upstream,
        settings={"FEDI_PICTURE_SIZE": "64"},
        module="tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    instance.cli("account", "create", "anna", "--password-stdin", stdin=f"{PASSWORD}\n")
    write = {"nginx": nginx_files, "caddy": caddy_files}[request.param]
    command = write(program, folder, authority.issue(HOST), port=port, plain=plain, upstream=upstream)
    server = instance.start("serve")
    log = (folder / "proxy.log").open("wb")
    home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    proxy = subprocess.Popen(command, stdout=log, stderr=log, env=home)
    try:
        with httpx.Client(
            verify=authority.client_context(), trust_env=False, base_url=instance.origin
        ) as client:
            eventually(lambda: answers(client, proxy), f"{request.param} answering", 20)
            yield Proxied(instance=instance, client=client, plain=f"http://{HOST}:{plain}")
    finally:
        proxy.terminate()
        proxy.wait(20)
        log.close()
        server.stop()


def answers(client: httpx.Client, proxy: subprocess.Popen[bytes]) -> bool:
    assert proxy.poll() is None, "the proxy ended; its words are in proxy.log"
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def nginx_files(
    program: str, folder: Path, certificate: Certificate, *, port: int, plain: int, upstream: int
) -> list[str]:
    """Write nginx's own file, which a distribution brings, around ours, with other places in it."""
    ours = (ROOT / "deploy/nginx.conf").read_text()
    for theirs, here in (
        ("127.0.0.1:8080", f"{INSIDE}:{upstream}"),
        ("listen 443 ssl http2;", f"listen {HOST}:{port} ssl http2;"),
        ("listen 80;", f"listen {HOST}:{plain};"),
        ("server_name pictures.example;", f"server_name {HOST};"),
        ("https://$host$request_uri", f"https://$host:{port}$request_uri"),
        ("proxy_set_header Host $host;", f"proxy_set_header Host $host:{port};"),
        ("/etc/letsencrypt/live/pictures.example/fullchain.pem", str(certificate.chain)),
        ("/etc/letsencrypt/live/pictures.example/privkey.pem", str(certificate.key)),
    ):
        assert theirs in ours, f"deploy/nginx.conf has no {theirs}"
        ours = ours.replace(theirs, here)
    places = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Its workers would be somebody who may not write into a test's folder.
    head = f"daemon off; user {getpass.getuser()}; pid {folder}/pid; error_log stderr; worker_processes 1;"
    whole = f"{head} events {{}} http {{ access_log off; {places} {ours} }}"
    file = folder / "nginx.conf"
    file.write_text(whole)
    return [program, "-c", str(file), "-p", str(folder)]


def caddy_files(
    program: str, folder: Path, certificate: Certificate, *, port: int, plain: int, upstream: int
) -> list[str]:
    """Take our file with another host and a certificate of our own, since nobody signs one for loopback."""
    ours = (ROOT / "deploy/Caddyfile").read_text()
    for theirs, here in (
        ("pictures.example {", f"https://{HOST}:{port} {{\n\ttls {certificate.chain} {certificate.key}"),
        ("127.0.0.1:8080", f"{INSIDE}:{upstream}"),
    ):
        assert theirs in ours, f"deploy/Caddyfile has no {theirs}"
        ours = ours.replace(theirs, here)
    redirect = f"http://{HOST}:{plain} {{\n\tredir https://{HOST}:{port}{{uri}} 301\n}}\n"
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + ours + redirect)
    return [program, "run", "--config", str(file), "--adapter", "caddyfile"]


def test_the_server_is_reached_over_tls_under_its_own_name(proxied: Proxied) -> None:
    found = proxied.client.get("/api/v2/instance")
    assert found.status_code == 200
    assert found.json()["domain"] == proxied.instance.origin.removeprefix("https://")
    assert (
        proxied.client.get("/.well-known/nodeinfo")
        .json()["links"][0]["href"]
        .startswith(proxied.instance.origin)
    )
    page = proxied.client.get("/@anna")
    assert "strict-transport-security" in page.headers
    assert page.headers["content-security-policy"]


def test_plain_http_is_led_to_https(proxied: Proxied) -> None:
    answer = httpx.get(proxied.plain + "/about?x=1", trust_env=False)
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{proxied.instance.origin}/about?x=1"


def test_a_visitor_cannot_choose_the_address_that_limits_go_by(proxied: Proxied) -> None:
    left = [
        int(
            proxied.client.get(
                "/api/v1/timelines/public", headers={"x-forwarded-for": f"198.51.100.{number}"}
            ).headers["x-ratelimit-remaining"]
        )
        for number in range(3)
    ]
    assert left[0] > left[1] > left[2]


def test_uploads_go_through_and_too_large_ones_are_refused(proxied: Proxied) -> None:
    token = proxied.instance.token_for("anna", "write")
    bearer = {"authorization": f"Bearer {token}"}
    large = proxied.client.post(
        "/api/v2/media",
        files={"file": ("x.jpg", b"\xff\xd8\xff" + b"x" * (5 * MEGABYTE), "image/jpeg")},
        headers=bearer,
    )
    assert large.status_code == 422, "it came through, and is no picture"
    try:
        answer = proxied.client.post(
            "/api/v2/media", files={"file": ("x.jpg", b"x" * (41 * MEGABYTE), "image/jpeg")}, headers=bearer
        )
    except httpx.TransportError:
        return  # the proxy hung up while it was being sent
    assert answer.status_code == 413


def test_a_stream_of_events_is_passed_on_at_once(proxied: Proxied) -> None:
    token = proxied.instance.token_for("anna", "read", "write")
    bearer = {"authorization": f"Bearer {token}"}
    with proxied.client.stream("GET", "/api/v1/streaming/user", headers=bearer, timeout=20) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        with httpx.Client(
            verify=ssl.create_default_context(), trust_env=False, base_url=proxied.instance.inside
        ) as inside:
            posted = inside.post("/api/v1/statuses", json={"status": "live"}, headers=bearer)
        assert posted.status_code == 200, posted.text
        assert any(line == "event: update" for line in lines)
