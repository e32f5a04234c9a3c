"""When a Redis server is asked, and when it counts as lost."""

from __future__ import annotations

from dozor.storage.redis_breaker import Breaker
from dozor.storage.redis_errors import SlowReads


def closed() -> Breaker:
    breaker = Breaker()
    breaker.probe_answered()
    return breaker


def test_nobody_asks_before_the_first_probe_was_answered() -> None:
    breaker = Breaker()
    assert not breaker.is_passing
    breaker.probe_answered()
    assert breaker.is_passing
    assert breaker.is_closed


def test_a_first_probe_that_fails_is_news_enough() -> None:
    breaker = Breaker()
    breaker.probe_failed(error := OSError())
    assert (breaker.is_closed, breaker.trouble) == (False, error)


def test_after_one_failed_read_nobody_asks_until_a_probe_was_answered() -> None:
    breaker = closed()
    breaker.read_failed(TimeoutError())
    assert breaker.is_closed
    assert not breaker.is_passing
    breaker.probe_answered()
    assert breaker.is_passing


def test_three_failures_in_a_row_open_it_readers_and_probes_together() -> None:
    breaker = closed()
    breaker.read_failed(TimeoutError())
    breaker.probe_failed(TimeoutError())
    assert breaker.is_closed
    breaker.probe_failed(last := ConnectionRefusedError())
    assert (breaker.is_closed, breaker.trouble) == (False, last)


def test_readers_who_met_one_outage_together_count_once() -> None:
    breaker = closed()
    for _ in range(10):
        breaker.read_failed(TimeoutError())
    assert breaker.is_closed


def test_reads_that_fail_again_and_again_open_it_although_probes_are_answered() -> None:
    breaker = closed()
    for _ in range(3):
        assert breaker.is_passing
        breaker.read_failed(TimeoutError())
        if breaker.is_closed:
            breaker.probe_answered()
    assert isinstance(breaker.trouble, SlowReads)


def test_an_answered_read_makes_up_for_the_failed_ones() -> None:
    breaker = closed()
    for _ in range(10):
        breaker.read_failed(TimeoutError())
        breaker.probe_answered()
        breaker.read_answered()
    assert breaker.is_passing


def test_one_answered_probe_closes_it() -> None:
    breaker = closed()
    for _ in range(3):
        breaker.probe_failed(TimeoutError())
    breaker.probe_answered()
    assert breaker.is_passing
    assert breaker.trouble is None
    breaker.read_failed(TimeoutError())
    assert breaker.is_closed, "it begins to count anew"


def test_doubt_stops_readers_and_counts_for_nothing() -> None:
    breaker = closed()
    for _ in range(5):
        breaker.doubt()
        assert not breaker.is_passing
        breaker.probe_answered()
    assert breaker.is_passing
