"""Interaction policies."""

import pytest

from activitypub.objects.policy import EVERYBODY, Approval, InteractionPolicy
from activitypub.vocab import PUBLIC

FOLLOWERS = "https://m.example/users/bob/followers"


def test_rules_are_read_and_written():
    doc = {
        "canQuote": {"automaticApproval": [FOLLOWERS], "manualApproval": [PUBLIC]},
        "canLike": {"automaticApproval": [PUBLIC]},
    }
    found = InteractionPolicy.from_json(doc)
    assert found == InteractionPolicy(
        can_quote=Approval(automatic=(FOLLOWERS,), manual=(PUBLIC,)), can_like=EVERYBODY
    )
    assert found.to_json() == doc


def test_older_names_are_understood():
    found = InteractionPolicy.from_json({"canReply": {"always": "as:Public", "approvalRequired": FOLLOWERS}})
    assert found == InteractionPolicy(can_reply=Approval(automatic=(PUBLIC,), manual=(FOLLOWERS,)))


@pytest.mark.parametrize("value", [None, 5, "x", [], True])
def test_an_odd_policy_is_read_as_absent(value):
    assert InteractionPolicy.from_json(value) is None


@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_an_odd_rule_is_read_as_absent(value):
    assert InteractionPolicy.from_json({"canQuote": value}) == InteractionPolicy()


def test_nobody_is_an_empty_list_and_not_an_absent_rule():
    found = InteractionPolicy.from_json({"canQuote": {"automaticApproval": []}})
    assert found == InteractionPolicy(can_quote=Approval())
    assert found.to_json() == {"canQuote": {"automaticApproval": []}}
