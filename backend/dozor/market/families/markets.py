"""``/coins/markets``: pages of a list, and rows of coins by id, both fetched with every column there is.

A page inside one of the list's 250-row pages is a slice of it. One that straddles two of them is a slice of another
page that has all of it: two snapshots can repeat or skip a coin. Coins asked for by id are put together from rows and
sorted again, where their figures settle the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec

from dozor.market.endpoints import BY_PATH, Endpoint
from dozor.market.facts import Facts, Saying
from dozor.market.families import plain
from dozor.market.families.family import Batch, NotDerivable, Unit
from dozor.market.families.row_layout import ASKED_COLUMNS, COLUMNS, Chosen, Row, keep_asked_order
from dozor.market.ports import Call
from dozor.market.question import Question
from dozor.market.rawjson import join_array, split_array
from dozor.market.reach import is_whole
from dozor.market.tuning import SURE_ON_FIRST_PAGE

MOST_KEPT = 1_000  # some 5 kB each
MOST_ROWS = 250
ROW = "row"  # the one column of a lot of rows
PAGES = (MOST_ROWS, 200, 150)
"""Of few sizes, so that questions share them: 250 rows, or, where a page straddles two of these, 200 or 150."""
RANKED = "market_cap_desc"
ORDERS = {
    f"{ours}_{way}": (theirs, way == "desc")
    for ours, theirs in (("market_cap", "market_cap"), ("volume", "total_volume"), ("id", "id"))
    for way in ("asc", "desc")
}
WIDE = {"sparkline": "true", "price_change_percentage": ",".join(ASKED_COLUMNS)}


@dataclass(frozen=True, slots=True)
class RowLot:
    """All rows in one currency, locale and precision, which are ``params`` of the question."""

    params: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """See ``Lot.key``."""
        return ":".join(("coins_markets", *(value for _, value in self.params)))

    @property
    def endpoint(self) -> Endpoint:
        """See ``Lot.endpoint``."""
        return BY_PATH["/coins/markets"]

    @property
    def most_coins(self) -> int:
        """See ``Lot.most_coins``."""
        return MOST_ROWS

    @property
    def most_kept(self) -> int:
        """See ``Lot.most_kept``."""
        return MOST_KEPT

    @property
    def first_rank(self) -> int:
        """See ``Lot.first_rank``: before it comes the first page, which people ask for anyway."""
        return SURE_ON_FIRST_PAGE + 1

    @property
    def usual_columns(self) -> tuple[str, ...]:
        """See ``Lot.usual_columns``."""
        return (ROW,)

    def call(self, coins: Sequence[str], columns: Sequence[str]) -> Call:
        """See ``Lot.call``. Upstream would cut off what is beyond its page."""
        params = (
            dict(self.params) | {"ids": ",".join(sorted(coins)), "order": RANKED, "per_page": str(MOST_ROWS)} | WIDE
        )
        return Call("/coins/markets", tuple(params.items()), self.endpoint.shape)

    def read(self, body: bytes) -> dict[str, Row]:
        """See ``Lot.read``."""
        return _Page.of(body).by_id()

    def in_asked_order(self, said: Mapping[str, Row], columns: Sequence[str]) -> bool | None:
        """See ``Lot.in_asked_order``; the columns in question are the changes of price."""
        return keep_asked_order(said.values())


def wanted(question: Question) -> Batch | Unit:
    """The page that this question is a slice of, or the rows that it names."""
    as_asked = plain.wanted(question)
    chosen, window = _chosen(question), _window(question)
    goes_by_names = any(question.get(name) for name in ("names", "symbols", "include_tokens"))
    with_copies = question.get("include_rehypothecated") != "false"  # more rows, a column more, and other ranks
    if chosen is None or window is None or goes_by_names or with_copies:
        return as_asked
    ids, order = question.get("ids"), question.get("order") or RANKED
    if ids is None:
        return _slice(question, window, chosen)
    coins = tuple(ids.split(","))
    if question.get("category") or order not in ORDERS or len(coins) > MOST_ROWS:
        return as_asked

    def assemble(facts: Facts) -> bytes:
        rows = [saying for coin in coins if (saying := facts.get(coin, ROW)) is not None and saying.said is not None]
        shown = _sorted(rows, order)[window.first : window.last]
        return join_array(row.cut(chosen, in_asked_order=facts.in_asked_order) for row in shown)

    return Batch(_lot(question), coins, (ROW,), assemble, as_asked, page=_first_page(question))


@dataclass(frozen=True, slots=True)
class _Window:
    """A page of a list: its rows ``first`` to ``last`` (exclusive)."""

    per_page: int
    page: int

    @property
    def first(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def last(self) -> int:
        return self.page * self.per_page

    @property
    def snapshot(self) -> _Window:
        """What upstream is asked for: the largest of few pages that has all of these rows, or these very ones."""
        for rows in PAGES:
            whole = self.first // rows
            if (self.last - 1) // rows == whole:
                return _Window(rows, whole + 1)
        return self


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as upstream sent it. ``in_asked_order``: its columns are in the order in which they were asked for."""

    body: bytes
    rows: tuple[Row, ...]
    in_asked_order: bool

    @classmethod
    def of(cls, body: bytes) -> _Page:
        rows = tuple(map(Row, split_array(body)))
        return cls(body, rows, bool(keep_asked_order(rows)))

    def by_id(self) -> dict[str, Row]:
        return {_identify.decode(row.text).id: row for row in self.rows}


def _slice(question: Question, window: _Window, chosen: Chosen) -> Unit:
    snapshot = window.snapshot
    changed = {"per_page": str(snapshot.per_page), "page": str(snapshot.page), **WIDE}
    asked = {**dict(question.params), **changed}
    names = [parameter.name for parameter in question.endpoint.parameters]
    wide = replace(question, params=tuple((name, asked[name]) for name in names if name in asked))
    first = window.first - snapshot.first

    def cut(page: _Page) -> bytes:
        shown = page.rows[first : first + window.per_page]
        cut_rows = [row.cut(chosen, in_asked_order=page.in_asked_order) for row in shown]
        is_whole_page = len(shown) == len(page.rows)
        if is_whole_page and all(text is row.text for text, row in zip(cut_rows, shown, strict=True)):
            return page.body
        return join_array(cut_rows)

    # In any other order a row's place says nothing about its rank.
    shares = (_lot(question), _Page.by_id) if question.get("order") == RANKED else None
    return replace(plain.wanted(wide), read=_Page.of, cut=cut, shares=shares)


def _first_page(question: Question) -> Unit:
    """The first page of the list in the same currency, which has the coins that most people ask for."""
    names = {"vs_currency", "locale", "precision", "include_rehypothecated"}
    return _first_page_in(tuple((name, value) for name, value in question.params if name in names))


@lru_cache(maxsize=256)  # there are as many as currencies, and each watchlist asks for one
def _first_page_in(params: tuple[tuple[str, str], ...]) -> Unit:
    listed = Question(BY_PATH["/coins/markets"], (), (*params, ("order", RANKED)))
    return _slice(listed, _Window(MOST_ROWS, 1), Chosen(sparkline=True, columns=COLUMNS))


def _lot(question: Question) -> RowLot:
    names = ("vs_currency", "locale", "precision")
    return RowLot(tuple((name, value) for name in names if (value := question.get(name))))


def _sorted(rows: Sequence[Saying], order: str) -> list[Row]:
    """The rows as ``order`` has them. Raises NotDerivable where what is known leaves that open."""
    if order == RANKED and len({saying.fetched_at for saying in rows}) <= 1:
        return [saying.said for saying in sorted(rows, key=lambda saying: saying.place)]
    member, descending = ORDERS[order]
    figures = [(saying.said.figure(member), saying.said) for saying in rows]
    if any(figure is None for figure, _ in figures) or len({figure for figure, _ in figures}) < len(figures):
        # Which of two equal figures comes first, and where coins without one go, is upstream's to say.
        raise NotDerivable
    return [row for _, row in sorted(figures, key=lambda pair: pair[0], reverse=descending)]


def _chosen(question: Question) -> Chosen | None:
    """The optional columns of the question; ``None`` where only upstream knows what it asks for."""
    sparkline = question.get("sparkline")
    asked = question.get("price_change_percentage")
    columns = tuple(asked.split(",")) if asked else ()
    if sparkline not in {"true", "false"} or not set(columns) <= set(COLUMNS):
        return None
    return Chosen(sparkline == "true", columns)


def _window(question: Question) -> _Window | None:
    per_page, page = question.get("per_page") or "", question.get("page") or ""
    if not (is_whole(per_page) and 1 <= int(per_page) <= MOST_ROWS and is_whole(page) and 1 <= int(page) <= 10**6):
        return None
    return _Window(int(per_page), int(page))


class _Identified(msgspec.Struct):
    id: str


_identify = msgspec.json.Decoder(_Identified)
