"""What a client's Note becomes: words, people, pictures, labels."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fedi.models import Account, Attachment, Mention, Post
from tests.fedi import looking
from tests.fedi.api.c2s.conftest import C2S, PUBLIC
from tests.fedi.remote import RemoteActor

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def published(alice: C2S, **more: Any) -> dict[str, Any]:
    """Publish a Note and return its document."""
    found: dict[str, Any] = (await alice.get(await alice.done({"type": "Note", "to": [PUBLIC], **more})))[
        "object"
    ]
    return found


async def test_html_is_kept_but_for_what_is_dangerous(server: "Server", alice: C2S) -> None:
    html = "<h2>Title</h2><p onclick='x()'>a <b>bold</b> word<script>alert(1)</script></p>"
    note = await published(alice, content=html)
    assert note["content"] == "<h2>Title</h2><p>a <b>bold</b> word</p>"
    assert (await looking.get_post(server, note["id"])).source == "Title\na bold word"


async def test_plain_text_is_marked_up_here(server: "Server", alice: C2S, carol: C2S) -> None:
    source = {"content": "hi @carol, see https://x.example/a #Art\n\n<b>", "mediaType": "text/plain"}
    note = await published(alice, content="<p>not this</p>", source=source)
    assert "&lt;b&gt;" in note["content"]
    assert "not this" not in note["content"]
    assert 'href="https://x.example/a"' in note["content"]
    assert [tag["href"] for tag in note["tag"] if tag["type"] == "Mention"] == [carol.me]
    assert [tag["name"] for tag in note["tag"] if tag["type"] == "Hashtag"] == ["#art"]
    assert await looking.told(server, carol.account) == ["mention"]


async def test_markdown_is_taken_for_plain_text_and_other_sources_are_refused(alice: C2S) -> None:
    note = await published(alice, source={"content": "*hi*", "mediaType": "text/markdown"})
    assert note["content"] == "<p>*hi*</p>"
    answer = await alice.post(
        {"type": "Note", "source": {"content": "x", "mediaType": "text/x.misskeymarkdown"}}
    )
    assert answer.status_code == 422


async def test_hashtags_come_by_tag_or_by_text(server: "Server", alice: C2S) -> None:
    tags = [{"type": "Hashtag", "name": "#Woods"}, {"type": "Hashtag", "name": "no # tag"}, 5]
    note = await published(alice, content="<p>a <a href='https://x.example'>#fox</a></p>", tag=tags)
    found = sorted(tag["name"] for tag in note["tag"])
    assert found == ["#fox", "#woods"]


@pytest.mark.parametrize(
    ("to", "cc", "visibility"),
    [
        ([PUBLIC], [], "public"),
        (["as:Public"], [], "public"),
        ("Public", None, "public"),
        ([], [PUBLIC], "unlisted"),
        (["https://fedi.test/users/alice/followers"], [], "private"),
        ([], ["https://fedi.test/users/alice/followers"], "private"),
        (["https://fedi.test/users/carol"], [], "direct"),
        ([], [], "direct"),
    ],
)
@pytest.mark.usefixtures("carol")
async def test_visibility_follows_from_the_address(
    server: "Server", alice: C2S, to: Any, cc: Any, visibility: str
) -> None:
    note = await published(alice, content="x", to=to, cc=cc)
    assert (await looking.get_post(server, note["id"])).visibility == visibility


async def test_who_is_addressed_is_named_and_gets_it(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    note = await published(alice, content="<p>a letter</p>", to=bob.iri)
    assert note["to"] == [bob.iri]
    assert [tag["href"] for tag in note["tag"]] == [bob.iri]
    await server.work()
    (sent,) = bob.home.bodies
    assert (sent["type"], sent["object"]["content"]) == ("Create", "<p>a letter</p>")


async def test_a_mention_addresses_whom_it_names(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    note = await published(
        alice, content="hi", tag={"type": "Mention", "href": bob.iri, "name": "@bob@remote.test"}
    )
    assert bob.iri in note["cc"]


async def test_bto_and_bcc_get_it_and_nobody_learns_of_them(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    where = await alice.done({
        "type": "Create", "bto": [bob.iri],
        "object": {"type": "Note", "content": "psst", "to": [], "bcc": carol.me},
    })  # fmt: skip
    await server.work()
    (request,) = bob.home.received
    assert str(request.url) == f"{bob.iri}/inbox"
    for text in (request.content.decode(), (await alice.http.get(where)).text):
        assert "psst" in text
        for secret in ("bto", "bcc", bob.iri, carol.me):
            assert secret not in text
    assert "psst" in (await carol.http.get(where)).text
    assert [item["id"] for item in (await carol.get(f"{carol.me}/inbox?page=true"))["orderedItems"]] == [
        where
    ]
    assert await looking.told(server, carol.account) == ["mention"]
    note = (await alice.get(where))["object"]["id"]
    shown = (await carol.http.get(f"/api/v1/statuses/{note.rpartition('/')[2]}")).json()
    assert shown["mentions"] == []


async def test_the_deletion_reaches_those_nobody_knew_of(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    note = await published(alice, content="psst", to=[], bcc=[bob.iri])
    await alice.done({"type": "Delete", "object": note["id"]})
    await server.work()
    assert [sent["type"] for sent in bob.home.bodies] == ["Create", "Delete"]


@pytest.mark.parametrize("field", ["bto", "bcc"])
@pytest.mark.parametrize("whom", [PUBLIC, "as:Public", "https://fedi.test/users/alice/followers"])
async def test_hidden_crowds_are_refused(server: "Server", alice: C2S, field: str, whom: str) -> None:
    assert (await alice.post({"type": "Note", "content": "x", field: [whom]})).status_code == 422


async def test_who_cannot_be_found_is_told(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    for nobody in ("https://remote.test/users/nobody", "https://gone.test/users/x", f"{bob.iri}/followers",
                   "https://fedi.test/users/nobody", "http://127.0.0.1/users/x", "tag:x,2020:y"):  # fmt: skip
        answer = await alice.post({"type": "Note", "content": "x", "to": [nobody]})
        assert answer.status_code == 422, nobody
        assert nobody in answer.json()["error"]
    assert await looking.count(server, Post) == 0


async def test_nobody_makes_us_ask_after_a_crowd(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    crowd = [f"https://remote.test/users/p{number}" for number in range(500)]
    answer = await alice.post({"type": "Note", "content": "x", "to": crowd})
    assert answer.status_code == 422
    assert bob.home.asked == []
    some = [bob.home.person(f"q{number}").iri for number in range(45)]
    answer = await alice.post({"type": "Note", "content": "x", "to": some})
    assert answer.status_code == 422
    assert len(bob.home.asked) <= 40


async def test_an_answer_hangs_below_what_it_answers(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    asked = bob.note()
    note = await published(alice, content="yes", inReplyTo=asked["id"])
    assert note["inReplyTo"] == asked["id"]
    await server.work()
    assert [sent["object"]["inReplyTo"] for sent in bob.home.bodies] == [asked["id"]]


@pytest.mark.parametrize(
    ("answered", "status"),
    [
        ("https://fedi.test/nothing", 404),
        ("https://remote.test/none", 404),
        (5, 422),
        ({"type": "Note"}, 422),
    ],
)
async def test_what_answers_nothing_is_refused(
    server: "Server", alice: C2S, bob: RemoteActor, answered: Any, status: int
) -> None:
    answer = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], "inReplyTo": answered})
    assert answer.status_code == status


async def test_a_letter_to_others_cannot_be_answered(server: "Server", alice: C2S, carol: C2S) -> None:
    letter = await carol.note(to=[])
    answer = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], "inReplyTo": letter})
    assert answer.status_code == 404


async def test_a_warning_is_plain_and_hides(server: "Server", alice: C2S) -> None:
    note = await published(alice, content="x", summary="<b>spiders</b>", contentMap={"de": "x"})
    assert (note["summary"], note["sensitive"], list(note["contentMap"])) == ("spiders", True, ["de"])


@pytest.mark.parametrize("by", ["id", "url", "object with id", "object with url", "object with link"])
async def test_an_upload_is_attached_and_described(
    server: "Server", alice: C2S, picture: bytes, by: str
) -> None:
    image = await upload(alice, picture)
    link = {"type": "Link", "href": image["url"], "mediaType": "image/jpeg"}
    entry = {
        "id": image["id"],
        "url": image["url"],
        "object with id": {"type": "Image", "id": image["id"], "name": "a wall"},
        "object with url": {"type": "Document", "url": image["url"], "summary": "a wall"},
        "object with link": {"type": "Image", "url": [link], "nameMap": {"en": "a wall"}},
    }[by]
    note = await published(alice, content="look", attachment=[entry])
    (shown,) = note["attachment"]
    assert shown["url"] == image["url"]
    assert shown["name"] == ("a wall" if by.startswith("object") else "a gradient")


async def upload(alice: C2S, picture: bytes, **form: Any) -> dict[str, Any]:
    shell = {"object": '{"type": "Image", "name": "a gradient"}'} | form
    answer = await alice.http.post("/api/c2s/media", files={"file": ("x.jpg", picture)}, data=shell)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_only_ones_own_unposted_uploads_are_attached(
    server: "Server", alice: C2S, carol: C2S, picture: bytes
) -> None:
    theirs, mine = await upload(carol, picture), await upload(alice, picture)
    other = "https://remote.test/x.jpg"
    for entry in (theirs["id"], other, {"type": "Image", "url": other}, {"type": "Image", "id": theirs["id"]}, 5,
                  {}, f"{alice.me}/media/99999999999999999999", f"{alice.me}/media/x", mine["id"] + "0"):  # fmt: skip
        answer = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], "attachment": entry})
        assert answer.status_code == 422, entry
    await published(alice, content="x", attachment=mine["id"])
    again = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], "attachment": mine["id"]})
    assert again.status_code == 422
    crowd = await alice.post({"type": "Note", "content": "x", "attachment": [mine["id"]] * 21})
    assert crowd.status_code == 422


async def test_the_same_key_posts_a_picture_once(server: "Server", alice: C2S, picture: bytes) -> None:
    image = await upload(alice, picture)
    note = {"type": "Note", "content": "x", "to": [PUBLIC], "attachment": image["url"]}
    first, again = [await alice.done(note, **{"idempotency-key": "k"}) for _ in range(2)]
    assert first == again


GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PHOTO = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


async def test_a_label_can_be_added_and_never_removed(server: "Server", alice: C2S, picture: bytes) -> None:
    image = await upload(alice, picture)
    labelled = await published(alice, content="x", digitalSourceType=GENERATED, attachment=image["id"])
    assert (labelled["digitalSourceType"], labelled["genAI"]) == (GENERATED, True)
    image = await upload(alice, picture)
    async with server.ctx.db.write() as tx:
        row = await tx.get_one(Attachment, int(image["id"].rpartition("/")[2]))
        row.digital_source_type = GENERATED
    lie = {"type": "Image", "id": image["id"], "digitalSourceType": PHOTO}
    note = await published(alice, content="x", digitalSourceType=PHOTO, genAI=False, attachment=[lie])
    assert note["attachment"][0]["digitalSourceType"] == GENERATED
    assert (note["digitalSourceType"], note["genAI"]) == (GENERATED, True)


async def test_a_drawing_keeps_its_label_whatever_the_client_marks_up(server: "Server", alice: C2S) -> None:
    where = await alice.done({
        "type": "Note", "to": [PUBLIC], "content": "<p>/imagine a fox</p>", "digitalSourceType": PHOTO,
    })  # fmt: skip
    await server.work()
    note = (await alice.get(where))["object"]
    assert "AI-generated" in note["content"]
    assert (note["digitalSourceType"], note["genAI"]) == (GENERATED, True)


async def test_the_limits_of_posts_hold(server: "Server", alice: C2S) -> None:
    for content in ("", "<p> </p>", "<script>x</script>", "x" * 2001, "<p>" + "x" * 2001 + "</p>"):
        answer = await alice.post({"type": "Note", "content": content, "to": [PUBLIC]})
        assert answer.status_code == 422, content[:10]
    assert await looking.count(server, Post) == 0


async def test_a_post_may_quote_another(server: "Server", alice: C2S, carol: C2S) -> None:
    quoted = await carol.note("<p>first</p>")
    note = await published(alice, content="<p>see</p>", quote=quoted)
    assert (note["quote"], note["quoteUri"]) == (quoted, quoted)
    assert note["quoteAuthorization"].startswith(f"{carol.me}/stamps/")
    assert await looking.told(server, carol.account) == ["quote"]


@pytest.mark.parametrize("do", ["reply", "quote", "Like", "Announce", "EmojiReact"])
async def test_what_is_not_for_the_person_looks_like_nothing(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor, do: str
) -> None:
    await looking.follow(server, carol.account, bob)
    theirs = bob.note(to=[f"{bob.iri}/followers"], cc=[])
    assert await looking.verdict(server, bob, bob.creates(theirs)) == "done"
    bob.home.documents.pop(theirs["id"])
    mine = (await published(carol, content="<p>secret</p>", to=[carol.followers]))["id"]
    doc: dict[str, Any] = {"type": do, "content": "👍"} if do == "EmojiReact" else {"type": do}
    answers = []
    for about in (mine, f"{carol.me}/statuses/1", theirs["id"], f"{theirs['id']}0"):
        doc |= {"object": about}
        if do in {"reply", "quote"}:
            member = {"reply": "inReplyTo", "quote": "quote"}[do]
            doc = {"type": "Note", "content": "x", "to": [PUBLIC], member: about}
        answer = await alice.post(doc)
        answers.append((answer.status_code, answer.json()["error"]))
    assert {status for status, _ in answers} == {404}
    assert len(set(answers)) == 1, answers


async def test_a_quote_without_leave_or_of_nothing_is_refused(
    server: "Server", alice: C2S, carol: C2S
) -> None:
    mine = {"canQuote": {"automaticApproval": [carol.me]}}
    quoted = await carol.note("<p>first</p>", interactionPolicy=mine)
    odd: tuple[Any, ...] = (5, [[]])
    for wrong in (quoted, f"{quoted}0", "https://remote.test/nothing", *odd):
        answer = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], "quote": wrong})
        assert answer.status_code in {404, 422}, wrong
    assert await looking.count(server, Post) == 1


@pytest.mark.parametrize(
    ("approved", "kept"),
    [
        (["as:Public"], [PUBLIC]),
        ("https://fedi.test/users/alice/followers", ["https://fedi.test/users/alice/followers"]),
        (["https://fedi.test/users/alice"], ["https://fedi.test/users/alice"]),
        ([], ["https://fedi.test/users/alice"]),
    ],
)
async def test_an_author_says_who_may_quote(alice: C2S, approved: Any, kept: list[str]) -> None:
    policy = {"canQuote": {"automaticApproval": approved}}
    note = await published(alice, content="x", interactionPolicy=policy)
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": kept}}


@pytest.mark.parametrize("rule", [{"automaticApproval": ["https://a.test/b"]}, {"manualApproval": [PUBLIC]}])
async def test_a_rule_about_quotes_that_is_not_kept_is_refused(alice: C2S, rule: Any) -> None:
    policy = {"interactionPolicy": {"canQuote": rule}}
    answer = await alice.post({"type": "Note", "content": "x", "to": [PUBLIC], **policy})
    assert answer.status_code == 422


async def test_servers_are_addressed_by_nobody(server: "Server", alice: C2S) -> None:
    note = await published(alice, content="x", to=["https://fedi.test/actor"])
    async with server.ctx.db.read() as tx:
        assert (await tx.execute(select(Mention))).first() is None
        assert (await tx.execute(select(Account.username).where(Account.kind == "Application"))).first()
    assert note["to"] == []
