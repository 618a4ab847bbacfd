"""What moderators and administrators ask: `/api/v1/admin`.

Each endpoint asks for a scope and for a role (`viewer.require_staff`): the scope says what the application
may do, the role what the person may. As Mastodon has it by default, moderators deal with people and reports,
and only administrators with servers, with addresses that are kept out, and with deleting.
"""
