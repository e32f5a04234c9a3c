"""What people write: FastAPI, ``redis.get``, else fetch and ``redis.setex`` for a minute. A peer of the benchmark."""

from __future__ import annotations

import os

import aiohttp
import redis.asyncio as redis
from fastapi import FastAPI, Request, Response

app = FastAPI()
cache = redis.from_url(os.environ["REDIS_URL"]) if "REDIS_URL" in os.environ else None


@app.get("/api/v3/{path:path}")
async def cached(path: str, request: Request) -> Response:
    """Answer from Redis, or from CoinGecko."""
    assert cache is not None
    key = f"{path}?{request.url.query}"
    body = await cache.get(key)
    if body is None:
        url = aiohttp.client.URL(f"{os.environ['UPSTREAM']}/{key}", encoded=True)
        async with aiohttp.ClientSession() as client, client.get(url) as reply:
            body = await reply.read()
            if reply.status != 200:
                return Response(body, reply.status, media_type="application/json")
        await cache.setex(key, 60, body)
    return Response(body, media_type="application/json")
