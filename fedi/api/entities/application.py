"""Applications: what a client is told about itself, and what others see of it below a post.

Source: Mastodon's documentation, "Application entity".
"""

from typing import TypedDict

from fedi.models import OAuthApp

__all__ = [
    "Application", "CredentialApplication", "PublicApplication", "application", "credential_application",
    "public_application",
]  # fmt: skip


class PublicApplication(TypedDict):
    """The application below a post."""

    name: str
    website: str | None


class Application(TypedDict):
    """What `apps/verify_credentials` answers."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    redirect_uri: str
    vapid_key: str


class CredentialApplication(Application):
    """What registering answers, once."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int


def public_application(app: OAuthApp) -> PublicApplication:
    """Build what everyone sees of an application."""
    return {"name": app.name, "website": app.website}


def application(app: OAuthApp, vapid_key: str) -> Application:
    """Build what an application sees of itself, with our key for push services."""
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": list(app.scopes),
        "redirect_uris": list(app.redirect_uris),
        "redirect_uri": "\n".join(app.redirect_uris),
        "vapid_key": vapid_key,
    }


def credential_application(app: OAuthApp, secret: str, vapid_key: str) -> CredentialApplication:
    """Build the answer to a registration: the only time that the secret is told."""
    return {
        **application(app, vapid_key),
        "client_id": app.client_id,
        "client_secret": secret,
        "client_secret_expires_at": 0,
    }
