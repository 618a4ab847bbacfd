"""The history of the database's shape, run by Alembic.

`HEAD` is the revision that this version of the code needs. Migrations go forward in two steps (expand,
then contract a release later), so that a server can be upgraded while another process still runs.
"""

__all__ = ["HEAD"]

HEAD = "0003"
"""Held to the newest file in `versions/` by a test."""
