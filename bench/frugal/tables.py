"""The tables that are printed, in Markdown, so that they can go into the README as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

AGED = ("prices", "markets", "details")
"""The kinds whose age is shown."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def greedy_table(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Write what the planner of ``greedy.py`` reaches: by variant, and of each variant by span."""
    head = ["A unit is", "minutes", "success %", "calls", "answers per call", *(f"age p99 s: {kind}" for kind in AGED)]
    return table(head, [[name, *_reached(figures)] for name, spans in rows.items() for figures in spans])


def _reached(figures: Mapping[str, Any]) -> list[str]:
    spent = [str(figures["calls"]), number(figures["answers_per_call"])]
    return [minutes(figures), percent(figures["success"]), *spent, *oldest(figures)]


def oldest(figures: Mapping[str, Any]) -> list[str]:
    """Write the age of the oldest hundredth of each kind in ``AGED``."""
    ages = [(figures["kinds"].get(kind) or {}).get("age_s") or {} for kind in AGED]
    return [number(age.get("p99")) for age in ages]


def subjects_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Write what each subject reached in one span."""
    ages = [f"age p99 s: {kind}" for kind in AGED]
    head = [
        "",
        "success %",
        "p50 ms",
        "p99 ms",
        *ages,
        "calls",
        "refused",
        "answers per call",
        "per granted call",
        "wrong",
    ]
    return table(head, [[name, *_performed(figures)] for name, figures in rows.items()])


def _performed(figures: Mapping[str, Any]) -> list[str]:
    latency = figures["latency_ms"] or {}
    spent = [f"{figures['calls']:,}", f"{figures['refused']:,}"]
    spent += [number(figures["answers_per_call"]), number(figures["answers_per_granted_call"])]
    waited = [number(latency.get("p50")), number(latency.get("p99"))]
    return [percent(figures["success"]), *waited, *oldest(figures), *spent, str(figures["wrong"])]


def kinds_table(figures: Mapping[str, Any]) -> str:
    """Write what one subject reached in one span, by kind of question."""
    rows = []
    for kind, of_kind in figures["kinds"].items():
        age = of_kind["age_s"] or {}
        ages = [number(age.get("p50")), number(age.get("p99"))]
        rows.append([kind, str(of_kind["requests"]), percent(of_kind["success"]), *ages])
    return table(["", "requests", "success %", "age p50 s", "age p99 s"], rows)


def minutes(figures: Mapping[str, Any]) -> str:
    """Write which minutes figures are about."""
    since, until = figures["span_s"]
    return f"{since / 60:.0f}–{until / 60:.0f}"


def percent(share: float | None) -> str:
    """Write a share."""
    return "–" if share is None else f"{share * 100:.1f}"


def number(value: float | None) -> str:
    """Write a figure with two digits, or all before the point."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
