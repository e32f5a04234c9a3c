"""Scripts that run inside Redis, each in one step that nobody comes between."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from dozor.storage.redis_errors import RedisRefusal
from dozor.storage.redis_wire import Word

FOLDER = Path(__file__).parent / "scripts"


class Script:
    """The script called ``name``; it may touch the keys it is run with and no others, as a cluster demands."""

    def __init__(self, name: str) -> None:
        self._text = (FOLDER / f"{name}.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._text.encode()).hexdigest()  # noqa: S324  # that is how Redis names scripts

    async def run(self, ask: Callable[..., Awaitable[Any]], keys: Sequence[str], *arguments: Word) -> Any:
        """What it returns. ``ask`` is a method of ``RedisLink`` that takes a key and a command."""
        given: tuple[Word, ...] = (len(keys), *keys, *arguments)
        try:
            return await ask(keys[0], "EVALSHA", self._sha, *given)
        except RedisRefusal as refusal:
            if refusal.code != "NOSCRIPT":
                raise
        return await ask(keys[0], "EVAL", self._text, *given)  # a new server, or somebody's SCRIPT FLUSH
