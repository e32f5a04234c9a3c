"""All conditions, and how one is read from what somebody sent."""

from __future__ import annotations

from dozor.alerts.conditions.pct_reference import PctReference
from dozor.alerts.conditions.pct_window import PctWindow
from dozor.alerts.conditions.price_cross import PriceCross
from dozor.alerts.conditions.price_state import PriceState
from dozor.alerts.conditions.range import Range
from dozor.alerts.conditions.step import Step
from dozor.alerts.conditions.trailing import Trailing

AnyCondition = PriceCross | PriceState | Range | PctWindow | PctReference | Step | Trailing
