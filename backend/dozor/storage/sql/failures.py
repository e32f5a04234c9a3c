"""The one place where what SQLAlchemy and its drivers raise becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dozor.clock import Clock
from dozor.domain.errors import StoreUnavailable

TRY_AGAIN_AFTER = timedelta(seconds=1)
BUGS = (IntegrityError, ProgrammingError, DataError)  # the first may be what a repository expects, and tells


@contextmanager
def translated(clock: Clock) -> Iterator[None]:
    """Make StoreUnavailable of whatever means that the database cannot be reached or used."""
    try:
        yield
    except BUGS:
        raise
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        retry_at = clock.now() + TRY_AGAIN_AFTER
        raise StoreUnavailable(f"the database is unavailable: {reason_of(error)}", retry_at) from error


def reason_of(error: BaseException) -> str:
    """In one line what the database or the system said, without the statement and its parameters."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(said).split()).partition("DETAIL:")[0]  # PostgreSQL quotes rows there
    return text.removeprefix(f"{type(said.__cause__)}: ").strip() or type(said).__name__
