"""A forecast in figures: what a program reads, a table, and a picture."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from dozor.forecast.simulation import DAY_S, Forecast, KindFigures

WIDTH, HEIGHT, MARGIN = 720, 320, 48
COLOURS = ("#1f6feb", "#d29922", "#2da44e", "#cf222e", "#8250df", "#bf3989", "#57606a", "#0a7ea4", "#9a6700")


def figures(forecast: Forecast, per_month: int) -> dict[str, Any]:
    """The forecast as JSON has it; shares are of 1, ages and waits in seconds."""
    total = KindFigures()
    for kind in forecast.kinds.values():
        total.asked += kind.asked
        total.failed += kind.failed
        total.rejected += kind.rejected
        total.waited += kind.waited
        total.ages += kind.ages
        total.waits += kind.waits
    days = forecast.span_s / DAY_S
    return {
        "days": round(days, 2),
        "simulated_days": round(forecast.simulated_s / DAY_S, 3),
        "sampled": forecast.is_sampled,
        "questions": forecast.questions,
        "calls": {
            "month": forecast.month_calls,
            "limit": per_month or None,
            "per_minute": round(forecast.month_calls / (forecast.span_s / 60), 2),
            "saved_share": _share(forecast.questions - _counted_calls(forecast), forecast.questions),
        },
        "costs": {family: calls for family, calls in forecast.costs.most_common() if calls > 0},
        "all": _row(total),
        "kinds": {name: _row(kind) for name, kind in sorted(forecast.kinds.items())},
    }


def table(rows: Mapping[str, Mapping[str, Any]], headings: Sequence[str]) -> list[str]:
    """Lines of a table: a kind each, under ``headings`` for its name and its seven figures."""
    lines = [list(headings)]
    for name, row in rows.items():
        lines.append(
            [
                name,
                str(row["asked"]),
                *(_per_cent(row[share]) for share in ("waited_share", "failed_share")),
                *(_seconds(row["age_s"][part]) for part in ("p50", "p90", "p99")),
                _seconds(row["wait_s"]["p99"]),
            ]
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def longest_shown(forecast: Forecast) -> float:
    """How far a picture reaches, in seconds: to what 99 in 100 answers of each kind are no older than."""
    ages = [sorted(kind.ages) for kind in forecast.kinds.values() if kind.ages]
    return max((of_kind[min(len(of_kind) - 1, int(len(of_kind) * 0.99))] for of_kind in ages), default=1.0) or 1.0


def svg(forecast: Forecast, title: str, x_label: str, y_label: str) -> str:
    """How old answers are, by kind: which share of them (down) is no older than that (across), as curves."""
    curves = {name: sorted(kind.ages) for name, kind in sorted(forecast.kinds.items()) if kind.ages}
    longest = longest_shown(forecast)
    inner_width, inner_height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 20 * len(curves)}" role="img"'
            f' font-family="sans-serif" font-size="12"><title>{html.escape(title)}</title>'
            f'<rect width="100%" height="100%" fill="white"/><text x="{MARGIN}" y="20">{html.escape(title)}</text>'
        )
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = MARGIN + inner_height * (1 - share)
        parts.append(
            f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        )
    for place in range(5):
        x = MARGIN + inner_width * place / 4
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{longest * place / 4:.0f}</text>'
        )
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">{html.escape(x_label)}</text>'
        f'<text x="{MARGIN}" y="{MARGIN - 10}">{html.escape(y_label)}</text>'
    )
    for number, (name, ages) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{MARGIN + inner_width * min(1.0, ages[min(len(ages) - 1, int(step / 100 * len(ages)))] / longest):.1f},"
            f"{MARGIN + inner_height * (1 - step / 100):.1f}"
            for step in range(101)
        )
        y = HEIGHT + 20 * number + 4
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<rect x="{MARGIN}" y="{y - 9}" width="14" height="10" fill="{colour}"/>'
            f'<text x="{MARGIN + 20}" y="{y}">{html.escape(name)}</text>'
        )
    return "".join(parts) + "</svg>\n"


def _row(kind: KindFigures) -> dict[str, Any]:
    ages, waits = sorted(kind.ages), sorted(kind.waits)
    return {
        "asked": kind.asked,
        "waited_share": _share(kind.waited, kind.asked),
        "failed_share": _share(kind.failed, kind.asked),
        "rejected_share": _share(kind.rejected, kind.asked),
        "age_s": {name: _part(ages, part) for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))},
        "wait_s": {name: _part(waits, part) for name, part in (("p50", 0.5), ("p99", 0.99))},
    }


def _counted_calls(forecast: Forecast) -> int:
    """Calls beside the questions that count: of a sample, those of the time that does not settle."""
    return round(forecast.calls * forecast.questions / max(1, forecast.asked))


def _part(ordered: Sequence[float], part: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1) if ordered else None


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _per_cent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
