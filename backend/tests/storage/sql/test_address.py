from __future__ import annotations

import pytest

from dozor.storage.sql.address import DatabaseUrlMistake, Mistake, parse_database_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db.example:5433/dozor", "db.example:5433/dozor"),
        ("postgres://me:hunter2@db.example/dozor", "db.example/dozor"),
        ("postgresql+asyncpg://me:hunter2@db.example/dozor?sslmode=require", "db.example/dozor"),
        ("postgresql://me:hunter2@[::1]:5432/dozor", "[::1]:5432/dozor"),
        ("postgresql://me:hunter2@one,two:5433/dozor", "one,two:5433/dozor"),
        ("postgresql://me:hunter2@/dozor?host=/run/postgresql", "/run/postgresql/dozor"),
        ("postgresql:///dozor", "localhost/dozor"),
        ("postgresql://me:hunter2%40%2F@db.example/do%20zor", "db.example/do zor"),
    ],
)
def test_every_form_is_understood_and_shown_without_the_password(url: str, shown: str) -> None:
    address = parse_database_url(url)
    assert address.shown == shown
    assert "hunter2" not in repr(address)
    assert address.dsn.startswith("postgresql://")


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("mysql://me:hunter2@db/dozor", Mistake.NOT_POSTGRES),
        ("postgresql://", Mistake.NOT_POSTGRES),
        ("db.example:5432/dozor", Mistake.NOT_POSTGRES),
        ("sqlite:///dozor.db", Mistake.SQLITE),
        ("sqlite+aiosqlite:///dozor.db", Mistake.SQLITE),
        ("postgresql://me:hunter2@db:five/dozor", Mistake.BAD_PORT),
        ("postgresql://me:hunter2@db:99999/dozor", Mistake.BAD_PORT),
        ("postgresql://me:hun/ter2@db/dozor", Mistake.BAD_PORT),  # a slash that was not written as a code
        ("postgresql://me:hunter2@db", Mistake.NO_DATABASE),
        ("postgresql://me:hunter2@db/dozor?sslmode=yes", Mistake.BAD_TLS),
    ],
)
def test_a_mistake_is_named_without_showing_the_password(url: str, mistake: Mistake) -> None:
    with pytest.raises(DatabaseUrlMistake) as raised:
        parse_database_url(url)
    assert raised.value.reason is mistake
    assert "hunter2" not in str(raised.value)
