from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from methods import NOW
from sides import Sides

from dozor.standin import server as standin
from fakes import FakeClock
from running_dozor import running_dozor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(scope="module")
async def upstream() -> AsyncIterator[standin.StandIn]:
    """A market that stands still, so that two answers are equal; clients may send any User-Agent."""
    stand_in = await standin.start(coins=600, clock=FakeClock(NOW), check_user_agent=False)
    yield stand_in
    await stand_in.close()


@pytest.fixture(scope="module")
async def sides(upstream: standin.StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    """Upstream itself and a Dozor in front of it, for questions that break nothing."""
    async with running_dozor(upstream.base_url, tmp_path_factory.mktemp("dozor")) as dozor:
        yield Sides(upstream.base_url, f"{dozor.url}/api/v3")


@pytest.fixture
async def broken_sides(upstream: standin.StandIn, tmp_path: Path) -> AsyncIterator[Sides]:
    """The same with a Dozor that has nothing in its cache, for questions that upstream will fail."""
    upstream.reset()
    async with running_dozor(upstream.base_url, tmp_path) as dozor:
        yield Sides(upstream.base_url, f"{dozor.url}/api/v3")
    upstream.reset()
