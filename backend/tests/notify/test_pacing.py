from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.notify.pacing import CHATS_KEPT, Pacing

SENDINGS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, -1, -2]), st.floats(min_value=0, max_value=3)), min_size=1, max_size=150
)


def sent_at(pacing: Pacing, sendings: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """When messages go that come one after another, each so long after the one before was taken up."""
    now, gone = 1000.0, []
    for chat, later in sendings:
        now += later
        now += pacing.chats_wait(chat, now)
        gone.append((chat, now + pacing.take(chat, now)))
    return gone


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= time < start + seconds for time in times) for start in times)


@given(SENDINGS)
def test_telegrams_limits_are_never_passed(sendings: list[tuple[int, float]]) -> None:
    gone = sent_at(Pacing(), sendings)
    assert most_within([at for _, at in gone], 0.999) <= 30
    for chat in {chat for chat, _ in gone}:
        times = [at for whose, at in gone if whose == chat]
        assert most_within(times, 59.9) <= (20 if chat < 0 else 60)
        if chat > 0:
            assert most_within(times, 0.999) == 1


def test_the_bot_sends_25_a_second_to_different_chats() -> None:
    gone = sent_at(Pacing(), [(chat, 0.0) for chat in range(1, 256)])
    assert gone[-1][1] - gone[0][1] == pytest.approx(10, abs=0.01)
    assert [at for _, at in gone] == sorted(at for _, at in gone)


def test_a_silence_that_was_asked_for_is_the_chats_alone() -> None:
    pacing = Pacing()
    pacing.refused(1, 30, 1000)
    assert pacing.chats_wait(1, 1000) == 30
    assert pacing.chats_wait(2, 1000) == 0
    assert pacing.bots_wait(1000) == 0


def test_a_silence_asked_for_by_two_chats_at_once_is_the_bots() -> None:
    pacing = Pacing()
    pacing.refused(1, 30, 1000)
    pacing.refused(2, 20, 1001)
    assert pacing.bots_wait(1001) == pytest.approx(20)
    later = Pacing()
    later.refused(1, 30, 1000)
    later.refused(2, 20, 1010)
    assert later.bots_wait(1010) == 0


def test_who_was_too_fast_goes_slower_and_regains_its_pace_by_what_is_accepted() -> None:
    pacing = Pacing()
    pacing.refused(1, 0, 1000)
    pacing.take(1, 1000)
    assert pacing.chats_wait(1, 1000) == pytest.approx(2)
    for _ in range(100):
        pacing.refused(1, 0, 1000)
    pacing.take(1, 2000)
    assert pacing.chats_wait(1, 2000) == pytest.approx(16)  # but never stops
    for _ in range(50):
        pacing.accepted(1, 3000)
    pacing.take(1, 3000)
    assert pacing.chats_wait(1, 3000) == pytest.approx(1)


def test_chats_of_which_nothing_is_to_be_remembered_are_forgotten() -> None:
    pacing = Pacing()
    pacing.refused(-1, 5, 0)
    for chat in range(1, CHATS_KEPT + 10):
        pacing.take(chat, chat * 2.0)
    assert len(pacing) < 20
    for _ in range(2):
        pacing.take(-1, 30_000.0)
    assert pacing.chats_wait(-1, 30_000.0) == pytest.approx(60 / 9)  # a group that was too fast is still slow
