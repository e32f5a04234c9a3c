"""The time of a tick by the number of rules, as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure


def plot(found: Iterable[dict[str, Any]], title: str, path: Path) -> None:
    """One line an engine, both axes logarithmic."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    lines: dict[str, list[tuple[int, float]]] = {}
    for one in found:
        lines.setdefault(one["engine"], []).append((one["rules"], one["tick_ms"]))
    for name, points in lines.items():
        axes.plot(*zip(*sorted(points), strict=True), marker="o", label=name)
    axes.set(title=title, xlabel="rules", ylabel="median tick, ms", xscale="log", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    FigureCanvasSVG(figure)
    figure.savefig(path, format="svg")
