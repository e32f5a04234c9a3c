"""Engines that are databases, each asked in the way that suits it. A tick of SQL is one transaction with its commit."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import redis

from bench.alerts.workload import COINS, Workload
from postgres_servers import Postgres, find_programs
from redis_binaries import find_server
from redis_servers import Server

AT_ONCE = 20_000
COLUMNS = "number INTEGER PRIMARY KEY, coin INTEGER NOT NULL, above BOOLEAN NOT NULL, level DOUBLE PRECISION NOT NULL"
INDEX = "CREATE INDEX by_level ON rules (coin, above, level)"


class Missing(Exception):
    """What the engine needs is not on this machine."""


def _rows(workload: Workload) -> Iterator[tuple[int, int, bool, float]]:
    return ((number, coin, above, level) for number, coin, level, above in workload.rules())


class Sqlite:
    """A file with WAL, ``synchronous=FULL`` and an index by coin, side and level."""

    is_server = True

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dozor-bench-")
        self._path = Path(self._folder.name) / "rules.db"
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(f"CREATE TABLE rules ({COLUMNS})")
        self._database.execute("CREATE TEMP TABLE prices (coin INTEGER PRIMARY KEY, price REAL)")

    def load(self, workload: Workload) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO rules VALUES (?, ?, ?, ?)", _rows(workload))
        self._database.execute(INDEX)
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def tick(self, prices: list[float]) -> list[int]:
        ask = self._database.execute
        self._database.executemany("INSERT OR REPLACE INTO prices VALUES (?, ?)", enumerate(prices))
        fired = ask(
            "DELETE FROM rules WHERE number IN ("
            " SELECT r.number FROM prices p CROSS JOIN rules r"
            "  ON r.coin = p.coin AND r.above = 1 AND r.level <= p.price"
            " UNION ALL SELECT r.number FROM prices p CROSS JOIN rules r"
            "  ON r.coin = p.coin AND r.above = 0 AND r.level >= p.price"
            ") RETURNING number"
        ).fetchall()
        ask("COMMIT")
        ask("BEGIN")
        return [number for (number,) in fired]

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._database.execute("INSERT INTO rules VALUES (?, ?, ?, ?)", (number, coin, above, level))

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._database.execute("DELETE FROM rules WHERE number = ?", (number,))

    def memory(self) -> int:
        pages, size = (self._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size)

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()


class Postgresql:
    """A server of its own, without ``fsync``, asked by asyncpg with prepared statements."""

    is_server = True

    def __init__(self) -> None:
        programs = find_programs()
        if programs is None:
            raise Missing("no PostgreSQL here")
        self._server = Postgres(programs)
        self._server.__enter__()
        self._loop = asyncio.new_event_loop()
        self._link = self._do(asyncpg.connect(self._server.url))
        self._do(self._link.execute(f"CREATE TABLE rules ({COLUMNS})"))

    def load(self, workload: Workload) -> None:
        self._do(self._link.copy_records_to_table("rules", records=_rows(workload)))
        self._do(self._link.execute(INDEX))
        self._do(self._link.execute("VACUUM ANALYZE rules"))
        self._tick = self._do(
            self._link.prepare(
                "WITH p AS MATERIALIZED (SELECT * FROM unnest($1::int[], $2::float8[]) AS p (coin, price))"
                "DELETE FROM rules WHERE number = ANY (ARRAY("
                " SELECT r.number FROM p CROSS JOIN LATERAL"
                "  (SELECT number FROM rules WHERE coin = p.coin AND above AND level <= p.price) r"
                " UNION ALL SELECT r.number FROM p CROSS JOIN LATERAL"
                "  (SELECT number FROM rules WHERE coin = p.coin AND NOT above AND level >= p.price) r"
                ")) RETURNING number"
            )
        )
        self._insert = self._do(self._link.prepare("INSERT INTO rules VALUES ($1, $2, $3, $4)"))
        self._delete = self._do(self._link.prepare("DELETE FROM rules WHERE number = $1"))

    def tick(self, prices: list[float]) -> list[int]:
        return [row[0] for row in self._do(self._tick.fetch(range(COINS), prices))]

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._do(self._insert.fetch(number, coin, above, level))

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._do(self._delete.fetch(number))

    def memory(self) -> int:
        return int(self._do(self._link.fetchval("SELECT pg_total_relation_size('rules')")))

    def close(self) -> None:
        self._do(self._link.close())
        self._loop.close()
        self._server.close()

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(what)


class Redis:
    """A sorted set for each coin and side, asked in one pipeline, and what has fired removed in another."""

    is_server = True

    def __init__(self) -> None:
        binary = find_server("redis") or find_server("valkey")
        if binary is None:
            raise Missing("no Redis here")
        self._server = Server(binary)
        self._server.__enter__()
        self._link = redis.Redis(port=self._server.port)

    def load(self, workload: Workload) -> None:
        self._empty = self._used()
        rules = workload.rules()
        while some := list(islice(rules, AT_ONCE)):
            together: dict[str, dict[int, float]] = {}
            for number, coin, level, above in some:
                together.setdefault(_key(coin, above=above), {})[number] = level
            pipeline = self._link.pipeline(transaction=False)
            for key, members in together.items():
                pipeline.zadd(key, members)
            pipeline.execute()

    def tick(self, prices: list[float]) -> list[int]:
        pipeline = self._link.pipeline(transaction=False)
        for coin, price in enumerate(prices):
            pipeline.zrangebyscore(_key(coin, above=True), "-inf", price)
            pipeline.zrangebyscore(_key(coin, above=False), price, "inf")
        fired: list[int] = []
        removing = self._link.pipeline(transaction=False)
        for place, members in enumerate(pipeline.execute()):
            if members:
                fired += map(int, members)
                removing.zrem(_key(place // 2, above=place % 2 == 0), *members)
        removing.execute()
        return fired

    def insert(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._link.zadd(_key(coin, above=above), {number: level})

    def delete(self, number: int, coin: int, level: float, *, above: bool) -> None:
        self._link.zrem(_key(coin, above=above), number)

    def memory(self) -> int:
        return self._used() - self._empty

    def close(self) -> None:
        self._link.close()
        self._server.close()

    def _used(self) -> int:
        return int(self._link.info("memory")["used_memory"])


def _key(coin: int, *, above: bool) -> str:
    return f"{coin}:{'above' if above else 'below'}"
