"""The answers of Dozor's own API that are kept for people too: the default list and the charts, as copies in Redis.

Users of the existing documentation look them up by these names; nobody else reads them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from dozor.caching.entry import Entry
from dozor.market import views
from dozor.market.endpoints import BY_PATH
from dozor.market.meta import meta, with_meta
from dozor.market.question import Question, canonical
from dozor.market.rawjson import join_object

CURRENCY = "usd"
ORDER = "market_cap_desc"
DAYS = {"1d": "1", "7d": "7", "30d": "30", "90d": "90", "1y": "365"}
RANGES = {days: name for name, days in DAYS.items()}


class CopyKeeper(Protocol):
    """Where copies go."""

    def copy(self, key: str, body: bytes, fetched_at: datetime, expires_in: timedelta) -> None:
        """Keep this body behind the caller's back, in place of one fetched earlier. Never fails and never waits."""


def coins_question(vs_currency: str, page: int, per_page: int, order: str) -> Question:
    """The question behind a page of the market table."""
    params = {
        "vs_currency": vs_currency,
        "page": str(page),
        "per_page": str(per_page),
        "order": order,
        "sparkline": "true",
        "price_change_percentage": "1h,24h,7d",
    }
    return canonical(BY_PATH["/coins/markets"], {}, params.items(), full_history=False)


def chart_question(coin_id: str, vs_currency: str, days: str) -> Question:
    """The question behind a chart over ``days``, a value of ``DAYS``."""
    params = {"vs_currency": vs_currency, "days": days}
    return canonical(BY_PATH["/coins/{id}/market_chart"], {"id": coin_id}, params.items(), full_history=False)


class Copies:
    """Writes the copy that belongs to an entry, where there is one."""

    def __init__(self, keeper: CopyKeeper) -> None:
        self._keeper = keeper

    def write(self, question: Question, body: bytes, entry: Entry) -> None:
        """Keep the default answer to ``question`` if it is behind one; ``body`` was made of ``entry``."""
        named = name_and_view(question)
        if named is None:
            return
        name, view = named
        try:
            shown = join_object(view(body))
        except views.UNREADABLE:
            return  # whoever asks our own API for it is told so
        about = meta(entry.fetched_at, timedelta(0), "upstream", is_fresh=True)
        self._keeper.copy(name, with_meta(shown, about), entry.fetched_at, entry.policy.usable_for)


def name_and_view(question: Question) -> tuple[str, views.View] | None:
    """``coins_list:<per_page>:<page>`` or ``coin_chart:<id>:<range>`` and the view that makes its body, if this
    question is behind one of them.
    """
    match question.endpoint.path:
        case "/coins/markets":
            page, per_page = question.get("page") or "", question.get("per_page") or ""
            if not (page.isdecimal() and per_page.isdecimal()):
                return None
            default = coins_question(CURRENCY, int(page), int(per_page), ORDER)
            return (f"coins_list:{per_page}:{page}", views.coins) if question == default else None
        case "/coins/{id}/market_chart":
            coin_id, days = question.get("id") or "", question.get("days") or ""
            if days not in RANGES or question != chart_question(coin_id, CURRENCY, days):
                return None
            return f"coin_chart:{coin_id}:{RANGES[days]}", partial(views.chart, days=days)
        case _:
            return None
