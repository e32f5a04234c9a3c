"""How Dozor is doing, gathered once for the status reply, the metrics and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dozor.alerts.deliveries import Backlog, DeliveryStatus
from dozor.alerts.patrol import WatchReport
from dozor.caching.memory import MemoryTier
from dozor.caching.stats import Counts, Outcome, ReadStats, Snapshot
from dozor.domain.errors import StoreUnavailable
from dozor.market.meta import rfc3339
from dozor.market.ports import QuotaUsage, UpstreamMonitor, UpstreamStatus, WindowUsage
from dozor.telemetry.phrases import Language

CLIENTS_SHOWN = 50
SAVED_BY: Mapping[Outcome, str] = {
    Outcome.HIT: "hits",
    Outcome.STALE_HIT: "stale_hits",
    Outcome.JOINED: "joined",
    Outcome.LOADED_ELSEWHERE: "loaded_elsewhere",
    Outcome.STALE_ON_ERROR: "stale_on_error",
    Outcome.NEGATIVE_HIT: "negative_hits",
    Outcome.REFUSED: "refused",
}


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while the process runs."""

    version: str
    plan: str
    language: Language
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """All figures in one moment."""

    about: About
    upstream: UpstreamStatus
    reads: Snapshot
    entries: int
    entry_bytes: int
    tiers: Mapping[str, str]  # the state of each, by its name: up, down, off
    watch: WatchReport
    backlog: Backlog | None  # None while the database is away

    def as_json(self) -> dict[str, object]:
        """The body of ``/api/v1/status``."""
        upstream = self.upstream
        return {
            "version": self.about.version,
            "plan": self.about.plan,
            "lang": self.about.language.value,
            "started_at": rfc3339(self.about.started_at),
            "upstream": {
                "state": upstream.state,
                "reason": upstream.reason,
                "retry_at": _instant(upstream.retry_at),
                "last_success_at": _instant(upstream.last_success_at),
            },
            "quota": {**quota_as_json(upstream.quota), "saved": saved_as_json(self.reads)},
            "cache": {
                "entries": self.entries,
                "bytes": self.entry_bytes,
                **counts_as_json(self.reads.total),
                "families": {name: counts_as_json(counts) for name, counts in self.reads.by_family.items()},
            },
            "tiers": self.tiers,
            "watch": watch_as_json(self.watch),
            "outbox": backlog_as_json(self.backlog),
        }


class Reporter:
    """Takes reports. One instance per application. ``shared`` tells the state of each tier that processes share.
    ``watch`` and ``backlog`` tell of the alerts.
    """

    def __init__(
        self,
        about: About,
        upstream: UpstreamMonitor,
        stats: ReadStats,
        memory: MemoryTier,
        shared: Mapping[str, Callable[[], str]],
        watch: Callable[[], WatchReport],
        backlog: Callable[[], Awaitable[Backlog]],
    ) -> None:
        self._about = about
        self._upstream = upstream
        self._stats = stats
        self._memory = memory
        self._shared = shared
        self._watch = watch
        self._backlog = backlog
        self.first_answer_known = asyncio.Event()  # set by whoever fetches it: no call may be needed for it

    async def take(self) -> Report:
        """A report of this moment; it costs no upstream call."""
        upstream = await self._upstream.status()
        tiers = {self._memory.name: "up", **{name: state() for name, state in self._shared.items()}}
        try:
            backlog = await self._backlog()
        except StoreUnavailable:  # which the status shows
            backlog = None
        return Report(
            self._about,
            upstream,
            self._stats.snapshot(),
            self._memory.entries,
            self._memory.size_bytes,
            tiers,
            self._watch(),
            backlog,
        )

    def clients(self) -> list[dict[str, object]]:
        """Who has cost how many calls since the start, the most costly first: for the owner alone.

        ``name`` is ``null`` for Dozor itself. ``calls`` may be ``too_many`` less, where there were very many clients.
        """
        return [
            {"name": client.name or None, "calls": client.count, "too_many": client.too_many}
            for client in self._upstream.clients(CLIENTS_SHOWN)
        ]

    async def missing(self) -> list[str]:
        """What is still missing before Dozor can answer; nothing when it is ready.

        An upstream that is down does not count: what is cached is served, and an error with its reason is an answer.
        """
        if self.first_answer_known.is_set():
            return []
        status = await self._upstream.status()
        return [] if status.first_attempt_ended else ["the first upstream call has not ended yet"]


def counts_as_json(counts: Counts) -> Mapping[str, int]:
    """The counters under their own names."""
    return {
        "reads": counts.reads,
        "hits": counts.hits,
        "stale_hits": counts.stale_hits,
        "joined": counts.joined,
        "loaded_elsewhere": counts.loaded_elsewhere,
        "misses": counts.misses,
        "stale_on_error": counts.stale_on_error,
        "negative_hits": counts.negative_hits,
        "refused": counts.refused,
        "failures": counts.failures,
        "loads": counts.loads,
        "load_failures": counts.load_failures,
    }


def saved_as_json(reads: Snapshot) -> Mapping[str, int]:
    """The calls saved since the start, by the counter of the reads that saved them."""
    by_reason = {SAVED_BY[outcome]: calls for outcome, calls in reads.saved.items()}
    return {"total": sum(by_reason.values()), **by_reason}


def quota_as_json(usage: QuotaUsage) -> dict[str, object]:
    """How far the quota is used. ``projected_used`` is ``null`` while there is less than a day to judge by."""
    projection = usage.projection
    return {
        "minute": _window(usage.minute),
        "month": {
            **_window(usage.month),
            "is_known": usage.month_is_known,
            "projected_used": None if projection is None else projection.used,
            "projected_end": None if projection is None else _instant(projection.ends_at),
        },
        "machines": usage.machines,
        "part": usage.part,
        "paused_until": _instant(usage.paused_until),
        "costs": dict(usage.costs),
    }


def watch_as_json(watch: WatchReport) -> dict[str, object]:
    """How the watch over the alerts stands in this process."""
    return {
        "is_held_here": watch.is_held_here,
        "rules": watch.rules,
        "pairs": watch.pairs,
        "interval_s": watch.interval_s,
        "sees_wicks": watch.sees_wicks,
        "polled_at": _instant(watch.polled_at),
    }


def backlog_as_json(backlog: Backlog | None) -> dict[str, object]:
    """What is not delivered yet."""
    if backlog is None:
        return dict.fromkeys(("waiting", "retrying", "lag_s"))
    return {
        "waiting": sum(backlog.counts.values()),
        "retrying": backlog.counts.get(DeliveryStatus.RETRYING, 0),
        "lag_s": backlog.lag.total_seconds(),
    }


def _window(usage: WindowUsage) -> dict[str, object]:
    return {
        "used": usage.used,
        "limit": usage.limit,
        "left": usage.left,
        "resets_at": _instant(usage.resets_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
