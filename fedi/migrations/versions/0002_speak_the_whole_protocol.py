"""Speak the whole protocol."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from activitypub import keys
from fedi import db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "audit_entry",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("detail", db.Json, nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "domain_allow",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_allow")),
        sa.UniqueConstraint("domain", name=op.f("uq_domain_allow_domain")),
    )
    op.create_table(
        "domain_rule",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("reject_media", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("reject_reports", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("obfuscate", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("public_comment", sa.String(), server_default="", nullable=False),
        sa.Column("private_comment", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_rule")),
        sa.UniqueConstraint("domain", name=op.f("uq_domain_rule_domain")),
    )
    op.create_table(
        "inbox_set",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("inboxes", db.Json, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_inbox_set")),
    )
    op.create_table(
        "block",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("target_id", db.Id, nullable=False),
        sa.Column("iri", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_block_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_block_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint("account_id", "target_id", name=op.f("uq_block_account_id_target_id")),
    )
    op.create_index("ix_block_target_id", "block", ["target_id"])
    op.create_table(
        "domain_block",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_domain_block_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_block")),
        sa.UniqueConstraint("account_id", "domain", name=op.f("uq_domain_block_account_id_domain")),
    )
    op.create_index("ix_domain_block_domain", "domain_block", ["domain"])
    op.create_table(
        "featured_tag",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_featured_tag_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_featured_tag")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_featured_tag_account_id_name")),
    )
    op.create_table(
        "mute",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("target_id", db.Id, nullable=False),
        sa.Column("notifications", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("expires_at", db.Instant(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mute_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_mute_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
        sa.UniqueConstraint("account_id", "target_id", name=op.f("uq_mute_account_id_target_id")),
    )
    op.create_index("ix_mute_target_id", "mute", ["target_id"])
    op.create_table(
        "reach",
        sa.Column("iri", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["inbox_set.digest"], name=op.f("fk_reach_digest")),
        sa.PrimaryKeyConstraint("iri", "digest", name=op.f("pk_reach")),
    )
    op.create_index("ix_reach_digest", "reach", ["digest"])
    op.create_table(
        "report",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("iri", sa.String(), nullable=True),
        sa.Column("account_id", db.Id, nullable=True),
        sa.Column("origin", sa.String(), server_default="", nullable=False),
        sa.Column("target_id", db.Id, nullable=False),
        sa.Column("post_ids", db.Json, nullable=False),
        sa.Column("comment", sa.String(), server_default="", nullable=False),
        sa.Column("category", sa.String(), server_default="other", nullable=False),
        sa.Column("rule_ids", db.Json, nullable=False),
        sa.Column("forwarded", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("assigned_id", db.Id, nullable=True),
        sa.Column("resolved_at", db.Instant(), nullable=True),
        sa.Column("resolved_by_id", db.Id, nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_report_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["assigned_id"], ["account.id"], name=op.f("fk_report_assigned_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["account.id"], name=op.f("fk_report_resolved_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["account.id"], name=op.f("fk_report_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("iri", name=op.f("uq_report_iri")),
    )
    op.create_index("ix_report_origin", "report", ["origin"])
    op.create_index("ix_report_target_id", "report", ["target_id"])
    op.create_table(
        "pin",
        sa.Column("post_id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_pin_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_pin_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_pin")),
    )
    op.create_index("ix_pin_account_id", "pin", ["account_id"])
    op.create_table(
        "poll",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.Column("options", db.Json, nullable=False),
        sa.Column("tallies", db.Json, nullable=False),
        sa.Column("multiple", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("hide_totals", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("voters_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", db.Instant(), nullable=True),
        sa.Column("closed_at", db.Instant(), nullable=True),
        sa.Column("fetched_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_poll_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
        sa.UniqueConstraint("post_id", name=op.f("uq_poll_post_id")),
    )
    op.create_index("ix_poll_expires_at", "poll", ["expires_at"])
    op.create_table(
        "post_edit",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("spoiler_text", sa.String(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("attachments", db.Json, nullable=False),
        sa.Column("poll_options", db.Json, nullable=True),
        sa.Column("emojis", db.Json, nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_post_edit_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_edit")),
    )
    op.create_index("ix_post_edit_post_id", "post_edit", ["post_id"])
    op.create_table(
        "reaction",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("iri", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_reaction_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_reaction_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaction")),
        sa.UniqueConstraint(
            "account_id", "post_id", "name", name=op.f("uq_reaction_account_id_post_id_name")
        ),
    )
    op.create_index("ix_reaction_iri", "reaction", ["iri"])
    op.create_index("ix_reaction_post_id", "reaction", ["post_id"])
    op.create_table(
        "stamp",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("post_id", db.Id, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("object_iri", sa.String(), nullable=False),
        sa.Column("request_iri", sa.String(), nullable=False),
        sa.Column("granted_at", db.Instant(), nullable=True),
        sa.Column("revoked_at", db.Instant(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_stamp_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_stamp_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp")),
        sa.UniqueConstraint("kind", "post_id", "object_iri", name=op.f("uq_stamp_kind_post_id_object_iri")),
    )
    op.create_index("ix_stamp_account_id", "stamp", ["account_id"])
    op.create_table(
        "poll_vote",
        sa.Column("id", db.Id, autoincrement=False, nullable=False),
        sa.Column("poll_id", db.Id, nullable=False),
        sa.Column("account_id", db.Id, nullable=False),
        sa.Column("choice", sa.Integer(), nullable=False),
        sa.Column("iri", sa.String(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_poll_vote_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["poll_id"], ["poll.id"], name=op.f("fk_poll_vote_poll_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_vote")),
        sa.UniqueConstraint(
            "poll_id", "account_id", "choice", name=op.f("uq_poll_vote_poll_id_account_id_choice")
        ),
    )
    op.create_index("ix_poll_vote_account_id", "poll_vote", ["account_id"])
    # Columns are added where they are: Alembic's batch mode would copy the table and drop the old one, and
    # on SQLite that deletes whatever refers to it. A default in brackets is none that SQLite adds.
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_post_conversation", "post", ["conversation"])
    op.create_index("ix_post_quote_authorization", "post", ["quote_authorization"])
    op.create_index("ix_post_quote_iri", "post", ["quote_iri"])
    op.create_index("ix_post_quote_of_id", "post", ["quote_of_id"])
    _give_proof_keys()


def _flag(name: str, value: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.literal_column(value), nullable=False)


NEW_COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "account": [
        sa.Column("featured_tags", sa.String()),
        sa.Column("proof_key_pem", sa.String()),
        sa.Column("attribution_domains", db.Json, server_default="[]", nullable=False),
        sa.Column("moved_at", db.Instant()),
        _flag("memorial", "false"),
        _flag("hides_collections", "false"),
        sa.Column("silenced_at", db.Instant()),
        _flag("suspended_by_rule", "false"),
        _flag("silenced_by_rule", "false"),
        sa.Column("deleted_at", db.Instant()),
        sa.Column("avatar_description", sa.String(), server_default="", nullable=False),
        sa.Column("header_description", sa.String(), server_default="", nullable=False),
    ],
    "follow": [sa.Column("languages", sa.String(), server_default="", nullable=False)],
    "login": [
        sa.Column("default_quote_policy", sa.String(), server_default="public", nullable=False),
        _flag("tells_of_blocks", "true"),
    ],
    "mention": [_flag("silent", "false")],
    "peer": [
        sa.Column("refusals", sa.Integer(), server_default=sa.literal_column("0"), nullable=False),
        sa.Column("refused_at", db.Instant()),
        _flag("reacts", "false"),
    ],
    "post": [
        sa.Column("context_iri", sa.String()),
        sa.Column("replies_iri", sa.String()),
        sa.Column("replies_fetched_at", db.Instant()),
        sa.Column("quote_of_id", db.Id),
        sa.Column("quote_iri", sa.String()),
        sa.Column("quote_state", sa.String()),
        sa.Column("quote_authorization", sa.String()),
        sa.Column("interaction_policy", db.Json),
        sa.Column("quotes_count", sa.Integer(), server_default=sa.literal_column("0"), nullable=False),
    ],
}


def _give_proof_keys() -> None:
    """Give the accounts that live here an Ed25519 key, and the address of their hashtags."""
    account = sa.table(
        "account",
        sa.column("id", db.Id),
        sa.column("iri", sa.String),
        sa.column("domain", sa.String),
        sa.column("featured_tags", sa.String),
        sa.column("proof_key_pem", sa.String),
        sa.column("public_keys", db.Json),
    )
    local = sa.select(account.c.id, account.c.iri, account.c.public_keys).where(account.c.domain == "")
    for row in op.get_bind().execute(local).all():
        key = keys.generate_ed25519()
        public = {"id": f"{row.iri}#ed25519-key", "pem": keys.public_pem(key.public_key())}
        op.get_bind().execute(
            account.update()
            .where(account.c.id == row.id)
            .values(
                featured_tags=f"{row.iri}/collections/tags",
                proof_key_pem=keys.private_pem(key),
                public_keys=[*row.public_keys, public],
            )
        )
