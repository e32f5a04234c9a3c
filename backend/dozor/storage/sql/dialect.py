"""Where SQLite and PostgreSQL say the same, and SQLAlchemy has it in two places."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Upserting = Callable[[Table], postgresql.Insert] | Callable[[Table], sqlite.Insert]


def upserting(connection: AsyncConnection) -> Upserting:
    """An ``insert`` that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
