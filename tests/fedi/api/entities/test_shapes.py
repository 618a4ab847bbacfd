"""The keys and types of every entity, as Mastodon documents them.

Typed clients refuse a whole page for one key that is missing or of another type, so each entity is compared
with a table. A type in the table means exactly that type; `None` in a tuple means that null is allowed.
"""

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

NUMBER = re.compile(r"[0-9]+\Z")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
ADDRESS = re.compile(r"https://[^\s]+\Z")

Shape = dict[str, Any]

FIELD: Shape = {"name": str, "value": str, "verified_at": (MOMENT, None)}
EMOJI: Shape = {"shortcode": str, "url": ADDRESS, "static_url": ADDRESS, "visible_in_picker": bool}
ROLE: Shape = {"id": str, "name": str, "permissions": str, "color": str, "highlighted": bool}

ACCOUNT: Shape = {
    "id": NUMBER, "username": str, "acct": str, "url": ADDRESS, "uri": ADDRESS, "display_name": str, "note": str,
    "avatar": ADDRESS, "avatar_static": ADDRESS, "avatar_description": str, "header": ADDRESS,
    "header_static": ADDRESS, "header_description": str, "locked": bool, "fields": [FIELD], "emojis": [EMOJI],
    "bot": bool, "group": bool, "discoverable": (bool, None), "indexable": bool, "noindex": (bool, None),
    "hide_collections": (bool, None), "suspended": bool, "limited": bool, "memorial": bool, "moved": (None,),
    "roles": [ROLE], "created_at": MOMENT, "last_status_at": (DAY, None), "statuses_count": int,
    "followers_count": int, "following_count": int,
}  # fmt: skip

CREDENTIAL_ACCOUNT: Shape = {
    **ACCOUNT,
    "role": ROLE,
    "source": {
        "privacy": str, "sensitive": bool, "language": (str, None), "note": str, "fields": [FIELD],
        "follow_requests_count": int, "hide_collections": (bool, None), "discoverable": (bool, None),
        "indexable": bool, "attribution_domains": [str], "quote_policy": str,
    },
    "fedi": {"tells_of_blocks": bool},
}  # fmt: skip

SIZE: Shape = {"width": int, "height": int, "size": str, "aspect": float}
GENERATED: Shape = {
    "generated": bool, "digital_source_type": (str, None), "share": (str, None), "prompt": (str, None),
    "negative_prompt": (str, None), "model": (str, None), "model_digest": (str, None), "revision": (str, None),
    "seed": (int, None), "steps": (int, None), "guidance": (float, None), "width": (int, None),
    "height": (int, None), "asked_by": (str, None),
}  # fmt: skip
MEDIA: Shape = {
    "id": NUMBER, "type": str, "url": ADDRESS, "preview_url": ADDRESS, "remote_url": (ADDRESS, None),
    "preview_remote_url": (ADDRESS, None), "text_url": (ADDRESS, None), "description": (str, None),
    "blurhash": (str, None), "meta": {"original": SIZE, "small": SIZE, "focus": {"x": float, "y": float}},
    "fedi": (GENERATED, None),
}  # fmt: skip

MARKS: Shape = {
    "favourited": bool, "reblogged": bool, "muted": bool, "bookmarked": bool, "pinned": bool, "filtered": [dict],
}  # fmt: skip

POLL: Shape = {
    "id": NUMBER, "expires_at": (MOMENT, None), "expired": bool, "multiple": bool, "votes_count": int,
    "voters_count": (int, None), "options": [{"title": str, "votes_count": (int, None)}], "emojis": [EMOJI],
    "voted": bool, "own_votes": [int],
}  # fmt: skip

STATUS_EDIT: Shape = {
    "content": str, "spoiler_text": str, "sensitive": bool, "created_at": MOMENT, "account": ACCOUNT,
    "poll": ({"options": [{"title": str}]}, None), "media_attachments": [MEDIA], "emojis": [EMOJI],
}  # fmt: skip

STATUS: Shape = {
    "id": NUMBER, "created_at": MOMENT, "in_reply_to_id": (NUMBER, None), "in_reply_to_account_id": (NUMBER, None),
    "sensitive": bool, "spoiler_text": str, "visibility": re.compile("public|unlisted|private|direct"),
    "language": (str, None), "uri": ADDRESS, "url": ADDRESS, "replies_count": int, "reblogs_count": int,
    "favourites_count": int, "quotes_count": int, "edited_at": (MOMENT, None), "content": str, "reblog": (dict, None),
    "application": ({"name": str, "website": (ADDRESS, None)}, None), "account": ACCOUNT,
    "media_attachments": [MEDIA], "mentions": [{"id": NUMBER, "username": str, "url": ADDRESS, "acct": str}],
    "tags": [{"name": str, "url": ADDRESS}], "emojis": [EMOJI], "card": (dict, None), "poll": (dict, None),
    "quote": (dict, None),
    "quote_approval": {
        "automatic": [str], "manual": [str],
        "current_user": re.compile("automatic|manual|denied|unknown"),
    },
    "pleroma": {"emoji_reactions": [{"name": str, "count": int, "me": bool}]},
    "fedi": (GENERATED, None),
}  # fmt: skip

RELATIONSHIP: Shape = {
    "id": NUMBER, "following": bool, "showing_reblogs": bool, "notifying": bool, "languages": [str],
    "followed_by": bool, "blocking": bool, "blocked_by": bool, "muting": bool, "muting_notifications": bool,
    "muting_expires_at": (MOMENT, None), "requested": bool, "requested_by": bool, "domain_blocking": bool,
    "endorsed": bool, "note": str,
}  # fmt: skip

NOTIFICATION: Shape = {
    "id": NUMBER, "type": str, "group_key": re.compile(r"(ungrouped|favourite|follow|reblog)-[\d-]+\Z"),
    "created_at": MOMENT, "account": ACCOUNT, "status": ({**STATUS, **MARKS}, None),
    "report": (None,), "event": (None,), "moderation_warning": (None,),
}  # fmt: skip

LIMITS: Shape = {
    "accounts": {
        "max_featured_tags": int, "max_pinned_statuses": int, "max_display_name_length": int,
        "max_note_length": int, "max_avatar_description_length": int, "max_header_description_length": int,
        "max_profile_fields": int, "profile_field_name_limit": int, "profile_field_value_limit": int,
    },
    "statuses": {"max_characters": int, "max_media_attachments": int, "characters_reserved_per_url": int},
    "media_attachments": {
        "supported_mime_types": [str], "description_limit": int, "image_size_limit": int, "image_matrix_limit": int,
        "video_size_limit": int, "video_frame_rate_limit": int, "video_matrix_limit": int,
    },
    "polls": {"max_options": int, "max_characters_per_option": int, "min_expiration": int, "max_expiration": int},
}  # fmt: skip

INSTANCE_V1: Shape = {
    "uri": str, "title": str, "short_description": str, "description": str, "email": str, "version": str,
    "urls": {"streaming_api": re.compile("wss://")}, "stats": {"user_count": int, "status_count": int, "domain_count": int},
    "thumbnail": ADDRESS, "languages": [str], "registrations": bool, "approval_required": bool,
    "invites_enabled": bool, "configuration": LIMITS, "contact_account": (ACCOUNT, None), "rules": [dict],
}  # fmt: skip

ACCESS: Shape = {"local": str, "remote": str}
INSTANCE_V2: Shape = {
    "domain": str, "title": str, "version": re.compile(r"4\.5\.0 \(compatible; fedi \d+\.\d+\.\d+\)\Z"),
    "source_url": ADDRESS, "description": str, "usage": {"users": {"active_month": int}},
    "thumbnail": {"url": ADDRESS, "blurhash": (str, None), "versions": dict, "description": str},
    "icon": [{"src": ADDRESS, "size": str}], "languages": [str],
    "configuration": {
        **LIMITS,
        "urls": {
            "streaming": re.compile(r"wss://[^\s]+\Z"), "status": (ADDRESS, None), "about": ADDRESS,
            "privacy_policy": (ADDRESS, None), "terms_of_service": (ADDRESS, None),
        },
        "vapid": {"public_key": str}, "translation": {"enabled": bool}, "limited_federation": bool,
        "timelines_access": {"live_feeds": ACCESS, "hashtag_feeds": ACCESS, "trending_link_feeds": ACCESS},
    },
    "registrations": {
        "enabled": bool, "approval_required": bool, "reason_required": bool, "message": (str, None),
        "min_age": (int, None), "url": (ADDRESS, None),
    },
    "api_versions": {"mastodon": int, "fedi": int},
    "contact": {"email": str, "account": (ACCOUNT, None)}, "rules": [dict],
    "fedi": {
        "api_version": int, "account": (str, None),
        "imagine": {"command": str, "escape": str, "preference": str},
        "generations": {
            "url": ADDRESS, "openapi": ADDRESS, "event": str, "shares": [str],
            "models": [
                {
                    "id": str, "name": str, "licence": (str, None), "steps": (int, None),
                    "guidance": (float, None), "default": bool,
                },
            ],
            "bounds": {
                "prompt_characters": [int], "side_px": [int], "steps": [int], "guidance": [float],
                "seed": [int], "outstanding": int, "default_side_px": int,
            },
        },
    },
}  # fmt: skip


def require_shape(value: Any, shape: Any, where: str = "$") -> None:
    """Compare a value with a table; any difference fails with its place."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{where} is {value!r}"
        assert set(value) == set(shape), f"{where}: {set(value) ^ set(shape)}"
        for key, inner in shape.items():
            require_shape(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{where} is {value!r}"
        for item in value:
            require_shape(item, shape[0], f"{where}[]")
    elif isinstance(shape, tuple):
        if value is None:
            assert None in shape, f"{where} is null"
        else:
            require_shape(value, shape[0], where)
    elif isinstance(shape, re.Pattern):
        assert isinstance(value, str), f"{where} is {value!r}"
        assert shape.match(value), f"{where} is {value!r}"
    else:
        assert type(value) is shape, f"{where} is {value!r}"


async def full_status(server: "Server", anna: Person, picture: bytes) -> dict[str, Any]:
    """Publish a post with everything in it."""
    await server.person("ben")
    uploaded = await anna.http.post(
        "/api/v2/media", files={"file": ("a.jpg", picture)}, data={"description": "d", "focus": "0.5,-0.5"}
    )
    require_shape(uploaded.json(), MEDIA)
    return await anna.post(
        "Hello @ben #Picture https://example.com/a",
        spoiler_text="cw",
        language="en",
        media_ids=[uploaded.json()["id"]],
    )


async def test_a_full_post_and_its_boost(server: "Server", enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    post = await full_status(server, anna, picture)
    require_shape(post, {**STATUS, **MARKS})
    assert (len(post["media_attachments"]), len(post["mentions"]), len(post["tags"])) == (1, 1, 1)
    boost = (await anna.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    require_shape(boost, {**STATUS, **MARKS})
    require_shape(boost["reblog"], {**STATUS, **MARKS})
    assert boost["id"] != post["id"]
    assert (boost["quote"], boost["media_attachments"]) == (None, [])


async def test_a_poll_and_the_versions_of_its_post(enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("which?", poll={"options": ["a", "b"], "expires_in": 300})
    require_shape(post, {**STATUS, **MARKS, "poll": POLL})
    require_shape((await anna.http.get(f"/api/v1/polls/{post['poll']['id']}")).json(), POLL)
    await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "none"})
    require_shape((await anna.http.get(f"/api/v1/statuses/{post['id']}/history")).json(), [STATUS_EDIT])


async def test_a_stranger_sees_no_marks(server: "Server", enter: Enter, picture: bytes) -> None:
    post = await full_status(server, await enter("anna"), picture)
    seen = (await server.client.get(f"/api/v1/statuses/{post['id']}")).json()
    require_shape(seen, STATUS)


async def test_deleting_adds_the_text(server: "Server", enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    post = await full_status(server, anna, picture)
    gone = (await anna.http.delete(f"/api/v1/statuses/{post['id']}")).json()
    require_shape(gone, {**STATUS, **MARKS, "text": str})
    assert gone["text"] == "Hello @ben #Picture https://example.com/a"
    assert len(gone["media_attachments"]) == 1


async def test_accounts(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben", bot=True)
    async with server.ctx.db.write() as tx:
        row = await tx.get_one(type(ben.account), ben.account.id)
        row.note = '<p>Hello<script>alert(1)</script> <a href="javascript:x">x</a></p>'
        row.fields = [{"name": "a", "value": "<b onclick=x>b</b>", "verified_at": None}, {"name": "old"}]
        row.emojis = [{"shortcode": ":blob:", "url": "https://a.example/b.png"}, {"broken": True}]
    shown = (await anna.http.get(f"/api/v1/accounts/{ben.account.id}")).json()
    require_shape(shown, ACCOUNT)
    assert shown["bot"] is True
    assert shown["avatar"] == "https://fedi.test/static/avatar.png"
    assert "script" not in shown["note"]
    assert "javascript" not in shown["note"]
    assert [field["value"] for field in shown["fields"]] == ["<b>b</b>", ""]
    assert [emoji["shortcode"] for emoji in shown["emojis"]] == ["blob"]
    require_shape((await ben.http.get("/api/v1/accounts/verify_credentials")).json(), CREDENTIAL_ACCOUNT)


async def test_relationships_and_notifications(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    require_shape((await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")).json(), RELATIONSHIP)
    post = await ben.post("hello")
    await anna.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    notifications = (await ben.http.get("/api/v1/notifications")).json()
    assert [entry["type"] for entry in notifications] == ["favourite", "follow"]
    for entry in notifications:
        require_shape(entry, NOTIFICATION)
    assert notifications[0]["status"]["id"] == post["id"]


@pytest.mark.parametrize("operator", [True, False])
async def test_the_server(server: "Server", enter: Enter, *, operator: bool) -> None:
    if operator:
        await enter("anna", password="long enough", role="admin")
    v1 = (await server.client.get("/api/v1/instance")).json()
    v2 = (await server.client.get("/api/v2/instance")).json()
    require_shape(v1, INSTANCE_V1)
    require_shape(v2, INSTANCE_V2)
    assert v1["uri"] == v2["domain"] == "fedi.test"
    assert (v1["contact_account"] is not None) is operator
    assert (v2["contact"]["account"] is not None) is operator
    assert v2["api_versions"] == {"mastodon": 9, "fedi": 1}


def test_the_comparison_itself_notices_differences() -> None:
    for value, shape in (
        ({}, {"a": int}), ({"a": 1, "b": 2}, {"a": int}), ({"a": True}, {"a": int}), ({"a": None}, {"a": int}),
        ([1, "2"], [int]), ("x", NUMBER), (None, (int,)), ("2026-01-01T00:00:00Z", MOMENT),
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            require_shape(value, shape)
