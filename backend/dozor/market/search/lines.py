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
BEFORE_WORD = (b" ", END)
AFTER_ALL = b"\xff"  # no byte of UTF-8
MOST_PARTS = 2500  # of the 18,000 coins of 2026 no part that is searched for, because few begin with it, has more


class Beginnings(NamedTuple):
    """The numbers of the texts that are the one looked for, and of those that only begin with it."""

    whole: Sequence[int]
    longer: Sequence[int]


class Parts(NamedTuple):
    """The numbers of the texts that have the one looked for at the beginning of a word, and of those that do elsewhere.

    A text that has it several times is there several times.
    """

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
        """Where ``text`` stands anywhere, in the first ``MOST_PARTS`` places when there are more."""
        words, inside = array("I"), array("I")
        line = -1
        # Splitting leaves the loop to C, and line ends counted between two places are quicker than a bisection.
        *before, _ = self._block.split(as_bytes(text), MOST_PARTS)
        for piece in before:
            line += piece.count(END)
            (words if piece.endswith(BEFORE_WORD) else inside).append(self._numbers[line])
        return Parts(words, inside)

    def _line(self, line: int) -> bytes:
        start = self._starts[line]
        return self._block[start : self._block.index(END, start)]


def as_bytes(text: str) -> bytes:
    """The text in UTF-8; half a surrogate pair, which some JSON holds, is kept too."""
    return text.encode("utf-8", "surrogatepass")
