"""Short texts that are found by their beginning or by any part of them, and the number that each belongs to.

All texts lie in one block of bytes, sorted: an object for each would take ten times the memory, and a search through
one block runs at the speed of C.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

END = b"\n"
BEFORE_WORD = b" \n"
AFTER_ALL = b"\xff"  # no byte of UTF-8
MOST_PARTS = 2500  # lines; of the 18,000 coins of 2026 no part that is worth a search is in more


class Beginnings(NamedTuple):
    """The numbers of the texts that are the one looked for, and of those that only begin with it."""

    whole: Sequence[int]
    longer: Sequence[int]


class Parts(NamedTuple):
    """The numbers of the texts that have the one looked for at the beginning of a word, and of those elsewhere."""

    words: Sequence[int]
    inside: Sequence[int]


class Lines:
    """Texts with their numbers. Immutable; a text with several numbers is several lines."""

    def __init__(self, numbered: Iterable[tuple[str, int]]) -> None:
        """Keep these texts, which must not hold line ends."""
        block, self._starts, self._numbers = bytearray(END), array("I"), array("I")
        for text, number in sorted((as_bytes(text), number) for text, number in numbered):
            self._starts.append(len(block))
            self._numbers.append(number)
            block += text + END
        self._block = bytes(block)

    def __len__(self) -> int:
        return len(self._starts)

    def beginning_with(self, text: str) -> Beginnings:
        """Where ``text`` stands at the very beginning."""
        wanted = as_bytes(text)
        lines = range(len(self))
        first = bisect_left(lines, wanted, key=self._line)
        longer = bisect_right(lines, wanted, lo=first, key=self._line)
        end = bisect_left(lines, wanted + AFTER_ALL, lo=longer, key=self._line)
        return Beginnings(self._numbers[first:longer], self._numbers[longer:end])

    def containing(self, text: str) -> Parts:
        """Where ``text`` stands first, in each line that has it; in the first ``MOST_PARTS`` when more have it."""
        wanted = as_bytes(text)
        block, starts = self._block, self._starts
        words, inside = array("I"), array("I")
        line = seen = 0
        at = block.find(wanted)
        while at >= 0 and len(words) + len(inside) < MOST_PARTS:
            line += block.count(END, seen, at)  # quicker than a bisection: hits are close together
            seen = at
            begins_word = block[at - 1] in BEFORE_WORD
            (words if begins_word else inside).append(self._numbers[line - 1])
            at = block.find(wanted, starts[line]) if line < len(starts) else -1
        return Parts(words, inside)

    def _line(self, line: int) -> bytes:
        start = self._starts[line]
        return self._block[start : self._block.index(END, start)]


def as_bytes(text: str) -> bytes:
    """The text in UTF-8; half a surrogate pair, which some JSON holds, is kept too."""
    return text.encode("utf-8", "surrogatepass")
