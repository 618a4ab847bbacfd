"""The tables. Importing this package makes `Base.metadata` complete, which migrations rely on."""

from fedi.models.account import Account, Login, Role
from fedi.models.activity import Activity, ActivityState, Direction, InboxSet, Reach
from fedi.models.announcement import Announcement, AnnouncementReaction, AnnouncementRead, Rule
from fedi.models.attachment import Attachment, AttachmentState
from fedi.models.base import Base
from fedi.models.cached import CachedPicture
from fedi.models.conversation import Conversation, ThreadMute
from fedi.models.event import Event
from fedi.models.filtering import Filter, FilterKeyword, FilterStatus
from fedi.models.generation import Door, Generation, GenerationState
from fedi.models.interaction import Bookmark, Favourite, Reaction, Stamp
from fedi.models.job import Job, JobState
from fedi.models.listing import AccountList, ListEntry, ListMember
from fedi.models.marker import Marker
from fedi.models.moderation import (
    AccountWarning,
    AuditEntry,
    CanonicalEmailBlock,
    DomainAllow,
    DomainRule,
    EmailDomainBlock,
    IpBlock,
    Report,
    Severity,
)
from fedi.models.notification import (
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationRequest,
)
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
from fedi.models.push import PushSubscription, ServerKey
from fedi.models.relation import (
    AccountNote,
    Block,
    DomainBlock,
    Endorsement,
    FeaturedTag,
    Follow,
    FollowedTag,
    FollowState,
    Mute,
    SuggestionDismissal,
)
from fedi.models.scheduled import ScheduledPost

__all__ = [
    "Account", "AccountList", "AccountNote", "AccountWarning", "Activity", "ActivityState", "Announcement",
    "AnnouncementReaction", "AnnouncementRead", "Attachment", "AttachmentState", "AuditEntry", "Base",
    "Block", "Bookmark", "CachedPicture", "CanonicalEmailBlock", "Conversation", "Direction", "DomainAllow",
    "DomainBlock", "DomainRule", "Door", "EmailDomainBlock", "Endorsement", "Event", "Favourite",
    "FeaturedTag", "Filter", "FilterKeyword", "FilterStatus", "Follow", "FollowState", "FollowedTag",
    "Generation", "GenerationState", "HomeEntry", "Idempotency", "InboxSet", "IpBlock", "Job", "JobState",
    "ListEntry", "ListMember", "Login", "Marker", "Mention", "Mute", "Notification",
    "NotificationPermission", "NotificationPolicy", "NotificationRequest", "OAuthApp", "OAuthCode",
    "OAuthToken", "Peer", "Pin", "Placeholder", "Poll", "PollVote", "Post", "PostEdit", "PostState",
    "PostTag", "PushSubscription", "Reach", "Reaction", "Report", "Role", "Rule", "ScheduledPost",
    "ServerKey", "Severity", "Stamp", "SuggestionDismissal", "ThreadMute", "Tombstone", "WebSession",
]  # fmt: skip
