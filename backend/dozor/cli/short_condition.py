"""Conditions as somebody types them: ``above 70000``, ``rise 5% in 1h``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
WINDOW = r"[1-9]\d*[mhd]"

_CROSS = {"up": "up", "down": "down", "cross": "any"}
_STATE = {"above": ">=", "below": "<="}
_MOVE = {"rise": "up", "fall": "down", "move": "any"}
_TRAIL = {"drop": "falls", "rebound": "rises"}
_RANGE = ("enter", "exit", "inside", "outside")

FORMS = (
    "up|down|cross LEVEL",
    "above|below LEVEL",
    "enter|exit|inside|outside LOW HIGH",
    "rise|fall|move PERCENT% in WINDOW",
    "rise|fall|move PERCENT% [from PRICE]",
    "step SIZE|PERCENT%",
    "drop|rebound SIZE|PERCENT%",
)
"""What can be typed, one kind in each; ``docs/en/alerts.md`` has an example of each."""


def read_condition(text: str) -> Mapping[str, Any] | None:
    """The condition as the API takes it, with numbers as they were typed; ``None`` for what is none of ``FORMS``."""
    word, _, rest = " ".join(text.split()).partition(" ")
    word = word.lower()
    if word in _CROSS and _is(NUMBER, rest):
        return {"type": "price_cross", "level": rest, "direction": _CROSS[word]}
    if word in _STATE and _is(NUMBER, rest):
        return {"type": "price_state", "level": rest, "op": _STATE[word]}
    if word in _RANGE and (ends := re.fullmatch(rf"({NUMBER}) ({NUMBER})", rest)):
        return {"type": "range", "low": ends[1], "high": ends[2], "mode": word}
    if word in _MOVE:
        return _move(_MOVE[word], rest)
    if word == "step":
        return _sized({"type": "step"}, rest, plain="step", percent="step_pct")
    if word in _TRAIL:
        return _sized({"type": "trailing", "side": _TRAIL[word]}, rest, plain="amount", percent="pct")
    return None


def _move(direction: str, text: str) -> Mapping[str, Any] | None:
    within = re.fullmatch(rf"({NUMBER})% in ({WINDOW})", text)
    if within is not None:
        return {"type": "pct_window", "pct": within[1], "direction": direction, "window": within[2]}
    away = re.fullmatch(rf"({NUMBER})%(?: from ({NUMBER}))?", text)
    if away is None:
        return None
    reference = {} if away[2] is None else {"reference": away[2]}
    return {"type": "pct_reference", "pct": away[1], "direction": direction, **reference}


def _sized(kind: Mapping[str, str], text: str, *, plain: str, percent: str) -> Mapping[str, Any] | None:
    if not _is(rf"{NUMBER}%?", text):
        return None
    return {**kind, (percent if text.endswith("%") else plain): text.removesuffix("%")}


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None
