"""A store in memory that keeps the port's word, and can be told to fail before or after it has written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dozor.alerts.decision import due_at
from dozor.alerts.evaluation import sleeper_of
from dozor.alerts.ports import Batch, Lease, LeaseLost, NewEvent, Sleeper, StoredRule
from dozor.alerts.rule import Rule
from dozor.alerts.segments import Mark
from dozor.alerts.state import NEW, State, decoded, encoded
from dozor.domain.errors import StoreUnavailable

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class MemoryStore:
    """See ``WatchStore``. ``fails`` is what the next commit does: ``before`` or ``after`` having written."""

    def __init__(self) -> None:
        self.rules: dict[int, StoredRule] = {}
        self.events: dict[tuple[int, int, str, int, int], NewEvent] = {}
        self.kept_marks: dict[str, Mark] = {}
        self.kept_pieces: dict[tuple[str, int], str] = {}
        self.epoch = 1
        self.fails = ""
        self._change = 0

    @property
    def lease(self) -> Lease:
        return Lease("watch", "test", self.epoch, NOW)

    def add(self, rule: Rule, state: State = NEW, channels: tuple[str, ...] = ("chn_1",)) -> None:
        self._change += 1
        self.rules[rule.number] = StoredRule(rule, state, 0, channels, is_live=True, change=self._change)

    def change(self, number: int, *, is_live: bool = True) -> None:
        """As a person does: the rule's version grows, and it is armed anew."""
        self._change += 1
        one = self.rules[number]
        rule = replace(one.rule, version=one.rule.version + 1)
        self.rules[number] = StoredRule(rule, NEW, one.seq + 1, one.channels, is_live=is_live, change=self._change)

    async def last_change(self) -> int:
        return self._change

    async def sleepers(self) -> AsyncIterator[Sequence[Sleeper]]:
        yield [sleeper_of(one.rule, one.state) for one in self.rules.values() if one.is_live]

    async def load(self, numbers: Collection[int]) -> Sequence[StoredRule]:
        return [self.rules[number] for number in sorted(numbers) if number in self.rules]

    async def changed_since(self, change: int) -> Sequence[StoredRule]:
        return sorted((one for one in self.rules.values() if one.change > change), key=lambda one: one.change)

    async def due(self, now: datetime, limit: int) -> Sequence[StoredRule]:
        found = [
            (due, one.rule.number)
            for one in self.rules.values()
            if one.is_live and (due := due_at(one.rule, one.state)) is not None and due <= now
        ]
        return [self.rules[number] for _, number in sorted(found)[:limit]]

    async def marks(self) -> Mapping[str, Mark]:
        return dict(self.kept_marks)

    async def pieces(self, series: Collection[str] | None = None) -> AsyncIterator[Mapping[tuple[str, int], str]]:
        yield {key: piece for key, piece in self.kept_pieces.items() if series is None or key[0] in series}

    async def commit(self, lease: Lease, batch: Batch) -> frozenset[int]:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise StoreUnavailable("gone", NOW)
        if lease.epoch != self.epoch:
            raise LeaseLost("another watches")
        lost = set()
        for transition in batch.transitions:
            one = self.rules[transition.number]
            if (one.rule.version, one.seq) != (transition.version, transition.seq) or not one.is_live:
                lost.add(transition.number)
                continue
            state = decoded(encoded(transition.state))
            self.rules[transition.number] = replace(one, state=state, seq=one.seq + 1)
        for event in batch.events:
            identity = (event.number, event.version, event.latch, event.episode, event.n)
            if event.number not in lost:
                assert identity not in self.events, "the same event twice"
                self.events[identity] = event
        self.kept_marks.update(batch.marks)
        for name, pieces in batch.pieces.items():
            for slot, piece in pieces.items():
                if piece is None:
                    self.kept_pieces.pop((name, slot), None)
                else:
                    self.kept_pieces[name, slot] = piece
        if fails == "after":
            raise StoreUnavailable("gone after it was done", NOW)
        return frozenset(lost)
