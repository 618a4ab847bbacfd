"""Accounts of this server as actors, and the news that one of them changed.

Source: ActivityPub section 4; Mastodon's documentation of the properties it uses; FEP-2c59 (`webfinger`).
"""

import dataclasses
from datetime import datetime
from typing import Any

from activitypub import keys
from activitypub.activities import Delete, Update
from activitypub.objects.actor import Actor, Application, ClientEndpoints, Field, Multikey, Picture, PublicKey
from activitypub.objects.policy import Approval, InteractionPolicy
from activitypub.objects.tombstone import Tombstone
from activitypub.vocab import PUBLIC
from fedi import iris, models
from fedi.config import Settings

__all__ = ["actor_document", "delete_actor", "gone_actor", "update_actor"]

IMPLEMENTS = (("https://datatracker.ietf.org/doc/html/rfc9421", "RFC-9421: HTTP Message Signatures"),)
"""What others may rely on beforehand (FEP-844e); for all else there are properties that tell."""


def actor_document(account: models.Account, settings: Settings) -> Actor:
    """Describe a local account, or the server's own actor, to other servers.

    Of somebody suspended remains what others need to check their signatures, and that they are suspended.
    """
    described = _described(account, settings)
    if account.suspended_at is None:
        return described
    return dataclasses.replace(
        Actor(id=described.id, type=described.type, username=described.username, inbox=described.inbox),
        public_keys=described.public_keys,
        assertion_methods=described.assertion_methods,
        suspended=True,
    )


def _described(account: models.Account, settings: Settings) -> Actor:
    is_server = account.iri == iris.instance_actor(settings)
    return Actor(
        id=account.iri,
        type=account.kind,
        username=account.username,
        webfinger=f"{account.username}@{settings.domain}",
        inbox=account.inbox,
        outbox=account.outbox,
        followers=account.followers,
        following=account.following,
        featured=account.featured,
        featured_tags=account.featured_tags,
        shared_inbox=account.shared_inbox,
        client_endpoints=_client_endpoints(account, settings),
        name=account.display_name or account.username,
        summary=account.note,
        url=account.url,
        published=account.created_at,
        manually_approves_followers=account.locked,
        discoverable=account.discoverable,
        indexable=account.indexable,
        moved_to=account.moved_to,
        also_known_as=tuple(account.also_known_as),
        attribution_domains=tuple(account.attribution_domains),
        memorial=account.memorial,
        public_keys=tuple(
            PublicKey(id=key["id"], owner=account.iri, pem=key["pem"])
            for key in account.public_keys
            if key["id"] != iris.proof_key(account.iri)
        ),
        assertion_methods=_multikeys(account),
        icon=_picture(settings, account.avatar_key, account.avatar_url, account.avatar_description),
        image=_picture(settings, account.header_key, account.header_url, account.header_description),
        fields=_fields(account),
        # Collections of accounts (FEP-7aa9) ask nobody here, and nobody here could answer.
        policy=InteractionPolicy(can_feature=Approval(automatic=(account.iri,))),
        generator=None
        if is_server
        else Application(id=iris.instance_actor(settings), name="fedi", implements=IMPLEMENTS),
        implements=IMPLEMENTS if is_server else (),
    )


def update_actor(account: models.Account, settings: Settings, now: datetime) -> Update:
    """Publish a new version of a local account's profile."""
    return Update(
        id=f"{account.iri}#updates/{int(now.timestamp() * 1000)}",
        actor=account.iri,
        published=now,
        to=(PUBLIC,),
        object_id=account.iri,
        object_doc=actor_document(account, settings).to_json(context=False),
    )


def _client_endpoints(account: models.Account, settings: Settings) -> ClientEndpoints | None:
    """Return where the person's applications go; nobody signs in as the server."""
    if account.kind == "Application":
        return None
    return ClientEndpoints(
        oauth_authorization=f"{settings.origin}/oauth/authorize",
        oauth_token=f"{settings.origin}/oauth/token",
        proxy=iris.proxy(settings),
        upload_media=iris.upload_media(settings),
    )


def delete_actor(account: models.Account) -> Delete:
    """Say that an account of this server is gone; its object is the bare id, as all peers expect."""
    return Delete(
        id=f"{account.iri}#delete",
        actor=account.iri,
        to=(PUBLIC,),
        object_id=account.iri,
    )


def gone_actor(account: models.Account) -> Tombstone:
    """Describe what is left of an account of this server that was deleted."""
    return Tombstone(id=account.iri, former_type=account.kind, deleted=account.deleted_at)


def _multikeys(account: models.Account) -> tuple[Multikey, ...]:
    """The key that signs documents, under an id of its own: Mastodon takes `publicKey` for RSA (FEP-521a)."""
    return tuple(
        Multikey(
            id=key["id"],
            controller=account.iri,
            multibase=keys.public_multibase(keys.load_public_pem(key["pem"])),
        )
        for key in account.public_keys
        if key["id"] == iris.proof_key(account.iri)
    )


def _picture(settings: Settings, key: str | None, url: str | None, shown: str) -> Picture | None:
    address = iris.media(settings, key) if key else url
    return Picture(url=address, media_type=_media_type(address), alt=shown or None) if address else None


def _media_type(address: str) -> str | None:
    """Tell a picture's type by its name: keys of ours end as their file does."""
    ending = address.rpartition(".")[2].lower()
    return {
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "gif": "image/gif",
    }.get(ending)


def _fields(account: models.Account) -> tuple[Field, ...]:
    """The lines of the profile; a bot's names who answers for it, unless a line of its own does."""
    rows: list[dict[str, Any]] = list(account.fields)
    if account.operator and not any(row["name"] == "Operator" for row in rows):
        rows.insert(0, {"name": "Operator", "value": f"@{account.operator.removeprefix('@')}"})
    return tuple(Field(name=row["name"], value=row["value"]) for row in rows)
