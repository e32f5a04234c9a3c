from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.ids import EPOCH, Named, is_id, new_id

instants = st.integers(0, 8_000 * 365 * 86_400_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))


@given(instants, st.sampled_from(Named))
def test_a_name_has_the_shape_that_it_is_known_by(at: datetime, named: Named) -> None:
    assert is_id(named, new_id(named, at))
    assert len(new_id(named, at)) == len("alr_") + 26


@given(instants, instants)
def test_names_sort_by_the_time_they_were_made(one: datetime, other: datetime) -> None:
    if other - one >= timedelta(milliseconds=1):
        assert new_id(Named.EVENT, one) < new_id(Named.EVENT, other)


def test_no_two_are_the_same_even_in_one_moment() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert len({new_id(Named.EVENT, now) for _ in range(10_000)}) == 10_000


def test_what_is_spelt_otherwise_is_no_name() -> None:
    name = new_id(Named.ALERT, datetime(2026, 11, 23, tzinfo=UTC))
    for other in (name.lower(), name + "0", name[:-1], "evt" + name[3:], name.replace("_", ""), "", name[:-1] + "U"):
        assert not is_id(Named.ALERT, other)
