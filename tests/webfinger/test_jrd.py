"""WebFinger answers: which link is the actor, and what becomes of odd documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webfinger.acct import Acct
from webfinger.errors import MalformedAnswerError
from webfinger.jrd import LINKS_MAX, Jrd, JrdLink, actor_jrd

A = "https://ai.example/users/alice"
PROFILE = "http://webfinger.net/rel/profile-page"
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


def with_link(**link):
    return Jrd.from_json({"subject": "acct:alice@ai.example", "links": [link]})


@pytest.mark.parametrize(
    "media_type",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        LD,
        'application/ld+json;profile="https://www.w3.org/ns/activitystreams"',
        "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
        'application/ld+json; charset=utf-8; profile="https://example.com/x https://www.w3.org/ns/activitystreams"',
    ],
)
def test_both_activitypub_types_name_the_actor(media_type):
    assert with_link(rel="self", type=media_type, href=A).self_href == A


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "text/html",
        "application/json",
        "application/ld+json",
        'application/ld+json; profile="https://example.com/other"',
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams#x"',
        'text/html; profile="https://www.w3.org/ns/activitystreams"',
    ],
)
def test_any_other_type_is_some_other_protocol(media_type):
    assert with_link(rel="self", type=media_type, href=A).self_href is None


def test_another_relation_is_not_the_actor():
    assert with_link(rel="canonical", type="application/activity+json", href=A).self_href is None


def test_the_first_of_several_actors_counts():
    links = [{"rel": "self", "type": "application/activity+json", "href": href} for href in (A, f"{A}2")]
    assert Jrd.from_json({"links": links}).self_href == A


def test_the_profile_page_is_html():
    assert with_link(rel=PROFILE, type="text/html", href=A).profile_href == A
    assert with_link(rel=PROFILE, href=A).profile_href == A
    assert with_link(rel=PROFILE, type="application/json", href=A).profile_href is None


def test_the_subscribe_template_needs_a_place_for_whom():
    rel = "http://ostatus.org/schema/1.0/subscribe"
    assert with_link(rel=rel, template="https://x.example/?uri={uri}").subscribe_template
    assert with_link(rel=rel, template="https://x.example/").subscribe_template is None
    assert Jrd().subscribe_template is None


def test_odd_entries_are_skipped():
    found = Jrd.from_json(
        {
            "subject": 5,
            "aliases": [A, None, 5, "", "with space", "x" * 5000],
            "links": [None, 5, {}, {"rel": 5}, {"rel": "self", "href": 5, "type": [], "template": "a\nb"}],
        }
    )
    assert found == Jrd(aliases=(A,), links=(JrdLink(rel="self"),))


@pytest.mark.parametrize("field", ["aliases", "links"])
@pytest.mark.parametrize("odd", [None, 5, "x", {}, True])
def test_odd_lists_are_read_as_empty(field, odd):
    assert Jrd.from_json({field: odd}) == Jrd()


def test_links_are_bounded():
    assert len(Jrd.from_json({"links": [{"rel": "self"}] * 1000}).links) == LINKS_MAX


@pytest.mark.parametrize("doc", [None, [], "x", 5])
def test_what_is_no_object_is_refused(doc):
    with pytest.raises(MalformedAnswerError) as caught:
        Jrd.from_json(doc)
    assert caught.value.status_hint == 502


def test_only_the_relations_asked_for_are_given():
    jrd = actor_jrd(
        Acct(user="alice", host="ai.example"), actor_id=A, profile_url="https://ai.example/@alice"
    )
    assert [link.rel for link in jrd.only(["self"]).links] == ["self"]
    assert jrd.only(["self"]).subject == jrd.subject
    assert jrd.only(["nothing"]).links == ()
    assert jrd.only([]) == jrd


def test_without_pages_for_actions_and_without_a_picture_there_are_two_links():
    jrd = actor_jrd(
        Acct(user="alice", host="ai.example"), actor_id=A, profile_url="https://ai.example/@alice"
    )
    assert [link.rel for link in jrd.links] == [PROFILE, "self"]


def test_what_people_can_do_from_home_is_linked_by_its_kind():
    jrd = actor_jrd(
        Acct(user="alice", host="ai.example"),
        actor_id=A,
        profile_url="https://ai.example/@alice",
        intents={"Follow": "https://ai.example/x?uri={object}"},
    )
    assert jrd.links[-1] == JrdLink(
        rel="https://w3id.org/fep/3b86/Follow", template="https://ai.example/x?uri={object}"
    )


def test_absent_parts_are_not_written():
    assert Jrd().to_json() == {"links": []}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["self", LD, A]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["subject", "aliases", "links", "rel", "href", "type", "template"]), inner
        )
    ),
    max_leaves=15,
)


@given(ANYTHING)
def test_any_json_is_read_or_refused(value):
    try:
        found = Jrd.from_json(value)
    except MalformedAnswerError:
        return
    assert Jrd.from_json(found.to_json()) == found
    assert found.self_href is None or found.self_href == A
