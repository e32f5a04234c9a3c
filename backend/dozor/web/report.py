"""How Dozor is doing, gathered once for the status reply, the metrics and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dozor.caching.memory import MemoryTier
from dozor.caching.stats import Counts, ReadStats, Snapshot
from dozor.market.meta import rfc3339
from dozor.market.ports import UpstreamMonitor, UpstreamStatus, WindowUsage
from dozor.telemetry.phrases import Language


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
            "quota": {"minute": _window(upstream.minute), "month": _window(upstream.month)},
            "cache": {
                "entries": self.entries,
                "bytes": self.entry_bytes,
                **counts_as_json(self.reads.total),
                "families": {name: counts_as_json(counts) for name, counts in self.reads.by_family.items()},
            },
            "tiers": self.tiers,
        }


class Reporter:
    """Takes reports. One instance per application. ``shared`` tells the state of each tier that processes share."""

    def __init__(
        self,
        about: About,
        upstream: UpstreamMonitor,
        stats: ReadStats,
        memory: MemoryTier,
        shared: Mapping[str, Callable[[], str]],
    ) -> None:
        self._about = about
        self._upstream = upstream
        self._stats = stats
        self._memory = memory
        self._shared = shared
        self.first_answer_known = asyncio.Event()  # set by whoever fetches it: no call may be needed for it

    async def take(self) -> Report:
        """A report of this moment; it costs no upstream call."""
        upstream = await self._upstream.status()
        tiers = {self._memory.name: "up", **{name: state() for name, state in self._shared.items()}}
        return Report(
            self._about, upstream, self._stats.snapshot(), self._memory.entries, self._memory.size_bytes, tiers
        )

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
        "misses": counts.misses,
        "stale_on_error": counts.stale_on_error,
        "negative_hits": counts.negative_hits,
        "failures": counts.failures,
        "loads": counts.loads,
        "load_failures": counts.load_failures,
    }


def _window(usage: WindowUsage) -> dict[str, object]:
    return {"used": usage.used, "limit": usage.limit, "resets_at": _instant(usage.resets_at)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
