"""The event loop: uvloop where it exists, winloop on Windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

if sys.platform == "win32":
    from winloop import new_event_loop
else:
    from uvloop import new_event_loop


def run_to_end(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` on a fast loop of its own."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)
