from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standin_caller import Caller, calling

from fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def caller(clock: FakeClock) -> AsyncIterator[Caller]:
    async with calling(clock) as started:
        yield started
