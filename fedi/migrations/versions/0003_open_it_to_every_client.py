"""Open it to every client."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from fedi import db, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "announcement",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("starts_at", db.Instant(), nullable=True),
        sa.Column("ends_at", db.Instant(), nullable=True),
        sa.Column("all_day", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("published_at", db.Instant(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("updated_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_table(
        "cached_picture",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("file_key", sa.String(), nullable=False),
        sa.Column("thumbnail_key", sa.String(), nullable=False),
        sa.Column("size_bytes", db.Id, server_default=sa.text("0"), nullable=False),
        sa.Column("fetched_at", db.Instant(), nullable=False),
        sa.Column("used_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_cached_picture")),
    )
    op.create_index("ix_cached_picture_file_key", "cached_picture", ["file_key"])
    op.create_index("ix_cached_picture_thumbnail_key", "cached_picture", ["thumbnail_key"])
    op.create_index("ix_cached_picture_used_at", "cached_picture", ["used_at"])
    op.create_table(
        "canonical_email_block",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canonical_email_block")),
        sa.UniqueConstraint("digest", name=op.f("uq_canonical_email_block_digest")),
    )
    op.create_table(
        "email_domain_block",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_domain_block")),
        sa.UniqueConstraint("domain", name=op.f("uq_email_domain_block_domain")),
    )
    op.create_table(
        "event",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_id", db.Id, nullable=True),
        sa.Column("subject_id", db.Id, nullable=True),
        sa.Column("detail", db.Json, nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_created_at", "event", ["created_at"])
    op.create_table(
        "ip_block",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), server_default="", nullable=False),
        sa.Column("expires_at", db.Instant(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ip_block")),
        sa.UniqueConstraint("ip", name=op.f("uq_ip_block_ip")),
    )
    op.create_table(
        "rule",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    op.create_table(
        "account_list",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("replies_policy", sa.String(), server_default="list", nullable=False),
        sa.Column("exclusive", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_list_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_list")),
    )
    op.create_index("ix_account_list_account_id", "account_list", ["account_id"])
    op.create_table(
        "account_note",
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("target_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("updated_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_note_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_account_note_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "target_id", name=op.f("pk_account_note")),
    )
    op.create_index("ix_account_note_target_id", "account_note", ["target_id"])
    op.create_table(
        "announcement_reaction",
        sa.Column("announcement_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_announcement_reaction_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcement.id"],
            name=op.f("fk_announcement_reaction_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "announcement_id", "account_id", "name", name=op.f("pk_announcement_reaction")
        ),
    )
    op.create_index("ix_announcement_reaction_account_id", "announcement_reaction", ["account_id"])
    op.create_table(
        "announcement_read",
        sa.Column("announcement_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_announcement_read_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcement.id"],
            name=op.f("fk_announcement_read_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "account_id", name=op.f("pk_announcement_read")),
    )
    op.create_index("ix_announcement_read_account_id", "announcement_read", ["account_id"])
    op.create_table(
        "conversation",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("last_post_id", db.Id, nullable=False),
        sa.Column("unread", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_conversation_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("account_id", "thread", name=op.f("uq_conversation_account_id_thread")),
    )
    op.create_index("ix_conversation_account_id_last_post_id", "conversation", ["account_id", "last_post_id"])
    op.create_table(
        "endorsement",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("target_id", db.Id, nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_endorsement_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_endorsement_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsement")),
        sa.UniqueConstraint("account_id", "target_id", name=op.f("uq_endorsement_account_id_target_id")),
    )
    op.create_index("ix_endorsement_target_id", "endorsement", ["target_id"])
    op.create_table(
        "filter",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("contexts", db.Json, nullable=False),
        sa.Column("action", sa.String(), server_default="warn", nullable=False),
        sa.Column("expires_at", db.Instant(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_filter_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filter")),
    )
    op.create_index("ix_filter_account_id", "filter", ["account_id"])
    op.create_table(
        "followed_tag",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_followed_tag_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followed_tag")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_followed_tag_account_id_name")),
    )
    op.create_index("ix_followed_tag_name", "followed_tag", ["name"])
    op.create_table(
        "generation",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("door", sa.String(), server_default="post", nullable=False),
        sa.Column("attachment_id", db.Id, nullable=True),
        sa.Column("post_id", db.Id, nullable=True),
        sa.Column("asked_in_id", db.Id, nullable=True),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("share", sa.String(), server_default="all", nullable=False),
        sa.Column("request", db.Json, nullable=False),
        sa.Column("recipe", db.Json, nullable=True),
        sa.Column("step", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("steps", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("started_at", db.Instant(), nullable=True),
        sa.Column("finished_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_generation_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generation")),
        sa.UniqueConstraint("asked_in_id", name=op.f("uq_generation_asked_in_id")),
    )
    op.create_index("ix_generation_account_id_id", "generation", ["account_id", "id"])
    op.create_index("ix_generation_attachment_id", "generation", ["attachment_id"])
    op.create_index("ix_generation_created_at", "generation", ["created_at"])
    op.create_index("ix_generation_post_id", "generation", ["post_id"])
    op.create_index("ix_generation_state_id", "generation", ["state", "id"])
    op.create_table(
        "notification_permission",
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("from_account_id", db.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_notification_permission_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_account_id"],
            ["account.id"],
            name=op.f("fk_notification_permission_from_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "from_account_id", name=op.f("pk_notification_permission")),
    )
    op.create_index(
        "ix_notification_permission_from_account_id", "notification_permission", ["from_account_id"]
    )
    op.create_table(
        "notification_policy",
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("for_not_following", sa.String(), server_default="accept", nullable=False),
        sa.Column("for_not_followers", sa.String(), server_default="accept", nullable=False),
        sa.Column("for_new_accounts", sa.String(), server_default="accept", nullable=False),
        sa.Column("for_private_mentions", sa.String(), server_default="filter", nullable=False),
        sa.Column("for_limited_accounts", sa.String(), server_default="filter", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_notification_policy_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notification_policy")),
    )
    op.create_table(
        "scheduled_post",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("scheduled_at", db.Instant(), nullable=False),
        sa.Column("params", db.Json, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_scheduled_post_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_post")),
    )
    op.create_index("ix_scheduled_post_account_id", "scheduled_post", ["account_id"])
    op.create_index("ix_scheduled_post_scheduled_at", "scheduled_post", ["scheduled_at"])
    op.create_table(
        "suggestion_dismissal",
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("target_id", db.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_suggestion_dismissal_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_suggestion_dismissal_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "target_id", name=op.f("pk_suggestion_dismissal")),
    )
    op.create_index("ix_suggestion_dismissal_target_id", "suggestion_dismissal", ["target_id"])
    op.create_table(
        "thread_mute",
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_thread_mute_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "thread", name=op.f("pk_thread_mute")),
    )
    op.create_table(
        "account_warning",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=True),
        sa.Column("target_id", db.Id, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("post_ids", db.Json, nullable=False),
        sa.Column("report_id", db.Id, nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_warning_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name=op.f("fk_account_warning_report_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_account_warning_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_warning")),
    )
    op.create_index("ix_account_warning_target_id", "account_warning", ["target_id"])
    op.create_table(
        "bookmark",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_bookmark_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_bookmark_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookmark")),
        sa.UniqueConstraint("account_id", "post_id", name=op.f("uq_bookmark_account_id_post_id")),
    )
    op.create_index("ix_bookmark_post_id", "bookmark", ["post_id"])
    op.create_table(
        "filter_keyword",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("filter_id", db.Id, nullable=False),
        sa.Column("keyword", sa.String(), nullable=False),
        sa.Column("whole_word", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["filter_id"], ["filter.id"], name=op.f("fk_filter_keyword_filter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filter_keyword")),
    )
    op.create_index("ix_filter_keyword_filter_id", "filter_keyword", ["filter_id"])
    op.create_table(
        "filter_status",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("filter_id", db.Id, nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["filter_id"], ["filter.id"], name=op.f("fk_filter_status_filter_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_filter_status_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filter_status")),
        sa.UniqueConstraint("filter_id", "post_id", name=op.f("uq_filter_status_filter_id_post_id")),
    )
    op.create_index("ix_filter_status_post_id", "filter_status", ["post_id"])
    op.create_table(
        "list_member",
        sa.Column("list_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("id", db.Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_list_member_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["account_list.id"], name=op.f("fk_list_member_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "account_id", name=op.f("pk_list_member")),
        sa.UniqueConstraint("id", name=op.f("uq_list_member_id")),
    )
    op.create_index("ix_list_member_account_id", "list_member", ["account_id"])
    op.create_table(
        "list_entry",
        sa.Column("list_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("post_id", db.Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["account_list.id"], name=op.f("fk_list_entry_list_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_list_entry_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "post_id", name=op.f("pk_list_entry")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_list_entry_post_id", "list_entry", ["post_id"])
    op.create_table(
        "notification_request",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("from_account_id", db.Id, nullable=False),
        sa.Column("last_post_id", db.Id, nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("updated_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_notification_request_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_account_id"],
            ["account.id"],
            name=op.f("fk_notification_request_from_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["last_post_id"],
            ["post.id"],
            name=op.f("fk_notification_request_last_post_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_request")),
        sa.UniqueConstraint(
            "account_id", "from_account_id", name=op.f("uq_notification_request_account_id_from_account_id")
        ),
    )
    op.create_index("ix_notification_request_from_account_id", "notification_request", ["from_account_id"])
    op.create_index("ix_notification_request_last_post_id", "notification_request", ["last_post_id"])
    op.create_table(
        "push_subscription",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("token_id", db.Id, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("standard", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("access_token", sa.String(), server_default="", nullable=False),
        sa.Column("alerts", db.Json, nullable=False),
        sa.Column("policy", sa.String(), server_default="all", nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_push_subscription_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["oauth_token.id"], name=op.f("fk_push_subscription_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("token_id", name=op.f("uq_push_subscription_token_id")),
    )
    op.create_index("ix_push_subscription_account_id", "push_subscription", ["account_id"])
    op.create_table(
        "server_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pem", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_key")),
    )
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_attachment_scheduled_post_id", "attachment", ["scheduled_post_id"])
    op.create_index("ix_login_email", "login", ["email"])
    local = sa.text("domain = ''")
    op.create_index(
        "ix_account_local", "account", ["last_status_at"], sqlite_where=local, postgresql_where=local
    )
    op.create_index("ix_notification_account_id_group_key", "notification", ["account_id", "group_key"])
    op.execute(CONVERSATIONS)
    _make_search()


CONVERSATIONS = """
INSERT INTO conversation (id, account_id, thread, last_post_id, unread)
SELECT row_number() OVER (ORDER BY account_id, thread), account_id, thread, max(post_id), false
FROM (
    SELECT post.account_id, coalesce(post.conversation, post.iri) AS thread, post.id AS post_id
    FROM post JOIN account ON account.id = post.account_id
    WHERE post.visibility = 'direct' AND post.state = 'published' AND account.domain = ''
    UNION
    SELECT mention.account_id, coalesce(post.conversation, post.iri), post.id
    FROM mention JOIN post ON post.id = mention.post_id JOIN account ON account.id = mention.account_id
    WHERE post.visibility = 'direct' AND post.state = 'published' AND account.domain = ''
) AS message
GROUP BY account_id, thread
"""
"""What was said in direct messages before there were conversations, all of it read."""


def _make_search() -> None:
    """Make the index of words, which is each database's own, and fill it with what can be searched for."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE VIRTUAL TABLE post_search USING fts5(words, tokenize = 'unicode61')")
        # A foreign key cannot point out of a virtual table.
        op.execute(
            "CREATE TRIGGER post_search_forget AFTER DELETE ON post BEGIN "
            "DELETE FROM post_search WHERE rowid = old.id; END"
        )
        insert = sa.text("INSERT INTO post_search (rowid, words) VALUES (:id, :words)")
    else:
        op.execute(
            "CREATE TABLE post_search (post_id bigint PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE, "
            "words tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_post_search_words ON post_search USING gin (words)")
        insert = sa.text(
            "INSERT INTO post_search (post_id, words) "
            "VALUES (:id, to_tsvector('simple', CAST(:words AS text)))"
        )
    after = -1
    while rows := connection.execute(SEARCHABLE, {"after": after}).all():
        after = rows[-1].id
        descriptions: dict[int, list[str]] = {}
        for post_id, description in connection.execute(DESCRIBED, {"first": rows[0].id, "last": after}):
            descriptions.setdefault(post_id, []).append(description)
        words = [
            " ".join([row.spoiler_text, text.html_to_text(row.content), *descriptions.get(row.id, ())])
            for row in rows
        ]
        connection.execute(
            insert,
            [{"id": row.id, "words": text.searchable(said)} for row, said in zip(rows, words, strict=True)],
        )


SEARCHABLE = sa.text(
    "SELECT id, content, spoiler_text FROM post WHERE id > :after AND state = 'published' "
    "AND reblog_of_id IS NULL AND (local "
    "OR (visibility = 'public' AND EXISTS (SELECT 1 FROM account a WHERE a.id = account_id AND a.indexable)) "
    "OR EXISTS (SELECT 1 FROM favourite f JOIN account a ON a.id = f.account_id "
    "WHERE f.post_id = post.id AND a.domain = '') "
    "OR EXISTS (SELECT 1 FROM mention m JOIN account a ON a.id = m.account_id "
    "WHERE m.post_id = post.id AND a.domain = '') "
    "OR EXISTS (SELECT 1 FROM post p WHERE p.local "
    "AND (p.reblog_of_id = post.id OR p.in_reply_to_id = post.id))"
    ") ORDER BY id LIMIT 500"
)
"""What somebody may search for: as `outbound.indexing` keeps it from then on."""

DESCRIBED = sa.text(
    "SELECT post_id, description FROM attachment "
    "WHERE post_id BETWEEN :first AND :last AND description IS NOT NULL"
)


def _flag(name: str, value: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.literal_column(value), nullable=False)


NEW_COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "account": [
        _flag("suspended_by_origin", "false"),
        sa.Column("sensitized_at", db.Instant()),
        _flag("shows_media", "true"),
        _flag("shows_media_replies", "true"),
        _flag("shows_featured", "true"),
    ],
    "attachment": [sa.Column("scheduled_post_id", db.Id), sa.Column("recipe", db.Json)],
    "login": [
        sa.Column("email", sa.String()),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        _flag("approved", "true"),
        sa.Column("disabled_at", db.Instant()),
        sa.Column("totp_secret", sa.String()),
        sa.Column("totp_step", db.Id),
        sa.Column("recovery_codes", db.Json, server_default="[]", nullable=False),
        sa.Column("preferences", db.Json, server_default="{}", nullable=False),
        sa.Column("created_by_app_id", db.Id),
        sa.Column("last_seen_at", db.Instant()),
    ],
    "notification": [
        sa.Column("group_key", sa.String()),
        _flag("filtered", "false"),
        sa.Column("detail", db.Json),
    ],
    "oauth_token": [sa.Column("last_used_at", db.Instant())],
    "web_session": [
        sa.Column("user_agent", sa.String(), server_default="", nullable=False),
        _flag("awaits_code", "false"),
    ],
}
