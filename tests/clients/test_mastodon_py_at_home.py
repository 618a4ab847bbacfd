"""Mastodon.py, as it is on PyPI: what a person arranges for themselves, and what comes to them unasked."""

import io
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mastodon import CallbackStreamListener, Mastodon
from mastodon.errors import MastodonAPIError

from tests.clients.push_service import PushService
from tests.peers.server_process import eventually
from tests.push_receiver import Receiver, unb64

pytestmark = pytest.mark.slow

WAIT_S = 20


@pytest.fixture(autouse=True)
def _acquainted(carol: Mastodon, dan: Mastodon) -> None:
    for who, whom in ((carol, dan), (dan, carol)):
        who.account_follow(whom.me().id)


def test_a_profile_is_edited(carol: Mastodon, picture: Path) -> None:
    edited = carol.account_update_credentials(
        display_name="Carol",
        note="I draw",
        avatar=io.BytesIO(picture.read_bytes()),
        avatar_mime_type="image/jpeg",
        fields=[("site", "https://example.com")],
        discoverable=True,
        default_language="en",
    )
    assert (edited.display_name, edited.source.note, edited.source.language) == ("Carol", "I draw", "en")
    assert edited.fields[0].name == "site"
    assert edited.avatar.startswith("http")
    assert not carol.account_delete_avatar().avatar.endswith(".jpg")


def test_posts_are_kept_pinned_and_quoted(carol: Mastodon, dan: Mastodon) -> None:
    post = carol.status_post("keep this #otter")
    assert dan.status_bookmark(post).bookmarked is True
    assert dan.bookmarks()[0].id == post.id
    assert dan.status_unbookmark(post).bookmarked is False
    dan.status_favourite(post)
    dan.status_reblog(post)
    assert [who.username for who in carol.status_favourited_by(post)] == ["dan"]
    assert [who.username for who in carol.status_reblogged_by(post)] == ["dan"]
    assert carol.status_pin(post).pinned is True
    assert carol.account_statuses(carol.me(), pinned=True)[0].id == post.id
    carol.status_unpin(post)
    quoting = dan.status_post("look", quoted_status_id=post)
    assert quoting.quote.quoted_status.id == post.id
    assert carol.status_quotes(post)[0].id == quoting.id
    assert {found.id for found in dan.statuses([post.id, quoting.id])} == {post.id, quoting.id}
    assert dan.status_mute(post).muted is True
    assert dan.status_unmute(post).muted is False


def test_a_post_waits_for_its_time(carol: Mastodon) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    waiting = carol.status_post("later", scheduled_at=at)
    assert waiting.params.text == "later"
    assert carol.scheduled_statuses()[0].id == waiting.id
    moved = carol.scheduled_status_update(waiting, at + timedelta(hours=1))
    assert moved.scheduled_at > waiting.scheduled_at
    carol.scheduled_status_delete(waiting)
    with pytest.raises(MastodonAPIError):
        carol.scheduled_status(waiting)


def test_lists_are_made_filled_read_and_deleted(carol: Mastodon, dan: Mastodon) -> None:
    made = carol.list_create("Friends", replies_policy="followed")
    carol.list_accounts_add(made, [dan.me().id])
    assert [who.username for who in carol.list_accounts(made)] == ["dan"]
    said = dan.status_post("to the list")
    assert carol.timeline_list(made)[0].id == said.id
    assert carol.account_lists(dan.me())[0].id == made.id
    assert carol.list_update(made, "Best friends").title == "Best friends"
    carol.list_accounts_delete(made, [dan.me().id])
    assert carol.list_accounts(made) == []
    carol.list_delete(made)
    assert made.id not in [left.id for left in carol.lists()]


def test_filters_of_both_versions_hide_the_same(carol: Mastodon, dan: Mastodon) -> None:
    made = carol.create_filter_v2(
        "no badgers",
        ["home", "public"],
        "warn",
        keywords_attributes=[{"keyword": "badger", "whole_word": True}],
    )
    post = dan.status_post("a badger!")
    (match,) = carol.status(post).filtered
    assert (match.filter.title, match.keyword_matches) == ("no badgers", ["badger"])
    assert "badger" in [kept.phrase for kept in carol.filters()]
    word = carol.add_filter_keyword_v2(made, "mole")
    assert {kept.keyword for kept in carol.filter_keywords_v2(made)} == {"badger", "mole"}
    carol.delete_filter_keyword_v2(word)
    carol.delete_filter_v2(made)
    assert not carol.status(post).filtered
    older = carol.filter_create("newt", ["home"], whole_word=True)
    assert carol.filter_update(older, phrase="newts").phrase == "newts"
    carol.filter_delete(older)


def test_hashtags_are_followed_and_featured(carol: Mastodon) -> None:
    carol.status_post("an #otter again")
    assert carol.tag_follow("otter").following is True
    assert "otter" in [tag.name for tag in carol.followed_tags()]
    assert carol.tag_unfollow("otter").following is False
    featured = carol.featured_tag_create("otter")
    assert "otter" in [tag.name for tag in carol.featured_tags()]
    carol.featured_tag_delete(featured)
    assert carol.timeline_hashtag("otter")


def test_others_are_noted_muted_blocked_and_reported(carol: Mastodon, dan: Mastodon) -> None:
    him = dan.me().id
    assert carol.account_note_set(him, "met him").note == "met him"
    assert carol.account_endorse(him).endorsed is True
    assert [who.username for who in carol.endorsements()] == ["dan"]
    assert carol.account_unendorse(him).endorsed is False
    assert carol.account_mute(him, duration=3600).muting is True
    assert [who.username for who in carol.mutes()] == ["dan"]
    assert carol.account_unmute(him).muting is False
    carol.domain_block("spam.example")
    assert carol.domain_blocks() == ["spam.example"]
    carol.domain_unblock("spam.example")
    assert carol.report(him, comment="rude", category="spam").category == "spam"
    assert carol.account_block(him).blocking is True
    assert [who.username for who in carol.blocks()] == ["dan"]
    assert carol.account_unblock(him).blocking is False


def test_a_locked_account_decides(carol: Mastodon, dan: Mastodon) -> None:
    carol.account_update_credentials(locked=True)
    dan.account_unfollow(carol.me())
    assert dan.account_follow(carol.me()).requested is True
    assert [who.username for who in carol.follow_requests()] == ["dan"]
    carol.follow_request_authorize(dan.me().id)
    assert dan.account_relationships(carol.me())[0].following is True
    carol.account_update_credentials(locked=False)


def test_what_was_said_is_found(carol: Mastodon, dan: Mastodon) -> None:
    post = carol.status_post("the unmistakable capybara")
    assert carol.search_v2("capybara", result_type="statuses").statuses[0].id == post.id
    assert dan.search_v2(post.url, resolve=True).statuses[0].id == post.id
    assert dan.account_search("carol")[0].username == "carol"


def test_direct_messages_are_conversations(carol: Mastodon, dan: Mastodon) -> None:
    dan.status_post("@carol between us", visibility="direct")
    talk = carol.conversations()[0]
    assert talk.unread is True
    assert [who.username for who in talk.accounts] == ["dan"]
    assert carol.conversations_read(talk).unread is False


def test_notifications_are_grouped_and_screened(carol: Mastodon, dan: Mastodon) -> None:
    post = carol.status_post("like this")
    dan.status_favourite(post)
    grouped = carol.grouped_notifications(types=["favourite"])
    (group,) = [found for found in grouped.notification_groups if str(found.status_id) == str(post.id)]
    assert group.notifications_count == 1
    assert group.group_key in {told.group_key for told in carol.notifications(types=["favourite"])}
    assert [who.username for who in carol.grouped_notification_accounts(group.group_key)] == ["dan"]
    assert carol.unread_grouped_notifications_count() > 0
    assert carol.update_notifications_policy(for_not_following="filter").for_not_following == "filter"
    carol.update_notifications_policy(for_not_following="accept")
    carol.dismiss_grouped_notification(group.group_key)
    assert group.group_key not in {told.group_key for told in carol.notifications()}


def test_the_server_says_what_it_has(carol: Mastodon) -> None:
    assert carol.announcements() is not None
    assert carol.trending_tags() is not None
    assert carol.trending_statuses() is not None
    assert carol.trending_links() is not None
    assert carol.suggestions_v2() is not None
    assert carol.directory(local=True)
    assert carol.instance_activity()
    assert carol.instance_rules() == []
    assert carol.instance_extended_description() is not None
    assert carol.instance_health() is True


def test_a_notification_is_pushed_and_only_the_device_can_read_it(
    carol: Mastodon, dan: Mastodon, push: PushService
) -> None:
    device = Receiver()
    keys = {"pubkey": unb64(device.p256dh), "auth": unb64(device.auth)}
    made = carol.push_subscription_set(push.url, keys, mention_events=True)
    assert made.endpoint == push.url
    assert carol.push_subscription_update(follow_events=True, mention_events=True).alerts.follow is True
    post = dan.status_post("@carol can you hear me?")
    headers, body = eventually(lambda: push.came, "the message", WAIT_S)[0]
    assert headers["content-encoding"] == "aesgcm", "the library does not ask for the standard one"
    assert b"hear me" not in body
    told = json.loads(device.read(headers, body))
    assert told["notification_type"] == "mention"
    assert "dan" in told["title"]
    assert carol.notifications(told["notification_id"]).status.id == post.id
    carol.push_subscription_delete()
    with pytest.raises(MastodonAPIError):
        carol.push_subscription()


def test_a_stream_tells_what_happens(carol: Mastodon, dan: Mastodon) -> None:
    heard: dict[str, list[Any]] = {"update": [], "delete": [], "notification": [], "status_update": []}
    listener = CallbackStreamListener(
        update_handler=heard["update"].append,
        delete_handler=heard["delete"].append,
        notification_handler=heard["notification"].append,
        status_update_handler=heard["status_update"].append,
    )
    assert carol.stream_healthy() is True
    stream = carol.stream_user(listener, run_async=True, timeout=WAIT_S)
    pause = threading.Event()
    try:
        post = dan.status_post("@carol is it live?")
        for _ in range(WAIT_S):
            if any(said.id == post.id for said in heard["update"]):
                break
            pause.wait(1)  # the stream may have opened after the post
            post = dan.status_post("@carol is it live now?")
        eventually(
            lambda: [told for told in heard["notification"] if told.status.id == post.id], "told", WAIT_S
        )
        dan.status_update(post, "@carol it is")
        eventually(
            lambda: [said for said in heard["status_update"] if said.id == post.id], "the edit", WAIT_S
        )
        dan.status_delete(post)
        eventually(lambda: str(post.id) in map(str, heard["delete"]), "the end", WAIT_S)
    finally:
        stream.close()
