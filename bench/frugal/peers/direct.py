"""No cache: everybody asks upstream."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path


@contextlib.asynccontextmanager
async def direct(upstream: str, _: Path) -> AsyncIterator[str]:
    """Give upstream itself."""
    yield upstream
