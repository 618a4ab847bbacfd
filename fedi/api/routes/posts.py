"""Timelines, posts and what is done with them."""

from starlette.routing import BaseRoute

from fedi.api import (
    bookmarks,
    doers,
    edits,
    pins,
    polls,
    quotes,
    reactions,
    refreshes,
    several,
    statuses,
    thread_mutes,
    timelines,
)
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/timelines/home", timelines.home, methods=GET),
    ApiRoute("/api/v1/timelines/public", timelines.public, methods=GET),
    ApiRoute("/api/v1/timelines/tag/{name}", timelines.tag, methods=GET),
    ApiRoute("/api/v1/timelines/direct", timelines.direct, methods=GET),
    ApiRoute("/api/v1/favourites", timelines.favourites, methods=GET),
    ApiRoute("/api/v1/bookmarks", bookmarks.index, methods=GET),
    ApiRoute("/api/v1/statuses", statuses.create, methods=POST),
    ApiRoute("/api/v1/statuses", several.statuses, methods=GET),
    ApiRoute("/api/v1/statuses/{id}", statuses.show, methods=GET),
    ApiRoute("/api/v1/statuses/{id}", statuses.destroy, methods=DELETE),
    ApiRoute("/api/v1/statuses/{id}", edits.update, methods=PUT),
    ApiRoute("/api/v1/statuses/{id}/history", edits.history, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/context", statuses.show_context, methods=GET),
    ApiRoute("/api/v1_alpha/async_refreshes/{id}", refreshes.show, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/source", statuses.source, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/favourite", statuses.favourite, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unfavourite", statuses.unfavourite, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/reblog", statuses.reblog, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unreblog", statuses.unreblog, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/bookmark", bookmarks.bookmark, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unbookmark", bookmarks.unbookmark, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/mute", thread_mutes.mute, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unmute", thread_mutes.unmute, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/favourited_by", doers.favourited_by, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/reblogged_by", doers.reblogged_by, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/card", doers.card, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/quotes", quotes.index, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/quotes/{quoting_id}/revoke", quotes.revoke, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/interaction_policy", quotes.set_policy, methods=PUT),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions", reactions.index, methods=GET),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.index, methods=GET),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.add, methods=PUT),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.remove, methods=DELETE),
    ApiRoute("/api/v1/statuses/{id}/pin", pins.pin, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unpin", pins.unpin, methods=POST),
    ApiRoute("/api/v1/polls/{id}", polls.show, methods=GET),
    ApiRoute("/api/v1/polls/{id}/votes", polls.vote, methods=POST),
]
