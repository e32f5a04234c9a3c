from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from running_dozor import RunningDozor, ScriptedUpstream, running_dozor, scripted_upstream


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with scripted_upstream() as scripted:
        yield scripted


@pytest.fixture
async def dozor(upstream: ScriptedUpstream, tmp_path: Path) -> AsyncIterator[RunningDozor]:
    async with running_dozor(upstream.base_url, tmp_path) as running:
        yield running
