"""The picture of a forecast as PNG: the same curves as ``report.svg``, drawn by matplotlib."""

from __future__ import annotations

import io

from dozor.forecast.report import COLOURS, longest_shown
from dozor.forecast.simulation import Forecast

DOTS_PER_INCH = 150


def png(forecast: Forecast, title: str, x_label: str, y_label: str) -> bytes:
    """How old answers are, by kind: which share is no older than that. Raises ImportError without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # late: an extra, and it takes most of a second
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(8, 5), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for number, (name, kind) in enumerate(sorted(forecast.kinds.items())):
        ages = sorted(kind.ages)
        if ages:
            points = [ages[min(len(ages) - 1, int(step / 100 * len(ages)))] for step in range(101)]
            axes.plot(points, [step / 100 for step in range(101)], color=COLOURS[number % len(COLOURS)], label=name)
    axes.set(title=title, xlabel=x_label, ylabel=y_label, xlim=(0, longest_shown(forecast)), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(frameon=False, loc="lower right")
    drawn = io.BytesIO()
    FigureCanvasAgg(figure)  # says how it is drawn: without a screen
    figure.savefig(drawn, format="png")
    return drawn.getvalue()
