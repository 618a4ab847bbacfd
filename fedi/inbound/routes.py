"""All addresses that other servers use.

`DocumentRoute` exists only for who wants a document, so a browser that asks for the same address goes on: to
the redirect below it, or to the page in `web`.
"""

from starlette.routing import BaseRoute, Route

from fedi.inbound import (
    collections,
    contexts,
    documents,
    featured,
    inbox,
    replies,
    stamps,
    synchronization,
    wellknown,
)
from fedi.inbound.negotiate import DocumentRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    Route("/inbox", inbox.receive, methods=["POST"]),
    Route("/actor/inbox", inbox.receive, methods=["POST"]),
    Route("/users/{name}/inbox", inbox.receive, methods=["POST"]),
    Route("/actor", documents.instance_actor),
    Route("/actor/outbox", collections.instance_collection),
    Route("/actor/followers", collections.instance_collection),
    Route("/actor/following", collections.instance_collection),
    Route("/actor/collections/featured", collections.instance_collection),
    Route("/actor/collections/tags", collections.instance_collection),
    DocumentRoute("/users/{name}", documents.actor),
    Route("/users/{name}", documents.to_profile),
    Route("/users/{name}/outbox", collections.outbox),
    Route("/users/{name}/followers", collections.followers),
    Route("/users/{name}/following", collections.following),
    Route("/users/{name}/followers_synchronization", synchronization.followers),
    Route("/users/{name}/collections/featured", featured.posts),
    Route("/users/{name}/collections/tags", featured.tags),
    DocumentRoute("/users/{name}/statuses/{post_id}", documents.note),
    Route("/users/{name}/statuses/{post_id}", documents.to_post),
    Route("/users/{name}/statuses/{post_id}/activity", documents.activity),
    Route("/users/{name}/statuses/{post_id}/replies", replies.replies),
    Route("/users/{name}/statuses/{post_id}/likes", replies.likes),
    Route("/users/{name}/statuses/{post_id}/shares", replies.shares),
    Route("/users/{name}/stamps/{stamp_id}", stamps.stamp),
    Route("/contexts/{post_id}", contexts.conversation),
    DocumentRoute("/@{name}", documents.actor),
    DocumentRoute("/@{name}/{post_id}", documents.note),
    Route("/.well-known/webfinger", wellknown.webfinger),
    Route("/.well-known/host-meta", wellknown.host_meta),
    Route("/.well-known/host-meta.json", wellknown.host_meta_json),
    Route("/.well-known/nodeinfo", wellknown.nodeinfo_discovery),
    Route("/nodeinfo/2.0", wellknown.nodeinfo_document),
    Route("/nodeinfo/2.1", wellknown.nodeinfo_document),
]
