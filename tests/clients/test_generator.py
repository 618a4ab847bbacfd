"""A stock client asks for pictures: by mention, by direct message, in the composer and by our own API."""

from functools import partial

import pytest
from mastodon import Mastodon
from mastodon.return_types import Status

from tests.peers.server_process import Instance, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

DRAWN_S = 60.0


def answer_to(client: Mastodon, status_id: str, running: Instance) -> Status:
    """Return the one answer to a post, when it is there."""
    look = partial(client.status_context, status_id)
    answers: list[Status] = eventually(lambda: look().descendants, running.logs(), DRAWN_S, poll_s=0.3)
    assert len(answers) == 1
    return answers[0]


def test_a_mention_is_answered_and_the_answer_can_be_answered(anna: Mastodon, running: Instance) -> None:
    asked = anna.status_post("@imagine a lighthouse in fog --wide", visibility="public")
    answer = answer_to(anna, asked.id, running)
    assert (answer.account.acct, answer.account.bot, answer.visibility) == ("imagine", True, "unlisted")
    assert [mention.acct for mention in answer.mentions] == ["anna"]
    [picture] = answer.media_attachments
    assert picture.description == "A lighthouse in fog. AI-generated image."
    assert picture.meta.original.width == picture["fedi"]["width"]
    assert answer["fedi"]["asked_by"] == "anna"

    asked = anna.status_post("@imagine again, no text", in_reply_to_id=answer.id, visibility="direct")
    again = answer_to(anna, asked.id, running)
    assert (again.visibility, again["fedi"]["negative_prompt"]) == ("direct", "text")
    assert again["fedi"]["seed"] != answer["fedi"]["seed"]
    told = [note.type for note in anna.notifications() if note.account.acct == "imagine"]
    assert told == ["mention", "mention"]


def test_an_ordered_picture_goes_into_any_post(ben: Mastodon, running: Instance) -> None:
    described = ben.instance_v2()["fedi"]
    assert described["account"] == "imagine"
    headers = {"Authorization": f"Bearer {ben.access_token}"}
    url = described["generations"]["url"]
    made = ben.session.post(url, json={"prompt": "a red boat"}, headers=headers).json()
    ben.media(made["media_id"])
    eventually(lambda: ben.media(made["media_id"]).url, running.logs(), DRAWN_S, poll_s=0.3)
    post = ben.status_post("my boat", media_ids=[made["media_id"]])
    assert post["fedi"]["prompt"] == "a red boat"
