"""Contexts are small, complete and resolvable; see also tests/wire for their exact text."""

import pytest

from activitypub import vocab

PUBLISHED = {
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/v1",
    "https://w3id.org/security/multikey/v1",
    "https://purl.archive.org/socialweb/webfinger",
}


def test_only_published_contexts_are_named_by_address():
    for context in (vocab.actor_context(), vocab.note_context("https://a.example/n")):
        addresses = {entry for entry in context if isinstance(entry, str)}
        assert addresses <= PUBLISHED


def test_every_prefix_in_a_context_is_defined_in_it():
    known = {"as", "http", "https"}
    for context in (vocab.actor_context(), vocab.note_context("https://a.example/n")):
        terms = context[-1]
        for value in terms.values():
            iri = value["@id"] if isinstance(value, dict) else value
            assert iri.partition(":")[0] in known | terms.keys()


def test_gen_ai_is_named_under_the_posts_own_origin():
    terms = vocab.note_context("https://pics.example:8443/users/a/statuses/1?x=/y")[-1]
    assert terms["genAI"] == "https://pics.example:8443/ns#genAI"


def test_contexts_are_fresh_so_that_no_caller_can_change_them_for_others():
    vocab.actor_context()[-1]["toot"] = "changed"
    vocab.actor_context()[-1]["focalPoint"]["@id"] = "changed"
    assert vocab.actor_context()[-1]["toot"] == "http://joinmastodon.org/ns#"
    assert vocab.actor_context()[-1]["focalPoint"]["@id"] == "toot:focalPoint"


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ({"type": "Follow", "object": "https://a.example/u"}, vocab.AS_CONTEXT),
        ({"type": "Tombstone", "id": "https://a.example/1"}, vocab.AS_CONTEXT),
        # The generator of a post is an Application too, but no actor document.
        ({"type": "Application", "name": "x"}, vocab.AS_CONTEXT),
        ({"type": "Person", "inbox": "https://a.example/i"}, vocab.actor_context()),
        ({"type": "Note", "id": "https://a.example/1"}, vocab.note_context("https://a.example/1")),
        (
            {
                "type": "Undo",
                "object": {"type": "Create", "object": {"type": "Note", "id": "https://a.example/1"}},
            },
            vocab.note_context("https://a.example/1"),
        ),
        (
            {"type": "Like", "tag": [{"type": "Emoji"}]},
            [vocab.AS_CONTEXT, {"toot": "http://joinmastodon.org/ns#", "Emoji": "toot:Emoji"}],
        ),
        (
            {"type": "EmojiReact", "content": "🦊"},
            [vocab.AS_CONTEXT, {"EmojiReact": "http://litepub.social/ns#EmojiReact"}],
        ),
    ],
)
def test_a_document_gets_the_smallest_context_that_defines_its_terms(doc, expected):
    assert vocab.context_for(doc) == expected
