"""The tables. Importing this package makes `Base.metadata` complete, which migrations rely on."""

from fedi.models.account import Account, Login, Role
from fedi.models.activity import Activity, ActivityState, Direction, InboxSet, Reach
from fedi.models.attachment import Attachment, AttachmentState
from fedi.models.base import Base
from fedi.models.interaction import Favourite, Reaction, Stamp
from fedi.models.job import Job, JobState
from fedi.models.marker import Marker
from fedi.models.moderation import AuditEntry, DomainAllow, DomainRule, Report, Severity
from fedi.models.notification import Notification
from fedi.models.oauth import OAuthApp, OAuthCode, OAuthToken, WebSession
from fedi.models.peer import Peer
from fedi.models.poll import Poll, PollVote
from fedi.models.post import (
    HomeEntry,
    Idempotency,
    Mention,
    Pin,
    Placeholder,
    Post,
    PostEdit,
    PostState,
    PostTag,
    Tombstone,
)
from fedi.models.relation import Block, DomainBlock, FeaturedTag, Follow, FollowState, Mute

__all__ = [
    "Account", "Activity", "ActivityState", "Attachment", "AttachmentState", "AuditEntry", "Base", "Block",
    "Direction", "DomainAllow", "DomainBlock", "DomainRule", "Favourite", "FeaturedTag", "Follow",
    "FollowState", "HomeEntry", "Idempotency", "InboxSet", "Job", "JobState", "Login", "Marker", "Mention",
    "Mute", "Notification", "OAuthApp", "OAuthCode", "OAuthToken", "Peer", "Pin", "Placeholder", "Poll",
    "PollVote", "Post", "PostEdit", "PostState", "PostTag", "Reach", "Reaction", "Report", "Role", "Severity",
    "Stamp", "Tombstone", "WebSession",
]  # fmt: skip
