"""Varnish with grace: stale answers are served while one fetch goes on behind them, and for as long as fetches fail."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from bench.frugal.peers.freshness import DEFAULT_S, GRACE_S, by_path
from bench.frugal.peers.subject import Started, find_program, free_port, process

VCL = """
vcl 4.1;

backend default {{ .host = "{host}"; .port = "{port}"; }}

sub vcl_recv {{
    if (req.method == "GET") {{ return (hash); }}
}}

sub vcl_backend_response {{
    if (beresp.status != 200) {{
        if (bereq.is_bgfetch) {{ return (abandon); }}
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
        return (deliver);
    }}
    unset beresp.http.Vary;
    set beresp.grace = {grace}s;
    set beresp.ttl = {default}s;
{times}
    return (deliver);
}}

sub vcl_backend_error {{
    if (bereq.is_bgfetch) {{ return (abandon); }}
}}
"""


def varnish(upstream: str, folder: Path) -> Started:
    """Start Varnish before ``upstream``. Raises CannotRun where there is none."""
    program = find_program("varnishd", "varnish")
    port = free_port()
    path = folder / "api.vcl"
    path.write_text(_vcl(upstream), encoding="utf-8")
    place: list[str | Path] = ["-a", f"127.0.0.1:{port}", "-n", folder / "work", "-T", "none", "-j", "none"]
    sizes = ["-s", "malloc,512m", "-p", "http_gzip_support=off", "-p", "thread_pool_min=50"]
    return process([program, "-F", "-f", path, *place, *sizes], folder, port)


def _vcl(upstream: str) -> str:
    times = "\n".join(
        f'    if (bereq.url ~ "^[^?]*{path.removesuffix("$")}([?]|$)") {{ set beresp.ttl = {seconds}s; }}'
        for path, seconds in by_path().items()
    )
    address = urlsplit(upstream)
    return VCL.format(host=address.hostname, port=address.port, grace=GRACE_S, default=DEFAULT_S, times=times)
