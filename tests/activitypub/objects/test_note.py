"""Posts: what is required, the shapes that peers use, and what goes out."""

from datetime import UTC, datetime

import pytest

from activitypub.addressing import Visibility
from activitypub.errors import MalformedError
from activitypub.objects.actor import Application
from activitypub.objects.attachment import Attachment
from activitypub.objects.collection import Tally
from activitypub.objects.note import Note
from activitypub.objects.tag import Hashtag, Mention
from activitypub.vocab import PUBLIC, TRAINED_ALGORITHMIC_MEDIA

A = "https://m.example/users/bob"
N = f"{A}/statuses/1"
MINIMAL = {"id": N, "type": "Note", "attributedTo": A}
PNG = {"type": "Document", "mediaType": "image/png", "url": "https://m.example/a.png"}


def note(**fields):
    return Note.from_json({**MINIMAL, **fields})


def test_the_least_note_is_read():
    assert note() == Note(id=N, attributed_to=A)


@pytest.mark.parametrize("field", ["id", "type", "attributedTo"])
@pytest.mark.parametrize("odd", [None, 5, "", [], {}, True, "as:Public"])
def test_what_is_required_is_refused_by_name(field, odd):
    with pytest.raises(MalformedError, match=field):
        note(**{field: odd})


@pytest.mark.parametrize("doc", [None, [], "x", 5])
def test_what_is_no_object_is_refused(doc):
    with pytest.raises(MalformedError, match="not a JSON object"):
        Note.from_json(doc)


@pytest.mark.parametrize("kind", ["Article", "Page", "Image", "Video", "Audio", "Event"])
def test_other_kinds_of_post_are_read_as_converted(kind):
    found = note(type=kind, name="A title")
    assert found.is_converted
    assert found.type == kind
    assert found.name == "A title"
    assert found.to_json()["name"] == "A title"


def test_an_edit_is_dated_to_the_millisecond():
    moment = datetime(2026, 11, 24, 12, 0, 0, 123_999, tzinfo=UTC)
    edited = Note(id=N, attributed_to=A, published=moment, updated=moment).to_json()
    assert (edited["published"], edited["updated"]) == ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00.123Z")


def test_a_note_is_not_converted():
    assert not note().is_converted


@pytest.mark.parametrize(
    "author",
    [
        A,
        {"id": A, "type": "Person"},
        {"id": A},
        [A],
        [A, "https://m.example/users/eve"],
        # PeerTube names the account and the channel, in either order.
        [{"type": "Person", "id": A}, {"type": "Group", "id": "https://m.example/video-channels/x"}],
        [{"type": "Group", "id": "https://m.example/video-channels/x"}, {"type": "Person", "id": A}],
        [None, 5, [A], {"type": "Note", "id": N}, A],
    ],
)
def test_the_author_is_found_in_every_shape(author):
    assert note(attributedTo=author).attributed_to == A


def test_an_author_may_be_a_group_or_bot_alone():
    assert note(attributedTo=[{"type": "Service", "id": A}]).attributed_to == A


def test_actor_stands_in_for_attributed_to():
    assert Note.from_json({"id": N, "type": "Note", "actor": A}).attributed_to == A


@pytest.mark.parametrize(
    ("fields", "content", "language"),
    [
        ({"content": "<p>hi</p>"}, "<p>hi</p>", None),
        ({"content": "<p>hi</p>", "contentMap": {"en": "<p>hi</p>"}}, "<p>hi</p>", "en"),
        ({"contentMap": {"de": "<p>hallo</p>"}}, "<p>hallo</p>", "de"),
        ({"content": None}, "", None),
        ({"content": ["<p>hi</p>"]}, "<p>hi</p>", None),
        ({"content": 5}, "", None),
    ],
)
def test_content_and_language(fields, content, language):
    found = note(**fields)
    assert (found.content, found.language) == (content, language)


def test_content_is_always_written_as_a_string():
    # Pixelfed refuses a post without it.
    assert note().to_json()["content"] == ""


@pytest.mark.parametrize(
    ("to", "cc", "expected"),
    [
        (PUBLIC, f"{A}/followers", Visibility.PUBLIC),
        ("as:Public", [], Visibility.PUBLIC),
        ([f"{A}/followers"], ["Public"], Visibility.UNLISTED),
        ([f"{A}/followers"], None, Visibility.PRIVATE),
        (["https://ai.example/users/alice"], [], Visibility.DIRECT),
    ],
)
def test_visibility_is_told_from_every_shape_of_address(to, cc, expected):
    assert note(to=to, cc=cc).visibility(followers=f"{A}/followers") is expected


def test_addresses_are_written_as_lists_with_public_in_full():
    doc = note(to="as:Public").to_json()
    assert doc["to"] == [PUBLIC]
    assert doc["cc"] == []


def test_blind_copies_are_dropped():
    assert "https://ai.example/users/x" not in str(note(bto=["https://ai.example/users/x"]).to_json())


@pytest.mark.parametrize("attachment", [PNG, [PNG], [None, 5, {"type": "Document"}, PNG]])
def test_attachments_may_be_one_object_or_a_list(attachment):
    found = note(attachment=attachment).attachments
    assert found == (Attachment(url="https://m.example/a.png", media_type="image/png"),)


def test_attachments_are_always_written_as_a_list():
    assert note(attachment=PNG).to_json()["attachment"] == [PNG]
    assert note().to_json()["attachment"] == []


def test_mentions_and_hashtags_are_told_apart():
    mention = {"type": "Mention", "href": "https://ai.example/users/alice", "name": "@alice@ai.example"}
    found = note(tag=[mention, {"type": "Hashtag", "name": "#fox"}])
    assert found.mentions == (Mention(href="https://ai.example/users/alice", name="@alice@ai.example"),)
    assert found.hashtags == (Hashtag(name="#fox"),)


@pytest.mark.parametrize("parent", [N, {"id": N, "type": "Note"}, [N]])
def test_the_parent_is_found_in_every_shape(parent):
    assert note(inReplyTo=parent).in_reply_to == N


def test_a_sensitive_post_keeps_its_warning():
    found = note(sensitive=True, summary="spiders")
    assert found.sensitive
    assert found.summary == "spiders"
    assert found.to_json()["summary"] == "spiders"


@pytest.mark.parametrize("summary", [None, "", 5, []])
def test_no_warning_is_written_as_null(summary):
    assert note(summary=summary).to_json()["summary"] is None


def test_times_are_read():
    found = note(published="2026-11-23T12:00:00Z", updated="2026-11-23T12:30:00.5Z")
    assert found.published == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert found.updated == datetime(2026, 11, 23, 12, 30, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize("field", ["quote", "quoteUri", "quoteUrl", "_misskey_quote"])
def test_a_quote_is_found_under_every_name_and_written_under_three(field):
    found = note(**{field: N})
    assert found.quote == N
    doc = found.to_json()
    assert doc["quote"] == doc["quoteUri"] == doc["_misskey_quote"] == N


def test_a_quote_stamp_is_kept():
    found = note(quote=N, quoteAuthorization=f"{A}/stamps/1")
    assert found.to_json()["quoteAuthorization"] == f"{A}/stamps/1"


def test_ai_labels_are_read_and_written():
    found = note(
        genAI=True, digitalSourceType=TRAINED_ALGORITHMIC_MEDIA, generator={"name": "tiny", "url": A}
    )
    assert found.gen_ai
    assert found.generator == Application(name="tiny", url=A)
    doc = found.to_json()
    assert doc["digitalSourceType"] == TRAINED_ALGORITHMIC_MEDIA
    assert doc["genAI"] is True
    assert doc["generator"] == {"type": "Application", "url": A, "name": "tiny"}


@pytest.mark.parametrize("odd", [None, "true", 1, False])
def test_a_post_without_the_label_is_not_labelled(odd):
    assert not note(genAI=odd).gen_ai
    assert "genAI" not in note(genAI=odd).to_json()


def test_counts_are_read_from_collections_and_ids():
    found = note(
        likes={"id": f"{N}/likes", "totalItems": 4}, shares=f"{N}/shares", replies={"id": f"{N}/replies"}
    )
    assert found.likes == Tally(id=f"{N}/likes", total_items=4)
    assert found.shares == Tally(id=f"{N}/shares")
    assert found.replies == f"{N}/replies"


def test_a_thread_may_have_any_string_as_its_name():
    found = note(conversation="tag:m.example,2026:1", context={"id": "https://m.example/contexts/1"})
    assert found.conversation == "tag:m.example,2026:1"
    assert found.context == "https://m.example/contexts/1"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "Yes", "inReplyTo": N}, True),
        ({"name": "Yes"}, False),
        ({"name": "Yes", "inReplyTo": N, "content": "<p>hi</p>"}, False),
        ({"inReplyTo": N}, False),
        ({"type": "Article", "name": "Yes", "inReplyTo": N}, False),
    ],
)
def test_a_vote_is_a_named_answer_without_text(fields, expected):
    assert note(**fields).is_vote is expected


def test_an_embedded_note_has_no_context():
    assert "@context" in note().to_json()
    assert "@context" not in note().to_json(context=False)


def test_url_prefers_the_page_for_browsers():
    # PeerTube lists the page, the files and the torrents.
    urls = [
        {"type": "Link", "mediaType": "video/mp4", "href": "https://m.example/v.mp4"},
        {"type": "Link", "mediaType": "text/html", "href": "https://m.example/w/1"},
        {
            "type": "Link",
            "mediaType": "application/x-bittorrent;x-scheme-handler/magnet",
            "href": "magnet:?x",
        },
    ]
    assert note(type="Video", url=urls).url == "https://m.example/w/1"
