"""What a stranger's browser is shown, and what it is not."""

import re

import pytest

from fedi import iris
from fedi.models import Account, Placeholder, Post, PostState
from fedi.outbound import resolve
from fedi.services import featuring, interacting, pinning, posting
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.fedi.web.showing import HTML, elements, page, picture, publish
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_home_shows_public_local_pictures_newest_first(server: Server, alice: Account) -> None:
    first = await publish(server, alice, "One", pictures=1)
    second = await publish(server, alice, "Two", pictures=1)
    html = (await page(server, "/")).text
    links = [link["href"] for link in elements(html, "a") if re.search(r"/@alice/\d+", link["href"])]
    assert links == [second.url, first.url]


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct"])
async def test_home_leaves_out_what_is_not_public(server: Server, alice: Account, visibility: str) -> None:
    await publish(server, alice, "Quiet", visibility=visibility, pictures=1)
    assert "/@alice/" not in (await page(server, "/")).text


async def test_home_leads_to_older_pictures(
    server: Server, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi.web.pages.TILES", 2)
    posts = [await publish(server, alice, f"Nr {number}", pictures=1) for number in range(3)]
    html = (await page(server, "/")).text
    (older,) = elements(html, "a", rel="next")
    assert older["href"] == f"?before={posts[1].id}"
    html = (await page(server, f"/{older['href']}")).text
    assert posts[0].url in html
    assert posts[1].url not in html
    assert elements(html, "a", rel="next") == []


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣"])
async def test_a_cursor_that_is_no_id_is_not_found(server: Server, before: str) -> None:
    await page(server, f"/?before={before}", 404)


async def test_the_post_page_shows_the_picture_large_with_its_description_and_size(
    server: Server, alice: Account
) -> None:
    post = await publish(server, alice, "Here it is", pictures=1)
    html = (await page(server, f"/@alice/{post.id}")).text
    (shown,) = elements(html, "img", alt="A brown field")
    assert (shown["width"], shown["height"]) == ("48", "32")
    assert (await server.client.get(shown["src"])).headers["content-type"] == "image/jpeg"
    assert "Here it is" in html


async def test_a_picture_without_a_description_is_still_announced(server: Server, alice: Account) -> None:
    post = await publish(server, alice, attachment_ids=[await picture(server, alice, alt=None)])
    html = (await page(server, f"/@alice/{post.id}")).text
    assert elements(html, "img", alt="Picture without a description")


async def test_a_generated_picture_is_labelled_with_its_recipe(server: Server, alice: Account) -> None:
    recipe = {
        "model": "tiny", "steps": 20, "seed": 7, "guidance": 0.0, "width_px": 512, "height_px": 384, "prompt": "a red boat",
    }  # fmt: skip
    post = await publish(server, alice, pictures=1, recipe=recipe)
    html = (await page(server, f"/@alice/{post.id}")).text
    assert "AI-generated" in html
    terms = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html))
    assert terms == {"Model": "tiny", "Steps": "20", "Seed": "7", "Size": "512 × 384"}
    assert "a red boat" in html


async def test_an_uploaded_picture_that_says_so_is_labelled(server: Server, alice: Account) -> None:
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    post = await publish(
        server, alice, attachment_ids=[await picture(server, alice, digital_source_type=source)]
    )
    assert "Changed with AI" in (await page(server, f"/@alice/{post.id}")).text


async def test_an_ordinary_picture_is_not_labelled(server: Server, alice: Account) -> None:
    post = await publish(server, alice, pictures=1)
    assert "with AI" not in (await page(server, f"/@alice/{post.id}")).text.partition("</head>")[2]


async def test_a_prompt_that_was_not_shared_is_not_shown(server: Server, alice: Account) -> None:
    post = await publish(server, alice, pictures=1, recipe={"model": "tiny"})
    assert "Prompt" not in (await page(server, f"/@alice/{post.id}")).text


async def test_previews_of_a_post_name_its_picture(server: Server, alice: Account) -> None:
    post = await publish(server, alice, "Here it is", pictures=1)
    html = (await page(server, f"/@alice/{post.id}")).text
    properties = {tag["property"]: tag["content"] for tag in elements(html, "meta") if "property" in tag}
    assert properties["og:url"] == post.url
    assert properties["og:description"] == "Here it is"
    assert properties["og:image"].startswith("https://fedi.test/media/")
    assert properties["og:image:alt"] == "A brown field"
    assert (properties["og:image:width"], properties["og:image:height"]) == ("48", "32")


async def test_sensitive_pictures_stay_behind_a_warning(server: Server, alice: Account) -> None:
    post = await publish(server, alice, "Beware", spoiler_text="Spiders", pictures=1)
    html = (await page(server, f"/@alice/{post.id}")).text
    assert "<summary>" in html
    assert html.index("Spiders") < html.index('alt="A brown field"')
    assert "og:image" not in html
    assert "Beware" not in html.partition("</head>")[0]
    wall = (await page(server, "/@alice")).text
    assert "Spiders" in wall
    assert "A brown field" not in wall


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_strangers_may_not_see_looks_like_what_does_not_exist(
    server: Server, alice: Account, visibility: str
) -> None:
    hidden = await publish(server, alice, "For my eyes", visibility=visibility)
    refused = await page(server, f"/@alice/{hidden.id}", 404)
    absent = await page(server, f"/@alice/{hidden.id + 1}", 404)

    def without_number(html: str) -> str:
        return re.sub(r"[0-9a-f]{16}", "", html)

    assert without_number(refused.text) == without_number(absent.text)
    for path in ("/", "/@alice", "/@alice?tab=posts"):
        assert "For my eyes" not in (await page(server, path)).text


async def test_a_draft_is_not_found_and_leads_to_its_post_once_published(
    server: Server, alice: Account
) -> None:
    draft = await publish(server, alice, "Drawing", visibility="public")
    async with server.ctx.db.write() as tx:
        row = await tx.get_one(Post, draft.id)
        row.state = PostState.DRAFT
    await page(server, f"/@alice/{draft.id}", 404)
    assert "Drawing" not in (await page(server, "/@alice?tab=posts")).text
    post = await publish(server, alice, "Drawn")
    async with server.ctx.db.write() as tx:
        await tx.delete(await tx.get_one(Post, draft.id))
        tx.add(Placeholder(draft_id=draft.id, post_id=post.id))
    answer = await page(server, f"/@alice/{draft.id}", 302)
    assert answer.headers["location"] == post.url


async def test_a_deleted_post_is_gone(server: Server, alice: Account) -> None:
    post = await publish(server, alice)
    async with server.ctx.db.write() as tx:
        row, author = await tx.get_one(Post, post.id), await tx.get_one(Account, alice.id)
        await posting.delete(server.ctx, tx, post=row, author=author)
    assert "deleted" in (await page(server, f"/@alice/{post.id}", 410)).text


async def test_a_post_is_only_found_under_its_author(server: Server, alice: Account) -> None:
    await server.person("carol")
    post = await publish(server, alice)
    await page(server, f"/@carol/{post.id}", 404)


@pytest.mark.parametrize("identifier", ["0", "-1", "1e3", "9" * 19, "9" * 400, "%00", "x"])
async def test_an_address_that_is_no_id_is_not_found(server: Server, alice: Account, identifier: str) -> None:
    await page(server, f"/@alice/{identifier}", 404)


async def test_a_thread_is_shown_as_far_as_strangers_may_see_it(server: Server, alice: Account) -> None:
    question = await publish(server, alice, "Question")
    answer = await publish(server, alice, "Answer", in_reply_to_id=question.id)
    await publish(server, alice, "Whisper", in_reply_to_id=answer.id, visibility="private")
    html = (await page(server, f"/@alice/{answer.id}")).text
    assert html.index("Question") < html.index(">Answer<")
    assert "Whisper" not in html
    assert "Answer" in (await page(server, f"/@alice/{question.id}")).text


async def test_pictures_of_other_servers_are_shown_from_here(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    post = await publish(server, alice, "Show me yours")
    cat = {
        "type": "Document",
        "mediaType": "image/png",
        "url": "https://remote.test/cat.png",
        "name": "My cat",
    }
    note = bob.note(inReplyTo=post.iri, content="<p>Mine</p>", attachment=[cat])
    assert await verdict(server, bob, bob.creates(note)) == "done"
    html = (await page(server, f"/@alice/{post.id}")).text
    assert "Mine" in html
    [shown] = elements(html, "img", alt="My cat")
    assert shown["src"].startswith("/media/remote/")
    assert all(other["src"].startswith("/") for other in elements(html, "img"))
    assert "https://remote.test/cat.png" not in html


async def test_profile_shows_who_it_is_and_a_grid(server: Server, alice: Account) -> None:
    async with server.ctx.db.write() as tx:
        row = await tx.get_one(Account, alice.id)
        row.display_name, row.note = "Alice \u202eevil", "<p>Paints.</p><script>alert(1)</script>"
        row.fields = [{"name": "Home", "value": '<a href="https://a.example/" onclick="x()">a.example</a>'}]
    post = await publish(server, alice, pictures=1)
    await publish(server, alice, "Only words")
    html = (await page(server, "/@alice")).text
    assert "@alice@fedi.test" in html
    assert "\u202e" not in html
    assert "<p>Paints.</p>" in html
    assert "alert" not in html
    assert "onclick" not in html
    assert elements(html, "a", href=post.url or "")
    assert elements(html, "img", alt="A brown field")
    assert "Only words" in html


async def test_all_posts_of_a_profile_are_one_step_away(server: Server, alice: Account) -> None:
    await publish(server, alice, "Words first")
    (tab,) = elements((await page(server, "/@alice")).text, "a", href="https://fedi.test/@alice?tab=posts")
    html = (await page(server, tab["href"])).text
    assert "Words first" in html
    assert elements(html, "a", aria_current="page")[0]["href"].endswith("tab=posts")


async def test_a_boost_shows_whose_post_it_is(server: Server, alice: Account) -> None:
    carol = await server.person("carol")
    post = await publish(server, alice, "Boost me")
    async with server.ctx.db.write() as tx:
        me, target = await tx.get_one(Account, carol.id), await tx.get_one(Post, post.id)
        boost = await interacting.boost(server.ctx, tx, account=me, post=target)
    html = (await page(server, "/@carol?tab=posts")).text
    assert "boosted" in html
    assert elements(html, "a", href=post.url or "")
    await page(server, f"/@carol/{boost.id}", 404)


async def test_a_bot_names_its_operator(server: Server) -> None:
    bot = await server.person("painter", bot=True)
    post = await publish(server, bot, pictures=1)
    for path in ("/@painter", f"/@painter/{post.id}"):
        html = (await page(server, path)).text
        assert "@operator@fedi.test" in html
        assert ">Bot</span>" in html


@pytest.mark.parametrize("name", ["ALICE", "alice@", "alice@fedi.test", "Alice@fedi.test"])
async def test_other_spellings_of_a_name_lead_to_its_page(server: Server, alice: Account, name: str) -> None:
    answer = await page(server, f"/@{name}", 301)
    assert answer.headers["location"] == iris.profile(server.settings, alice.username)


@pytest.mark.parametrize("name", ["nobody", "alice@elsewhere.test", "@", "%00"])
@pytest.mark.usefixtures("alice")
async def test_names_that_nobody_has_are_not_found(server: Server, name: str) -> None:
    await page(server, f"/@{name}", 404)


async def test_a_suspended_account_is_gone_with_its_pictures(server: Server, alice: Account) -> None:
    post = await publish(server, alice, pictures=1)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).suspended_at = server.clock()
    await page(server, "/@alice", 410)
    await page(server, f"/@alice/{post.id}", 410)
    assert "/@alice/" not in (await page(server, "/")).text


async def test_who_moved_says_where_to(server: Server, alice: Account, remote: RemoteServer) -> None:
    assert "moved" not in (await page(server, "/@alice")).text
    bob = remote.person("bob", alsoKnownAs=[alice.iri])
    await resolve.actor(server.ctx, bob.iri)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).moved_to = bob.iri
    html = (await page(server, "/@alice")).text
    assert "@bob@remote.test" in html
    (link,) = elements(html, "a", href=bob.iri)
    assert "nofollow" in link["rel"]
    assert "To follow" not in html


async def test_who_moved_to_an_account_that_is_gone_has_moved_all_the_same(
    server: Server, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).moved_to = "https://remote.test/users/nobody"
    assert "Has moved." in (await page(server, "/@alice")).text


async def test_the_server_itself_has_no_profile_but_an_about_page(server: Server) -> None:
    answer = await page(server, "/@fedi.test", 302)
    assert answer.headers["location"] == "https://fedi.test/about"


async def test_profile_and_post_name_the_document_for_other_servers(server: Server, alice: Account) -> None:
    post = await publish(server, alice)
    for path, iri in (("/@alice", alice.iri), (f"/@alice/{post.id}", post.iri)):
        answer = await page(server, path)
        assert answer.headers["link"] == f'<{iri}>; rel="alternate"; type="application/activity+json"'
        assert "Accept" in answer.headers["vary"]
        (link,) = elements(answer.text, "link", rel="alternate")
        assert link["href"] == iri


async def test_search_engines_are_only_invited_by_those_who_said_so(server: Server, alice: Account) -> None:
    assert elements((await page(server, "/@alice")).text, "meta", name="robots")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).indexable = True
    assert elements((await page(server, "/@alice")).text, "meta", name="robots") == []


async def test_a_hashtag_page_shows_public_posts_with_it(server: Server, alice: Account) -> None:
    await publish(server, alice, "Loud #Sea")
    await publish(server, alice, "Quiet #sea", visibility="unlisted")
    html = (await page(server, "/tags/SEA")).text
    assert "Loud" in html
    assert "Quiet" not in html


async def test_about_gives_the_contact_or_says_that_there_is_none(make_server) -> None:
    nameless = await make_server("https://a.test")
    assert "has not given an address" in (await page(nameless, "/about")).text
    named = await make_server("https://b.test", contact_email="host@b.test")
    assert elements((await page(named, "/about")).text, "a", href="mailto:host@b.test")


async def test_remote_interaction_tells_what_to_search_for(server: Server) -> None:
    html = (await page(server, "/authorize_interaction?uri=acct:bob@other.test")).text
    assert "bob@other.test" in html
    html = (await page(server, "/authorize_interaction?uri=https://other.test/1")).text
    assert elements(html, "a", href="https://other.test/1")


@pytest.mark.parametrize("uri", ["javascript:alert(1)", '"><script>alert(1)</script>', "data:text/html,x"])
async def test_remote_interaction_makes_no_link_of_what_is_no_web_address(server: Server, uri: str) -> None:
    answer = await server.client.get("/authorize_interaction", params={"uri": uri}, headers=HTML)
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert all(link["href"].startswith(("/", "#")) for link in elements(answer.text, "a"))


async def test_remote_interaction_needs_an_address(server: Server) -> None:
    await page(server, "/authorize_interaction", 400)


async def test_errors_are_pages_with_the_number_of_the_request(server: Server) -> None:
    answer = await page(server, "/nothing/here", 404)
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "Nothing here" in answer.text


async def test_a_mistake_of_ours_is_a_page_without_its_cause(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("the cupboard is bare")

    monkeypatch.setattr("fedi.web.pages.timelines.public", broken)
    answer = await page(server, "/", 500)
    assert "cupboard" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_a_method_that_a_page_does_not_know_is_refused(server: Server) -> None:
    answer = await server.client.post("/about", headers=HTML)
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


async def test_pages_never_repeat_the_host_header(server: Server, alice: Account) -> None:
    post = await publish(server, alice, pictures=1)
    for path in ("/", "/@alice", f"/@alice/{post.id}", "/about"):
        answer = await server.client.get(
            path, headers={**HTML, "Host": "evil.test", "X-Forwarded-Host": "evil.test"}
        )
        assert answer.status_code == 200
        assert "evil.test" not in answer.text


async def test_pages_differ_between_strangers_in_nothing(server: Server, alice: Account) -> None:
    await publish(server, alice, pictures=1)
    plain = await page(server, "/@alice")
    signed_in = await server.client.get(
        "/@alice", headers={**HTML, "Cookie": "session=x", "Authorization": "Bearer x"}
    )
    assert signed_in.text == plain.text


async def test_a_name_in_another_direction_turns_nothing_around_it(server: Server, alice: Account) -> None:
    name = "\u0623\u0644\u064a\u0633"  # Arabic, from right to left
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).display_name = name
    post = await publish(server, alice, "Look at #this", pictures=1)
    for path in ("/@alice", f"/@alice/{post.id}"):
        _, _, body = (await page(server, path)).text.partition("<body")
        assert name in body
        apart = re.sub(r"<bdi[^>]*>.*?</bdi>", "", body, flags=re.DOTALL)
        assert name not in re.sub(r"<[^>]*>", "", apart), path


async def test_naughty_strings_are_printed_and_not_obeyed(server: Server, alice: Account) -> None:
    post = await publish(server, alice, '<img src=x onerror=alert(1)> {{ 7*7 }} "quoted"')
    html = (await page(server, f"/@alice/{post.id}")).text
    assert elements(html, "img", src="x") == []
    assert "{{ 7*7 }}" in html


async def test_a_profile_shows_first_what_was_pinned_and_only_once(server: Server, alice: Account) -> None:
    words, hidden = (
        await publish(server, alice, "Read me"),
        await publish(server, alice, "x", visibility="private"),
    )
    await publish(server, alice, "Newer words")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        for post in (words, hidden):
            await pinning.pin(server.ctx, tx, account=me, post=await tx.get_one(Post, post.id))
        await featuring.feature(server.ctx, tx, account=me, name="sky")
        me.avatar_description = "a face"
    html = (await page(server, "/@alice")).text
    shown = [entry["id"] for entry in elements(html, "article")]
    assert shown[0] == f"post-{words.id}"
    assert shown.count(f"post-{words.id}") == 1
    assert f"post-{hidden.id}" not in shown
    assert elements(html, "a", href="/tags/sky")
    assert elements(html, "img", alt="a face")
    everything = (await page(server, "/@alice?tab=posts")).text
    assert "Pinned" not in everything
    assert len(elements(everything, "article", id=f"post-{words.id}")) == 1
