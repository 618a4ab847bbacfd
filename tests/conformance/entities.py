"""What every answer of the client API must hold: Mastodon's entities, key by key, with their types.

Typed clients refuse a whole page for one key that is missing or null, so a key is there unless its name ends
in `?`. Written from the public documentation (docs.joinmastodon.org, "Entities", version 4.6).

A type is one of

- `str`, `int`, `float`, `bool`, `any`;
- `id` (text of digits), `digits` (a count as text), `when` (`2026-11-23T12:00:00.123Z`), `day` (`2026-11-23`),
  `unix` (seconds as text), `url` (absolute, http or https), `uri` (absolute, any scheme), `colour`;
- words with `|` between them: one of these;
- the name of an entity;
- any of them after `?` for nullable, and before `[]` for a list of them; `{}` before a type for a mapping to it.
"""

from collections.abc import Mapping

__all__ = ["ENTITIES", "Entity"]

Entity = Mapping[str, str]

_ACCOUNT: Entity = {
    "id": "id", "username": "str", "acct": "str", "url": "url", "uri": "url", "display_name": "str", "note": "str",
    "avatar": "url", "avatar_static": "url", "avatar_description": "str",
    "header": "url", "header_static": "url", "header_description": "str",
    "locked": "bool", "fields": "Field[]", "emojis": "CustomEmoji[]", "bot": "bool", "group": "bool",
    "discoverable": "?bool", "indexable": "bool", "noindex?": "?bool", "moved?": "?Account", "suspended?": "bool",
    "limited?": "bool", "memorial?": "bool", "created_at": "when", "last_status_at": "?day",
    "statuses_count": "int", "followers_count": "int", "following_count": "int", "hide_collections": "?bool",
    "roles": "AccountRole[]",
}  # fmt: skip

_STATUS: Entity = {
    "id": "id", "uri": "url", "created_at": "when", "account": "Account", "content": "str",
    "visibility": "public|unlisted|private|direct", "sensitive": "bool", "spoiler_text": "str",
    "media_attachments": "MediaAttachment[]", "application?": "?StatusApplication", "mentions": "Mention[]",
    "tags": "StatusTag[]", "emojis": "CustomEmoji[]", "reblogs_count": "int", "favourites_count": "int",
    "replies_count": "int", "quotes_count": "int", "url": "?url", "in_reply_to_id": "?id",
    "in_reply_to_account_id": "?id", "reblog": "?Status", "poll": "?Poll", "card": "?PreviewCard",
    "language": "?str", "edited_at": "?when", "quote": "?Quote", "quote_approval": "QuoteApproval", "text?": "str",
    "favourited?": "bool", "reblogged?": "bool", "muted?": "bool", "bookmarked?": "bool", "pinned?": "bool",
    "filtered?": "FilterResult[]",
}  # fmt: skip

_ROLE: Entity = {"id": "id", "name": "str", "color": "str", "permissions": "digits", "highlighted": "bool"}

_REPORT: Entity = {
    "id": "id", "action_taken": "bool", "action_taken_at": "?when", "category": "spam|legal|violation|other",
    "comment": "str", "forwarded": "bool", "created_at": "when",
}  # fmt: skip

_TAG: Entity = {"id": "id", "name": "str", "url": "url", "history": "History[]"}

_CARD: Entity = {
    "url": "url", "title": "str", "description": "str", "type": "link|photo|video|rich", "authors": "any[]",
    "author_name": "str", "author_url": "str", "provider_name": "str", "provider_url": "str", "html": "str",
    "width": "int", "height": "int", "image": "?url", "embed_url": "str", "blurhash": "?str", "language?": "?str",
    "published_at?": "?when", "image_description?": "str",
}  # fmt: skip

_GROUP: Entity = {
    "group_key": "str", "notifications_count": "int", "type": "str", "most_recent_notification_id": "int",
    "page_min_id?": "id", "page_max_id?": "id", "latest_page_notification_at?": "when",
    "sample_account_ids": "id[]", "status_id?": "?id", "report?": "?Report",
    "event?": "?RelationshipSeveranceEvent", "moderation_warning?": "?AccountWarning",
}  # fmt: skip

ENTITIES: Mapping[str, Entity] = {
    "Account": _ACCOUNT,
    "AccountRole": {"id": "id", "name": "str", "color": "str"},
    "AccountWarning": {
        "id": "id",
        "action": "none|disable|mark_statuses_as_sensitive|delete_statuses|sensitive|silence|suspend",
        "text": "str", "status_ids": "?id[]", "target_account": "Account", "appeal": "?any", "created_at": "when",
    },
    "Admin::Account": {
        "id": "id", "username": "str", "domain": "?str", "created_at": "when", "email": "?str", "ip": "?str",
        "ips": "Admin::Ip[]", "locale": "?str", "invite_request": "?str", "role": "?Role", "confirmed": "?bool",
        "approved": "?bool", "disabled": "?bool", "silenced": "bool", "suspended": "bool", "sensitized": "bool",
        "account": "Account", "created_by_application_id?": "?id", "invited_by_account_id?": "?id",
    },
    "Admin::CanonicalEmailBlock": {"id": "id", "canonical_email_hash": "str"},
    "Admin::Cohort": {"period": "when", "frequency": "day|month", "data": "Admin::CohortData[]"},
    "Admin::CohortData": {"date": "when", "rate": "float", "value": "digits"},
    "Admin::Dimension": {"key": "str", "data": "Admin::DimensionData[]"},
    "Admin::DimensionData": {
        "key": "str", "human_key": "str", "value": "str", "unit?": "?str", "human_value?": "?str",
    },
    "Admin::DomainAllow": {"id": "id", "domain": "str", "created_at": "when"},
    "Admin::DomainBlock": {
        "id": "id", "domain": "str", "digest": "str", "created_at": "when", "severity": "noop|silence|suspend",
        "reject_media": "bool", "reject_reports": "bool", "private_comment": "?str", "public_comment": "?str",
        "obfuscate": "bool",
    },
    "Admin::EmailDomainBlock": {
        "id": "id", "domain": "str", "created_at": "when", "history": "History[]", "allow_with_approval?": "bool",
    },
    "Admin::Ip": {"ip": "str", "used_at": "when"},
    "Admin::IpBlock": {
        "id": "id", "ip": "str", "severity": "sign_up_requires_approval|sign_up_block|no_access",
        "comment": "str", "created_at": "when", "expires_at": "?when",
    },
    "Admin::Measure": {
        "key": "str", "unit": "?str", "total": "digits", "human_value?": "str", "previous_total?": "digits",
        "data": "Admin::MeasureData[]",
    },
    "Admin::MeasureData": {"date": "when", "value": "digits"},
    "Admin::Report": {
        **_REPORT, "updated_at": "when", "account": "Admin::Account", "target_account": "Admin::Account",
        "assigned_account": "?Admin::Account", "action_taken_by_account": "?Admin::Account",
        "statuses": "Status[]", "rules": "Rule[]",
    },
    "Admin::Tag": {**_TAG, "trendable": "bool", "usable": "bool", "requires_review": "bool", "listable?": "bool"},
    "Announcement": {
        "id": "id", "content": "str", "starts_at": "?when", "ends_at": "?when", "published": "bool",
        "all_day": "bool", "published_at": "?when", "updated_at": "when", "read?": "bool", "mentions": "Mention[]",
        "statuses": "any[]", "tags": "StatusTag[]", "emojis": "CustomEmoji[]", "reactions": "Reaction[]",
    },
    "Application": {
        "id": "id", "name": "str", "website": "?str", "scopes": "str[]", "redirect_uris": "str[]",
        "redirect_uri": "str", "vapid_key": "str",
    },
    "Context": {"ancestors": "Status[]", "descendants": "Status[]"},
    "Conversation": {"id": "id", "unread": "bool", "accounts": "Account[]", "last_status": "?Status"},
    "CredentialAccount": {**_ACCOUNT, "source": "Source", "role": "Role"},
    "CredentialApplication": {
        "id": "id", "name": "str", "website": "?str", "scopes": "str[]", "redirect_uris": "str[]",
        "redirect_uri": "str", "client_id": "str", "client_secret": "str", "client_secret_expires_at": "int",
        "vapid_key": "str",
    },
    "CustomEmoji": {
        "shortcode": "str", "url": "url", "static_url": "url", "visible_in_picker": "bool", "category?": "?str",
    },
    "DomainBlock": {
        "domain": "str", "digest": "str", "severity": "noop|silence|suspend", "comment": "?str",
    },
    "ExtendedDescription": {"updated_at": "?when", "content": "str"},
    "FamiliarFollowers": {"id": "id", "accounts": "Account[]"},
    "FeaturedTag": {
        "id": "id", "name": "str", "url": "url", "statuses_count": "digits", "last_status_at": "?day",
    },
    "Field": {"name": "str", "value": "str", "verified_at": "?when"},
    "Filter": {
        "id": "id", "title": "str", "context": "home|notifications|public|thread|account[]", "expires_at": "?when",
        "filter_action": "warn|hide|blur", "keywords": "FilterKeyword[]", "statuses": "FilterStatus[]",
    },
    "FilterKeyword": {"id": "id", "keyword": "str", "whole_word": "bool"},
    "FilterResult": {"filter": "FilterSummary", "keyword_matches": "?str[]", "status_matches": "?id[]"},
    "FilterStatus": {"id": "id", "status_id": "id"},
    "FilterSummary": {
        "id": "id", "title": "str", "context": "home|notifications|public|thread|account[]", "expires_at": "?when",
        "filter_action": "warn|hide|blur", "keywords?": "FilterKeyword[]", "statuses?": "FilterStatus[]",
    },
    "GroupedNotifications": {
        "accounts": "Account[]", "partial_accounts?": "PartialAccount[]", "statuses": "Status[]",
        "notification_groups": "NotificationGroup[]",
    },
    "History": {"day": "unix", "uses": "digits", "accounts": "digits"},
    "List": {"id": "id", "title": "str", "replies_policy": "followed|list|none", "exclusive": "bool"},
    "Marker": {"last_read_id": "id", "version": "int", "updated_at": "when"},
    "MediaAttachment": {
        "id": "id", "type": "image|gifv|video|audio|unknown", "url": "?url", "preview_url": "?url",
        "remote_url": "?url", "preview_remote_url": "?url", "text_url": "?url", "meta": "?Meta", "description": "?str",
        "blurhash": "?str",
    },
    "Mention": {"id": "id", "username": "str", "acct": "str", "url": "url"},
    "Meta": {"original": "Size", "small": "Size", "focus?": "Focus"},
    "Focus": {"x": "float", "y": "float"},
    "Size": {"width": "int", "height": "int", "size": "str", "aspect": "float"},
    "MutedAccount": {**_ACCOUNT, "mute_expires_at": "?when"},
    "Notification": {
        "id": "id", "type": "str", "group_key": "str", "created_at": "when", "account": "Account",
        "status?": "?Status", "report?": "?Report", "event?": "?RelationshipSeveranceEvent",
        "moderation_warning?": "?AccountWarning", "filtered?": "bool",
    },
    "NotificationGroup": _GROUP,
    "NotificationPolicy": {
        "for_not_following": "accept|filter|drop", "for_not_followers": "accept|filter|drop",
        "for_new_accounts": "accept|filter|drop", "for_private_mentions": "accept|filter|drop",
        "for_limited_accounts": "accept|filter|drop", "summary": "PolicySummary",
    },
    "NotificationRequest": {
        "id": "id", "created_at": "when", "updated_at": "when", "account": "Account", "notifications_count": "digits",
        "last_status": "?Status",
    },
    "PartialAccount": {
        "id": "id", "acct": "str", "url": "url", "avatar": "url", "avatar_static": "url", "locked": "bool",
        "bot": "bool",
    },
    "PolicySummary": {"pending_requests_count": "int", "pending_notifications_count": "int"},
    "Poll": {
        "id": "id", "expires_at": "?when", "expired": "bool", "multiple": "bool", "votes_count": "int",
        "voters_count": "?int", "options": "PollOption[]", "emojis": "CustomEmoji[]", "voted?": "bool",
        "own_votes?": "int[]",
    },
    "PollOption": {"title": "str", "votes_count": "?int"},
    "Preferences": {
        "posting:default:visibility": "public|unlisted|private|direct", "posting:default:sensitive": "bool",
        "posting:default:language": "?str", "posting:default:quote_policy": "public|followers|nobody",
        "reading:expand:media": "default|show_all|hide_all", "reading:expand:spoilers": "bool",
        "reading:autoplay:gifs": "bool",
        "fedi:imagine": "bool", "fedi:share": "all|no_prompt|nothing",
    },
    "PreviewCard": _CARD,
    "PrivacyPolicy": {"updated_at": "?when", "content": "str"},
    "Profile": {
        "id": "id", "display_name": "str", "note": "str", "fields": "Field[]", "avatar": "?url", "avatar_static": "?url",
        "avatar_description": "str", "header": "?url", "header_static": "?url", "header_description": "str",
        "locked": "bool", "bot": "bool", "hide_collections": "?bool", "discoverable": "?bool", "indexable": "bool",
        "show_media": "bool", "show_media_replies": "bool", "show_featured": "bool", "attribution_domains": "str[]",
        "featured_tags": "FeaturedTag[]",
    },
    "Quote": {
        "state": "pending|accepted|rejected|revoked|deleted|unauthorized|blocked_account|blocked_domain|muted_account",
        "quoted_status?": "?Status", "quoted_status_id?": "?id",
    },
    "QuoteApproval": {
        "automatic": "public|followers|following|unsupported_policy[]",
        "manual": "public|followers|following|unsupported_policy[]",
        "current_user": "automatic|manual|denied|unknown",
    },
    "Reaction": {"name": "str", "count": "int", "me?": "bool", "url?": "?url", "static_url?": "?url"},
    "Relationship": {
        "id": "id", "following": "bool", "showing_reblogs": "bool", "notifying": "bool", "languages": "?str[]",
        "followed_by": "bool", "blocking": "bool", "blocked_by": "bool", "muting": "bool",
        "muting_notifications": "bool", "muting_expires_at?": "?when", "requested": "bool", "requested_by": "bool",
        "domain_blocking": "bool", "endorsed": "bool", "note": "str",
    },
    "RelationshipSeveranceEvent": {
        "id": "id", "type": "domain_block|user_domain_block|account_suspension", "purged": "bool",
        "target_name": "str", "followers_count": "int", "following_count": "int", "created_at": "when",
    },
    "Report": {**_REPORT, "status_ids": "?id[]", "rule_ids": "?id[]", "target_account": "Account"},
    "Role": _ROLE,
    "Rule": {"id": "id", "text": "str", "hint": "str", "translations?": "any"},
    "ScheduledParams": {
        "text": "str", "poll": "?any", "media_ids": "?id[]", "sensitive": "?bool", "spoiler_text": "?str",
        "visibility": "?str", "in_reply_to_id": "?id", "language": "?str", "application_id": "?any",
        "scheduled_at": "?any", "idempotency": "?str", "with_rate_limit": "bool", "quoted_status_id?": "?id",
        "quote_approval_policy?": "?str", "allowed_mentions?": "?any",
    },
    "ScheduledStatus": {
        "id": "id", "scheduled_at": "when", "params": "ScheduledParams", "media_attachments": "MediaAttachment[]",
    },
    "Search": {"accounts": "Account[]", "statuses": "Status[]", "hashtags": "Tag[]"},
    "Source": {
        "note": "str", "fields": "Field[]", "privacy": "public|unlisted|private|direct", "sensitive": "bool",
        "language": "?str", "follow_requests_count": "int", "hide_collections": "?bool", "discoverable": "?bool",
        "indexable": "bool", "attribution_domains": "str[]", "quote_policy": "public|followers|nobody",
    },
    "Status": _STATUS,
    "StatusApplication": {"name": "str", "website": "?str"},
    "StatusEdit": {
        "content": "str", "spoiler_text": "str", "sensitive": "bool", "created_at": "when", "account": "Account",
        "media_attachments": "MediaAttachment[]", "emojis": "CustomEmoji[]", "poll?": "?any", "quote?": "?Quote",
    },
    "StatusSource": {"id": "id", "text": "str", "spoiler_text": "str"},
    "StatusTag": {"name": "str", "url": "url"},
    "Suggestion": {"source": "str", "sources": "str[]", "account": "Account"},
    "Tag": {**_TAG, "following?": "bool", "featuring?": "bool"},
    "TermsOfService": {
        "effective_date": "day", "effective": "bool", "content": "str", "succeeded_by": "?day",
    },
    "Token": {"access_token": "str", "token_type": "Bearer", "scope": "str", "created_at": "int"},
    "Translation": {
        "content": "str", "spoiler_text": "str", "language": "str", "detected_source_language": "str",
        "provider": "str", "media_attachments": "any[]", "poll": "?any",
    },
    "TrendsLink": {**_CARD, "history": "History[]"},
    "V1::Filter": {
        "id": "id", "phrase": "str", "context": "home|notifications|public|thread|account[]", "whole_word": "bool",
        "expires_at": "?when", "irreversible": "bool",
    },
    "V1::Instance": {
        "uri": "str", "title": "str", "short_description": "str", "description": "str", "email": "str",
        "version": "str", "urls": "V1::InstanceUrls", "stats": "V1::InstanceStats", "thumbnail": "?url",
        "languages": "str[]", "registrations": "bool", "approval_required": "bool", "invites_enabled": "bool",
        "configuration": "any", "contact_account": "?Account", "rules": "Rule[]",
    },
    "V1::InstanceStats": {"user_count": "int", "status_count": "int", "domain_count": "int"},
    "V1::InstanceUrls": {"streaming_api": "uri"},
    "V1::NotificationPolicy": {
        "filter_not_following": "bool", "filter_not_followers": "bool", "filter_new_accounts": "bool",
        "filter_private_mentions": "bool", "summary": "PolicySummary",
    },
    "Instance": {
        "domain": "str", "title": "str", "version": "str", "source_url": "url", "description": "str",
        "usage": "InstanceUsage", "thumbnail": "InstanceThumbnail", "icon": "InstanceIcon[]", "languages": "str[]",
        "configuration": "InstanceConfiguration", "registrations": "InstanceRegistrations",
        "api_versions": "{}int", "contact": "InstanceContact", "rules": "Rule[]",
    },
    "InstanceAccounts": {
        "max_featured_tags": "int", "max_pinned_statuses": "int", "max_display_name_length": "int",
        "max_note_length": "int", "max_avatar_description_length": "int", "max_header_description_length": "int",
        "max_profile_fields": "int", "profile_field_name_limit": "int", "profile_field_value_limit": "int",
    },
    "InstanceConfiguration": {
        "urls": "InstanceUrls", "vapid": "InstanceVapid", "accounts": "InstanceAccounts",
        "statuses": "InstanceStatuses", "media_attachments": "InstanceMedia", "polls": "InstancePolls",
        "translation": "InstanceTranslation", "timelines_access?": "any", "limited_federation?": "bool",
    },
    "InstanceContact": {"email": "str", "account": "?Account"},
    "InstanceIcon": {"src": "url", "size": "str"},
    "InstanceMedia": {
        "supported_mime_types": "str[]", "description_limit": "int", "image_size_limit": "int",
        "image_matrix_limit": "int", "video_size_limit": "int", "video_frame_rate_limit": "int",
        "video_matrix_limit": "int",
    },
    "InstancePolls": {
        "max_options": "int", "max_characters_per_option": "int", "min_expiration": "int", "max_expiration": "int",
    },
    "InstanceRegistrations": {
        "enabled": "bool", "approval_required": "bool", "reason_required": "?bool", "message": "?str",
        "min_age": "?int", "url": "?url",
    },
    "InstanceStatuses": {
        "max_characters": "int", "max_media_attachments": "int", "characters_reserved_per_url": "int",
    },
    "InstanceThumbnail": {"url": "url", "blurhash": "?str", "versions": "any", "description?": "str"},
    "InstanceTranslation": {"enabled": "bool"},
    "InstanceUrls": {
        "streaming": "uri", "status": "?url", "about": "?url", "privacy_policy": "?url", "terms_of_service": "?url",
    },
    "InstanceUsage": {"users": "InstanceUsers"},
    "InstanceUsers": {"active_month": "int"},
    "InstanceVapid": {"public_key": "str"},
    "WebPushSubscription": {
        "id": "int", "endpoint": "url", "standard": "bool", "server_key": "str", "alerts": "PushAlerts", "policy": "all|followed|follower|none",
    },
    "PushAlerts": {
        "mention": "bool", "status": "bool", "reblog": "bool", "follow": "bool", "follow_request": "bool",
        "favourite": "bool", "poll": "bool", "update": "bool", "admin.sign_up": "bool", "admin.report": "bool",
        "quote": "bool", "quoted_update": "bool",
    },
}  # fmt: skip
