"""What failed lately, and for how long that is held against a key."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta

import pytest

from dozor.caching.negative import Negatives
from dozor.domain.errors import (
    BudgetExhausted,
    DeadlinePassed,
    DozorError,
    KeyRejected,
    QuestionRejected,
    TooManyWaiting,
    TryLater,
    UpstreamLimited,
    UpstreamTimedOut,
    UpstreamUnavailable,
)
from fakes import FakeClock


def failing(clock: FakeClock, retry_in: float = 0) -> UpstreamUnavailable:
    return UpstreamUnavailable("503", clock.now() + timedelta(seconds=retry_in))


async def held_seconds(negatives: Negatives, clock: FakeClock) -> int:
    """For how many whole seconds the key is held back from now on."""
    for seconds in range(1000):
        if negatives.recall("k") is None:
            return seconds
        await clock.advance(1)
    raise AssertionError("for ever")


async def test_a_refused_question_is_remembered_for_ten_minutes_with_upstreams_own_bytes() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", QuestionRejected(404, b'{"error":"coin not found"}'))
    recalled = negatives.recall("k")
    assert isinstance(recalled, QuestionRejected)
    assert (recalled.status, recalled.body) == (404, b'{"error":"coin not found"}')
    assert await held_seconds(negatives, clock) == 600


async def test_failures_in_a_row_are_held_twice_as_long_each_up_to_a_minute() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    held = []
    for _ in range(6):
        negatives.remember("k", failing(clock))
        held.append(await held_seconds(negatives, clock))
    assert held == [5, 10, 20, 40, 60, 60]


async def test_a_thousand_failures_in_a_row_are_still_held_a_minute() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    for _ in range(1100):
        negatives.remember("k", failing(clock))
    assert await held_seconds(negatives, clock) == 60


async def test_success_forgets_how_often_a_key_failed() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", failing(clock))
    negatives.remember("k", failing(clock))
    negatives.forget("k")
    assert negatives.recall("k") is None
    negatives.remember("k", failing(clock))
    assert await held_seconds(negatives, clock) == 5


async def test_a_refusal_does_not_count_as_a_failure_in_a_row() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", QuestionRejected(404, b"{}"))
    await clock.advance(600)
    negatives.remember("k", failing(clock))
    assert await held_seconds(negatives, clock) == 5


async def test_one_key_does_not_speak_for_another() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", failing(clock))
    assert negatives.recall("other") is None


@pytest.mark.parametrize("kind", [UpstreamUnavailable, UpstreamTimedOut])
async def test_what_is_recalled_is_of_the_same_kind_with_a_true_time_to_try_again(
    kind: type[UpstreamUnavailable],
) -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", kind("reset", clock.now()))
    await clock.advance(2)
    recalled = negatives.recall("k")
    assert type(recalled) is kind
    assert isinstance(recalled, UpstreamUnavailable)
    assert (recalled.reason, recalled.retry_at) == ("reset", clock.now() + timedelta(seconds=3))


async def test_a_later_time_that_upstream_named_is_passed_on() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", failing(clock, retry_in=120))
    recalled = negatives.recall("k")
    assert isinstance(recalled, TryLater)
    assert recalled.retry_at == clock.now() + timedelta(seconds=120)


async def test_a_wall_clock_that_steps_moves_no_time_of_ours() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    negatives.remember("k", failing(clock, retry_in=30))
    clock.step_wall_clock(-3600)
    recalled = negatives.recall("k")
    assert isinstance(recalled, TryLater)
    assert recalled.retry_at == clock.now() + timedelta(seconds=30)
    assert await held_seconds(negatives, clock) == 5


async def test_errors_that_cost_no_call_are_not_remembered() -> None:
    clock = FakeClock()
    negatives = Negatives(clock)
    free: list[DozorError] = [
        BudgetExhausted("minute", clock.now()),
        UpstreamLimited(clock.now()),
        KeyRejected("401", clock.now()),
        DeadlinePassed(8, clock.now()),
        TooManyWaiting(1000, clock.now()),
    ]
    for error in free:
        negatives.remember("k", error)
        assert negatives.recall("k") is None
    assert len(negatives) == 0


async def test_a_flood_of_invented_keys_takes_bounded_room_and_forgets_what_was_asked_longest_ago() -> None:
    clock = FakeClock()
    negatives = Negatives(clock, max_keys=100)
    for number in range(1000):
        negatives.remember(f"coins/bogus-{number}", QuestionRejected(404, b"{}"))
        negatives.recall("coins/bogus-0")
    assert len(negatives) == 100
    assert negatives.recall("coins/bogus-0") is not None
    assert negatives.recall("coins/bogus-1") is None


async def test_large_refusals_and_long_keys_are_bounded_in_bytes_too() -> None:
    negatives = Negatives(FakeClock(), max_bytes=1_000_000)
    for number in range(1000):
        negatives.remember(f"{number}" + "k" * 5000, QuestionRejected(403, b"<html>" * 1000))
    assert len(negatives) < 100


async def test_a_remembered_error_keeps_nothing_alive_that_it_passed_through() -> None:
    class Body:
        """Stands for a local value of a load, megabytes perhaps."""

    def load() -> weakref.ref[Body]:
        body = Body()
        try:
            raise failing(clock)
        except UpstreamUnavailable as error:
            negatives.remember("k", error)
        return weakref.ref(body)

    clock = FakeClock()
    negatives = Negatives(clock)
    body = load()
    gc.collect()
    assert body() is None
    assert negatives.recall("k") is not None
