"""The usual FastAPI + Redis program, as people write it: ``get``, else ask and ``setex``."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import redis.asyncio
from fastapi import FastAPI, HTTPException, Request

from bench.frugal.peers.subject import CannotRun, free_port, process

CACHE_TTL = 60
ROOT = Path(__file__).resolve().parents[3]

app = FastAPI()


@app.get("/api/v3/{path:path}")
async def proxy(path: str, request: Request) -> Any:
    """Answer from Redis, else from CoinGecko."""
    cache = redis.asyncio.from_url(os.environ["USUAL_REDIS_URL"])
    key = f"coingecko:{path}?{request.url.query}"
    cached = await cache.get(key)
    if cached:
        return json.loads(cached)
    async with aiohttp.ClientSession() as session:
        url = f"{os.environ['USUAL_UPSTREAM']}/api/v3/{path}"
        async with session.get(url, params=dict(request.query_params)) as response:
            if response.status != 200:
                raise HTTPException(response.status, await response.text())
            data = await response.json()
    await cache.setex(key, CACHE_TTL, json.dumps(data))
    return data


@contextlib.asynccontextmanager
async def usual(upstream: str, folder: Path) -> AsyncIterator[str]:
    """Start this program and a Redis for it. Raises CannotRun where there is no Redis."""
    from redis_binaries import REMEDY, find_server  # of the tests; the program above does not need them
    from redis_servers import Server

    binary = find_server("redis")
    if binary is None:
        raise CannotRun(f"no Redis here: {REMEDY['redis']}")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.frugal.peers.usual:app", "--port", str(port), "--no-access-log"]
    with Server(binary) as server:
        places = os.pathsep.join(map(str, (ROOT, ROOT / "backend")))
        environment = {"USUAL_REDIS_URL": server.url, "USUAL_UPSTREAM": upstream, "PYTHONPATH": places}
        async with process(command, folder, port, environment) as origin:
            yield origin
