"""Which slot of a cluster a key is in; an entry and its lease are in the same one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from dozor.storage.redis_leases import lease_key
from dozor.storage.redis_slots import SLOTS, slot_of, tag_of


@given(some.integers(0, SLOTS - 1))
def test_every_slot_has_a_tag(slot: int) -> None:
    assert slot_of(f"anything{{{tag_of(slot)}}}anything") == slot


@given(some.text(alphabet="ab{}:/?é", max_size=12), some.sampled_from(["", "dozor:"]))
@example("coin_details:bitcoin", "")
@example("a}b", "")
@example("a{b}c", "dozor:")
@example("{}x", "")
def test_a_lease_lies_in_the_slot_of_its_entry(key: str, prefix: str) -> None:
    assert slot_of(lease_key(prefix, key)) == slot_of(prefix + key)
    assert lease_key(prefix, key).startswith(prefix)


@given(some.text(alphabet="ab{}:", max_size=8), some.text(alphabet="ab{}:", max_size=8))
def test_no_two_entries_share_a_lease(one: str, other: str) -> None:
    assert (lease_key("p:", one) == lease_key("p:", other)) == (one == other)


@pytest.mark.parametrize(("prefix", "key"), [("", "coin_details:bitcoin"), ("dozor:", "v1:/ping")])
def test_an_ordinary_lease_is_named_after_its_entry(prefix: str, key: str) -> None:
    assert lease_key(prefix, key) == f"{prefix}lease:{{{prefix}{key}}}"
