"""NodeInfo: what the schemas ask, and what clients look for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub.errors import MalformedError
from activitypub.nodeinfo import CONTENT_TYPES, NodeInfo, discovery

OURS = NodeInfo(
    software_name="fedi",
    software_version="0.1.0",
    repository="https://git.example/fedi",
    homepage="https://fedi.example",
    users_total=3,
    local_posts=7,
    node_name="ai.example",
)


def test_version_2_0_has_no_repository_and_no_homepage():
    doc = OURS.to_json("2.0")
    assert doc["version"] == "2.0"
    assert doc["software"] == {"name": "fedi", "version": "0.1.0"}


def test_version_2_1_has_both():
    doc = OURS.to_json("2.1")
    assert doc["software"]["repository"] == "https://git.example/fedi"
    assert doc["software"]["homepage"] == "https://fedi.example"


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_client_libraries_are_told_whose_api_it_is(version):
    assert OURS.to_json(version)["metadata"]["upstream"] == {"name": "mastodon"}


def test_other_metadata_follows_the_names():
    info = NodeInfo(software_name="fedi", software_version="1", metadata={"staffAccounts": []}, upstream=None)
    assert info.to_json()["metadata"] == {"staffAccounts": []}


def test_comments_are_left_out_when_they_are_not_counted():
    assert "localComments" not in OURS.to_json()["usage"]


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_the_content_type_names_the_schema(version):
    assert CONTENT_TYPES[version].endswith(f'/schema/{version}#"')


@pytest.mark.parametrize("name", ["", "Fedi", "fe di", "fedi_1", "fédi"])
def test_a_name_outside_the_schema_is_refused(name):
    with pytest.raises(MalformedError, match=r"software\.name"):
        NodeInfo(software_name=name, software_version="1")


def test_what_is_written_reads_back_equal():
    assert NodeInfo.from_json(OURS.to_json("2.1")) == OURS


def test_another_servers_document_is_read_tolerantly():
    info = NodeInfo.from_json(
        {
            "software": {"name": "GoToSocial", "version": "0.20"},
            "usage": {"users": {"total": "many"}, "localPosts": -4, "localComments": None},
            "openRegistrations": "yes",
            "metadata": [],
        }
    )
    assert info == NodeInfo(software_name="gotosocial", software_version="0.20", upstream=None)


@pytest.mark.parametrize(
    "doc",
    [None, [], {}, {"software": []}, {"software": {"name": "x"}}, {"software": {"name": 5, "version": "1"}}],
)
def test_without_a_software_name_and_version_it_is_refused(doc):
    with pytest.raises(MalformedError):
        NodeInfo.from_json(doc)


def test_discovery_without_an_instance_actor_names_both_versions():
    rels = [link["rel"] for link in discovery("https://ai.example")["links"]]
    assert rels == [f"http://nodeinfo.diaspora.software/ns/schema/{version}" for version in ("2.1", "2.0")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["software", "usage", "metadata", "openRegistrations"]),
        ANYTHING | st.dictionaries(st.sampled_from(["name", "version", "users", "upstream"]), ANYTHING),
    )
)
def test_any_json_is_read_or_refused(doc):
    try:
        info = NodeInfo.from_json(doc)
    except MalformedError:
        return
    assert info.users_total >= 0
