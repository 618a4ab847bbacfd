"""Changing one's profile through the API."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/accounts/update_credentials"

ROWS = [("Site", "https://anna.test"), ("Pronouns", "she/her")]


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"fields_attributes": [{"name": name, "value": value} for name, value in ROWS]}},
        {
            "json": {
                "fields_attributes": {str(n): {"name": row[0], "value": row[1]} for n, row in enumerate(ROWS)}
            }
        },
        {
            "data": {
                f"fields_attributes[{n}][{key}]": value
                for n, row in enumerate(ROWS)
                for key, value in zip(("name", "value"), row, strict=True)
            }
        },
        {
            "files": [
                (f"fields_attributes[][{key}]", (None, value))
                for row in ROWS
                for key, value in zip(("name", "value"), row, strict=True)
            ]
        },
    ],
    ids=["JSON list", "JSON hash", "form by number", "multipart list"],
)
async def test_fields_come_in_every_spelling(enter: Enter, given: dict[str, Any]) -> None:
    anna = await enter("anna")
    answer = await anna.http.patch(PATH, **given)
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert [(row["name"], row["value"]) for row in me["source"]["fields"]] == ROWS
    assert [row["name"] for row in me["fields"]] == ["Site", "Pronouns"]
    assert me["fields"][0]["value"].startswith('<a href="https://anna.test"')


async def test_everything_else_in_one_form(enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    answer = await anna.http.patch(
        PATH,
        data={
            "display_name": "Anna",
            "note": "Hello #sky",
            "locked": "true",
            "bot": "1",
            "discoverable": "false",
            "indexable": "True",
            "hide_collections": "on",
            "attribution_domains[]": ["blog.test", "news.test"],
            "source[privacy]": "unlisted",
            "source[sensitive]": "true",
            "source[language]": "de",
            "source[quote_policy]": "followers",
            "fedi[tells_of_blocks]": "false",
        },
    )
    me = answer.json()
    flags = ("display_name", "locked", "bot", "discoverable", "indexable", "hide_collections")
    assert [me[name] for name in flags] == ["Anna", True, True, False, True, True]
    assert me["fedi"] == {"tells_of_blocks": False}
    source = me["source"]
    assert (source["note"], source["privacy"], source["sensitive"], source["language"]) == (
        "Hello #sky",
        "unlisted",
        True,
        "de",
    )
    assert (source["quote_policy"], source["attribution_domains"]) == (
        "followers",
        ["blog.test", "news.test"],
    )
    assert (source["hide_collections"], source["discoverable"], source["indexable"]) == (True, False, True)
    assert (await anna.http.get("/api/v1/accounts/verify_credentials")).json() == me
    # Put, as some clients send; what is missing stays.
    again = (await anna.http.put(PATH, json={"source": {"language": ""}})).json()
    assert (again["display_name"], again["source"]["language"]) == ("Anna", None)
    emptied = (
        await anna.http.patch(PATH, data={"attribution_domains[]": "", "fields_attributes": ""})
    ).json()
    assert (emptied["source"]["attribution_domains"], emptied["fields"]) == ([], [])


async def test_pictures_are_encoded_anew_described_and_taken_away(
    server: "Server", enter: Enter, picture: bytes
) -> None:
    anna = await enter("anna")
    wide = io.BytesIO()
    Image.linear_gradient("L").resize((1500, 500)).convert("RGB").save(wide, "PNG")
    answer = await anna.http.patch(
        PATH,
        data={"avatar_description": "a slope", "header_description": "a long slope"},
        files={"avatar": ("me.jpg", picture, "image/jpeg"), "header": ("top", wide.getvalue(), "image/png")},
    )
    me = answer.json()
    assert (me["avatar_description"], me["header_description"]) == ("a slope", "a long slope")
    sizes = []
    for name in ("avatar", "header"):
        assert me[name] == me[f"{name}_static"]
        found = await server.client.get(me[name].removeprefix(server.settings.origin))
        sizes.append(Image.open(io.BytesIO(found.content)).size)
    assert sizes == [(120, 80), (1500, 500)]
    document = await server.client.get("/users/anna", headers={"accept": "application/activity+json"})
    assert (document.json()["icon"]["url"], document.json()["icon"]["name"]) == (me["avatar"], "a slope")
    for name in ("avatar", "header"):
        bare = (await anna.http.delete(f"/api/v1/profile/{name}")).json()
        assert (bare[name], bare[f"{name}_description"]) == (f"https://fedi.test/static/{name}.png", "")


async def test_a_large_avatar_becomes_small(server: "Server", enter: Enter) -> None:
    anna, data = await enter("anna"), io.BytesIO()
    Image.new("RGB", (1000, 2000), "red").save(data, "PNG")
    me = (await anna.http.patch(PATH, files={"avatar": data.getvalue()})).json()
    found = await server.client.get(me["avatar"].removeprefix(server.settings.origin))
    assert Image.open(io.BytesIO(found.content)).size == (200, 400)


@pytest.mark.parametrize(
    "given",
    [
        {"data": {"display_name": "x" * 31}},
        {"data": {"note": "x" * 501}},
        {"json": {"fields_attributes": [{"name": "a", "value": "b"}] * 5}},
        {"data": {"source[privacy]": "direct"}},
        {"data": {"source[language]": "not a language"}},
        {"data": {"attribution_domains[]": "localhost"}},
        {"json": {"display_name": {"a": 1}}},
        {"files": {"avatar": b"no picture"}},
        {"files": {"header": b""}, "data": {"note": "x" * 501}},
    ],
    ids=str,
)
async def test_what_makes_no_profile_is_refused(enter: Enter, given: dict[str, Any]) -> None:
    anna = await enter("anna")
    answer = await anna.http.patch(PATH, **given)
    assert (answer.status_code, answer.json()["error"].startswith("Validation failed: ")) == (422, True)


async def test_odd_fields_are_passed_over(enter: Enter) -> None:
    anna = await enter("anna")
    for odd in ("x", ["a"], [["a"]], {"0": "a"}, [{"name": "only"}], [{"value": "only"}]):
        answer = await anna.http.patch(PATH, json={"fields_attributes": odd})
        assert (answer.status_code, answer.json()["fields"]) == (200, []), odd


async def test_it_takes_the_right_to_write_accounts(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", "read", "write:statuses")
    assert (await anna.http.patch(PATH, data={"note": "x"})).status_code == 403
    assert (await anna.http.delete("/api/v1/profile/avatar")).status_code == 403
    assert (await anna.http.delete("/api/v1/profile/header")).status_code == 403
    assert (await server.client.patch(PATH, data={"note": "x"})).status_code == 401


async def test_hidden_collections_are_empty_for_all_but_their_owner(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    await anna.http.patch(PATH, data={"hide_collections": "true"})
    for name in ("followers", "following"):
        path = f"/api/v1/accounts/{anna.account.id}/{name}"
        assert len((await anna.http.get(path)).json()) == 1
        assert (await ben.http.get(path)).json() == (await server.client.get(path)).json() == []


PROFILE_KEYS = {
    "id", "display_name", "note", "fields", "avatar", "avatar_static", "avatar_description", "header",
    "header_static", "header_description", "locked", "bot", "hide_collections", "discoverable", "indexable",
    "show_media", "show_media_replies", "show_featured", "attribution_domains", "featured_tags",
}  # fmt: skip


async def test_the_profile_is_shown_and_changed_as_it_was_typed(enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    bare = (await anna.http.get("/api/v1/profile")).json()
    assert bare.keys() == PROFILE_KEYS
    assert (bare["avatar"], bare["header_static"], bare["show_media"]) == (None, None, True)
    await anna.http.post("/api/v1/featured_tags", json={"name": "sky"})
    wishes = {"note": "Hello #sky & <you>", "show_media_replies": "false", "show_featured": "0"}
    rows = {"fields_attributes[0][name]": "Site", "fields_attributes[0][value]": "https://anna.test"}
    answer = await anna.http.patch(
        "/api/v1/profile", data=wishes | rows, files={"avatar": ("me.jpg", picture, "image/jpeg")}
    )
    changed = answer.json()
    assert changed.keys() == PROFILE_KEYS
    assert changed["note"] == "Hello #sky & <you>"
    assert changed["fields"] == [{"name": "Site", "value": "https://anna.test", "verified_at": None}]
    assert changed["avatar"].startswith("https://fedi.test/media/")
    assert (changed["show_media"], changed["show_media_replies"], changed["show_featured"]) == (
        True,
        False,
        False,
    )
    assert [tag["name"] for tag in changed["featured_tags"]] == ["sky"]
    # One app puts, another patches; what is missing stays.
    put = (await anna.http.put("/api/v1/profile", json={"show_media": False})).json()
    assert put == changed | {"show_media": False}
    assert (await anna.http.get("/api/v1/profile")).json() == put


async def test_a_profile_is_changed_with_the_right_to_write_only(enter: Enter) -> None:
    reader = await enter("anna", "read")
    assert (await reader.http.get("/api/v1/profile")).status_code == 200
    assert (await reader.http.patch("/api/v1/profile", json={"note": "x"})).status_code == 403
    assert (await reader.http.patch("/api/v1/preferences", json={})).status_code == 403
    poster = await enter("ben", "read:statuses")
    assert (await poster.http.get("/api/v1/profile")).status_code == 403
    assert (await poster.http.get("/api/v1/preferences")).status_code == 403


DEFAULTS = {
    "posting:default:visibility": "public",
    "posting:default:sensitive": False,
    "posting:default:language": None,
    "posting:default:quote_policy": "public",
    "reading:expand:media": "default",
    "reading:expand:spoilers": False,
    "reading:autoplay:gifs": False,
    "fedi:imagine": True,
    "fedi:share": "all",
}


async def test_preferences_are_chosen_with_the_profile_or_by_their_names(enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    path = "/api/v1/preferences"
    assert (await anna.http.get(path)).json() == DEFAULTS
    await anna.http.patch(PATH, json={"source": {"privacy": "private", "reading:expand:media": "show_all"}})
    chosen = DEFAULTS | {"posting:default:visibility": "private", "reading:expand:media": "show_all"}
    assert (await anna.http.get(path)).json() == chosen
    form = {"reading:autoplay:gifs": "true", "fedi:imagine": "off", "posting:default:language": "de"}
    chosen |= {"reading:autoplay:gifs": True, "fedi:imagine": False, "posting:default:language": "de"}
    assert (await anna.http.put(path, data=form)).json() == chosen
    assert (await anna.http.get(path)).json() == chosen
    refused = await anna.http.patch(path, json={"reading:expand:media": "sometimes"})
    assert refused.status_code == 422
    assert (await anna.http.get(path)).json() == chosen
