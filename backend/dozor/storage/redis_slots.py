"""The hash slots of a cluster: where a key lives, and a tag for every slot."""

from __future__ import annotations

import functools

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

SLOTS = REDIS_CLUSTER_HASH_SLOTS


def slot_of(key: str) -> int:
    """The slot of a key: by what stands in its first pair of braces, if anything does, else by the whole of it."""
    return key_slot(key.encode())


def tag_of(slot: int) -> str:
    """A text that, between braces, puts a key into this slot."""
    return _tags()[slot]


@functools.cache
def _tags() -> tuple[str, ...]:
    tags = [""] * SLOTS
    missing, number = SLOTS, 0
    while missing:
        slot = key_slot(b"%d" % number)
        if not tags[slot]:
            tags[slot] = str(number)
            missing -= 1
        number += 1
    return tuple(tags)
