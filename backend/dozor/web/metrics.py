"""``/metrics``: the report in Prometheus' text form. Labels have few values, never a coin."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dozor.web.report import SAVED_BY, Report, counts_as_json

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OUTCOMES = (
    "hits",
    "stale_hits",
    "joined",
    "loaded_elsewhere",
    "misses",
    "stale_on_error",
    "negative_hits",
    "refused",
    "failures",
)
BREAKER_STATES = ("closed", "open", "half_open")


def exposition(report: Report) -> bytes:
    """All metrics of this report."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(report))
    return generate_latest(registry)


class _Collector:
    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterable[Metric]:
        report = self._report
        reads = CounterMetricFamily("dozor_reads", "Reads by how they ended", labels=["family", "outcome"])
        loads = CounterMetricFamily("dozor_loads", "Loads begun", labels=["family"])
        failures = CounterMetricFamily("dozor_load_failures", "Loads that failed", labels=["family"])
        for family, counts in report.reads.by_family.items():
            figures = counts_as_json(counts)
            for outcome in OUTCOMES:
                reads.add_metric([family, outcome], figures[outcome])
            loads.add_metric([family], figures["loads"])
            failures.add_metric([family], figures["load_failures"])
        yield from (reads, loads, failures)
        yield GaugeMetricFamily("dozor_cache_entries", "Entries in memory", value=report.entries)
        yield GaugeMetricFamily("dozor_cache_bytes", "Bytes of entries in memory", value=report.entry_bytes)
        tiers = GaugeMetricFamily("dozor_tier_up", "1 for a tier that is up; none for one that is off", labels=["tier"])
        for name, standing in report.tiers.items():
            if standing != "off":
                tiers.add_metric([name], float(standing == "up"))
        yield tiers
        state = GaugeMetricFamily("dozor_upstream_state", "1 for the breaker's state", labels=["state"])
        for name in BREAKER_STATES:
            state.add_metric([name], float(report.upstream.state == name))
        yield state
        yield from self._quota()
        yield from self._alerts()

    def _alerts(self) -> Iterable[Metric]:
        watch, backlog = self._report.watch, self._report.backlog
        yield GaugeMetricFamily("dozor_watch_rules", "Rules that this process watches", value=watch.rules)
        yield GaugeMetricFamily("dozor_watch_held", "1 for the process that watches", value=float(watch.is_held_here))
        if watch.interval_s is not None:
            yield GaugeMetricFamily("dozor_watch_interval_seconds", "Time between two looks", value=watch.interval_s)
        if watch.polled_at is not None:
            at = watch.polled_at.timestamp()
            yield GaugeMetricFamily("dozor_watch_polled_timestamp_seconds", "The last look taken in", value=at)
        if backlog is not None:
            waiting = sum(backlog.counts.values())
            yield GaugeMetricFamily("dozor_outbox_waiting", "Deliveries that are not finished", value=waiting)
            lag = backlog.lag.total_seconds()
            yield GaugeMetricFamily("dozor_outbox_lag_seconds", "Wait of the oldest that could be sent", value=lag)

    def _quota(self) -> Iterable[Metric]:
        upstream = self._report.upstream
        quota = upstream.quota
        used = GaugeMetricFamily("dozor_quota_used", "Upstream calls charged", labels=["window"])
        limit = GaugeMetricFamily("dozor_quota_limit", "Upstream calls allowed", labels=["window"])
        left = GaugeMetricFamily("dozor_quota_left", "Upstream calls left", labels=["window"])
        for name, usage in (("minute", quota.minute), ("month", quota.month)):
            used.add_metric([name], usage.used)
            if usage.limit is not None and usage.left is not None:
                limit.add_metric([name], usage.limit)
                left.add_metric([name], usage.left)
        yield from (used, limit, left)
        # A gauge: it begins again with the month, and falls when a credit is given back or the count corrected.
        costs = GaugeMetricFamily("dozor_quota_costs", "Upstream calls of the month by function", labels=["family"])
        for family, calls in quota.costs.items():
            costs.add_metric([family], calls)
        yield costs
        saved = CounterMetricFamily("dozor_calls_saved", "Reads that cost no upstream call", labels=["reason"])
        for outcome, calls in self._report.reads.saved.items():
            saved.add_metric([SAVED_BY[outcome]], calls)
        yield saved
        waiting = GaugeMetricFamily("dozor_admission_waiting", "Loads waiting for their turn", labels=["lane"])
        for lane, loads in upstream.waiting.items():
            waiting.add_metric([lane.value], loads)
        yield waiting
