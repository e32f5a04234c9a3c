"""Who is measured: Dozor, direct use, nginx, Varnish, the usual FastAPI program; each over an upstream of its own.

All listen on loopback, and are ended by their process id.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from redis_binaries import find_server
from redis_servers import Server

HERE = Path(__file__).parent
STARTS_WITHIN_S = 30.0

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=market:20m max_size=1g inactive=24h use_temp_path=off;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
      proxy_cache market; proxy_cache_key $request_uri; proxy_cache_valid 200 60s;
      proxy_cache_lock on; proxy_cache_lock_timeout 8s; proxy_cache_background_update on;
      proxy_cache_use_stale error timeout updating http_429 http_500 http_502 http_503 http_504;
      proxy_read_timeout 10s;
    }}
  }}
}}
"""

VCL = """
vcl 4.1;
backend default {{ .host = "{host}"; .port = "{upstream_port}"; }}
sub vcl_backend_response {{
  if (beresp.status == 200) {{ set beresp.ttl = 60s; set beresp.grace = 24h; return (deliver); }}
  if (bereq.is_bgfetch) {{ return (abandon); }}
  set beresp.uncacheable = true; set beresp.ttl = 0s;
}}
"""


@asynccontextmanager
async def direct(upstream: str, _: Path) -> AsyncIterator[str]:
    """Nothing between."""
    yield upstream


@asynccontextmanager
async def dozor(upstream: str, folder: Path, per_month: int = 0) -> AsyncIterator[str]:
    """Dozor on an empty data folder, without Redis; ``per_month`` 0: a month without a limit."""
    port = free_port()
    environment = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DOZOR_ENV_FILE": str(folder / "no.env"),
        "DOZOR_DATA_DIR": str(folder / "data"),
        "DOZOR_LANG": "en",
        "REDIS_URL": "",
        "COINGECKO_BASE_URL": upstream,
        "COINGECKO_API_KEY": "CG-bench",
        "COINGECKO_PLAN": "demo",
        "COINGECKO_CALLS_PER_MINUTE": "30",
        "COINGECKO_CALLS_PER_MONTH": str(per_month),
    }
    url = f"http://127.0.0.1:{port}/api/v3"
    async with _process([sys.executable, "-m", "dozor", "serve"], folder, f"{url}/no-such-path", environment):
        yield url


@asynccontextmanager
async def nginx(upstream: str, folder: Path) -> AsyncIterator[str]:
    """``proxy_cache`` with lock, stale while revalidate and stale on error."""
    port, origin = free_port(), upstream.removesuffix("/api/v3")
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, upstream=origin), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    async with _process([_binary("nginx", "nginx-light"), "-c", str(config)], folder, f"{url}/nothing"):
        yield f"{url}/api/v3"


@asynccontextmanager
async def varnish(upstream: str, folder: Path) -> AsyncIterator[str]:
    """Varnish with a day of grace."""
    port, origin = free_port(), urlsplit(upstream)
    vcl = folder / "market.vcl"
    vcl.write_text(VCL.format(host=origin.hostname, upstream_port=origin.port), encoding="utf-8")
    command = [_binary("varnishd", "varnish"), "-F", "-f", str(vcl), "-a", f"127.0.0.1:{port}", "-n", str(folder / "v")]
    async with _process([*command, "-s", "malloc,1g"], folder, f"http://127.0.0.1:{port}/nothing"):
        yield f"http://127.0.0.1:{port}/api/v3"


@asynccontextmanager
async def usual(upstream: str, folder: Path) -> AsyncIterator[str]:
    """The usual FastAPI program: ``redis.get``, else fetch and ``redis.setex``."""
    port = free_port()
    with Server(find_server()) as redis:
        command = [sys.executable, "-m", "uvicorn", "bench.frugal.usual:app", "--port", str(port)]
        environment = {"UPSTREAM": upstream, "REDIS_URL": redis.url}
        url = f"http://127.0.0.1:{port}"
        async with _process([*command, "--log-level", "warning"], folder, f"{url}/docs", environment):
            yield f"{url}/api/v3"


PEERS: Mapping[str, Callable[..., object]] = {
    "dozor": dozor,
    "direct": direct,
    "nginx": nginx,
    "varnish": varnish,
    "fastapi": usual,
}


@asynccontextmanager
async def _process(
    command: Sequence[str], folder: Path, answers_at: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """A process that listens; ended by its id."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TEMP") if name in os.environ}
    with (folder / "log").open("wb") as said:
        process = subprocess.Popen(  # noqa: ASYNC220  # nothing else runs yet
            command,
            stdout=said,
            stderr=said,
            env=inherited | {"PYTHONUTF8": "1", "PYTHONPATH": _paths()} | dict(environment or {}),
        )
        try:
            await _until_it_answers(answers_at, process, folder / "log")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()


async def _until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async with aiohttp.ClientSession() as client, asyncio.timeout(STARTS_WITHIN_S):
        while True:
            if process.poll() is not None:
                raise SystemExit(f"{process.args} ended:\n{log.read_text('utf-8', 'replace')}")  # noqa: ASYNC240  # the end
            try:
                async with client.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


def _paths() -> str:
    return os.pathsep.join((str(HERE.parents[1]), str(HERE.parents[1] / "backend")))


def _binary(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        raise SystemExit(f"{name} is missing: apt-get install {package}")
    return found


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
