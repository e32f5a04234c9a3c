"""One watch over all rules: takes in quotes, wakes the rules they concern, and writes what came of it, all or nothing.

The order is what nothing gets lost by. Rules that people changed are taken over before anything is evaluated; states,
events, outbox and the marks of how far each series was taken in are written in one transaction; only then does the
index follow. Whatever stops the watch in between leaves the marks where they were, so the next watch makes a segment
from there to the price of its time, and finds the same crossings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from dozor.alerts import segments as taking
from dozor.alerts.evaluation import NewId, evaluated, sleeper_of, transition_of
from dozor.alerts.index import RuleIndex
from dozor.alerts.ports import Batch, Lease, NewEvent, StoredRule, Transition, WatchStore
from dozor.alerts.rule import PRICE
from dozor.alerts.segments import Mark, Trust
from dozor.alerts.views import View, of_price
from dozor.domain.quotes import Quote

AT_ONCE = 2000  # rules in one transaction: some tens of ms, in which nobody else can write
TRIES = 5  # for rules that people change while they are evaluated

log = structlog.get_logger()


def price_series(coin_id: str, currency: str) -> str:
    """The name of a series of prices; see ``Rule.series``."""
    return f"{PRICE}|{currency}|{coin_id}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one pass came to, for the log and the metrics."""

    quotes: int
    segments: int
    woken: int
    events: int


@dataclass(slots=True)
class _Pass:
    """What a pass has read, before anything is written."""

    marks: dict[str, Mark] = field(default_factory=dict)
    views: dict[str, list[View]] = field(default_factory=dict)
    woken: dict[int, str] = field(default_factory=dict)  # rules and their series
    derived: set[str] = field(default_factory=set)  # the series of these that remember something new
    pieces: dict[str, Mapping[int, str | None]] = field(default_factory=dict)
    segments: int = 0


class Watcher:
    """Watches under one lease. One instance per lease; one task at a time calls it."""

    def __init__(self, store: WatchStore, lease: Lease, new_event_id: NewId) -> None:
        self._store = store
        self._new_event_id = new_event_id
        self._marks: dict[str, Mark] = {}
        self._change = 0
        self._unsure: set[int] = set()  # rules whose transaction may or may not have been written
        self._is_unsure = False
        self._unsure_series: set[str] = set()  # derived ones that may remember more than was written
        self.lease = lease
        self.index = RuleIndex()

    async def begin(self) -> None:
        """Take over all live rules, and how far each series was taken in. Raises StoreUnavailable."""
        self._change = await self._store.last_change()
        await self._recall(None)
        async for sleepers in self._store.sleepers():
            self.index.load(sleepers)
        self._marks = dict(await self._store.marks())
        log.info("watch.begun", rules=len(self.index), series=len(self._marks))

    def taken_in(self, series: str) -> datetime | None:
        """When upstream saw the last price of this series that was taken in; ``None`` for none yet."""
        mark = self._marks.get(series)
        return None if mark is None else mark.at

    def seen_at(self) -> Iterator[tuple[str, datetime]]:
        """When upstream last said something new of each series that is watched, as far as any was taken in."""
        for series, _ in self.index.series():
            _, currency, coin = series.split("|", 2)
            mark = self._marks.get(price_series(coin, currency))
            if mark is not None:
                yield series, mark.doubtful_at or mark.at

    def mark_of(self, quote: Quote) -> Mark | None:
        """How far the quote's series has been taken in; ``None`` for not yet."""
        return self._marks.get(price_series(quote.coin_id, quote.currency))

    async def follow(self) -> None:
        """Take over what people have changed since, and what a broken connection left open. Raises StoreUnavailable."""
        if self._is_unsure:
            await self._recall(self._unsure_series)
            self._unsure_series.clear()
            self._marks = dict(await self._store.marks())
            for stored in await self._store.load(self._unsure):
                self._settle(stored)
            self._unsure.clear()
            self._is_unsure = False
        for changed in await self._store.changed_since(self._change):
            self._change = max(self._change, changed.change)
            self._settle(changed)

    async def take(self, quotes: Iterable[Quote], poll: timedelta, now: datetime, *, is_outage: bool = False) -> Taken:
        """Take in quotes that were polled every ``poll``, in the order of their times.

        ``is_outage``: nobody watched while they came about. Raises StoreUnavailable or LeaseLost; then the rules whose
        transaction was not written stand as they stood, and the quotes may be taken in again.
        """
        await self.follow()
        count, read = 0, _Pass()
        self._tidy(read)
        for quote in quotes:
            count += 1
            self._read(read, quote, poll)
        read.pieces.update((series, self.index.derived[series].changed()) for series in read.derived)
        self._unsure_series |= read.pieces.keys()
        woken = {number: read.views[series] for number, series in read.woken.items()}
        events = await self._evaluate(woken, now, read, is_outage=is_outage)
        self._unsure_series.clear()
        self._marks.update(read.marks)
        return Taken(count, read.segments, len(woken), events)

    async def tend(self, now: datetime) -> int:
        """Do what is due by the clock: cooldowns that end, reminders, expiries. The number of events that this made."""
        await self.follow()
        events, done = 0, set[int]()
        while numbers := {stored.rule.number for stored in await self._store.due(now, AT_ONCE)} - done:
            events += await self._evaluate(dict.fromkeys(numbers, ()), now, _Pass())
            done |= numbers  # one that is still due was changed meanwhile, and comes next time
        return events

    def _settle(self, stored: StoredRule) -> None:
        if stored.is_live:
            self.index.put(sleeper_of(stored.rule, stored.state))
        else:
            self.index.drop(stored.rule.number)

    async def _recall(self, series: Collection[str] | None) -> None:
        """Let these derived series remember what was written of them; ``None`` for all there are."""
        found: dict[str, dict[int, str]] = {name: {} for name in series or ()}
        async for pieces in self._store.pieces(series):
            for (name, slot), piece in pieces.items():
                found.setdefault(name, {})[slot] = piece
        for name, pieces_of in found.items():
            self.index.restore(name, pieces_of)

    def _tidy(self, read: _Pass) -> None:
        """Drop the derived series that no rule watches any more, and in the others what no rule needs."""
        for series in list(self.index.derived):
            if self.index.has(series):
                self.index.derived[series].tidy()
            else:
                read.pieces[series] = self.index.derived.forget(series)

    def _read(self, read: _Pass, quote: Quote, poll: timedelta) -> None:
        series = price_series(quote.coin_id, quote.currency)
        taken = taking.take(read.marks.get(series, self._marks.get(series)), quote, poll)
        if taken is None:
            return
        read.marks[series] = taken.mark
        read.segments += len(taken.segments)
        for segment in taken.segments:
            self._show(read, series, of_price(segment))
            for name, derived in self.index.derived.beside(series):
                view = derived.view(segment, poll)
                if view is not None:
                    self._show(read, name, view)
                if segment.trust is not Trust.ONLY_BOLD:  # what is not confirmed is no extreme of anything
                    derived.admit(segment)
                    read.derived.add(name)

    def _show(self, read: _Pass, series: str, view: View) -> None:
        read.views.setdefault(series, []).append(view)
        read.woken.update(dict.fromkeys(self.index.reached(series, view), series))

    async def _evaluate(
        self,
        woken: Mapping[int, Sequence[View]],
        now: datetime,
        read: _Pass,
        *,
        is_outage: bool = False,
    ) -> int:
        """Evaluate these rules and write what changed; marks and memories go with the last transaction."""
        numbers, events = list(woken), 0
        remaining = set(numbers)
        self._is_unsure = True
        try:
            for start in range(0, max(1, len(numbers)), AT_ONCE):
                chunk = numbers[start : start + AT_ONCE]
                of_all = read if start + AT_ONCE >= len(numbers) else _Pass()
                events += await self._write(
                    {number: woken[number] for number in chunk}, now, of_all, is_outage=is_outage
                )
                remaining.difference_update(chunk)
            self._is_unsure = False
        finally:
            # Their edges have left the index. Whether the last transaction was written is asked before the next.
            self.index.put_back(remaining)
            self._unsure |= remaining
        return events

    async def _write(self, woken: Mapping[int, Sequence[View]], now: datetime, read: _Pass, *, is_outage: bool) -> int:
        rest, events = set(woken), 0
        for _ in range(TRIES):
            transitions: list[Transition] = []
            told: list[NewEvent] = []
            found = [one for one in await self._store.load(rest) if one.is_live] if rest else []
            for one in found:
                result = evaluated(one, woken[one.rule.number], now, self._new_event_id, is_outage=is_outage)
                transitions.append(result.transition or transition_of(one, one.state))
                told += result.events
            changed = [
                transition for transition, one in zip(transitions, found, strict=True) if transition.state != one.state
            ]
            lost: frozenset[int] = frozenset()
            if changed or read.marks or read.pieces:
                lost = await self._store.commit(self.lease, Batch(changed, told, read.marks, read.pieces))
            for number in rest.difference(one.rule.number for one in found):
                self.index.drop(number)
            for transition in transitions:
                if transition.number not in lost:
                    self.index.put(transition.sleeper)
            events += sum(event.number not in lost for event in told)
            rest, read = set(lost), _Pass()
            if not rest:
                return events
        log.warning("watch.contended", rules=len(rest))
        self.index.put_back(rest)
        return events
