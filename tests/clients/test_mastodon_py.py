"""Mastodon.py, as it is on PyPI, from registering to deleting."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonUnauthorizedError

from tests.clients.browser import allow
from tests.clients.conftest import PASSWORD, connect, session
from tests.peers.server_process import Instance, eventually

pytestmark = pytest.mark.slow


def test_it_knows_who_it_is(running: Instance, anna: Mastodon, ben: Mastodon) -> None:
    assert (anna.me().username, ben.me().acct) == ("anna", "ben")
    assert anna.app_verify_credentials().name == "A client of Mastodon.py"
    assert anna.instance_v2().domain == anna.instance_v1().uri == urlsplit(running.origin).netloc
    assert anna.retrieve_mastodon_version() == "4.5.0"
    assert anna.preferences()["posting:default:visibility"] == "public"


def test_text_is_posted_read_and_deleted(anna: Mastodon) -> None:
    post = anna.status_post("Hello, world", visibility="unlisted", spoiler_text="greeting", language="en")
    assert (post.content, post.visibility, post.spoiler_text) == (
        "<p>Hello, world</p>",
        "unlisted",
        "greeting",
    )
    assert post.application.name == "A client of Mastodon.py"
    assert anna.timeline_home()[0].id == post.id
    assert anna.status_source(post.id).text == "Hello, world"
    gone = anna.status_delete(post.id)
    assert gone.text == "Hello, world"
    with pytest.raises(MastodonAPIError):
        anna.status(post.id)


def test_a_picture_with_alt_text_is_uploaded_and_posted(anna: Mastodon, picture: Path) -> None:
    media = anna.media_post(
        picture.read_bytes(), "image/jpeg", description="A gradient from dark to light", focus=(0.5, -0.25)
    )
    anna.media_update(media.id, description="From black to white")
    post = anna.status_post("Look", media_ids=[media])
    (shown,) = post.media_attachments
    assert (shown.description, shown.type) == ("From black to white", "image")
    assert shown.blurhash
    assert (shown.meta.original.width, shown.meta.original.height) == (120, 80)
    file = httpx.get(shown.url, trust_env=False)
    assert (file.status_code, file.headers["content-type"]) == (200, "image/jpeg")


def test_a_poll_is_asked_and_voted_in(anna: Mastodon, ben: Mastodon) -> None:
    asked = anna.make_poll(["red", "blue"], expires_in=3600, multiple=True)
    poll = anna.status_post("which?", poll=asked).poll
    assert [option.title for option in poll.options] == ["red", "blue"]
    assert (poll.multiple, poll.expired) == (True, False)
    assert ben.poll_vote(poll.id, [0, 1]).own_votes == [0, 1]
    assert anna.poll(poll.id).votes_count == 2
    with pytest.raises(MastodonAPIError, match="already voted"):
        ben.poll_vote(poll.id, [0])


def test_a_post_is_edited_and_remembers_what_it_was(anna: Mastodon, picture: Path) -> None:
    media = anna.media_post(picture.read_bytes(), "image/jpeg", description="a boat")
    post = anna.status_post("before", media_ids=[media])
    better = anna.generate_media_edit_attributes(media.id, description="a red boat", focus=(0.5, 0.0))
    edited = anna.status_update(post, "after", media_attributes=[better])  # it names the picture by itself
    assert "after" in edited.content
    assert edited.edited_at is not None
    assert edited.media_attachments[0].description == "a red boat"
    first, second = anna.status_history(post)
    assert "before" in first.content
    assert [version.media_attachments[0].description for version in (first, second)] == [
        "a boat",
        "a red boat",
    ]
    assert anna.status_source(post).text == "after"


def test_the_same_key_posts_once(anna: Mastodon) -> None:
    first, again = (anna.status_post("once", idempotency_key="a key") for _ in range(2))
    assert first.id == again.id


def test_people_meet(anna: Mastodon, ben: Mastodon) -> None:
    found = ben.search_v2("@anna", result_type="accounts").accounts[0]
    assert ben.account_lookup("anna").id == found.id
    assert ben.account_follow(found.id).following is True
    post = anna.status_post("Hello @ben")
    assert ben.timeline_home()[0].id == post.id
    assert ben.status_favourite(post.id).favourited is True
    assert ben.status_reblog(post.id).reblog.id == post.id
    answer = ben.status_reply(post, "Hello back")
    assert [told.type for told in anna.notifications(limit=4)] == ["mention", "reblog", "favourite", "follow"]
    assert ben.notifications(types=["mention"])[0].status.id == post.id
    assert [below.id for below in anna.status_context(post.id).descendants] == [answer.id]
    assert ben.status_unfavourite(post.id).favourited is False
    assert ben.status_unreblog(post.id).reblogged is False
    assert ben.account_relationships(found.id)[0].following is True
    assert [follower.username for follower in anna.account_followers(anna.me().id)] == ["ben"]
    anna.notifications_clear()
    assert anna.notifications() == []


def test_pages_are_walked_to_the_end(anna: Mastodon) -> None:
    posted = [anna.status_post(f"Number {number}").id for number in range(5)]
    first = anna.timeline_home(limit=2)
    everything = anna.fetch_remaining(first)
    assert [post.id for post in everything][:5] == posted[::-1]
    assert len({post.id for post in everything}) == len(everything)
    newer = anna.fetch_previous(anna.timeline_home(max_id=posted[2], limit=1))
    assert posted[2] in [post.id for post in newer]


def test_markers_are_kept(anna: Mastodon) -> None:
    anna.markers_set(["home"], ["123"])
    assert str(anna.markers_get(["home"])["home"].last_read_id) == "123"


def test_a_picture_that_is_wished_for_is_a_placeholder_and_then_a_post(anna: Mastodon, ben: Mastodon) -> None:
    ben.account_follow(anna.me().id)
    draft = anna.status_post("/imagine a fox in the snow", visibility="public")
    assert "a fox in the snow" in draft.content
    assert draft.media_attachments == []
    assert draft.visibility == "direct"

    def finished() -> bool:
        return bool(anna.status(draft.id).media_attachments)

    eventually(finished, "the picture", 60)
    post = anna.status(draft.id)
    assert int(post.id) > int(draft.id)
    assert post.visibility == "public"
    assert post.media_attachments[0].description
    assert "#" in post.content
    assert "AI-generated" in post.content
    for person in (anna, ben):
        assert [one.id for one in person.timeline_home()].count(post.id) == 1
        assert draft.id not in [one.id for one in person.timeline_home()]


def test_what_is_refused_is_told_in_words(anna: Mastodon) -> None:
    with pytest.raises(MastodonAPIError, match="2000 are allowed"):
        anna.status_post("x" * 2001)


def test_what_is_revoked_is_over(running: Instance, app: tuple[str, str]) -> None:
    with session() as http:
        client = connect(running, app, http)
        client.log_in(
            code=allow(client.auth_request_url(scopes=["read"], allow_http=True), "anna", PASSWORD),
            scopes=["read"],
            allow_http=True,
        )
        token = client.access_token
        with pytest.raises(MastodonAPIError, match="outside the authorized scopes"):
            client.status_post("no")
        client.revoke_access_token(allow_http=True)
        client.access_token = token
        with pytest.raises(MastodonUnauthorizedError):
            client.me()
