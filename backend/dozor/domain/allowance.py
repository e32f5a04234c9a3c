"""Whether a call may go out now, by everything that limits calls: the minute, the pace of the month, a pause, lanes.

An ``Allowance`` is a plain value: one lies in a machine's ledger, one in Redis for all machines together, and both are
read, changed and written back in one step. Times are seconds of one clock that only grows, the owner's: a slot that
lies in the future, for a machine has been restarted, was taken now at the latest, which frees nothing early.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from dozor.domain.lanes import Lane
from dozor.domain.learning import LearntLimit
from dozor.domain.pace import ALERT_SHARE, ROUNDING, Bucket, MonthTerms, kept_from_warm_up

TURNS_PER_ALERT = 3  # where the reserve is less than a slot: every third that comes free
WANTED_FOR = 10.0  # seconds for which an alert that was refused keeps its turn
KEPT_FROM_WARM_UP = 2 / 9  # of the minute's slots, 6 of 27: people may miss that often without a wait
LOOK_AGAIN = 1.0  # seconds after which something may have changed that no instant is known for


class Shortage(Enum):
    """What there is none of."""

    MINUTE = "minute"  # slots
    PACE = "pace"  # calls that the month's pace allows
    MONTH = "month"  # calls at all
    PAUSE = "pause"  # upstream asked to be left alone
    SHARING = "sharing"  # other machines must be heard of first


@dataclass(frozen=True, slots=True)
class Granted:
    """The call may go out. ``is_probe``: it is the one that finds out whether upstream's pause is over."""

    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """It may not, for want of ``shortage``. ``chances`` are the instants at which calls like it may, the first first.

    None of them is too late. After the last they come again, each ``cycle`` seconds later.
    """

    shortage: Shortage
    chances: tuple[float, ...]
    cycle: float

    def chance(self, ahead: int = 0) -> float:
        """When at the earliest a call may go out that has ``ahead`` others before it."""
        rounds, place = divmod(ahead, len(self.chances))
        return self.chances[place] + rounds * self.cycle


Decision: TypeAlias = Granted | Wait


@dataclass(frozen=True, slots=True)
class Terms:
    """What limits calls here. ``start`` and ``most`` bound what is learnt of the minute (0: no limit at all).

    Who spends apart from others has ``part`` of it, and ``taken`` slots are kept for others. ``span`` is how long a
    slot stays used after its call's end, ``longest`` after which a call must have ended. ``month`` is ``None`` where
    it has no limit.
    """

    start: int
    most: int
    span: float
    longest: float
    month: MonthTerms | None = None
    part: float = 1.0
    taken: int = 0


@dataclass(slots=True)
class Slot:
    """One call's place in the minute; ``ended_at`` is ``None`` while it is under way."""

    began_at: float
    ended_at: float | None = None
    for_alert: bool = False

    def free_at(self, span: float, longest: float) -> float:
        """When it is free again, whether or not anybody lives to say that the call has ended."""
        return (self.began_at + longest if self.ended_at is None else self.ended_at) + span

    def soonest_free(self, now: float, span: float, longest: float) -> float:
        """When it may be free again at the earliest: one that is under way may end now."""
        return (min(now, self.began_at + longest) if self.ended_at is None else self.ended_at) + span


@dataclass(slots=True)
class Pause:
    """Upstream is left alone until ``until``; then one call is the ``probe``, for ``probe_until`` at most."""

    until: float
    set_at: float
    probe: str | None = None
    probe_until: float = 0.0


@dataclass(slots=True)
class Allowance:
    """See the module. ``slots`` are by the id of their call, unique among all machines. Not for several threads."""

    slots: dict[str, Slot] = field(default_factory=dict)
    learnt: LearntLimit | None = None
    bucket: Bucket | None = None
    pause: Pause | None = None
    armed: bool = False
    since_alert: int = 0  # how many slots went to others since an alert had one
    alert_wanted_until: float = -1.0

    def charge(self, now: float, terms: Terms, call: str, lane: Lane, *, beyond_reserve: bool = True) -> Decision:
        """Take what the call needs, or nothing.

        ``beyond_reserve``: an alert may also take what is not the alerts' own. A warm-up takes none of the last slots
        of the minute, nor of the last calls that the month's pace allows: those are for who asks for something.
        """
        self.forget_past(now, terms)
        month = terms.month
        if (wait := self._paused(now)) is not None:
            return wait
        if month is not None:
            if month.left <= 0:
                return Wait(Shortage.MONTH, (now + month.seconds_left,), 0.0)
            self._fill_bucket(now, month)
        if (wait := self._no_slot(now, terms, lane, beyond_reserve=beyond_reserve)) is not None:
            return wait
        if month is not None and (wait := self._take_token(now, month, lane, beyond_reserve=beyond_reserve)):
            return wait
        self._take_slot(now, terms, call, lane)
        return Granted(is_probe=self._begin_probe(now, terms, call))

    def record(self, now: float, terms: Terms, call: str, lane: Lane) -> Decision:
        """Note a call that others allow or refuse: nothing limits it here but a pause."""
        self.forget_past(now, terms)
        if (wait := self._paused(now)) is not None:
            return wait
        if terms.most:
            self.slots[call] = Slot(now, for_alert=lane is Lane.ALERT)
        return Granted(is_probe=self._begin_probe(now, terms, call))

    def end(self, now: float, call: str) -> None:
        """The call has ended: its slot is free a span from now. A probe that nobody has heard the answer of is none."""
        if (slot := self.slots.get(call)) is not None and slot.ended_at is None:
            slot.ended_at = max(now, slot.began_at)
        self._give_up_probe(call)

    def withdraw(self, terms: Terms, call: str) -> None:
        """The call was never sent: all that it took is there again."""
        self.slots.pop(call, None)
        if self.bucket is not None and terms.month is not None and self.bucket.period == terms.month.period:
            self.bucket.give_back(terms.month)
        self._give_up_probe(call)

    def refused(self, now: float, terms: Terms, call: str, pause: float) -> bool:
        """Upstream answered 429: leave it alone for ``pause`` seconds. Returns whether the limit was halved."""
        slot = self.slots.get(call)
        halved = self._learnt(terms).refused(now, slot.began_at if slot is not None else now) if terms.most else False
        self.leave_alone(now, pause)
        return halved

    def leave_alone(self, now: float, seconds: float) -> None:
        """Begin a pause, or lengthen it; a probe that is under way does not end it any more."""
        until = now + seconds
        self.pause = Pause(until if self.pause is None else max(until, self.pause.until), now)

    def hear_of_pause(self, now: float, until: float, tolerance: float) -> None:
        """Somebody else knows of a pause until then, by a clock that may be ``tolerance`` ahead.

        The one that is known here goes on as it is, with its probe, unless the other is longer.
        """
        if until > now and (self.pause is None or until > self.pause.until + tolerance):
            self.leave_alone(now, until - now)

    def answered(self, call: str) -> None:
        """Upstream answered something else: if the call was the probe, the pause is over."""
        if self.pause is not None and self.pause.probe == call:
            self.pause = None

    def learn(self, terms: Terms, limit: int) -> None:
        """Somebody who was apart has come to use no more than this of a minute."""
        if terms.most:
            learnt = self._learnt(terms)
            learnt.limit = min(learnt.limit, max(1, limit))

    def arm(self, terms: Terms, *, armed: bool) -> None:
        """Set the alerts' reserve apart, or dissolve it."""
        if armed is self.armed:
            return
        self.armed = armed
        self.since_alert = 0
        if self.bucket is not None and terms.month is not None:
            self.bucket.arm(terms.month, armed=armed)

    def minute(self, terms: Terms) -> tuple[int | None, float]:
        """How many slots there are, ``None`` without a limit, and for how long each stays used after its call's end."""
        if not terms.most:
            return None, terms.span
        learnt = self._learnt(terms)
        share = learnt.limit * terms.part
        if share < ROUNDING:
            return 0, terms.span
        # Less than one call a minute is one call in several minutes.
        return (math.floor(share + ROUNDING), terms.span) if share >= 1 - ROUNDING else (1, terms.span / share)

    def used(self, now: float, terms: Terms) -> int:
        """How many slots are not free at ``now``; nothing is changed."""
        _, span = self.minute(terms)
        return sum(_last(slot, now).free_at(span, terms.longest) > now for slot in self.slots.values())

    def full_until(self, now: float, terms: Terms) -> float | None:
        """When at the earliest a slot will be free, ``None`` when one is at ``now``; nothing is changed."""
        slots, span = self.minute(terms)
        if not slots:
            return None
        last = [_last(slot, now) for slot in self.slots.values()]
        frees = sorted(
            slot.soonest_free(now, span, terms.longest) for slot in last if slot.free_at(span, terms.longest) > now
        )
        return frees[-slots] if len(frees) >= slots else None

    def forget_past(self, now: float, terms: Terms) -> None:
        """Let go of what is over, and bring back what lies in the future, for the clock was begun anew."""
        _, span = self.minute(terms)
        self.slots = {
            call: last
            for call, slot in self.slots.items()
            if (last := _last(slot, now)).free_at(span, terms.longest) > now
        }
        if self.pause is not None and self.pause.set_at > now:
            behind = self.pause.set_at - now
            self.pause = Pause(self.pause.until - behind, now)
        if self.pause is not None and self.pause.probe_until > now + terms.longest:  # so long lasts none
            self.pause.probe = None
        if self.alert_wanted_until > now + WANTED_FOR:
            self.alert_wanted_until = now

    def _learnt(self, terms: Terms) -> LearntLimit:
        if self.learnt is None or self.learnt.most != terms.most:  # the operator has changed the plan
            self.learnt = LearntLimit(min(terms.start, terms.most), terms.most)
        return self.learnt

    def _paused(self, now: float) -> Wait | None:
        if self.pause is None:
            return None
        if now < self.pause.until:
            return Wait(Shortage.PAUSE, (self.pause.until,), 0.0)
        if self.pause.probe is not None and now < self.pause.probe_until:
            return Wait(Shortage.PAUSE, (self.pause.probe_until,), 0.0)
        return None

    def _begin_probe(self, now: float, terms: Terms, call: str) -> bool:
        if self.pause is None:
            return False
        self.pause.probe, self.pause.probe_until = call, now + terms.longest
        return True

    def _give_up_probe(self, call: str) -> None:
        if self.pause is not None and self.pause.probe == call:
            self.pause.probe = None

    def _fill_bucket(self, now: float, month: MonthTerms) -> None:
        if self.bucket is None or self.bucket.period != month.period:
            self.bucket = Bucket.full(now, month, armed=self.armed)
        else:
            self.bucket.fill(now, month, armed=self.armed)

    def _take_token(self, now: float, month: MonthTerms, lane: Lane, *, beyond_reserve: bool) -> Wait | None:
        bucket = self.bucket
        assert bucket is not None
        is_alert = lane is Lane.ALERT
        kept = kept_from_warm_up(month) if lane is Lane.WARM_UP else 0.0
        from_alerts = is_alert and bucket.for_alerts >= 1 - ROUNDING
        if from_alerts or (bucket.for_people >= 1 + kept - ROUNDING and (beyond_reserve or not is_alert)):
            bucket.take(from_alerts=from_alerts)
            return None
        seconds = bucket.seconds_until_one(month, for_alerts=False, armed=self.armed, kept=kept)
        if is_alert and self.armed:
            seconds = min(seconds, bucket.seconds_until_one(month, for_alerts=True, armed=True))
        outside = month.left - bucket.tokens
        every = month.seconds_left / outside if outside > 0 else month.seconds_left
        return Wait(Shortage.PACE, (now + min(seconds, month.seconds_left),), every)

    def _no_slot(self, now: float, terms: Terms, lane: Lane, *, beyond_reserve: bool) -> Wait | None:
        slots, span = self.minute(terms)
        if slots is None:
            return None
        limit = slots - terms.taken
        if limit <= 0:
            return Wait(Shortage.SHARING, (now + LOOK_AGAIN,), span)
        reserve = math.floor(limit * ALERT_SHARE) if self.armed else 0
        alerts = sum(slot.for_alert for slot in self.slots.values())
        frees = sorted(slot.soonest_free(now, span, terms.longest) for slot in self.slots.values())
        if lane is not Lane.ALERT:
            if self._is_turn_of_alerts(now, reserve):
                return Wait(Shortage.MINUTE, (min(self.alert_wanted_until, *frees, now + span),), span)
            open_to_lane = limit - max(0, reserve - alerts)
            if lane is Lane.WARM_UP:
                open_to_lane -= max(1, round(limit * KEPT_FROM_WARM_UP))
        elif beyond_reserve or (not reserve and self._owe_alerts()):
            open_to_lane = limit
        else:
            open_to_lane = min(limit, len(frees) - alerts + reserve)
        if lane is Lane.ALERT and not reserve and self.armed:
            self.alert_wanted_until = now + WANTED_FOR
        if len(frees) < open_to_lane:
            return None
        # A warm-up that has no slot at all has none before the minute has filled up and another has been learnt.
        no_instant = now + (span if lane is Lane.WARM_UP and not terms.taken else LOOK_AGAIN)
        chances = frees[max(0, len(frees) - max(0, open_to_lane)) :] or [no_instant]
        return Wait(Shortage.MINUTE, tuple(chances), span)

    def _owe_alerts(self) -> bool:
        return self.armed and self.since_alert >= TURNS_PER_ALERT - 1

    def _is_turn_of_alerts(self, now: float, reserve: int) -> bool:
        return not reserve and self._owe_alerts() and now < self.alert_wanted_until

    def _take_slot(self, now: float, terms: Terms, call: str, lane: Lane) -> None:
        slots, _ = self.minute(terms)
        if slots is None:
            return
        is_alert = lane is Lane.ALERT
        self.slots[call] = Slot(now, for_alert=is_alert)
        self.since_alert = 0 if is_alert else self.since_alert + 1
        if is_alert:
            self.alert_wanted_until = now
        if len(self.slots) >= slots - terms.taken:
            self._learnt(terms).filled(now, terms.span)


def _last(slot: Slot, now: float) -> Slot:
    """The slot, if need be as taken and ended now."""
    if slot.began_at <= now and (slot.ended_at is None or slot.ended_at <= now):
        return slot
    ended_at = None if slot.ended_at is None else min(slot.ended_at, now)
    return Slot(min(slot.began_at, now), ended_at, slot.for_alert)
