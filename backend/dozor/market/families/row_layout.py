"""Rows of ``/coins/markets`` without the columns that nobody asked for, as slices of upstream's bytes.

Columns that a row has only when asked come and go; all others stay, in upstream's order. A row is cut up once, at first
use, however many questions are answered from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from dozor.market.lazy import lazy
from dozor.market.rawjson import encode, split_object

COLUMNS = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")  # of ``price_change_percentage``
ASKED_COLUMNS = tuple(reversed(COLUMNS))
"""Against every order that upstream might have of its own: so the answer tells whether it keeps the asker's."""
SPARKLINE = "sparkline_in_7d"
ROWS_THAT_TELL = 10
_CHANGES = {f"price_change_percentage_{column}_in_currency": column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The optional columns that a question asks for, in its order."""

    sparkline: bool
    columns: tuple[str, ...]


class Row:
    """One row as upstream sent it."""

    def __init__(self, text: msgspec.Raw) -> None:
        self.text = bytes(text)

    @lazy
    def _members(self) -> dict[str, msgspec.Raw]:
        return split_object(self.text)

    @lazy
    def _pieces(self) -> Sequence[tuple[str | None, bytes]]:
        """What stands between the optional columns, named ``None``, and each of these, named, in the row's order."""
        pieces: list[tuple[str | None, bytes]] = []
        between: list[bytes] = []
        for name, value in self._members.items():
            member = b"%b:%b" % (encode(name), value)
            optional = SPARKLINE if name == SPARKLINE else _CHANGES.get(name)
            if optional is None:
                between.append(member)
                continue
            if between:
                pieces.append((None, b",".join(between)))
                between = []
            pieces.append((optional, member))
        if between:
            pieces.append((None, b",".join(between)))
        return pieces

    def figure(self, name: str) -> int | float | str | None:
        """A member that rows are sorted by, ``None`` when there is none. Raises msgspec.ValidationError."""
        value = self._members.get(name)
        return None if value is None else _figure.decode(value)

    @property
    def changes(self) -> Sequence[str]:
        """The changes of price that it has, in its order."""
        return [name for name, _ in self._pieces if name is not None and name != SPARKLINE]

    def cut(self, chosen: Chosen, *, in_asked_order: bool) -> bytes:
        """The row with these columns; ``in_asked_order``: in the question's order, else in upstream's own.

        Raises msgspec.DecodeError when it is no object.
        """
        columns = chosen.columns
        if in_asked_order and len(columns) > 1:
            return b"{%b}" % b",".join(self._reordered(chosen))
        kept = [
            piece
            for name, piece in self._pieces
            if name is None or name in columns or (name == SPARKLINE and chosen.sparkline)
        ]
        return self.text if len(kept) == len(self._pieces) else b"{%b}" % b",".join(kept)

    def _reordered(self, chosen: Chosen) -> list[bytes]:
        found = {name: piece for name, piece in self._pieces if name in chosen.columns}
        in_order = [found[name] for name in chosen.columns if name in found]
        pieces: list[bytes] = []
        for name, piece in self._pieces:
            if name in found:
                pieces.extend(in_order)  # all of them where the first one stood
                in_order = []
            elif name is None or (name == SPARKLINE and chosen.sparkline):
                pieces.append(piece)
        return pieces


def keep_asked_order(rows: Iterable[Row]) -> bool | None:
    """Whether rows that were asked for ``ASKED_COLUMNS`` have them in that order; ``None`` where they cannot tell.

    Upstream orders all rows of an answer in one way, so a few of them tell as much as all.
    """
    for row in islice(rows, ROWS_THAT_TELL):
        found = list(row.changes)
        if len(found) > 1:
            return found == [column for column in ASKED_COLUMNS if column in found]
    return None


_figure: msgspec.json.Decoder[int | float | str | None] = msgspec.json.Decoder(int | float | str | None)
