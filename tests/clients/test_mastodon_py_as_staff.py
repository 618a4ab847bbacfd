"""Mastodon.py, as it is on PyPI, in a moderator's hands."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonUnauthorizedError

from tests.clients.browser import allow
from tests.clients.conftest import PASSWORD, connect, session
from tests.peers.server_process import Instance

pytestmark = pytest.mark.slow

SCOPES = ["read", "write", "admin:read", "admin:write"]


@pytest.fixture(scope="module")
def staff(running: Instance) -> Iterator[Mastodon]:
    """An administrator, through an application that asked for the scopes of one."""
    running.cli("account", "create", "warden", "--password-stdin", "--admin", stdin=f"{PASSWORD}\n")
    with session() as http:
        app = Mastodon.create_app("Staff room", scopes=SCOPES, api_base_url=running.origin, session=http)
        client = connect(running, app, http)
        code = allow(client.auth_request_url(scopes=SCOPES, allow_http=True), "warden", PASSWORD)
        client.log_in(code=code, scopes=SCOPES, allow_http=True)
        yield client


@pytest.fixture(scope="module")
def rogue(running: Instance, app: tuple[str, str]) -> Iterator[Mastodon]:
    """Somebody who gives reason to complain."""
    running.cli("account", "create", "rogue", "--password-stdin", stdin=f"{PASSWORD}\n")
    with session() as http:
        client = connect(running, app, http)
        scopes = ["read", "write"]
        code = allow(client.auth_request_url(scopes=scopes, allow_http=True), "rogue", PASSWORD)
        client.log_in(code=code, scopes=scopes, allow_http=True)
        yield client


def test_a_complaint_is_dealt_with(staff: Mastodon, anna: Mastodon, rogue: Mastodon) -> None:
    post = rogue.status_post("spam spam spam")
    report = anna.report(rogue.me(), status_ids=[post.id], comment="so much of it", category="spam")
    (found,) = [row for row in staff.admin_reports() if row.id == report.id]
    assert (found.comment, found.category, found.action_taken) == ("so much of it", "spam", False)
    assert [row.id for row in found.statuses] == [post.id]
    assert staff.admin_report_assign(found).assigned_account.username == "warden"
    assert staff.admin_report_unassign(found).assigned_account is None
    staff.admin_account_moderate(rogue.me(), "none", report_id=found.id, text="please stop")
    assert staff.admin_report(found).action_taken_by_account.username == "warden"
    assert staff.admin_report_reopen(found).action_taken is False
    assert staff.admin_report_resolve(found).action_taken is True
    assert any(row.type == "admin.report" for row in staff.notifications())
    assert any(row.type == "moderation_warning" for row in rogue.notifications())


def test_somebody_is_shut_out_and_let_in_again(staff: Mastodon, rogue: Mastodon) -> None:
    (known,) = staff.admin_accounts_v2(origin="local", username="rogue")
    assert (known.confirmed, known.approved, known.suspended, known.ip) == (True, True, False, None)
    assert "rogue" in [row["username"] for row in staff.admin_accounts_v1(status="active")]  # plain ones
    staff.admin_account_moderate(known, "disable")
    with pytest.raises(MastodonAPIError, match="403"):
        rogue.timeline_home()
    assert staff.admin_account_enable(known).disabled is False
    assert rogue.timeline_home() is not None
    staff.admin_account_moderate(known, "sensitive")
    assert staff.admin_account(known).sensitized
    assert staff.admin_account_unsensitive(known).sensitized is False
    staff.admin_account_moderate(known, "silence")
    assert staff.admin_account_unsilence(known).silenced is False
    staff.admin_account_moderate(known, "suspend")
    assert staff.admin_account_unsuspend(known).suspended is False
    with pytest.raises((MastodonAPIError, MastodonUnauthorizedError)):
        rogue.timeline_home()  # a suspension ends every token
    with pytest.raises(MastodonAPIError):
        staff.admin_account_approve(known)


def test_who_is_kept_out_is_listed_added_changed_and_taken_off(staff: Mastodon) -> None:
    made = staff.admin_create_domain_block("evil.example", severity="suspend", public_comment="spam")
    assert staff.admin_domain_blocks(made.id).public_comment == "spam"
    assert staff.admin_update_domain_block(made.id, severity="silence").severity == "silence"
    assert "evil.example" in [row.domain for row in staff.admin_domain_blocks()]
    staff.admin_delete_domain_block(made.id)
    allowed = staff.admin_create_domain_allow("good.example")
    assert staff.admin_domain_allow(allowed.id).domain == "good.example"
    staff.admin_delete_domain_allow(allowed.id)
    barred = staff.admin_create_email_domain_block("throwaway.example")
    assert staff.admin_email_domain_block(barred.id).domain == "throwaway.example"
    assert [row.id for row in staff.admin_email_domain_blocks()] == [barred.id]
    staff.admin_delete_email_domain_block(barred.id)
    address = staff.admin_create_ip_block("192.0.2.0/24", "sign_up_block", comment="bots", expires_in=3600)
    assert staff.admin_ip_block(address.id).expires_at > datetime.now(UTC)
    assert staff.admin_update_ip_block(address.id, comment="more bots").comment == "more bots"
    staff.admin_delete_ip_block(address.id)
    digest = staff.admin_create_canonical_email_block(email="spam@mail.example")
    assert [row.id for row in staff.admin_test_canonical_email_block("S.pam+1@mail.example")] == [digest.id]
    assert staff.admin_canonical_email_block(digest.id).canonical_email_hash == digest.canonical_email_hash
    staff.admin_delete_canonical_email_block(digest.id)
    for left in (
        staff.admin_domain_blocks(), staff.admin_domain_allows(), staff.admin_email_domain_blocks(),
        staff.admin_ip_blocks(), staff.admin_canonical_email_blocks(),
    ):  # fmt: skip
        assert len(left) == 0


def test_figures_are_told(staff: Mastodon) -> None:
    now = datetime.now(UTC)
    span = (now - timedelta(days=1), now)
    (measured,) = staff.admin_measures(*span, new_users=True)
    assert (measured.key, int(measured.total) >= 3, len(measured.data)) == ("new_users", True, 2)
    keys = {row.key for row in staff.admin_dimensions(*span, languages=True, space_usage=True)}
    assert keys == {"languages", "space_usage"}
    assert staff.admin_retention(*span)[-1].data[0].rate >= 0
    assert staff.admin_trending_tags() is not None
    assert list(staff.admin_trending_links()) == []


def test_nobody_else_has_a_say(anna: Mastodon) -> None:
    with pytest.raises(MastodonAPIError, match="403"):
        anna.admin_accounts_v2()
