"""Texts that were written down wrongly: by ear, in the other alphabet, or with a few letters off."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA  # a letter too many, too few, another one, or two swapped: one mistake each

from dozor.market.search.spelling import latin, sound

FORGIVEN = ((4, 0), (6, 1), (10, 2))  # in less than so many letters, so many mistakes; in longer texts MOST
MOST = 3
AT_ONCE = 1000  # lines that are turned into sounds together: much faster than one by one, and no long hold of the GIL


class Sounds:
    """Folded texts by how they sound, each with the number that it belongs to. Immutable."""

    def __init__(self, numbered: Iterable[tuple[str, int]]) -> None:
        """Keep these texts, which must not hold line ends."""
        lines = list(numbered)
        heard: set[tuple[str, int]] = set()
        for start in range(0, len(lines), AT_ONCE):
            texts, numbers = zip(*lines[start : start + AT_ONCE], strict=True)
            heard.update(zip(sound("\n".join(map(latin, texts))).split("\n"), numbers, strict=True))
        ordered = sorted(heard, key=lambda line: len(line[0]))
        self._heard = [text for text, _ in ordered]
        self._numbers = array("I", (number for _, number in ordered))

    def near(self, folded: str) -> Mapping[int, Sequence[int]]:
        """Numbers of the texts that a few mistakes could have made into this one, by how many mistakes."""
        spelled = latin(folded)
        wanted = sound(spelled)
        letters = min(len(spelled), len(wanted))
        most = next((mistakes for length, mistakes in FORGIVEN if letters < length), MOST)
        # A text that is longer or shorter by more letters than that is further away: two thirds need no look.
        start = bisect_left(self._heard, len(wanted) - most, key=len)
        end = bisect_left(self._heard, len(wanted) + most + 1, lo=start, key=len)
        near: dict[int, list[int]] = {mistakes: [] for mistakes in range(most + 1)}
        if wanted:
            candidates = self._heard[start:end]
            for _, mistakes, place in process.extract(
                wanted, candidates, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                near[int(mistakes)].append(self._numbers[start + place])
        return near
