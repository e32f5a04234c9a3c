"""Warm answers of Dozor against asking upstream for the same: over HTTP, one kept-alive connection each, one at a time.

    .venv/bin/python bench/warm.py [--answers 2000]

A stand-in that takes 150 ms and a Dozor over it, each in a process of its own. The client speaks HTTP over a blocking
socket, so that it costs next to nothing itself; what it costs is measured too, against a server of a constant reply.
Writes bench/results/warm.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backend"), str(ROOT / "backend" / "tests")]

from cli.process import dozor_process  # noqa: E402
from dozor.standin.server import start  # noqa: E402

LATENCY_S = 0.15
DIRECT = 40
"""Questions to the stand-in of each kind: they take 150 ms each, and hardly differ."""
WARMING = 50
WANTED_P50, WANTED_P99 = 300, 100
COINS = "bitcoin,ethereum,tether,solana,ripple,dogecoin,cardano,tron,chainlink,litecoin"
KINDS = {
    "prices of 10 coins": f"/simple/price?ids={COINS}&vs_currencies=usd,eur&include_24hr_change=true",
    "page of 100": "/coins/markets?vs_currency=usd&per_page=100&page=1",
    "watchlist of 10": f"/coins/markets?vs_currency=usd&ids={COINS}&sparkline=false",
    "details": "/coins/bitcoin?localization=false&tickers=false",
    "chart of 30 days": "/coins/bitcoin/market_chart?vs_currency=usd&days=30",
    "global": "/global",
}


class Line:
    """One kept-alive connection."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        assert parts.hostname is not None
        assert parts.port is not None
        self._host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def ask(self, target: str) -> tuple[float, int, int]:
        """Ask once: seconds until the last byte, the status, and the length of the body."""
        request = f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: bench\r\n\r\n".encode()
        began = time.perf_counter()
        self._socket.sendall(request)
        received = bytearray()
        while (head_end := received.find(b"\r\n\r\n")) < 0:
            received += self._read()
        head = bytes(received[:head_end]).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        missing = length - (len(received) - head_end - 4)
        while missing > 0:
            missing -= len(self._read())
        return time.perf_counter() - began, int(head[9:12]), length

    def _read(self) -> bytes:
        read = self._socket.recv(1 << 18)
        if not read:
            raise ConnectionError("the server has closed the connection")
        return read


@contextmanager
def a_line(origin: str) -> Iterator[Line]:
    line = Line(origin)
    try:
        yield line
    finally:
        line.close()


@contextmanager
def constant_reply() -> Iterator[str]:
    """A server that answers everything with the same few bytes, from a thread: what the client and the kernel cost."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        accepted, _ = listening.accept()
        with accepted:
            while accepted.recv(4096):
                accepted.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.close()


def timings(origin: str, target: str, times: int, warming: int = 0) -> dict[str, Any]:
    """How long so many answers take, in ms."""
    with a_line(origin) as line:
        for _ in range(warming):
            _, status, _ = line.ask(target)
            assert status == 200, f"{target}: {status}"
        taken = []
        for _ in range(times):
            seconds, status, length = line.ask(target)
            assert status == 200, f"{target}: {status}"
            taken.append(seconds * 1000)
    taken.sort()
    return {
        "bytes": length,
        "p50_ms": round(taken[len(taken) // 2], 3),
        "p99_ms": round(taken[int(len(taken) * 0.99)], 3),
    }


async def measure(answers: int) -> dict[str, Any]:
    def aside(*arguments: Any) -> Any:
        return asyncio.get_running_loop().run_in_executor(None, timings, *arguments)

    with constant_reply() as nobody:
        client_alone = await aside(nobody, "/", answers, WARMING)
    rows = []
    stand_in = await start(coins=1000, latency_seconds=LATENCY_S)
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = {
                "COINGECKO_BASE_URL": stand_in.base_url,
                "COINGECKO_CALLS_PER_MINUTE": "0",
                "REDIS_URL": "",
                "DOZOR_LANG": "en",
            }
            async with dozor_process(Path(folder), **settings) as process:
                origin = await process.url()
                root = urlsplit(stand_in.base_url)
                for kind, target in KINDS.items():
                    direct = await aside(f"http://{root.netloc}", root.path + target, DIRECT)
                    warm = await aside(origin, f"/api/v3{target}", answers, WARMING)
                    rows.append(
                        {
                            "kind": kind,
                            "bytes": warm["bytes"],
                            "direct": direct,
                            "warm": warm,
                            "times_p50": round(direct["p50_ms"] / warm["p50_ms"]),
                            "times_p99": round(direct["p99_ms"] / warm["p99_ms"]),
                        }
                    )
    finally:
        await stand_in.close()
    return {"client_alone": client_alone, "kinds": rows}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--answers", type=int, default=2000, help="warm answers of each kind")
    found = asyncio.run(measure(options.parse_args().answers))
    print("| Question | bytes | direct p50 ms | p99 | warm p50 ms | p99 | times, p50 | p99 |")
    print("|---|---|---|---|---|---|---|---|")
    for row in found["kinds"]:
        direct, warm = row["direct"], row["warm"]
        print(
            f"| {row['kind']} | {row['bytes']:,} | {direct['p50_ms']} | {direct['p99_ms']} "
            f"| {warm['p50_ms']} | {warm['p99_ms']} | {row['times_p50']} | {row['times_p99']} |"
        )
    alone = found["client_alone"]
    print(f"\nThe client and the kernel alone: {alone['p50_ms']} ms, p99 {alone['p99_ms']} ms.")
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "warm.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    met = all(row["times_p50"] >= WANTED_P50 and row["times_p99"] >= WANTED_P99 for row in found["kinds"])
    print(f"At least {WANTED_P50} times at p50 and {WANTED_P99} at p99: {'yes' if met else 'NO'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
