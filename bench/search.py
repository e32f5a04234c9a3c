"""What a search costs over the whole coin list: ``python bench/search.py [coin-list.json]`` in Dozor's environment.

The list is the stand-in's, 18,000 coins; a body of ``/coins/list?include_platform=true`` can be given instead. Prints a
table and writes ``bench/results/search.json``. The promise is 5 ms at the 99th percentile for every kind of query; on a
machine that does other things too, the thread's own time (CPU) tells more than the clock on the wall.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "backend"))

from dozor.market.catalogue import Catalogue  # noqa: E402
from dozor.market.search.index import RankOf, SearchIndex  # noqa: E402
from dozor.standin.catalogue import catalogue  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "search.json"
COINS = 18_000
ROUNDS = 300
LIMIT = 20
RANKED = 250
PROMISED_MS = 5
SPIN_S = 0.4  # about as long as building takes
QUERIES = {
    "one letter": "b",
    "symbol": "btc",
    "name": "bitcoin",
    "two words": "wrapped bit",
    "part of names": "oken",
    "mistake": "etherium",
    "two mistakes": "dogecion kash",
    "Russian nickname": "эфир",
    "Russian, by ear": "догикоин",
    "Russian keyboard": "иес",
    "nothing like it": "qzxjkvw",
    "100 letters": "bitcoin " * 12,
    "300 odd signs": "\U0001f680\u0301" * 150,
}


def main() -> None:
    """Measure, print, write down."""
    coin_list = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else standin_list()
    index = SearchIndex(coin_list)
    rank_of = ranks_as_learned()
    queries = QUERIES | {"contract address": an_address(coin_list)}
    rows = {kind: measured(index, query, rank_of) for kind, query in queries.items()}
    rows[f"worst of {ROUNDS} frequent parts"] = worst_part(index, coin_list, rank_of)
    building = asyncio.run(built_beside_a_loop(coin_list))
    spinning = asyncio.run(spun_beside_a_loop())
    print(f"{'query':28} {'found':>5} {'median ms':>9} {'p99 ms':>7} {'CPU p99':>7}")
    for kind, row in rows.items():
        print(f"{kind:28} {row['found']:5} {row['median_ms']:9} {row['p99_ms']:7} {row['cpu_p99_ms']:7}")
    for name, value in (building | spinning).items():
        print(f"{name:28} {value}")
    result = {
        "coins": len(index),
        "rounds": ROUNDS,
        "promised_p99_ms": PROMISED_MS,
        "queries": rows,
        **building,
        **spinning,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


def standin_list() -> bytes:
    """The body of ``/coins/list?include_platform=true`` of the stand-in."""
    return json.dumps(
        [
            {"id": coin.id, "symbol": coin.symbol, "name": coin.name, "platforms": {coin.home or "": coin.contract}}
            for coin in catalogue(COINS).coins
        ],
        ensure_ascii=False,
    ).encode()


def ranks_as_learned() -> RankOf:
    """The ranks as a search gets them: from what the page's first answer told."""
    learned = Catalogue()
    rows = [
        {"id": coin.id, "symbol": coin.symbol, "name": coin.name, "market_cap_rank": rank}
        for rank, coin in enumerate(catalogue(RANKED).coins, 1)
    ]
    learned.learn("/coins/markets", json.dumps(rows).encode())
    return learned.ranks.get


def an_address(coin_list: bytes) -> str:
    """The first contract address in the list."""
    platforms = (row.get("platforms") or {} for row in json.loads(coin_list))
    return str(next(address for by_chain in platforms for address in by_chain.values() if address))


def measured(index: SearchIndex, query: str, rank_of: RankOf, rounds: int = ROUNDS) -> dict[str, float]:
    """How many coins the query finds, and how long that takes."""
    took = [took_ms(index, query, rank_of) for _ in range(rounds)]
    wall, cpu = (sorted(times) for times in zip(*took, strict=True))
    return {
        "found": len(index.find(query, LIMIT, rank_of)),
        "median_ms": round(statistics.median(wall), 3),
        "p99_ms": round(wall[int(rounds * 0.99)], 3),
        "cpu_p99_ms": round(cpu[int(rounds * 0.99)], 3),
    }


def worst_part(index: SearchIndex, coin_list: bytes, rank_of: RankOf) -> dict[str, float]:
    """The figures of the slowest among the most frequent beginnings, middles and ends of names."""
    names = [row["name"].casefold() for row in json.loads(coin_list)]
    parts = Counter(
        name[at : at + length] for name in names for length in (1, 2, 3, 4) for at in range(len(name) - length + 1)
    )
    frequent = [part for part, _ in parts.most_common(ROUNDS)]
    slowest = max(frequent, key=lambda part: min(took_ms(index, part, rank_of) for _ in range(3)))
    return measured(index, slowest, rank_of)


def took_ms(index: SearchIndex, query: str, rank_of: RankOf) -> tuple[float, float]:
    """How long one search took, on the wall and on the CPU."""
    started, on_cpu = time.perf_counter(), time.thread_time()
    index.find(query, LIMIT, rank_of)
    return (time.perf_counter() - started) * 1000, (time.thread_time() - on_cpu) * 1000


async def built_beside_a_loop(coin_list: bytes) -> dict[str, float]:
    """How long building takes, the longest turn of a loop meanwhile, and what the index weighs."""
    build_ms, longest_turn_ms = await turning_beside(lambda: SearchIndex(coin_list))
    tracemalloc.start()
    kept = SearchIndex(coin_list)
    memory = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return {
        "build_ms": round(build_ms),
        "longest_turn_meanwhile_ms": round(longest_turn_ms, 1),
        "index_mib": round(memory[0] / 2**20, 1),
        "peak_mib_while_building": round(memory[1] / 2**20, 1),
    }


async def spun_beside_a_loop() -> dict[str, float]:
    """The longest turn of a loop beside a thread that holds nothing up: what the machine and the GIL alone cost."""

    def spin() -> None:
        until = time.thread_time() + SPIN_S
        while time.thread_time() < until:
            pass

    _, longest_turn_ms = await turning_beside(spin)
    return {"longest_turn_beside_a_spin_ms": round(longest_turn_ms, 1)}


async def turning_beside(work: Callable[[], object]) -> tuple[float, float]:
    """How long the work takes in a thread, and the longest turn of the loop meanwhile, both in milliseconds."""
    started = last = time.perf_counter()
    longest = 0.0
    working = asyncio.ensure_future(asyncio.to_thread(work))
    while not working.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await working
    return (last - started) * 1000, longest * 1000


if __name__ == "__main__":
    main()
