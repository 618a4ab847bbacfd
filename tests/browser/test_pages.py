"""What people see: pictures without JavaScript, in light and dark, on a desk and on a phone."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fedi.clock import utcnow
from fedi.services import totp
from tests.browser.conftest import Site
from tests.browser.contents import PASSWORD, PROMPTS, SEED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
Open = Callable[..., Any]

LOADED = "image => image.complete && image.naturalWidth > 0"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def complaints() -> list[str]:
    """What the console complained of, or failed to load; a test that expects some takes them out."""
    return []


@pytest.fixture
def visit(chromium: Any, site: Site, complaints: list[str]) -> Iterator[Open]:
    """Open a page as `visit(path, viewport=, dark=, script=)`; complaints that are left at the end fail the test."""
    contexts: list[Any] = []

    def opened(
        path: str, *, viewport: dict[str, int] = DESK, dark: bool = False, script: bool = False
    ) -> Any:
        context = chromium.new_context(
            viewport=viewport,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            base_url=site.origin,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: _expect_whole(request, site, complaints))
        page.on("response", lambda answer: _expect_ours(answer.url, site, complaints))
        page.answer = page.goto(path, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _expect_whole(request: Any, site: Site, complaints: list[str]) -> None:
    # A browser that goes on to the next page gives up what the last one still loads, such as its icon.
    left = request.failure == "net::ERR_ABORTED" and request.url.startswith(site.origin)
    if not left:
        complaints.append(f"{request.url}: {request.failure}")


def _expect_ours(url: str, site: Site, complaints: list[str]) -> None:
    if not url.startswith(site.origin):
        complaints.append(f"loaded from elsewhere: {url}")


def keep(page: Any, name: str) -> None:
    """Write a screenshot where FEDI_ARTEFACTS says."""
    folder = os.environ.get("FEDI_ARTEFACTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("where", ["home", "bot", "post"])
def test_the_picture_is_seen_without_javascript(visit: Open, site: Site, where: str) -> None:
    path = "/" if where == "home" else getattr(site.contents, where)
    page = visit(path)
    alt = "City at dusk. AI-generated image."
    image = page.get_by_role("img", name=alt)
    assert image.count() == 1
    image.scroll_into_view_if_needed()
    assert image.evaluate(LOADED)
    assert image.bounding_box()["width"] >= 150


@pytest.mark.parametrize("where", ["home", "bot"])
def test_every_tile_says_that_its_picture_was_generated(visit: Open, site: Site, where: str) -> None:
    tiles = visit("/" if where == "home" else site.contents.bot).locator(".tile")
    assert tiles.count() == len(PROMPTS)
    for tile in tiles.all():
        label = tile.locator(".pill.ai")
        assert label.inner_text() == "AI"
        assert label.get_by_title("AI-generated").is_visible()


def test_the_post_page_says_what_drew_the_picture(visit: Open, site: Site) -> None:
    made = visit(site.contents.post).get_by_role("region", name="AI-generated")
    words = made.inner_text()
    for expected in ("Prompt\n", PROMPTS[-1], "Model\n", f"Seed\n{SEED + len(PROMPTS) - 1}\n"):
        assert expected in words


def test_the_post_page_shows_the_whole_picture_undistorted(visit: Open, site: Site) -> None:
    box = visit(site.contents.post).get_by_role("img", name="City at dusk").bounding_box()
    assert box["width"] >= 600
    assert box["width"] == pytest.approx(box["height"], rel=0.02)


WHERE = ["home", "bot", "post", "warned", "posts", "about", "tag", "interact"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("where", WHERE)
def test_pages_fit_their_screen(
    visit: Open, site: Site, where: str, viewport: dict[str, int], dark: bool
) -> None:
    paths = {
        "home": "/",
        "bot": site.contents.bot,
        "post": site.contents.post,
        "warned": site.contents.warned,
        "posts": f"{site.contents.person}?tab=posts",
        "about": "/about",
        "tag": "/tags/aiart",
        "interact": "/authorize_interaction?uri=acct:somebody@other.example",
    }
    page = visit(paths[where], viewport=viewport, dark=dark)
    assert page.evaluate(OVERFLOW) == 0
    assert page.get_by_role("heading", level=1).count() == 1
    keep(page, f"{where}-{'phone' if viewport is PHONE else 'desk'}-{'dark' if dark else 'light'}")


def test_a_missing_page_is_still_a_page_and_says_its_number(visit: Open, complaints: list[str]) -> None:
    page = visit("/nothing/here", viewport=PHONE)
    assert page.answer.status == 404
    assert page.get_by_role("heading", level=1).inner_text() == "Nothing here"
    assert page.get_by_text(page.answer.headers["x-request-id"]).is_visible()
    assert page.evaluate(OVERFLOW) == 0
    keep(page, "missing-phone-light")
    (complaint,) = complaints
    assert "404" in complaint
    complaints.clear()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_signing_in_and_allowing_an_app_needs_no_javascript(visit: Open, dark: bool) -> None:
    # Given an application that shows a code instead of being called back,
    page = visit("/about", viewport=PHONE, dark=dark)
    theme = "dark" if dark else "light"
    form = {"client_name": "Looker", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = page.request.post("/api/v1/apps", form=form).json()
    query = f"client_id={app['client_id']}&redirect_uri={form['redirect_uris']}&response_type=code&scope=read+write"
    # when somebody signs in and allows it,
    page.goto(f"/oauth/authorize?{query}")
    keep(page, f"sign-in-phone-{theme}")
    page.get_by_label("Name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    keep(page, f"consent-phone-{theme}")
    page.get_by_role("button", name="Allow", exact=True).click()
    # then the code is there to be copied.
    keep(page, f"code-phone-{theme}")
    assert len(page.locator("#code").input_value()) > 20


def test_a_warning_opens_without_javascript(visit: Open, site: Site) -> None:
    page = visit(site.contents.warned)
    words = page.get_by_text("What an ending.")
    assert not words.is_visible()
    page.get_by_text("About the last episode").click()
    assert words.is_visible()


def test_the_keyboard_reaches_the_content_first(visit: Open) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_every_focused_link_is_seen(visit: Open, site: Site) -> None:
    page = visit(site.contents.bot)
    for _ in range(6):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"


def test_script_that_got_through_would_not_run(visit: Open, complaints: list[str]) -> None:
    page = visit("/", script=True)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s); }"
    )
    assert page.evaluate("() => window.ran") is None
    (complaint,) = complaints
    assert "Content Security Policy" in complaint
    complaints.clear()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_visitor_signs_in_and_acts(visit: Open, site: Site, viewport: dict[str, int]) -> None:
    where = "desk" if viewport is DESK else "phone"
    page = visit(f"/authorize_interaction?uri={site.contents.post}", viewport=viewport)
    page.get_by_label("Name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.evaluate(OVERFLOW) == 0
    keep(page, f"act-{where}-light")
    page.get_by_role("button", name="Like").click()
    assert page.get_by_role("status").inner_text() == "They will hear that you like it."
    page.get_by_label("Your words").fill("How calm.")
    page.get_by_label("To be seen by").select_option("unlisted")
    page.get_by_role("button", name="Answer").click()
    assert page.get_by_role("status").inner_text() == "Your answer was published."
    page.goto("/share?text=Look%20here")
    assert page.get_by_label("Your words").input_value() == "Look here"
    keep(page, f"share-{where}-light")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_account_is_looked_after_on_a_phone_without_javascript(visit: Open, *, dark: bool) -> None:
    look = "dark" if dark else "light"
    page = visit("/settings/second_factor", viewport=PHONE, dark=dark)
    keep(page, f"settings-sign-in-{look}")
    page.get_by_label("Name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.url.endswith("/settings/second_factor")
    code = page.locator("svg.qr")
    assert code.bounding_box()["width"] >= 150
    assert page.evaluate(OVERFLOW) == 0
    keep(page, f"settings-second-factor-{look}")
    for title in ("Applications", "Browsers", "Password"):
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=title, exact=True).click()
        assert page.get_by_role("heading", name=title).count() == 1
        assert page.evaluate(OVERFLOW) == 0
        keep(page, f"settings-{title.lower()}-{look}")
    page.get_by_role("button", name="Sign out").click()
    assert page.url.endswith("/settings/sign_in")


def test_a_second_factor_is_switched_on_asked_for_and_switched_off(visit: Open) -> None:
    page = visit("/settings/second_factor", viewport=PHONE)
    page.get_by_label("Name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    secret = page.locator(".copy code").inner_text()
    page.get_by_label("Code").fill(totp.code_at(secret, totp.step_of(utcnow())))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Switch it on").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    assert page.evaluate(OVERFLOW) == 0
    keep(page, "settings-recovery-codes")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    keep(page, "sign-in-code")
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Second factor").click()
    keep(page, "settings-second-factor-on")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Switch it off").click()
    assert page.get_by_role("button", name="Switch it on").count() == 1
