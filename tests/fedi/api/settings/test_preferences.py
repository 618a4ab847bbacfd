"""The page of preferences."""

from typing import TYPE_CHECKING

import pytest

from fedi.models import Login
from fedi.services import preferring

if TYPE_CHECKING:
    from tests.fedi.api.settings.conftest import Browser

pytestmark = pytest.mark.anyio

PATH = "/settings/preferences"
CHOSEN = {
    "posting:default:visibility": "private",
    "posting:default:quote_policy": "nobody",
    "posting:default:language": "de",
    "reading:expand:media": "hide_all",
    "reading:autoplay:gifs": "true",
    "fedi:share": "nothing",
}


async def test_preferences_are_shown_and_kept(inside: "Browser") -> None:
    form = await inside.form(PATH)
    token = {"token": form.fields["token"]}
    answer = await inside.http.post(PATH, data={**token, **CHOSEN})
    assert answer.status_code == 200
    assert "Your preferences are kept." in answer.text
    assert '<option value="private" selected>' in answer.text
    assert '<option value="hide_all" selected>' in answer.text
    async with inside.server.ctx.db.read() as tx:
        kept = preferring.everything(await tx.get(Login, inside.account.id))
    assert {name: kept[name] for name in CHOSEN} == CHOSEN | {"reading:autoplay:gifs": True}
    assert kept["fedi:imagine"] is False, "a box that is not ticked is a no"
    wrong = await inside.http.post(PATH, data={**token, **CHOSEN, "posting:default:language": "nonsense!"})
    assert (wrong.status_code, "must be a code" in wrong.text) == (422, True)


async def test_only_who_is_signed_in_changes_them_and_with_our_form(browser: "Browser") -> None:
    answer = await browser.http.post(PATH, data=CHOSEN)
    assert answer.headers["location"].startswith("/settings/sign_in")
    await browser.sign_in()
    assert (await browser.http.post(PATH, data=CHOSEN)).status_code == 403
    assert (await browser.http.post(PATH, data={**CHOSEN, "token": "x"})).status_code == 403
    async with browser.server.ctx.db.read() as tx:
        assert (await tx.get_one(Login, browser.account.id)).default_visibility == "public"
