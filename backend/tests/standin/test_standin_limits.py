"""Limits by minute and month, and the User-Agent that has to be descriptive."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin_caller import Caller, calling

from dozor.standin.limits import Limits, SlidingMinute
from fakes import FakeClock


async def test_a_call_over_the_limit_is_told_truly_when_to_come_again(clock: FakeClock):
    async with calling(clock, per_minute=3) as caller:
        for _ in range(3):
            assert (await caller.get("/ping")).status == 200
            await clock.advance(5)
        refused = await caller.get("/ping")
        assert refused.status == 429
        assert refused.json()["status"]["error_code"] == 429
        assert refused.headers["retry-after"] == "45"
        assert "access-control-allow-origin" not in refused.headers
        await clock.advance(44)
        assert (await caller.get("/ping")).headers["retry-after"] == "1"
        await clock.advance(1)
        assert (await caller.get("/ping")).status == 200


eighths = st.integers(0, 240).map(lambda count: count / 8)  # exact in binary, so that a minute is a minute


@settings(deadline=None)
@given(st.integers(1, 10), st.lists(eighths, max_size=80))
def test_no_minute_ever_has_more_calls_than_the_limit_and_waiting_always_helps(per_minute: int, pauses: list[float]):
    limits, now = Limits(per_minute), 0.0
    allowed: list[float] = []
    for pause in pauses:
        now += pause
        refusal = limits.refusal(now)
        if refusal is None:
            allowed.append(now)
        else:
            assert len([at for at in allowed if at > now - 60]) == per_minute
            now += int(refusal["retry-after"])
            assert limits.refusal(now) is None
            allowed.append(now)
    assert all(len([at for at in allowed if end - 60 < at <= end]) <= per_minute for end in allowed)


async def test_a_month_counts_answers_and_not_failures(clock: FakeClock):
    async with calling(clock, per_month=2) as caller:
        assert [(await caller.get(path)).status for path in ("/ping", "/nothing", "/ping", "/ping")] == [
            200,
            404,
            200,
            429,
        ]
        await clock.advance(3_600)
        spent = await caller.get("/ping")
        assert spent.status == 429
        assert "retry-after" not in spent.headers


@settings(deadline=None)
@given(st.lists(eighths, min_size=1, max_size=60))
def test_the_largest_minute_is_the_most_calls_in_any_sixty_seconds(pauses: list[float]):
    minute, moments, now = SlidingMinute(), [], 0.0
    for pause in pauses:
        now += pause
        moments.append(now)
        minute.add(now)
    assert minute.largest == max(len([at for at in moments if end - 60 < at <= end]) for end in moments)


@pytest.mark.parametrize("user_agent", ["", "python-requests/2.32.3", "Python-urllib/3.11"])
async def test_a_caller_that_does_not_say_who_it_is_gets_403(caller: Caller, user_agent: str):
    reply = await caller.get("/ping", **{"User-Agent": user_agent})
    assert reply.status == 403
    assert reply.text.startswith("Please add a descriptive User-Agent to your request.")
    assert reply.headers["content-type"].startswith("text/plain")


async def test_the_check_of_who_asks_can_be_off(clock: FakeClock):
    async with calling(clock, check_user_agent=False) as caller:
        assert (await caller.get("/ping", **{"User-Agent": "python-requests/2.32.3"})).status == 200
