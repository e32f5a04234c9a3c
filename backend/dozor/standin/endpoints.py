"""Which paths there are: a new one is a function that answers and a line in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from dozor.standin.answers.charts import market_chart, ohlc
from dozor.standin.answers.details import coin_details
from dozor.standin.answers.finding import coins_list, search
from dozor.standin.answers.markets import markets
from dozor.standin.answers.prices import ping, simple_price, supported_currencies
from dozor.standin.answers.trending import trending
from dozor.standin.answers.whole_market import global_figures
from dozor.standin.asked import Asked


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the API."""

    path: str
    """Below ``/api/v3``; ``{id}`` stands for one segment."""
    answer: Callable[[Asked], str]
    """Gives the JSON text of a 200, or raises ``Refused``."""
    edge_seconds: int = 60
    """How long the edge in front keeps one answer (``s-maxage``): recorded where 30 or 1800, else 60."""


ENDPOINTS = (
    Endpoint("/ping", ping),
    Endpoint("/simple/price", simple_price),
    Endpoint("/simple/supported_vs_currencies", supported_currencies),
    Endpoint("/coins/list", coins_list, 1_800),
    Endpoint("/coins/markets", markets),
    Endpoint("/coins/{id}", coin_details, 30),
    Endpoint("/coins/{id}/market_chart", market_chart),
    Endpoint("/coins/{id}/ohlc", ohlc),
    Endpoint("/search", search),
    Endpoint("/search/trending", trending),
    Endpoint("/global", global_figures),
)
_BY_PATH = {endpoint.path: endpoint for endpoint in ENDPOINTS}


def find(raw_path: str) -> tuple[Endpoint, str] | None:
    """Find who answers ``raw_path`` (still percent-encoded), and the id in it; a literal path goes first."""
    if endpoint := _BY_PATH.get(raw_path):
        return endpoint, ""
    match raw_path.split("/"):
        case ["", first, id_, *rest] if endpoint := _BY_PATH.get("/".join(("", first, "{id}", *rest))):
            return endpoint, unquote(id_)
        case _:
            return None
