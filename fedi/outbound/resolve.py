"""From an address to a row: fetch what another server says of an actor, a post or a key, and keep it.

A document counts only where it lives (`activitypub.client`), an actor only when WebFinger leads from
its handle back to it, a key only when its owner lists it.

Trouble is told in the exceptions of `activitypub.errors`; `UnreachableError` is the one that asks for another
try. These functions open their own transactions, after the network is done with.

Source: ActivityPub section 3.2; FEP-fe34; https://docs.joinmastodon.org/spec/webfinger/.
"""

import asyncio
import contextlib
import dataclasses
from datetime import timedelta

from activitypub import keys
from activitypub.errors import (
    ActivityPubError,
    ForbiddenError,
    GoneError,
    KeyUnusableError,
    NotFoundError,
    UnreachableError,
)
from activitypub.objects.actor import Actor
from activitypub.objects.note import NOTE_TYPES, Note
from activitypub.origin import origin, require_same_origin
from activitypub.read import require_http_iri, types
from activitypub.vocab import ACTOR_TYPES
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.memory import RemoteKey
from fedi.models import Account, Post
from fedi.outbound import quotations, remote
from fedi.outbound.fetch import Budget, document, is_ours, look_up, parse_handle
from fedi.outbound.quotations import QUOTES_MAX, Quotation
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries.quotes import QuoteState

__all__ = ["MAKING", "Budget", "actor", "handle", "keep", "key", "note", "quotation", "url"]

KEY_DEADLINE_S = 10.0
"""For a key, while the sender of an activity waits for our answer, in seconds."""

STALE_AFTER = timedelta(days=1)
"""An actor's document is read again when it is older and the actor does something."""

REFRESH_PAUSE_S = 3600.0
"""Between two tries to refresh a stale actor, in seconds."""

MAKING = frozenset({"Create", "Update"})
"""Activities that lead to a post: what they name as their object."""

PARENTS_MAX = 2
"""Posts fetched above one that somebody asked for: enough to understand an answer."""


async def actor(
    ctx: Context,
    iri: str,
    *,
    fresh: bool = False,
    budget: Budget | None = None,
    known: Account | None = None,
) -> Account:
    """Return the account of an actor: from the database, or fetched and kept.

    Args:
        ctx: the context.
        iri: the actor's id (or its page, when it is not known yet).
        fresh: ask its server even if it is known.
        budget: what may still be fetched.
        known: its account, where the caller has just read it.

    Raises:
        GoneError: it was deleted.
        NotFoundError: there is no such actor.
        UnreachableError: its server cannot be asked now.
        ActivityPubError: its document or handle cannot be believed.
    """
    if known is None:
        async with ctx.db.read() as tx:
            known = await find_account.by_iri(tx, iri)
            if known is None and await find_post.is_tombstoned(tx, iri):
                raise GoneError("the actor was deleted", iri=iri)
    if known is not None and (known.is_local or not fresh):
        return known if known.is_local else await _refreshed(ctx, known, budget)
    spending = budget or Budget()
    shared = ("actor", iri, fresh)
    return await ctx.memory.in_flight.share(shared, lambda: _fetch_actor(ctx, iri, spending, fresh=fresh))


async def _refreshed(ctx: Context, known: Account, budget: Budget | None) -> Account:
    """Read a stale actor again; when that fails, what we have will do."""
    now = ctx.clock()
    if known.fetched_at is not None and now - known.fetched_at < STALE_AFTER:
        return known
    if ctx.memory.refreshed.get(known.iri, now):
        return known
    ctx.memory.refreshed.put(known.iri, value=True, now=now, ttl_s=REFRESH_PAUSE_S)
    try:
        return await actor(ctx, known.iri, fresh=True, budget=budget)
    except ActivityPubError:
        return known


async def _fetch_actor(ctx: Context, iri: str, budget: Budget, *, fresh: bool) -> Account:
    if not fresh:  # somebody else may have fetched it since the caller looked
        async with ctx.db.read() as tx:
            known = await find_account.by_iri(tx, iri)
        if known is not None:
            return known
    return await _keep_actor(ctx, Actor.from_json((await document(ctx, iri, budget=budget)).data), budget)


async def _keep_actor(ctx: Context, found: Actor, budget: Budget) -> Account:
    async with ctx.db.read() as tx:
        known = await find_account.by_iri(tx, found.id)
    same_handle = known is not None and known.username == found.username
    domain = known.domain if known and same_handle else await _confirmed_domain(ctx, found, budget)
    async with ctx.db.write() as tx:
        return await remote.save_actor(ctx, tx, found, domain=domain)


async def _confirmed_domain(ctx: Context, found: Actor, budget: Budget) -> str:
    """Return the domain of an actor's handle, when WebFinger leads from the handle back to the actor.

    The actor's own word (FEP-2c59) says which host to ask; without it, the host of its id.
    """
    said = f"{found.username}@{origin(found.id).authority}"
    if found.webfinger and found.webfinger.partition("@")[0].casefold() == found.username.casefold():
        said = found.webfinger
    resource = await look_up(ctx, said, budget, scheme=origin(found.id).scheme)
    if resource.self_iri != found.id:
        raise ForbiddenError("the handle leads to another actor", iri=found.id)
    if resource.subject.host in {ctx.settings.domain, ctx.settings.host}:
        raise ForbiddenError("the handle is one of ours", iri=found.id)
    return resource.subject.host


async def handle(ctx: Context, text: str, *, budget: Budget | None = None) -> Account:
    """Return the account of a handle: `user@domain`, or `user` for somebody here.

    Raises:
        MalformedError: it is not a handle.
        ActivityPubError: as `actor`.
    """
    async with ctx.db.read() as tx:
        if "@" not in text.removeprefix("@"):
            local = await find_account.local_by_name(tx, text.removeprefix("@"))
            if local is None:
                raise NotFoundError("nobody here has this name", iri=text)
            return local
        wanted = parse_handle(ctx, text)
        if wanted.host in {ctx.settings.domain, ctx.settings.host}:
            known = await find_account.local_by_name(tx, wanted.user)
            if known is None:
                raise NotFoundError("nobody here has this name", iri=text)
        else:
            known = await find_account.by_handle(tx, wanted.user, wanted.host)
    if known is not None:
        return known
    spending = budget or Budget()
    scheme = "http" if ctx.settings.allow_http_peers and wanted.is_local_peer else "https"
    resource = await look_up(ctx, text, spending, scheme=scheme)
    found = await actor(ctx, resource.self_iri, budget=spending)
    if found.domain != resource.subject.host:  # somebody else's actor, or one of ours
        raise ForbiddenError("the actor goes by another handle", iri=found.iri)
    return found


async def note(
    ctx: Context,
    iri: str,
    *,
    budget: Budget | None = None,
    parents: int = PARENTS_MAX,
    quotes: int = QUOTES_MAX,
) -> Post:
    """Return a post: from the database, or fetched from its own server and kept.

    Args:
        ctx: the context.
        iri: the post's id (or its page, when it is not known yet).
        budget: what may still be fetched.
        parents: how many posts above it are fetched along; failing to is no failure.
        quotes: how many posts behind it, one quoting the next, are fetched along.

    Raises:
        GoneError: it was deleted.
        NotFoundError: there is no such post.
        UnreachableError: its server cannot be asked now.
        ActivityPubError: its document cannot be believed.
    """
    async with ctx.db.read() as tx:
        known = await find_post.by_iri(tx, iri)
        if known is None and await find_post.is_tombstoned(tx, iri):
            raise GoneError("the post was deleted", iri=iri)
    if known is not None:
        return known
    spending = budget or Budget()
    # The numbers are part of the key: posts that answer or quote one another must not wait for each other.
    shared = ("note", iri, parents, quotes)
    return await ctx.memory.in_flight.share(shared, lambda: _fetch_note(ctx, iri, spending, parents, quotes))


async def quotation(
    ctx: Context, found: Note, *, budget: Budget | None = None, quotes: int = QUOTES_MAX
) -> Quotation | None:
    """Find out what a post quotes, and whether the quoted author agreed; None when it quotes nothing.

    Trouble with the quoted post is no failure: the quote is then kept as one that is not shown.

    Args:
        ctx: the context.
        found: signed by its author, or fetched from its id.
        budget: what may still be fetched.
        quotes: how many posts behind it, one quoting the next, may be fetched.
    """
    if found.quote is None or found.quote == found.id or not remote.is_storable(found.quote):
        return None
    pending = Quotation(iri=found.quote)
    if quotes <= 0:
        return pending
    try:
        return await _judged(ctx, found, pending, budget or Budget(), quotes)
    except GoneError:
        return dataclasses.replace(pending, state=QuoteState.DELETED)
    except UnreachableError:
        return dataclasses.replace(pending, again=True)
    except ActivityPubError:
        return pending


async def _judged(ctx: Context, found: Note, pending: Quotation, budget: Budget, quotes: int) -> Quotation:
    quoted = await note(ctx, pending.iri, budget=budget, parents=0, quotes=quotes - 1)
    if quoted.reblog_of_id is not None:
        return pending
    return await quotations.judge(ctx, note=found, quoted=quoted, budget=budget)


async def keep(ctx: Context, found: Note, *, budget: Budget | None = None) -> Post:
    """Keep a post that was just fetched from its id, and return it.

    Raises:
        ActivityPubError: as `note`.
    """
    async with ctx.db.read() as tx:
        known = await find_post.by_iri(tx, found.id)
    return known or await _keep_note(ctx, found, budget or Budget(), PARENTS_MAX, QUOTES_MAX)


async def _fetch_note(ctx: Context, iri: str, budget: Budget, parents: int, quotes: int) -> Post:
    data = (await document(ctx, iri, budget=budget)).data
    if MAKING & set(types(data)):  # groups and relays pass the activity on instead of the post
        made = require_http_iri(data, "object")
        async with ctx.db.read() as tx:
            known = await find_post.by_iri(tx, made)
        if known is not None:
            return known
        data = (await document(ctx, made, budget=budget)).data
    found = Note.from_json(data)
    return await _keep_note(ctx, found, budget, parents, quotes)


async def _keep_note(ctx: Context, found: Note, budget: Budget, parents: int, quotes: int) -> Post:
    require_same_origin(found.id, found.attributed_to)
    author = await actor(ctx, found.attributed_to, budget=budget)
    if author.suspended_at is not None:
        raise ForbiddenError("the author is suspended here", iri=found.id)
    if found.in_reply_to is not None and parents > 0:
        with contextlib.suppress(ActivityPubError):  # the thread begins here, then
            await note(ctx, found.in_reply_to, budget=budget, parents=parents - 1, quotes=quotes)
    quoting = await quotation(ctx, found, budget=budget, quotes=quotes)
    async with ctx.db.write() as tx:
        kept = await remote.save_note(ctx, tx, author=author, note=found, backdated=True)
        if kept is not None and quoting is not None:
            await quotations.settle(tx, post=kept, quotation=quoting)
    if kept is None:
        raise GoneError("the post was deleted", iri=found.id)
    return kept


async def url(ctx: Context, address: str, *, budget: Budget | None = None) -> Account | Post:
    """Return what an address is of: an actor or a post. For somebody who pasted a link.

    Raises:
        ActivityPubError: as `actor` and `note`; NotFoundError when it is neither.
    """
    async with ctx.db.read() as tx:
        known = await _local_thing(ctx, tx, address) if is_ours(ctx.settings, address) else None
        known = known or await find_account.by_iri(tx, address) or await find_post.by_iri(tx, address)
    if known is not None:
        return known
    spending = budget or Budget()
    data = (await document(ctx, address, budget=spending)).data
    kinds = set(types(data))
    if kinds & ACTOR_TYPES:
        return await _keep_actor(ctx, Actor.from_json(data), spending)
    if kinds & NOTE_TYPES:
        return await _keep_note(ctx, Note.from_json(data), spending, PARENTS_MAX, QUOTES_MAX)
    raise NotFoundError("neither a person nor a post", iri=address)


async def _local_thing(ctx: Context, tx: Tx, address: str) -> Account | Post | None:
    """Find what a page address of ours shows."""
    post_id = iris.local_post_id(ctx.settings, address)
    if post_id is not None:
        return await find_post.by_id(tx, post_id)
    page = iris.profile(ctx.settings, "")
    return (
        await find_account.local_by_name(tx, address.removeprefix(page)) if address.startswith(page) else None
    )


async def key(ctx: Context, key_id: str) -> RemoteKey:
    """Fetch a public key, and whose it is.

    The key document may be the actor itself (a fragment in the key id), or a document that names its owner,
    who is then fetched and must list the key (GoToSocial). An account that we know gets its new keys.

    Raises:
        UnreachableError: the server cannot be asked now.
        KeyUnusableError: the key cannot be read, or is of a kind or size that we do not take.
        ActivityPubError: the key is not there, or its owner does not list it.
    """
    budget = Budget(2)
    try:
        async with asyncio.timeout(KEY_DEADLINE_S):
            data = (await document(ctx, key_id, budget=budget)).data
            if not ACTOR_TYPES & set(types(data)):
                owner_iri = require_http_iri(data, "owner" if "owner" in data else "controller")
                data = (await document(ctx, owner_iri, budget=budget)).data
    except TimeoutError as trouble:
        raise UnreachableError("the key's server took too long", iri=key_id) from trouble
    owner = Actor.from_json(data)
    require_same_origin(key_id, owner.id)
    found = _listed_key(owner, key_id)
    await _renew_keys(ctx, owner)
    return found


def _listed_key(owner: Actor, key_id: str) -> RemoteKey:
    multikeys = [
        entry for entry in owner.assertion_methods if entry.id == key_id and entry.controller == owner.id
    ]
    for pem_key in owner.public_keys:
        if pem_key.id == key_id and pem_key.owner == owner.id:
            return RemoteKey(
                public_key=keys.load_public_pem(pem_key.pem),
                owner=owner.id,
                signs_documents=bool(multikeys),
                expires_at=pem_key.expires,
            )
    for multikey in multikeys:
        return RemoteKey(
            public_key=keys.load_public_multibase(multikey.multibase),
            owner=owner.id,
            signs_documents=True,
            expires_at=multikey.expires,
        )
    raise KeyUnusableError("the key's owner does not list it", iri=key_id)


async def _renew_keys(ctx: Context, owner: Actor) -> None:
    fresh = remote.listed_keys(owner)
    async with ctx.db.read() as tx:
        known = await find_account.by_iri(tx, owner.id)
    if known is None or known.public_keys == fresh:
        return
    async with ctx.db.write() as tx:
        account = await find_account.by_iri(tx, owner.id)
        if account is not None:
            account.public_keys = fresh
