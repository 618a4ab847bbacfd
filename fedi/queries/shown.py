"""Posts for one viewer without a session: what pages of a timeline are made of.

The same statements as `posts.load`, as a chain of `lean`. What comes out is not the views but what they are
made of, because most posts of a page were shown a moment ago: `Shown.inputs` holds all rows that a view
depends on, so what was made of equal inputs can be shown again, and nobody has to remember what must make it
stale.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fedi.lean import Asked, Chain, Found, Lean, Raw
from fedi.models import Account, Attachment, OAuthApp, Post
from fedi.queries.views import Loaded, PostView, hanging_of, needed_for, posts_of

__all__ = ["Shown", "show"]

ACCOUNT_UNSHOWN = frozenset({
    "also_known_as", "attribution_domains", "deleted_at", "featured", "featured_tags", "fetched_at",
    "following", "inbox", "moved_at", "note_source", "operator", "outbox", "private_key_pem",
    "proof_key_pem", "public_keys", "shared_inbox", "shows_featured", "shows_media", "shows_media_replies",
    "silenced_by_rule", "suspended_by_origin", "suspended_by_rule",
})  # fmt: skip
"""What no entity shows of who wrote a post, keys above all."""

MENTIONED_UNSHOWN = frozenset(Account.__mapper__.column_attrs.keys()) - {
    "id", "username", "domain", "url", "iri",
}  # fmt: skip
"""What no entity shows of who is named in a post."""

APP_UNSHOWN = frozenset({"client_id", "created_at", "redirect_uris", "scopes", "secret_hash"})
POST_UNSHOWN = frozenset({"context_iri", "replies_fetched_at", "replies_iri", "source"})
FILE_UNSHOWN = frozenset({"account_id", "created_at", "scheduled_post_id"})

NO_POST = 0
"""Where rows hang that belong to the viewer."""

_POSTS = Lean(posts_of, {Account: ACCOUNT_UNSHOWN, OAuthApp: APP_UNSHOWN, Post: POST_UNSHOWN})
_HANGING = Lean(hanging_of, {Account: MENTIONED_UNSHOWN, Attachment: FILE_UNSHOWN})


@dataclass(frozen=True, slots=True)
class Shown:
    """A post for one viewer, not yet made.

    Attributes:
        members: its id, and those of what it boosts and quotes.
        marks: what depends on the viewer, for most posts the same as for all others.
        inputs: everything that its view is made of.
        lasting: whether its view depends on nothing else: polls and filters depend on the clock too.
    """

    members: tuple[int, ...]
    marks: tuple[Any, ...]
    inputs: tuple[Any, ...]
    lasting: bool
    _page: "_Page"

    def view(self) -> PostView:
        """Return the view."""
        return self._page.view(self.members)


def show(rows: Sequence[Raw], viewer_id: int | None) -> Chain[list[Shown]]:
    """Load posts in the order given; those that do not exist any more are left out.

    Args:
        rows: of each post what `views.WHICH` names. Whether the viewer may see them was asked before.
        viewer_id: who looks; None is a stranger.
    """
    if not rows:
        return []
    needed = needed_for(rows)
    posts = yield Asked(_POSTS, needed.parameters(viewer_id))
    hanging = yield Asked(_HANGING, needed.parameters(viewer_id))
    page = _Page(viewer_id, posts, hanging)
    members = [tuple(key for key in row if key is not None) for row in rows]
    return [page.shown(ids) for ids in members if ids[0] in page.posts]


class _Page:
    """The rows of some posts, as they came."""

    def __init__(self, viewer_id: int | None, posts: Found, hanging: Found) -> None:
        self._viewer_id = viewer_id
        self._found_posts, self._found_hanging = posts, hanging
        key, self._poll = posts.place("Post", "id"), posts.place("Poll", "id")
        self.posts = {row[key]: row for row in posts.rows}
        owner, self._ends = hanging.place("post_id"), hanging.place("expires_at")
        self._hanging: dict[int, list[Raw]] = defaultdict(list)
        for row in hanging.rows:
            self._hanging[row[owner]].append(row)
        # Keywords are the viewer's alone, and so is what is made of a post with them.
        self._own_marks = (viewer_id,) if NO_POST in self._hanging else ()

    def shown(self, members: tuple[int, ...]) -> Shown:
        rows = [self.posts[key] for key in members if key in self.posts]
        hanging = [row for key in (*members, NO_POST) if key in self._hanging for row in self._hanging[key]]
        timed = any(row[self._poll] for row in rows) or any(row[self._ends] for row in hanging)
        marks = self._found_posts.values(self.posts[members[0]])
        return Shown(members, (*marks, *self._own_marks), (*rows, *hanging), not timed, self)

    def view(self, members: tuple[int, ...]) -> PostView:
        loaded = Loaded(
            viewer_id=self._viewer_id,
            posts={key: self._found_posts.read(self.posts[key]) for key in members if key in self.posts},
            hanging={
                key: [self._found_hanging.read(row) for row in self._hanging.get(key, ())]
                for key in (*members, NO_POST)
            },
        )
        return loaded.view(members[0])
