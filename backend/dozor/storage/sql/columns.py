"""Column types that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Double, Integer
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 64 bits. SQLite numbers rows by itself only in a column of this very name."""

Edge: Double[float] = Double()
"""A float as Python has it."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, exact to the microsecond.

    PostgreSQL has a type for it. SQLite has none: there it is a whole number of microseconds since 1970, which
    sorts and compares as times do.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See TypeDecorator."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if _is_postgres(dialect) else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """See TypeDecorator."""
        return value if value is None or _is_postgres(dialect) else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """See TypeDecorator."""
        if value is None:
            return None
        instant: datetime = value if _is_postgres(dialect) else EPOCH + value * MICROSECOND
        return instant.astimezone(UTC)


def _is_postgres(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"
