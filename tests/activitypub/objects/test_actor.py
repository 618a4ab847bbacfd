"""Actors: what is required, the shapes that peers use, and Mastodon's size limits."""

import json

import pytest

from activitypub import limits
from activitypub.errors import MalformedError
from activitypub.objects.actor import Actor, Application, Field, Multikey, Picture, PublicKey
from activitypub.objects.tag import Hashtag

A = "https://m.example/users/bob"
PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"
MINIMAL = {
    "id": A,
    "type": "Person",
    "preferredUsername": "bob",
    "inbox": f"{A}/inbox",
}
KEY = {"id": f"{A}#main-key", "owner": A, "publicKeyPem": PEM}
MULTIKEY = {
    "id": f"{A}#ed25519-key",
    "type": "Multikey",
    "controller": A,
    "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
}


def actor(**fields):
    return Actor.from_json({**MINIMAL, **fields})


def test_the_least_actor_is_read_with_safe_defaults():
    found = actor()
    assert found == Actor(id=A, type="Person", username="bob", inbox=f"{A}/inbox")
    assert not found.discoverable
    assert not found.indexable
    assert not found.manually_approves_followers


@pytest.mark.parametrize("kind", ["Person", "Service", "Group", "Application", "Organization"])
def test_all_five_types_are_taken(kind):
    assert actor(type=kind).type == kind


def test_of_several_types_the_known_one_counts():
    assert actor(type=["Bot", "Service"]).type == "Service"


@pytest.mark.parametrize("kind", [None, "Note", "person", 5, [], {}])
def test_another_type_is_refused(kind):
    with pytest.raises(MalformedError, match="type"):
        actor(type=kind)


@pytest.mark.parametrize("field", ["id", "inbox", "preferredUsername"])
@pytest.mark.parametrize("odd", [None, 5, "", [], {}, True])
def test_what_is_required_is_refused_by_name(field, odd):
    with pytest.raises(MalformedError, match=field):
        actor(**{field: odd})


@pytest.mark.parametrize(
    "inbox",
    [
        "https://victim.example/inbox",
        "http://m.example/users/bob/inbox",
        "https://m.example:8443/users/bob/inbox",
        "https://sub.m.example/users/bob/inbox",
    ],
)
def test_an_inbox_on_another_origin_is_refused(inbox):
    with pytest.raises(MalformedError, match="inbox") as caught:
        actor(inbox=inbox)
    assert caught.value.iri == A


@pytest.mark.parametrize("field", ["outbox", "followers", "following", "featured", "featuredTags"])
def test_a_collection_on_another_origin_is_read_as_absent(field):
    name = "featured_tags" if field == "featuredTags" else field
    assert getattr(actor(**{field: f"https://evil.example/{field}"}), name) is None
    assert getattr(actor(**{field: f"{A}/{field}"}), name) == f"{A}/{field}"


def test_a_shared_inbox_may_be_on_another_host():
    # Bridgy Fed keeps its shared inbox on a host of its own.
    found = actor(endpoints={"sharedInbox": "https://ap.m.example/inbox"})
    assert found.shared_inbox == "https://ap.m.example/inbox"


def test_the_doors_of_the_persons_own_applications_go_out_and_come_back():
    doors = {
        "sharedInbox": "https://m.example/inbox",
        "oauthAuthorizationEndpoint": "https://m.example/oauth/authorize",
        "oauthTokenEndpoint": "https://m.example/oauth/token",
        "proxyUrl": "https://m.example/proxy",
        "uploadMedia": "https://m.example/media",
    }
    found = actor(endpoints=doors)
    assert found.client_endpoints is not None
    assert found.client_endpoints.upload_media == "https://m.example/media"
    assert found.to_json()["endpoints"] == doors
    assert actor(endpoints={**doors, "proxyUrl": "javascript:1"}).client_endpoints is None


@pytest.mark.parametrize("endpoints", [None, "https://m.example/inbox", [], {}, {"sharedInbox": 5}])
def test_odd_endpoints_are_read_as_absent(endpoints):
    assert actor(endpoints=endpoints).shared_inbox is None


def test_the_user_name_may_come_from_webfinger_alone():
    doc = {key: value for key, value in MINIMAL.items() if key != "preferredUsername"}
    found = Actor.from_json({**doc, "webfinger": "acct:bob@m.example"})
    assert found.username == "bob"
    assert found.webfinger == "bob@m.example"


@pytest.mark.parametrize(
    "name",
    ["a@b", "a/b", "a b", "a\nb", "a:b", "a?b", "a#b", "a%62", "<b>", "a\u202eb", "a\u200bb", "a\\b", 'a"b'],
)
def test_a_user_name_that_cannot_stand_in_a_handle_is_refused(name):
    with pytest.raises(MalformedError, match="preferredUsername"):
        actor(preferredUsername=name)


@pytest.mark.parametrize("name", ["bob", "Bob.B-b_1", "böb", "ボブ"])
def test_other_user_names_are_kept_as_they_are(name):
    assert actor(preferredUsername=name).username == name


# --- Size limits, as in Mastodon's FEDERATION.md -------------------------------------------------------------


def test_a_user_name_over_the_limit_refuses_the_actor():
    assert actor(preferredUsername="b" * limits.USERNAME_CHARS_MAX).username
    with pytest.raises(MalformedError, match="preferredUsername"):
        actor(preferredUsername="b" * (limits.USERNAME_CHARS_MAX + 1))


def test_a_long_display_name_is_cut():
    assert len(actor(name="n" * 5000).name or "") == limits.NAME_CHARS_MAX


def test_a_long_biography_is_cut_at_bytes_without_breaking_a_character():
    summary = actor(summary="ü" * limits.SUMMARY_BYTES_MAX).summary or ""
    assert len(summary.encode()) == limits.SUMMARY_BYTES_MAX
    assert set(summary) == {"ü"}
    odd = actor(summary="x" + "ü" * limits.SUMMARY_BYTES_MAX).summary or ""
    assert len(odd.encode()) == limits.SUMMARY_BYTES_MAX - 1


def test_only_the_first_fields_are_kept_and_cut():
    entry = {"type": "PropertyValue", "name": "n" * 5000, "value": "v" * 5000}
    fields = actor(attachment=[{"type": "IdentityProof"}, *[entry] * 80]).fields
    assert len(fields) == limits.FIELDS_MAX
    assert len(fields[0].name) == len(fields[0].value) == limits.FIELD_CHARS_MAX


def test_only_the_first_aliases_are_kept():
    aliases = [f"https://m.example/users/{number}" for number in range(500)]
    assert actor(alsoKnownAs=aliases).also_known_as == tuple(aliases[: limits.ALIASES_MAX])


def test_only_the_first_attribution_domains_are_kept():
    domains = [f"d{number}.example" for number in range(500)]
    assert len(actor(attributionDomains=domains).attribution_domains) == limits.ALIASES_MAX


def test_only_the_first_keys_are_kept():
    keys = [{**KEY, "id": f"{A}#key-{number}"} for number in range(30)]
    assert len(actor(publicKey=keys).public_keys) == limits.KEYS_PER_ACTOR_MAX


# --- Shapes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [KEY, [KEY], [None, "x", {"id": A}, KEY]])
def test_a_public_key_may_be_an_object_or_a_list(value):
    assert actor(publicKey=value).public_keys == (PublicKey(id=f"{A}#main-key", owner=A, pem=PEM),)


@pytest.mark.parametrize(
    "value",
    [
        None,
        f"{A}#main-key",
        {**KEY, "id": None},
        {**KEY, "owner": 5},
        {**KEY, "publicKeyPem": None},
        {**KEY, "publicKeyPem": ""},
        {**KEY, "publicKeyPem": {"en": PEM}},
        {**KEY, "publicKeyPem": "x" * (limits.PUBLIC_KEY_PEM_CHARS_MAX + 1)},
    ],
)
def test_an_unusable_public_key_is_skipped(value):
    assert actor(publicKey=value).public_keys == ()


@pytest.mark.parametrize(
    "over", [{"revoked": "2020-01-01T00:00:00Z"}, {"revoked": True}, {"expires": "2020-01-01T00:00:00Z"}]
)
def test_a_key_that_was_taken_back_or_has_expired_is_skipped(over):
    both = actor(publicKey={**KEY, **over}, assertionMethod={**MULTIKEY, **over})
    assert (both.public_keys, both.assertion_methods) == ((), ())


def test_a_key_that_is_not_over_yet_is_read():
    yet = {"expires": "9999-01-01T00:00:00Z", "revoked": None}
    both = actor(publicKey={**KEY, **yet}, assertionMethod={**MULTIKEY, **yet})
    assert len(both.public_keys) == len(both.assertion_methods) == 1


def test_the_owner_may_be_called_controller():
    key = {"id": f"{A}#main-key", "controller": A, "publicKeyPem": PEM}
    assert actor(publicKey=key).public_keys[0].owner == A


def test_of_several_public_keys_one_object_is_written():
    doc = actor(publicKey=[KEY, {**KEY, "id": f"{A}#second"}]).to_json()
    assert doc["publicKey"] == KEY


def test_multikeys_are_read_and_references_skipped():
    found = actor(
        assertionMethod=[f"{A}#other", {**MULTIKEY, "type": "JsonWebKey"}, MULTIKEY]
    ).assertion_methods
    assert found == (Multikey(id=f"{A}#ed25519-key", controller=A, multibase=MULTIKEY["publicKeyMultibase"]),)


@pytest.mark.parametrize("field", ["id", "controller", "publicKeyMultibase"])
@pytest.mark.parametrize("odd", [None, 5, "", "z" * 5000])
def test_an_unusable_multikey_is_skipped(field, odd):
    assert actor(assertionMethod=[{**MULTIKEY, field: odd}]).assertion_methods == ()


def test_authentication_keys_do_not_sign_documents():
    assert actor(authentication=[MULTIKEY]).assertion_methods == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://m.example/a.png", Picture(url="https://m.example/a.png")),
        (
            {"type": "Image", "mediaType": "image/png", "url": "https://m.example/a.png", "name": "a fox"},
            Picture(url="https://m.example/a.png", media_type="image/png", alt="a fox"),
        ),
        (
            {"type": "Image", "url": [{"href": "https://m.example/a.png", "mediaType": "image/png"}]},
            Picture(url="https://m.example/a.png", media_type="image/png"),
        ),
        (
            {"url": "https://m.example/a.png", "summary": "S", "name": "N"},
            Picture(url="https://m.example/a.png", alt="S"),
        ),
        (
            {"url": "https://m.example/a.png", "summary": "", "name": ""},
            Picture(url="https://m.example/a.png", alt=""),
        ),
        ([None, {"url": 5}, {"url": "https://m.example/a.png"}], Picture(url="https://m.example/a.png")),
        ({"url": "javascript:alert(1)"}, None),
        (5, None),
        (None, None),
    ],
)
def test_pictures_of_every_shape(value, expected):
    assert actor(icon=value).icon == expected
    assert actor(image=value).image == expected


def test_a_single_field_need_not_be_in_a_list():
    entry = {"type": "PropertyValue", "name": "Operator", "value": "<b>carol</b>"}
    assert actor(attachment=entry).fields == (Field(name="Operator", value="<b>carol</b>"),)


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"type": "PropertyValue", "name": "x"},
        {"type": "PropertyValue", "value": "x"},
        {"name": "x", "value": "y"},
    ],
)
def test_other_attachments_are_no_fields(entry):
    assert actor(attachment=[entry]).fields == ()


def test_a_name_may_be_a_language_map():
    assert actor(nameMap={"de": "Bob der Baumeister"}).name == "Bob der Baumeister"
    assert actor(summaryMap={"de": "<p>Guten Tag</p>"}).summary == "<p>Guten Tag</p>"


def test_characters_that_disguise_a_name_are_removed():
    # Right-to-left override, zero-width space, line separator, byte order mark.
    assert actor(name=" b\u202eo\u200bb\u2028\ufeff ").name == "bob"
    # Joiners stay: this is one emoji of a family, and Persian needs them too.
    assert actor(name="👨\u200d👩\u200d👧").name == "👨\u200d👩\u200d👧"


@pytest.mark.parametrize("field", ["discoverable", "indexable", "memorial", "suspended"])
@pytest.mark.parametrize("odd", [None, "true", 1, [], {}])
def test_an_odd_flag_counts_as_no(field, odd):
    assert getattr(actor(**{field: odd}), field) is False
    assert getattr(actor(**{field: True}), field) is True


def test_url_prefers_the_page_for_browsers():
    urls = [
        {"type": "Link", "href": f"{A}.json", "mediaType": "application/activity+json"},
        {"type": "Link", "href": "https://m.example/@bob", "mediaType": "text/html"},
    ]
    assert actor(url=urls).url == "https://m.example/@bob"


def test_generator_of_every_shape():
    rfc = {"href": "https://datatracker.ietf.org/doc/html/rfc9421", "name": "RFC-9421"}
    full = actor(
        generator={"type": "Application", "name": "x", "implements": [rfc, rfc["href"], {"name": "no"}]}
    )
    assert full.generator == Application(
        name="x", implements=((rfc["href"], "RFC-9421"), (rfc["href"], None))
    )
    assert full.generator.to_json()["implements"] == [rfc, {"href": rfc["href"]}]
    assert actor(generator="https://m.example/actor").generator == Application(id="https://m.example/actor")
    assert actor(generator=5).generator is None


def test_software_says_what_it_keeps_to():
    rfc = {"href": "https://datatracker.ietf.org/doc/html/rfc9421", "name": "RFC-9421"}
    server = actor(type="Application", implements=[rfc, "x"])
    assert server.implements == ((rfc["href"], "RFC-9421"),)
    doc = server.to_json()
    assert doc["implements"] == [rfc]
    assert "implements" in doc["@context"][-1]
    assert "implements" not in actor().to_json()["@context"][-1]


def test_a_moved_suspended_memorial_actor_is_written_as_such():
    doc = actor(movedTo="https://new.example/users/bob", suspended=True, memorial=True).to_json()
    assert doc["movedTo"] == "https://new.example/users/bob"
    assert doc["suspended"] is True
    assert doc["memorial"] is True


def test_tags_are_read():
    assert actor(tag={"type": "Hashtag", "name": "AIart"}).tags == (Hashtag(name="#AIart"),)


def test_pictures_are_written_with_what_is_known():
    assert Picture(url="https://m.example/a").to_json() == {"type": "Image", "url": "https://m.example/a"}


def test_the_written_document_is_valid_json_without_nulls():
    doc = actor().to_json()
    assert None not in doc.values()
    assert json.loads(json.dumps(doc)) == doc
    assert "@context" not in actor().to_json(context=False)


@pytest.mark.parametrize("doc", [None, [], "x", 5])
def test_what_is_no_object_is_refused(doc):
    with pytest.raises(MalformedError, match="not a JSON object"):
        Actor.from_json(doc)
