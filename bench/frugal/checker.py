"""Whether an answer is right: every value in it is one that upstream said, in its place, and nothing else is there.

The text of a number counts. Prices are looked up value by value, rows and details as wholes cut to what was asked, a
page of the list as a piece of one page that upstream sent, a chart by its points, anything else as one body.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from bench.frugal import charted
from bench.frugal.cuts import cut_detail, cut_list, cut_row
from bench.frugal.facts import Facts
from bench.frugal.questions import PRICE_FLAGS, Chart, Columns, Detail, Other, Page, Prices, Question, Watchlist
from bench.frugal.verbatim import Members, Unreadable, items, members, same, same_members
from bench.frugal.wrong import Wrong, WrongAnswer, expect_names
from dozor.standin.quirks import CurrencyOrder, Quirks

ENDINGS = ("", "_market_cap", "_24h_vol", "_24h_change")
TIME = "last_updated_at"
SLACK_S = 2.0
"""``Age`` is in whole seconds, and an answer is some time on its way."""

Times = Sequence[float]


@dataclass(frozen=True, slots=True)
class Checked:
    """A right answer: for each fact in it, all the times at which upstream said so."""

    facts: tuple[Times, ...]

    def age(self, answered_at: float, claimed: float | None) -> float:
        """Give how old its oldest fact was at ``answered_at``.

        ``claimed`` is what the answer says of its age. Raises WrongAnswer when it is older than that. NaN of no fact.
        """
        if not self.facts:
            return math.nan
        age = answered_at - min(_latest(times, answered_at) for times in self.facts)
        if claimed is not None and age > claimed + SLACK_S:
            raise WrongAnswer(Wrong.TOO_OLD, f"{age:.1f} s, and claims {claimed:.0f} s")
        return age


def _latest(times: Times, until: float) -> float:
    known = [at for at in times if at <= until]
    if not known:
        raise WrongAnswer(Wrong.NEVER_SAID, "was said only later")
    return max(known)


class Checker:
    """Checks answers by what was said. ``ids`` are all that upstream knows, ``quirks`` the order it keeps."""

    def __init__(self, facts: Facts, quirks: Quirks, ids: Collection[str]) -> None:
        self._facts = facts
        self._quirks = quirks
        self._ids = ids

    def check(self, question: Question, body: bytes) -> Checked:
        """Check an answer, but not its age. Raises WrongAnswer."""
        try:
            match question:
                case Prices():
                    return self._prices(question, body)
                case Page():
                    return self._page(question, body)
                case Watchlist():
                    return self._watchlist(question, body)
                case Detail():
                    return self._detail(question, body)
                case Chart():
                    said = self._facts.charts[question.id, question.currency, question.granularity]
                    return Checked((charted.said_times(question, body, said, self._quirks),))
                case Other():
                    return self._other(question, body)
        except Unreadable as error:
            raise WrongAnswer(Wrong.UNREADABLE, question.target) from error

    def _prices(self, question: Prices, body: bytes) -> Checked:
        coins = members(body)
        expect_names(list(coins), sorted({id_ for id_ in question.ids if id_ in self._ids}), question.target)
        names = self._price_names(question)
        facts = []
        for id_, coin in coins.items():
            values = members(coin)
            expect_names(list(values), names, f"{question.target}: {id_}")
            for name, value in values.items():
                said = self._facts.prices[question.precision, id_, name]
                facts.append(_times([(at, text) for at, text in said if same(text, value)], f"{id_} {name}"))
        return Checked(tuple(facts))

    def _price_names(self, question: Prices) -> list[str]:
        currencies = list(question.currencies)
        if self._quirks.currency_order is CurrencyOrder.ALPHABETICAL:
            currencies.sort()
        flags = ("", *PRICE_FLAGS)
        asked = [ending for ending, flag in zip(ENDINGS, flags, strict=False) if not flag or flag in question.flags]
        names = [currency + ending for currency in currencies for ending in asked]
        return [*names, TIME] if PRICE_FLAGS[-1] in question.flags else names

    def _watchlist(self, question: Watchlist, body: bytes) -> Checked:
        rows = [members(row) for row in items(body)]
        ids = [_id(row) for row in rows]
        expect_names(sorted(ids), sorted({id_ for id_ in question.ids if id_ in self._ids}), question.target)
        caps = [msgspec.json.decode(row["market_cap"], type=float | None) or 0.0 for row in rows]
        if caps != sorted(caps, reverse=True):
            raise WrongAnswer(Wrong.ORDER, question.target)
        return Checked(tuple(self._row(question.currency, question.columns, row) for row in rows))

    def _row(self, currency: str, columns: Columns, row: Members) -> Times:
        id_ = _id(row)
        said = [(at, cut_row(whole, columns, self._quirks)) for at, whole in self._facts.rows[currency, id_]]
        wide = [(at, whole) for at, whole in said if whole is not None]
        if wide:
            expect_names(list(row), list(wide[0][1]), f"row of {id_}")
        return _times([(at, whole) for at, whole in wide if same_members(whole, row)], f"row of {id_} in {currency}")

    def _page(self, question: Page, body: bytes) -> Checked:
        rows = [members(row) for row in items(body)]
        ids = tuple(map(_id, rows))
        times = []
        for page in self._facts.pages[question.currency]:
            if not page.first <= question.first < question.last <= page.last:
                continue
            piece = slice(question.first - page.first, question.last - page.first)
            if page.ids[piece] != ids:
                continue
            said = [cut_row(row, question.columns, self._quirks) for row in page.rows[piece]]
            if all(whole is not None and same_members(whole, row) for whole, row in zip(said, rows, strict=True)):
                times.append(page.at)
        if times:
            return Checked((times,))
        for row in rows:
            self._row(question.currency, question.columns, row)
        where = f"{question.target}: each row was said, but never this page"
        raise WrongAnswer(Wrong.MISSING if len(rows) < question.per_page else Wrong.ORDER, where)

    def _detail(self, question: Detail, body: bytes) -> Checked:
        found = members(body)
        cuts = [(said.at, cut_detail(said, question)) for said in self._facts.details[question.id]]
        wide = [(at, cut) for at, cut in cuts if cut is not None]
        if wide:
            expect_names(list(found), list(wide[0][1]), question.target)
        return Checked((_times([(at, cut) for at, cut in wide if same_members(cut, found)], question.target),))

    def _other(self, question: Other, body: bytes) -> Checked:
        said = self._facts.others[question.path]
        query = dict(question.query)
        times = [answer.at for answer in said if answer.query == query and same(answer.body, body)]
        if not times and question.path == "/coins/list":
            times = [answer.at for answer in said if same(cut_list(answer), body)]
        if not times:
            raise WrongAnswer(Wrong.NEVER_SAID, question.target)
        return Checked((times,))


def _times(said: Sequence[tuple[float, object]], where: str) -> Times:
    if not said:
        raise WrongAnswer(Wrong.NEVER_SAID, where)
    return [at for at, _ in said]


def _id(row: Members) -> str:
    try:
        return msgspec.json.decode(row["id"], type=str)
    except (KeyError, msgspec.DecodeError) as error:
        raise Unreadable("a row without an id") from error
