"""nginx ``proxy_cache``, set as well as it goes: one call at a time for a URL, stale ones meanwhile and on error."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from bench.frugal.peers.freshness import DEFAULT_S, GRACE_S, by_path
from bench.frugal.peers.subject import Started, find_program, free_port, process

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache levels=1:2 keys_zone=api:32m max_size=2g inactive={grace}s use_temp_path=off;
    upstream api {{ server {upstream}; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_hide_header Age;
        proxy_cache api;
        proxy_cache_key $request_uri;
        proxy_ignore_headers Cache-Control Expires;
        proxy_cache_lock on;
        proxy_cache_background_update on;
        proxy_cache_use_stale error timeout updating http_429 http_500 http_502 http_503 http_504;
{locations}
    }}
}}
"""


def nginx(upstream: str, folder: Path) -> Started:
    """Start nginx before ``upstream``. Raises CannotRun where there is none."""
    program = find_program("nginx", "nginx-light")
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(_configuration(upstream, folder, port), encoding="utf-8")
    return process([program, "-e", folder / "start.log", "-p", folder, "-c", path], folder, port)


def _configuration(upstream: str, folder: Path, port: int) -> str:
    kept = {**{f"~ {path}": seconds for path, seconds in by_path().items()}, "/": DEFAULT_S}
    locations = "\n".join(
        f"        location {where} {{ proxy_cache_valid 200 {seconds}s; proxy_pass http://api; }}"
        for where, seconds in kept.items()
    )
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return CONFIGURATION.format(
        folder=folder,
        port=port,
        upstream=upstream.removeprefix("http://"),
        grace=GRACE_S,
        locations=locations,
        user=f"user {getpass.getuser()};" if is_root else "",  # else its workers could not write in the folder
    )
