"""Migrations, in order: each is one step from the shape before it."""
