"""A mapping bounded in bytes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dozor.caching.lru import ByteLru

keys = st.sampled_from("abcdefgh")


def texts(max_bytes: int, max_entries: int | None = None) -> ByteLru[str, str]:
    return ByteLru(max_bytes, lambda _key, value: len(value), max_entries=max_entries)


def test_the_value_used_longest_ago_goes_first() -> None:
    lru = texts(30)
    for key in "abc":
        lru.put(key, "0123456789")
    lru.get("a")
    lru.put("d", "0123456789")
    assert [key for key in "abcd" if key in lru] == ["a", "c", "d"]


def test_looking_whether_a_key_is_there_is_no_use_of_it() -> None:
    lru = texts(20)
    lru.put("a", "0123456789")
    lru.put("b", "0123456789")
    assert "a" in lru
    lru.put("c", "0123456789")
    assert "a" not in lru


def test_one_large_value_drives_out_as_many_as_it_needs_and_no_more() -> None:
    lru = texts(10)
    for key in "abcde":
        lru.put(key, "00")
    lru.put("f", "00000")
    assert [key for key in "abcdef" if key in lru] == ["d", "e", "f"]


def test_a_value_larger_than_the_bound_is_not_kept_and_drives_nobody_out() -> None:
    lru = texts(10)
    lru.put("a", "1")
    lru.put("b", "x" * 11)
    assert lru.get("b") is None
    assert lru.get("a") == "1"


def test_what_a_too_large_value_replaces_is_not_served_in_its_place() -> None:
    lru = texts(10)
    lru.put("a", "old")
    lru.put("a", "x" * 11)
    assert lru.get("a") is None
    assert lru.size_bytes == 0


def test_the_number_of_entries_is_bounded_too_when_asked_for() -> None:
    lru = texts(1000, max_entries=2)
    for key in "abc":
        lru.put(key, "1")
    assert (len(lru), "a" in lru) == (2, False)


def test_falsy_values_are_kept_like_any_other() -> None:
    lru = texts(10)
    lru.put("a", "")
    lru.put("b", "x")
    assert lru.get("a") == ""


class LruAgainstAList(RuleBasedStateMachine):
    """The model is a list of (key, value), the one used longest ago first."""

    @initialize(max_bytes=st.integers(0, 40), max_entries=st.none() | st.integers(1, 5))
    def begin(self, max_bytes: int, max_entries: int | None) -> None:
        self.max_bytes, self.max_entries = max_bytes, max_entries
        self.lru = texts(max_bytes, max_entries)
        self.model: list[tuple[str, str]] = []

    @rule(key=keys, value=st.text("x", max_size=15))
    def put(self, key: str, value: str) -> None:
        self.lru.put(key, value)
        self._take(key)
        if len(value) <= self.max_bytes:
            self.model.append((key, value))
        while self._bytes() > self.max_bytes or (self.max_entries and len(self.model) > self.max_entries):
            self.model.pop(0)

    @rule(key=keys)
    def get(self, key: str) -> None:
        known = self._take(key)
        if known is not None:
            self.model.append((key, known))
        assert self.lru.get(key) == known

    @rule(key=keys)
    def drop(self, key: str) -> None:
        self._take(key)
        self.lru.drop(key)

    @invariant()
    def they_hold_the_same_within_the_bound(self) -> None:
        if not hasattr(self, "lru"):
            return
        assert {key for key in "abcdefgh" if key in self.lru} == {key for key, _ in self.model}
        assert len(self.lru) == len(self.model)
        assert self.lru.size_bytes == self._bytes() <= self.max_bytes

    def _take(self, key: str) -> str | None:
        for place, (known, value) in enumerate(self.model):
            if known == key:
                del self.model[place]
                return value
        return None

    def _bytes(self) -> int:
        return sum(len(value) for _, value in self.model)


TestLruAgainstAList = LruAgainstAList.TestCase
TestLruAgainstAList.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
