"""Local accounts: making them, and checking who signs in.

Passwords are hashed with argon2id at the library's defaults, which meet OWASP's advice (64 MiB, 3 passes).
"""

import asyncio
import functools
import re

import argon2
from sqlalchemy import select

from activitypub import keys
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Login, Role
from fedi.queries import accounts as find

__all__ = ["check_password", "create_local", "ensure_instance_actor", "hash_password", "set_password"]

USERNAME_CHARACTERS_MAX = 30
"""Of a name; Mastodon's length."""

USERNAME = re.compile(rf"[a-z0-9_]{{1,{USERNAME_CHARACTERS_MAX}}}")
"""Letters that every server takes in a handle."""

RESERVED = frozenset({
    "actor", "admin", "administrator", "help", "inbox", "instance", "postmaster", "root", "support",
    "webmaster",
})  # fmt: skip
"""Names that look like the server itself."""

PASSWORD_CHARACTERS_MIN = 8
"""NIST SP 800-63B section 3.1.1.2."""

PASSWORD_BYTES_MAX = 1024
"""More is only work for the hash."""

_hasher = argon2.PasswordHasher()


@functools.cache
def _nobody() -> str:
    """Return what to compare with when nobody of a name exists, which must take as long."""
    return _hasher.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """Hash a password, in a thread: it takes a tenth of a second on purpose.

    Raises:
        Refused: 422, when it is too short or too long, or no text.
    """
    if len(password) < PASSWORD_CHARACTERS_MIN:
        raise Refused(422, f"A password needs at least {PASSWORD_CHARACTERS_MIN} characters.")
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise Refused(422, "A password must be UTF-8 text.") from None
    if size > PASSWORD_BYTES_MAX:
        raise Refused(422, f"A password may have {PASSWORD_BYTES_MAX} bytes at most.")
    return await asyncio.to_thread(_hasher.hash, password)


async def create_local(
    ctx: Context,
    tx: Tx,
    *,
    username: str,
    password_hash: str | None = None,
    kind: str = "Person",
    operator: str | None = None,
    role: Role = Role.USER,
    private_key_pem: str | None = None,
) -> Account:
    """Make a local account with a key of its own.

    Args:
        ctx: the context.
        tx: a writing transaction.
        username: the name before the @.
        password_hash: from `hash_password`; without one nobody can sign in, as is right for a bot.
        kind: ActivityPub type, Person or Service.
        operator: handle of the person who answers for a bot.
        role: what the person may do.
        private_key_pem: a key made before; made here (a tenth of a second) when missing.

    Raises:
        Refused: 422, when the name cannot be had or a bot has no operator.
    """
    username = _as_name(username)
    if not USERNAME.fullmatch(username):
        raise Refused(422, f"'{username}' cannot be a name: use 1 to 30 of a-z, 0-9 and _.")
    if username in RESERVED:
        raise Refused(422, f"'{username}' is reserved for the server.")
    if kind == "Service" and not operator:
        raise Refused(422, "A bot needs an operator: the handle of the person who answers for it.")
    if await find.local_by_name(tx, username) is not None:
        raise Refused(422, f"'{username}' is taken.")
    iri = iris.actor(ctx.settings, username)
    account = _new_actor(ctx, iri=iri, username=username, kind=kind, private_key_pem=private_key_pem)
    account.url = iris.profile(ctx.settings, username)
    account.operator = operator
    account.discoverable = kind == "Person"
    tx.add(account)
    await tx.flush()
    if password_hash is not None:
        visibility = "unlisted" if kind == "Service" else "public"
        tx.add(
            Login(
                account_id=account.id,
                password_hash=password_hash,
                role=role,
                default_visibility=visibility,
                created_at=ctx.clock(),
            )
        )
        await tx.flush()
    return account


async def ensure_instance_actor(ctx: Context, tx: Tx) -> Account:
    """Return the actor that signs this server's own requests, making it the first time."""
    existing = await find.instance_actor(tx, ctx.settings)
    if existing is not None:
        return existing
    iri = iris.instance_actor(ctx.settings)
    account = _new_actor(ctx, iri=iri, username=ctx.settings.domain, kind="Application", private_key_pem=None)
    account.url = f"{ctx.settings.origin}/about"
    account.display_name = ctx.settings.instance_name
    account.locked = True
    tx.add(account)
    await tx.flush()
    return account


async def set_password(tx: Tx, account: Account, password_hash: str) -> None:
    """Give a local account another password; the caller ends what the old one opened (`authorizing`).

    Raises:
        Refused: 422, when it is not one that can sign in.
    """
    login = await tx.get(Login, account.id)
    if login is None:
        raise Refused(422, f"'{account.username}' has no login.")
    login.password_hash = password_hash


async def check_password(ctx: Context, username: str, password: str) -> Account | None:
    """Return the account that signs in so, or None; takes as long whoever is named.

    Raises:
        Refused: 403, when the password is right and a moderator does not let them in, yet or any more.
    """
    # What cannot be a name is not asked for: a database refuses some characters with an error.
    name = _as_name(username) if USERNAME.fullmatch(_as_name(username)) else ""
    async with ctx.db.read() as tx:
        row = (
            await tx.execute(
                select(Account, Login)
                .join(Login, Login.account_id == Account.id)
                .where(Account.username == name, Account.domain == "")
            )
        ).first()
    nobody = await asyncio.to_thread(_nobody)  # made at the first try, whoever is named
    expected = row.Login.password_hash if row else nobody
    if len(password.encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX:
        return None
    good = await asyncio.to_thread(_verify, expected, password)
    if not good or row is None or row.Account.suspended_at is not None:
        return None
    if not row.Login.approved:  # told to who has the password, and to nobody else
        raise Refused(403, "Your login is currently pending approval")
    if row.Login.disabled_at is not None:
        raise Refused(403, "Your login is currently disabled")
    account: Account = row.Account
    return account


def _verify(expected: str, password: str) -> bool:
    try:
        return _hasher.verify(expected, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeEncodeError):
        return False


def _as_name(typed: str) -> str:
    return typed.strip().removeprefix("@").lower()


def _new_actor(ctx: Context, *, iri: str, username: str, kind: str, private_key_pem: str | None) -> Account:
    if private_key_pem is None:
        private_key_pem = keys.private_pem(keys.generate_rsa())
    public = ctx.keys.get(iris.key(iri), private_key_pem).public_key()
    proof_key = keys.generate_ed25519()
    return Account(
        id=ctx.ids.next(),
        username=username,
        domain="",
        iri=iri,
        kind=kind,
        inbox=iris.inbox(iri),
        shared_inbox=iris.shared_inbox(ctx.settings),
        outbox=iris.outbox(iri),
        followers=iris.followers(iri),
        following=iris.following(iri),
        featured=iris.featured(iri),
        featured_tags=iris.featured_tags(iri),
        public_keys=[
            {"id": iris.key(iri), "pem": keys.public_pem(public)},
            {"id": iris.proof_key(iri), "pem": keys.public_pem(proof_key.public_key())},
        ],
        private_key_pem=private_key_pem,
        proof_key_pem=keys.private_pem(proof_key),
        fields=[],
        emojis=[],
        also_known_as=[],
        created_at=ctx.clock(),
    )
