"""What all tables share: the metadata with its naming rule, and nothing else.

Constraint names are made by rule, so that a migration can name what it drops on both databases.
"""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

__all__ = ["Base"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all models. Columns and constraints only: verbs live in services, shapes in translators."""

    metadata = MetaData(naming_convention=NAMING)
