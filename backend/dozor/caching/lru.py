"""A mapping that never outgrows its bound in bytes: what was used longest ago goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ByteLru(Generic[K, V]):
    """Keep the values used last, as many as fit into ``max_bytes`` (and ``max_entries``, when given).

    ``size_of(key, value)`` weighs both once, when the value is put: where clients choose the keys, those count too. A
    value heavier than the whole bound is not kept, and neither is the one it was to replace: that one is out of date.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[K, V], int], *, max_entries: int | None = None) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._size_of = size_of
        # Not a plain dict: finding the first key of one whose first keys were deleted walks over their remains.
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K) -> V | None:
        """The value of this key, which counts as a use of it, or ``None``."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept[0]

    def put(self, key: K, value: V) -> None:
        """Keep this value as the one used last; others make room for it."""
        self.drop(key)
        size = self._size_of(key, value)
        if size > self._max_bytes:
            return
        self._kept[key] = (value, size)
        self._bytes += size
        while self._overfull():
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed

    def drop(self, key: K) -> None:
        """Forget this key; nothing happens when it is not there."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept[1]

    @property
    def size_bytes(self) -> int:
        """What everything kept weighs together."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept  # looking is no use of it

    def _overfull(self) -> bool:
        too_many = self._max_entries is not None and len(self._kept) > self._max_entries
        return too_many or self._bytes > self._max_bytes
