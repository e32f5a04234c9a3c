"""The built files of the page under ``/static``: compressed once, and kept by browsers as long as their name allows."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from starlette.types import Receive, Scope, Send

from dozor.web.replies import Reply, conditional
from dozor.web.requests import asked
from dozor.web.variants import Variants

# By our own table: Windows' registry may say that JavaScript is plain text, and browsers then refuse it.
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}
FOR_EVER = "public, max-age=31536000, immutable"  # below assets/ every name holds a hash of the content
AN_HOUR = "public, max-age=3600"


class Assets:
    """The ASGI application below ``/static``. Names that begin with a dot are nobody's business."""

    def __init__(self, folder: Path, variants: Variants) -> None:
        self._folder = folder
        self._variants = variants

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""
        request = asked(scope)
        file = self._find(request.segments) if request.method == "GET" else None
        if file is None:
            await Reply(404, (("content-type", TYPES[".txt"]), ("cache-control", "no-cache")), b"Not found").send(send)
            return
        body = await asyncio.to_thread(file.read_bytes)
        digest = hashlib.sha256(body).hexdigest()
        variant = await self._variants.of(body, digest, request.headers.get("accept-encoding", ""), at_once=True)
        headers = (
            ("content-type", TYPES.get(file.suffix, "application/octet-stream")),
            ("cache-control", FOR_EVER if request.segments[0] == "assets" else AN_HOUR),
        )
        await conditional(200, headers, variant, request.headers.get("if-none-match")).send(send)

    def _find(self, segments: tuple[str, ...]) -> Path | None:
        """The file of this path, when it lies inside the folder: no ``..``, no link that leads out of it."""
        if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in segments):
            return None
        file = self._folder.joinpath(*segments)
        try:
            inside = file.is_file() and file.resolve().is_relative_to(self._folder.resolve())
        except OSError:  # a name that the file system cannot have
            return None
        return file if inside else None
