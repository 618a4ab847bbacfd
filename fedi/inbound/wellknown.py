"""How this server is found: WebFinger, host-meta and NodeInfo.

All of it is public, readable from any web page (CORS), and says what the configured origin and domain are,
never what a request's Host header claims. NodeInfo's figures are counted, and counted again after a while.

Source: RFC 7033; RFC 6415; https://nodeinfo.diaspora.software/protocol.html; FEP-d556, FEP-2677.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import Response

import fedi
from activitypub import nodeinfo
from activitypub.nodeinfo import NodeInfo
from fedi import context, iris
from fedi.context import Context
from fedi.errors import Refused
from fedi.models import Account
from fedi.queries import accounts as find_account
from fedi.queries.posts import is_tombstoned
from webfinger import hostmeta, jrd
from webfinger.acct import Acct, parse_resource
from webfinger.errors import MalformedResourceError
from webfinger.jrd import Jrd, JrdLink, actor_jrd

__all__ = ["host_meta", "host_meta_json", "nodeinfo_discovery", "nodeinfo_document", "webfinger"]

WEBFINGER_MAX_AGE_S = 3600
"""How long an answer about somebody may be kept, in seconds."""

NODEINFO_MAX_AGE_S = 1800
"""How long the description of this server may be kept, in seconds."""

FIGURES_TTL_S = 600.0
"""How long counted figures are used, in seconds."""

SERVER_REL = "https://www.w3.org/ns/activitystreams#Service"
"""FEP-d556: the actor of the server itself."""

_INTERACT = "/authorize_interaction?uri={object}"
INTENTS = {
    "Follow": _INTERACT,
    "Like": _INTERACT,
    "Announce": _INTERACT,
    "Create": "/share?text={content}&in_reply_to={inReplyTo}",
}
"""FEP-3b86: where people from here are sent who read something elsewhere and want to do this with it."""


async def webfinger(request: Request) -> Response:
    """GET /.well-known/webfinger: who is this handle or address?

    Raises:
        Refused: 400 without a usable `resource`, 404 for nobody here, 410 for somebody who is gone.
    """
    ctx = context.of(request)
    asked = request.query_params.get("resource")
    if not asked:
        raise Refused(400, "The parameter `resource` is missing.")
    try:
        resource = parse_resource(asked, allow_port=True)
    except MalformedResourceError as refusal:
        raise Refused(400, refusal.message) from refusal
    found = await _describe(ctx, resource)
    answer = found.only(request.query_params.getlist("rel"))
    return _json(answer.to_json(), jrd.CONTENT_TYPE, WEBFINGER_MAX_AGE_S)


async def host_meta(request: Request) -> Response:
    """GET /.well-known/host-meta: where WebFinger is."""
    body = hostmeta.xml_document(context.of(request).settings.origin)
    return _public(body.encode(), hostmeta.XML_CONTENT_TYPE, WEBFINGER_MAX_AGE_S)


async def host_meta_json(request: Request) -> Response:
    """GET /.well-known/host-meta.json: the same as JSON."""
    content = hostmeta.json_document(context.of(request).settings.origin)
    return _json(content, hostmeta.JSON_CONTENT_TYPE, WEBFINGER_MAX_AGE_S)


async def nodeinfo_discovery(request: Request) -> Response:
    """GET /.well-known/nodeinfo: where this server describes itself."""
    settings = context.of(request).settings
    content = nodeinfo.discovery(settings.origin, application=iris.instance_actor(settings))
    return _json(content, nodeinfo.DISCOVERY_CONTENT_TYPE, NODEINFO_MAX_AGE_S)


async def nodeinfo_document(request: Request) -> Response:
    """GET /nodeinfo/2.0 and 2.1: this server, and how many use it."""
    ctx = context.of(request)
    version: nodeinfo.Version = "2.0" if request.url.path.endswith("2.0") else "2.1"
    described = await _figures(ctx)
    return _json(described.to_json(version), nodeinfo.CONTENT_TYPES[version], NODEINFO_MAX_AGE_S)


async def _describe(ctx: Context, resource: Acct | str) -> Jrd:
    if isinstance(resource, str):
        return await _describe_address(ctx, resource)
    if resource.host not in {ctx.settings.domain.lower(), ctx.settings.host.lower()}:
        raise Refused(404, "Nobody here has this name.")
    async with ctx.db.read() as tx:
        account = await find_account.local_by_name(tx, resource.user)
        if account is None and await is_tombstoned(tx, iris.actor(ctx.settings, resource.user.lower())):
            raise Refused(410, "They are gone.")
    return _jrd(ctx, account)


async def _describe_address(ctx: Context, address: str) -> Jrd:
    """Describe the owner of an actor id or a profile page; of the bare origin, the server itself."""
    settings = ctx.settings
    name = iris.local_username(settings, address)
    page = iris.profile(settings, "")
    if name is None and address.startswith(page) and "/" not in address.removeprefix(page):
        name = address.removeprefix(page)
    bare = f"https://{settings.domain}"  # whose WebFinger is ours, so the server at it is
    is_server = address.rstrip("/") in {settings.origin, bare, iris.instance_actor(settings)}
    async with ctx.db.read() as tx:
        if is_server:
            account = await find_account.instance_actor(tx, settings)
        else:
            account = await find_account.local_by_name(tx, name) if name else None
            if account is None and await is_tombstoned(tx, address):
                raise Refused(410, "They are gone.")
    found = _jrd(ctx, account)
    if not is_server:
        return found
    link = JrdLink(rel=SERVER_REL, type="application/activity+json", href=iris.instance_actor(settings))
    return Jrd(subject=found.subject, aliases=found.aliases, links=(*found.links, link))


def _jrd(ctx: Context, account: Account | None) -> Jrd:
    if account is None:
        raise Refused(404, "Nobody here has this name.")
    if account.deleted_at is not None:
        raise Refused(410, "They are gone.")
    origin, acts = ctx.settings.origin, account.kind != "Application"  # nobody signs in as the server itself
    avatar = iris.media(ctx.settings, account.avatar_key) if account.avatar_key else None
    return actor_jrd(
        Acct(user=account.username, host=ctx.settings.domain),
        actor_id=account.iri,
        profile_url=account.url or account.iri,
        interaction_url=f"{origin}/authorize_interaction" if acts else None,
        intents={kind: f"{origin}{path}" for kind, path in INTENTS.items()} if acts else None,
        avatar_url=avatar,
    )


_IN_GOOD_STANDING = (Account.suspended_at.is_(None), Account.deleted_at.is_(None))


async def _figures(ctx: Context) -> NodeInfo:
    now = ctx.clock()
    known: NodeInfo | None = ctx.memory.figures.get("nodeinfo", now)
    if known is not None:
        return known
    people = (Account.domain == "", Account.kind != "Application", *_IN_GOOD_STANDING)
    async with ctx.db.read() as tx:
        row = (await tx.execute(_counts(now).where(*people))).one()
    described = NodeInfo(
        software_name="fedi",
        software_version=fedi.__version__,
        users_total=row.total,
        users_active_month=row.month,
        users_active_halfyear=row.halfyear,
        local_posts=int(row.posts),
        node_name=ctx.settings.instance_name,
        node_description=ctx.settings.instance_description,
        metadata=_metadata(ctx, row.bots),
    )
    ctx.memory.figures.put("nodeinfo", described, now=now, ttl_s=FIGURES_TTL_S)
    return described


def _counts(now: datetime) -> Select[Any]:
    def active(days: int) -> Any:
        return func.count().filter(Account.last_status_at > now - timedelta(days=days))

    return select(
        func.count().label("total"),
        active(30).label("month"),
        active(180).label("halfyear"),
        func.count().filter(Account.kind == "Service").label("bots"),
        func.coalesce(func.sum(Account.statuses_count), 0).label("posts"),
    )


def _metadata(ctx: Context, bots: int) -> dict[str, Any]:
    """Say openly what kind of server this is: other operators decide by it."""
    contact = {"email": ctx.settings.contact_email} if ctx.settings.contact_email else {}
    features = ["generations", *(["generator"] if ctx.settings.generator else [])]
    return {"generativeMedia": True, "features": features, "bots": bots, "maintainer": contact}


def _json(content: dict[str, Any], media_type: str, max_age_s: int) -> Response:
    return _public(msgspec.json.encode(content), media_type, max_age_s)


def _public(body: bytes, media_type: str, max_age_s: int) -> Response:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": f"public, max-age={max_age_s}"}
    return Response(body, headers=headers, media_type=media_type)
