"""Every answer of the client API has every documented key, with the documented type."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fedi.models import Role
from fedi.services import announcing
from tests.conformance.checking import faults
from tests.conformance.entities import ENTITIES
from tests.fedi.api.conftest import Enter, Person, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

ADMIN = ("admin:read", "admin:write")

READ: tuple[tuple[str, str], ...] = (
    ("/api/v1/accounts/verify_credentials", "CredentialAccount"),
    ("/api/v1/accounts/{ben}", "Account"),
    ("/api/v1/accounts/lookup?acct=ben", "Account"),
    ("/api/v1/accounts/search?q=ben", "Account[]"),
    ("/api/v1/accounts?id[]={ben}", "Account[]"),
    ("/api/v1/accounts/relationships?id[]={ben}&id[]={cleo}", "Relationship[]"),
    ("/api/v1/accounts/familiar_followers?id[]={cleo}", "FamiliarFollowers[]"),
    ("/api/v1/accounts/{ben}/statuses", "Status[]"),
    ("/api/v1/accounts/{ben}/followers", "Account[]"),
    ("/api/v1/accounts/{ben}/following", "Account[]"),
    ("/api/v1/accounts/{ben}/lists", "List[]"),
    ("/api/v1/accounts/{anna}/featured_tags", "FeaturedTag[]"),
    ("/api/v1/accounts/{anna}/endorsements", "Account[]"),
    ("/api/v1/accounts/{anna}/collections", "any"),
    ("/api/v1/announcements?with_dismissed=true", "Announcement[]"),
    ("/api/v1/apps/verify_credentials", "Application"),
    ("/api/v1/blocks", "Account[]"),
    ("/api/v1/mutes", "MutedAccount[]"),
    ("/api/v1/bookmarks", "Status[]"),
    ("/api/v1/favourites", "Status[]"),
    ("/api/v1/conversations", "Conversation[]"),
    ("/api/v1/custom_emojis", "CustomEmoji[]"),
    ("/api/v1/directory", "Account[]"),
    ("/api/v1/domain_blocks", "str[]"),
    ("/api/v1/endorsements", "Account[]"),
    ("/api/v1/featured_tags", "FeaturedTag[]"),
    ("/api/v1/featured_tags/suggestions", "Tag[]"),
    ("/api/v1/filters", "V1::Filter[]"),
    ("/api/v1/filters/{keyword}", "V1::Filter"),
    ("/api/v2/filters", "Filter[]"),
    ("/api/v2/filters/{filter}", "Filter"),
    ("/api/v2/filters/{filter}/keywords", "FilterKeyword[]"),
    ("/api/v2/filters/{filter}/statuses", "FilterStatus[]"),
    ("/api/v2/filters/keywords/{keyword}", "FilterKeyword"),
    ("/api/v1/follow_requests", "Account[]"),
    ("/api/v1/followed_tags", "Tag[]"),
    ("/api/v1/instance", "V1::Instance"),
    ("/api/v2/instance", "Instance"),
    ("/api/v1/instance/activity", "any"),
    ("/api/v1/instance/extended_description", "ExtendedDescription"),
    ("/api/v1/instance/peers", "str[]"),
    ("/api/v1/instance/privacy_policy", "PrivacyPolicy"),
    ("/api/v1/instance/rules", "Rule[]"),
    ("/api/v1/instance/translation_languages", "{}str[]"),
    ("/api/v1/lists", "List[]"),
    ("/api/v1/lists/{list}", "List"),
    ("/api/v1/lists/{list}/accounts", "Account[]"),
    ("/api/v1/markers?timeline[]=home&timeline[]=notifications", "{}Marker"),
    ("/api/v1/media/{media}", "MediaAttachment"),
    ("/api/v1/notifications", "Notification[]"),
    ("/api/v1/notifications/{notification}", "Notification"),
    ("/api/v1/notifications/requests", "NotificationRequest[]"),
    ("/api/v1/notifications/policy", "V1::NotificationPolicy"),
    ("/api/v2/notifications", "GroupedNotifications"),
    ("/api/v2/notifications?expand_accounts=partial_avatars", "GroupedNotifications"),
    ("/api/v2/notifications/policy", "NotificationPolicy"),
    ("/api/v2/notifications/{group}/accounts", "Account[]"),
    ("/api/v1/polls/{poll}", "Poll"),
    ("/api/v1/preferences", "Preferences"),
    ("/api/v1/profile", "Profile"),
    ("/api/v1/push/subscription", "WebPushSubscription"),
    ("/api/v1/scheduled_statuses", "ScheduledStatus[]"),
    ("/api/v1/scheduled_statuses/{scheduled}", "ScheduledStatus"),
    ("/api/v1/statuses?id[]={post}&id[]={quote}", "Status[]"),
    ("/api/v1/statuses/{post}", "Status"),
    ("/api/v1/statuses/{quote}", "Status"),
    ("/api/v1/statuses/{post}/context", "Context"),
    ("/api/v1/statuses/{post}/favourited_by", "Account[]"),
    ("/api/v1/statuses/{post}/reblogged_by", "Account[]"),
    ("/api/v1/statuses/{post}/history", "StatusEdit[]"),
    ("/api/v1/statuses/{post}/quotes", "Status[]"),
    ("/api/v1/statuses/{quote}/source", "StatusSource"),
    ("/api/v1/suggestions", "Account[]"),
    ("/api/v2/suggestions", "Suggestion[]"),
    ("/api/v1/tags/fox", "Tag"),
    ("/api/v1/timelines/home", "Status[]"),
    ("/api/v1/timelines/public", "Status[]"),
    ("/api/v1/timelines/tag/fox", "Status[]"),
    ("/api/v1/timelines/list/{list}", "Status[]"),
    ("/api/v1/timelines/link?url=https://example.com/", "Status[]"),
    ("/api/v1/trends", "Tag[]"),
    ("/api/v1/trends/tags", "Tag[]"),
    ("/api/v1/trends/statuses", "Status[]"),
    ("/api/v1/trends/links", "TrendsLink[]"),
    ("/api/v2/search?q=fox", "Search"),
    ("/api/v1/admin/accounts", "Admin::Account[]"),
    ("/api/v2/admin/accounts", "Admin::Account[]"),
    ("/api/v1/admin/accounts/{ben}", "Admin::Account"),
    ("/api/v1/admin/reports", "Admin::Report[]"),
    ("/api/v1/admin/reports/{report}", "Admin::Report"),
    ("/api/v1/admin/domain_blocks", "Admin::DomainBlock[]"),
    ("/api/v1/admin/domain_allows", "Admin::DomainAllow[]"),
    ("/api/v1/admin/email_domain_blocks", "Admin::EmailDomainBlock[]"),
    ("/api/v1/admin/ip_blocks", "Admin::IpBlock[]"),
    ("/api/v1/admin/canonical_email_blocks", "Admin::CanonicalEmailBlock[]"),
    ("/api/v1/admin/trends/tags", "Admin::Tag[]"),
    ("/oauth/userinfo", "any"),
)
"""What is asked, and what must come back; braces hold what the day below made."""

EMPTY = frozenset(
    {
        "/api/v1/custom_emojis",
        "/api/v1/instance/peers",
        "/api/v1/timelines/link?url=https://example.com/",
        "/api/v1/trends/links",
    }
)
"""Lists that are empty here; in all others there is something, or nothing would be checked."""


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def do(person: Person, method: str, path: str, kind: str = "any", **how: Any) -> Any:
    """Ask for something, and hold the answer against the table."""
    answer = await person.http.request(method, path, **how)
    assert answer.status_code in {200, 202}, f"{method} {path}: {answer.status_code} {answer.text}"
    found = answer.json()
    assert list(faults(found, kind)) == [], f"{method} {path}"
    return found


async def a_day(server: "Server", anna: Person, ben: Person, cleo: Person) -> dict[str, str]:
    """Do one of everything; return ids by name."""
    made = {"anna": str(anna.account.id), "ben": str(ben.account.id), "cleo": str(cleo.account.id)}
    await do(anna, "PATCH", "/api/v1/accounts/update_credentials", "CredentialAccount", json={
        "display_name": "Anna", "note": "I draw", "discoverable": True,
        "fields_attributes": [{"name": "site", "value": "https://example.com"}],
    })  # fmt: skip
    await do(anna, "PATCH", "/api/v1/profile", "Profile", json={"locked": False})
    for who in (ben, cleo):
        seen = {"discoverable": True, "indexable": True}
        await do(who, "PATCH", "/api/v1/accounts/update_credentials", "CredentialAccount", json=seen)
        await do(
            who,
            "POST",
            "/api/v1/statuses",
            "Status",
            json={"status": f"a #fox and a #{who.account.username}"},
        )
    for who, whom in ((anna, "ben"), (ben, "anna"), (cleo, "anna"), (ben, "cleo")):
        await do(who, "POST", f"/api/v1/accounts/{made[whom]}/follow", "Relationship")
    upload = {"file": ("a.jpg", jpeg(), "image/jpeg")}
    picture = await do(
        ben, "POST", "/api/v2/media", "MediaAttachment", files=upload, data={"description": "grey"}
    )
    post = await do(ben, "POST", "/api/v1/statuses", "Status", json={
        "status": "A #fox for @anna https://example.com/", "media_ids": [picture["id"]], "language": "en",
    })  # fmt: skip
    made["post"] = post["id"]
    await do(ben, "PUT", f"/api/v1/statuses/{post['id']}", "Status", json={
        "status": "A better #fox for @anna", "media_ids": [picture["id"]],
    })  # fmt: skip
    for verb in ("favourite", "reblog", "bookmark"):
        await do(anna, "POST", f"/api/v1/statuses/{post['id']}/{verb}", "Status")
    for verb in ("mute", "unmute"):
        await do(ben, "POST", f"/api/v1/statuses/{post['id']}/{verb}", "Status")
    quoted = {"status": "see this #otter", "quoted_status_id": post["id"]}
    made["quote"] = (await do(anna, "POST", "/api/v1/statuses", "Status", json=quoted))["id"]
    await do(ben, "POST", f"/api/v1/statuses/{made['quote']}/favourite", "Status")
    await do(cleo, "POST", f"/api/v1/statuses/{made['quote']}/reblog", "Status")
    asking = {"status": "which?", "poll": {"options": ["a", "b"], "expires_in": 600}}
    made["poll"] = (await do(ben, "POST", "/api/v1/statuses", "Status", json=asking))["poll"]["id"]
    await do(anna, "POST", f"/api/v1/polls/{made['poll']}/votes", "Poll", json={"choices": [0]})
    secret = {"status": "@anna a secret", "visibility": "direct"}
    await do(ben, "POST", "/api/v1/statuses", "Status", json=secret)
    later = {"status": "later", "scheduled_at": "2036-01-01T00:00:00.000Z"}
    made["scheduled"] = (await do(anna, "POST", "/api/v1/statuses", "ScheduledStatus", json=later))["id"]
    await do(anna, "POST", f"/api/v1/statuses/{made['quote']}/pin", "Status")
    made["list"] = (await do(anna, "POST", "/api/v1/lists", "List", json={"title": "Friends"}))["id"]
    await do(anna, "POST", f"/api/v1/lists/{made['list']}/accounts", json={"account_ids": [made["ben"]]})
    wanted = {"title": "no foxes", "context": ["home"], "keywords_attributes": [{"keyword": "fox"}]}
    kept = await do(anna, "POST", "/api/v2/filters", "Filter", json=wanted)
    made["filter"], made["keyword"] = kept["id"], kept["keywords"][0]["id"]
    hidden = {"status_id": made["quote"]}
    await do(anna, "POST", f"/api/v2/filters/{kept['id']}/statuses", "FilterStatus", json=hidden)
    await do(anna, "POST", "/api/v1/tags/fox/follow", "Tag")
    await do(anna, "POST", "/api/v1/featured_tags", "FeaturedTag", json={"name": "fox"})
    await do(anna, "POST", f"/api/v1/accounts/{made['ben']}/note", "Relationship", json={"comment": "nice"})
    await do(anna, "POST", f"/api/v1/accounts/{made['ben']}/endorse", "Relationship")
    await do(anna, "POST", "/api/v1/markers", "{}Marker", json={"home": {"last_read_id": made["post"]}})
    own = await do(anna, "POST", "/api/v2/media", "MediaAttachment", files=upload)
    made["media"] = own["id"]
    report = {"account_id": made["ben"], "status_ids": [made["post"]], "comment": "hm", "category": "spam"}
    made["report"] = (await do(cleo, "POST", "/api/v1/reports", "Report", json=report))["id"]
    subscription = {
        "subscription": {
            "endpoint": "https://push.example.com/1",
            "keys": {"p256dh": P256DH, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
        },
        "data": {"alerts": {"mention": True}},
    }
    await do(anna, "POST", "/api/v1/push/subscription", "WebPushSubscription", json=subscription)
    await apart(server, anna, made)
    await server.work()
    heard = await do(anna, "GET", "/api/v1/notifications", "Notification[]")
    assert {told["type"] for told in heard} >= {"mention", "follow", "favourite", "reblog"}
    made["notification"] = heard[0]["id"]
    made["group"] = next(told["group_key"] for told in heard if told["type"] == "favourite")
    return made


async def apart(server: "Server", anna: Person, made: dict[str, str]) -> None:
    """Do what keeps people apart, and what the operator has to say."""
    for name in ("dora", "emil", "fred"):
        other = await server.person(name)
        made[name] = str(other.id)
    stranger = Person(
        account=other,
        token="",
        http=http_client(
            server, authorization=f"Bearer {await token_for(server, other, 'read', 'write', 'follow')}"
        ),
    )
    await do(anna, "POST", f"/api/v1/accounts/{made['dora']}/block", "Relationship")
    await do(anna, "POST", f"/api/v1/accounts/{made['emil']}/mute", "Relationship", json={"duration": 600})
    await do(anna, "POST", "/api/v1/domain_blocks", json={"domain": "spam.example"})
    await do(anna, "PATCH", "/api/v1/accounts/update_credentials", "CredentialAccount", json={"locked": True})
    await do(stranger, "POST", f"/api/v1/accounts/{made['anna']}/follow", "Relationship")
    strict = {"for_not_following": "filter"}
    await do(anna, "PATCH", "/api/v2/notifications/policy", "NotificationPolicy", json=strict)
    await do(stranger, "POST", "/api/v1/statuses", "Status", json={"status": "@anna hello #fox"})
    for path, kind, body in (
        ("domain_blocks", "Admin::DomainBlock", {"domain": "bad.example", "severity": "silence"}),
        ("domain_allows", "Admin::DomainAllow", {"domain": "good.example"}),
        ("email_domain_blocks", "Admin::EmailDomainBlock", {"domain": "mail.example"}),
        ("ip_blocks", "Admin::IpBlock", {"ip": "198.51.100.0/24", "severity": "sign_up_block"}),
        ("canonical_email_blocks", "Admin::CanonicalEmailBlock", {"email": "x@mail.example"}),
    ):
        await do(anna, "POST", f"/api/v1/admin/{path}", kind, json=body)
    async with server.ctx.db.write() as tx:
        await announcing.announce(server.ctx, tx, said="Hello #all, says @anna")
        await announcing.add_rule(server.ctx, tx, said="Be kind.", hint="Always.")


P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
"""The receiver's key of RFC 8291, appendix A."""


async def test_every_answer_has_every_documented_key_with_its_type(server: "Server", enter: Enter) -> None:
    anna = await enter(
        "anna", "read", "write", "follow", "push", "profile", *ADMIN, role=Role.ADMIN, password="long enough"
    )
    ben = await enter("ben", "read", "write", "follow")
    cleo = await enter("cleo", "read", "write", "follow")
    made = await a_day(server, anna, ben, cleo)
    wrong: list[str] = []
    for template, kind in READ:
        path = template.format(**made)
        answer = await anna.http.get(path)
        if answer.status_code != 200:
            wrong.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            continue
        found = answer.json()
        wrong += [f"{path}: {fault}" for fault in faults(found, kind)]
        if found == [] and template not in EMPTY:
            wrong.append(f"{path}: empty")
    assert not wrong, "\n".join(wrong)


async def test_a_stranger_gets_the_same_keys_but_for_what_is_theirs(server: "Server", enter: Enter) -> None:
    ben = await enter("ben", "read", "write")
    post = await ben.post("hello #fox")
    for path, kind in (
        (f"/api/v1/statuses/{post['id']}", "Status"),
        (f"/api/v1/accounts/{ben.account.id}", "Account"),
        ("/api/v1/timelines/public", "Status[]"),
        ("/api/v1/tags/fox", "Tag"),
    ):
        found = (await server.client.get(path)).json()
        assert list(faults(found, kind)) == [], path
        shown = found[0] if isinstance(found, list) else found
        assert shown.keys().isdisjoint({"favourited", "bookmarked", "muted", "filtered", "following"})


async def test_an_application_and_its_token_have_theirs(server: "Server", enter: Enter) -> None:
    body = {"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    app = (await server.client.post("/api/v1/apps", json=body)).json()
    assert list(faults(app, "CredentialApplication")) == []
    asked = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    token = (await server.client.post("/oauth/token", json=asked)).json()
    assert list(faults(token, "Token")) == []
    assert await token_for(server, None, "read")


def test_a_missing_key_a_wrong_type_and_a_key_too_many_are_found() -> None:
    # The tests above prove nothing unless this sees what is wrong.
    good = {"id": "1", "title": "x", "replies_policy": "list", "exclusive": False}
    assert list(faults(good, "List")) == []
    for spoilt in (
        {**good, "id": 1},
        {**good, "replies_policy": "all"},
        {**good, "more": 1},
        {"id": "1"},
        None,
        [],
    ):
        assert list(faults(spoilt, "List"))
    for moment in ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00.123456Z", "2026-13-23T12:00:00.123Z", None):
        assert list(faults(moment, "when"))
    assert all(key == key.strip() for entity in ENTITIES.values() for key in entity)
