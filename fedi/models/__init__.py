"""The tables. Importing this package makes `Base.metadata` complete, which migrations rely on."""

from fedi.models.account import Account, Login, Role
from fedi.models.activity import Activity, ActivityState, Direction
from fedi.models.attachment import Attachment, AttachmentState
from fedi.models.base import Base
from fedi.models.interaction import Favourite
from fedi.models.job import Job, JobState
from fedi.models.marker import Marker
from fedi.models.notification import Notification
from fedi.models.oauth import OAuthApp, OAuthCode, OAuthToken, WebSession
from fedi.models.peer import Peer
from fedi.models.post import (
    HomeEntry,
    Idempotency,
    Mention,
    Placeholder,
    Post,
    PostState,
    PostTag,
    Tombstone,
)
from fedi.models.relation import Follow, FollowState

__all__ = [
    "Account", "Activity", "ActivityState", "Attachment", "AttachmentState", "Base", "Direction",
    "Favourite", "Follow", "FollowState", "HomeEntry", "Idempotency", "Job", "JobState", "Login", "Marker",
    "Mention", "Notification", "OAuthApp", "OAuthCode", "OAuthToken", "Peer", "Placeholder", "Post",
    "PostState", "PostTag", "Role", "Tombstone", "WebSession",
]  # fmt: skip
