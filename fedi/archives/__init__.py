"""An instance in one file, and from one database into another.

What is written knows nothing of the database that it came from, so the same file, and the same rows without a
file, go from SQLite to PostgreSQL and back.
"""
