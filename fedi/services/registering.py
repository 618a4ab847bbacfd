"""Signing up: what a new person must tell, and who may not.

Each field is judged by itself and all that is wrong is told at once, in Mastodon's codes, because apps show
it beside the fields. Addresses for mail are kept and not verified: this server sends no mail.

Source: Mastodon's documentation, "accounts API methods: register an account".
"""

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass, replace

from activitypub import keys
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.log import get
from fedi.models import Account, Login
from fedi.queries import accounts as find
from fedi.queries import barring
from fedi.services import accounts, notifying

__all__ = ["REASON_CHARACTERS_MAX", "Applicant", "Troubles", "sign_up"]

REASON_CHARACTERS_MAX = 420
"""Of why somebody wants to join; Mastodon's figure."""

EMAIL_CHARACTERS_MAX = 320
"""Of an address for mail, RFC 3696 section 3."""

EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;:\"\\]{1,64}@[^@\s\x00-\x1f<>,;:\"\\]+\.[^@\s.\x00-\x1f<>,;:\"\\]{2,}")
"""What can be an address; whether it is one, only a letter to it could tell."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Somebody who wants an account.

    Attributes:
        username: the name before the @.
        email: where they can be reached.
        password: in clear.
        agrees: to the rules of the server.
        reason: why they want to join; where a moderator decides it must be given.
        language: of their posts; the server's when missing.
        address: where on the network they ask from.
        app_id: the application through which; None in the browser.
    """

    username: str
    email: str
    password: str
    agrees: bool
    reason: str = ""
    language: str | None = None
    address: str = ""
    app_id: int | None = None


class Troubles:
    """What is wrong, by field: code and sentence."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, field: str, code: str, sentence: str) -> None:
        """Note that a field is wrong."""
        self._found[field].append((code, sentence))

    def __contains__(self, field: str) -> bool:
        return field in self._found

    def require_none(self) -> None:
        """Refuse with all that was noted.

        Raises:
            Refused: 422, with the details by field.
        """
        if not self._found:
            return
        said = [
            f"{field.capitalize()} {sentence}" for field, rows in self._found.items() for _, sentence in rows
        ]
        details = {
            field: [{"error": code, "description": sentence} for code, sentence in rows]
            for field, rows in self._found.items()
        }
        raise Refused(422, f"Validation failed: {', '.join(said)}", details=details)


async def sign_up(ctx: Context, applicant: Applicant) -> tuple[Account, bool]:
    """Make the account of somebody who signs up; opens its own transactions.

    Returns:
        The account, and whether it may be used at once.

    Raises:
        Refused: 403 when nobody may sign up, or not from there; 422 with what is wrong, by field.
    """
    if ctx.settings.registrations == "closed":
        raise Refused(403, "This action is not allowed", why="registrations are closed")
    email = applicant.email.strip().lower()
    applicant = replace(applicant, username=applicant.username.strip().lower(), email=email)
    troubles = Troubles()
    _judge(ctx, applicant, troubles)
    async with ctx.db.read() as tx:
        laid = await barring.severities(tx, applicant.address, now=ctx.clock())
        if laid & {"sign_up_block", "no_access"}:
            raise Refused(403, "This action is not allowed", why=f"sign-up from {applicant.address}")
        await _judge_by_what_is_here(tx, applicant, troubles)
    troubles.require_none()
    # Both take a tenth of a second, in which nobody should wait for the writer.
    password_hash = await accounts.hash_password(applicant.password)
    key = await asyncio.to_thread(lambda: keys.private_pem(keys.generate_rsa()))
    approved = ctx.settings.registrations == "open" and "sign_up_requires_approval" not in laid
    async with ctx.db.write() as tx:
        await _judge_by_what_is_here(tx, applicant, troubles)  # somebody may have been quicker
        troubles.require_none()
        account = await accounts.create_local(
            ctx, tx, username=applicant.username, password_hash=password_hash, private_key_pem=key
        )
        login = await tx.get_one(Login, account.id)
        login.email, login.approved = email, approved
        login.reason = applicant.reason.strip()
        login.default_language = applicant.language
        login.created_by_app_id = applicant.app_id
        await notifying.tell_staff(ctx, tx, kind="admin.sign_up", about_id=account.id)
    log.info("signed_up", account=account.acct, approved=approved)
    return account, approved


def _judge(ctx: Context, applicant: Applicant, troubles: Troubles) -> None:
    name = applicant.username
    if not name:
        troubles.add("username", "ERR_BLANK", "can't be blank")
    elif len(name) > accounts.USERNAME_CHARACTERS_MAX:
        most = accounts.USERNAME_CHARACTERS_MAX
        troubles.add("username", "ERR_TOO_LONG", f"is too long (maximum is {most} characters)")
    elif not accounts.USERNAME.fullmatch(name):
        troubles.add("username", "ERR_INVALID", "must contain only letters, numbers and underscores")
    elif name in accounts.RESERVED:
        troubles.add("username", "ERR_RESERVED", "is reserved")
    if not applicant.email:
        troubles.add("email", "ERR_BLANK", "can't be blank")
    elif len(applicant.email) > EMAIL_CHARACTERS_MAX or not EMAIL.fullmatch(applicant.email):
        troubles.add("email", "ERR_INVALID", "is not an e-mail address")
    _judge_password(applicant.password, troubles)
    if not applicant.agrees:
        troubles.add("agreement", "ERR_ACCEPTED", "must be accepted")
    reason = applicant.reason.strip()
    if len(reason) > REASON_CHARACTERS_MAX:
        troubles.add("reason", "ERR_TOO_LONG", f"is too long (maximum is {REASON_CHARACTERS_MAX} characters)")
    elif not reason and ctx.settings.registrations == "approval":
        troubles.add("reason", "ERR_BLANK", "can't be blank")


def _judge_password(password: str, troubles: Troubles) -> None:
    least = accounts.PASSWORD_CHARACTERS_MIN
    if not password:
        troubles.add("password", "ERR_BLANK", "can't be blank")
    elif len(password) < least:
        troubles.add("password", "ERR_TOO_SHORT", f"is too short (minimum is {least} characters)")
    elif len(password.encode("utf-8", "surrogatepass")) > accounts.PASSWORD_BYTES_MAX:
        most = accounts.PASSWORD_BYTES_MAX
        troubles.add("password", "ERR_TOO_LONG", f"is too long (maximum is {most} bytes)")


async def _judge_by_what_is_here(tx: Tx, applicant: Applicant, troubles: Troubles) -> None:
    if "username" not in troubles and await find.local_by_name(tx, applicant.username) is not None:
        troubles.add("username", "ERR_TAKEN", "has already been taken")
    if "email" not in troubles:
        if await barring.email_is_barred(tx, applicant.email):
            troubles.add("email", "ERR_BLOCKED", "has a provider that is not allowed here")
        elif await barring.email_is_taken(tx, applicant.email):
            troubles.add("email", "ERR_TAKEN", "has already been taken")
