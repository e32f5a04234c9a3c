"""The endpoints that Dozor serves: their parameters, how long their answers stay fresh, and which family makes them.

One table, from which routing, canonical questions, freshness, local refusals and the documentation are derived.
Cadences are the provider's own (docs.coingecko.com, "Cache / Update Frequency" of each page, read 2026): asking sooner
buys nothing. Where the keyless figure is not published, it is the paid one but at least 60 s, else 300 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dozor.market.endpoint_table.coins import COINS, PRICES, TOKENS
from dozor.market.endpoint_table.exchanges import DERIVATIVES, EXCHANGES
from dozor.market.endpoint_table.holdings import NFTS, TREASURIES
from dozor.market.endpoint_table.onchain import NETWORKS, ONCHAIN_TOKENS, POOLS
from dozor.market.endpoint_table.paid import PAID, PAID_ONCHAIN
from dozor.market.endpoint_table.row import Cadence, Endpoint, FamilyName, History, Kind, Parameter, path_kind
from dozor.market.endpoint_table.whole_market import WHOLE_MARKET

__all__ = [
    "BY_PATH",
    "ENDPOINTS",
    "Cadence",
    "Endpoint",
    "FamilyName",
    "History",
    "Kind",
    "Parameter",
    "is_step",
    "match",
    "path_kind",
]

ENDPOINTS: tuple[Endpoint, ...] = (
    *PRICES,
    *COINS,
    *TOKENS,
    *WHOLE_MARKET,
    *EXCHANGES,
    *DERIVATIVES,
    *TREASURIES,
    *NFTS,
    *NETWORKS,
    *POOLS,
    *ONCHAIN_TOKENS,
    *PAID,
    *PAID_ONCHAIN,
)

BY_PATH: Mapping[str, Endpoint] = {endpoint.path: endpoint for endpoint in ENDPOINTS}


def match(segments: Sequence[str]) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint of a path below the API's root, given as its decoded segments, and its path parameters.

    Where several fit, the one that spells out what stands further left: ``coins, list`` is not the coin ``list``.
    ``None``: no such path.
    """
    endpoint = _ROOT.find(segments)
    if endpoint is None:
        return None
    parts = endpoint.path.split("/")[1:]
    return endpoint, {part[1:-1]: given for part, given in zip(parts, segments, strict=True) if part.startswith("{")}


def is_step(segment: str) -> bool:
    """Whether it is ``.`` or ``..``, which leads to another path instead of naming anything, however it is encoded."""
    return segment in {".", ".."}


class _Node:
    """What may follow one beginning of a path."""

    def __init__(self) -> None:
        self._spelled_out: dict[str, _Node] = {}
        self._parameter: _Node | None = None
        self._endpoint: Endpoint | None = None

    def add(self, parts: Sequence[str], endpoint: Endpoint) -> None:
        if not parts:
            self._endpoint = endpoint
        elif parts[0].startswith("{"):
            self._parameter = self._parameter or _Node()
            self._parameter.add(parts[1:], endpoint)
        else:
            self._spelled_out.setdefault(parts[0], _Node()).add(parts[1:], endpoint)

    def find(self, segments: Sequence[str]) -> Endpoint | None:
        if not segments:
            return self._endpoint
        spelled_out = self._spelled_out.get(segments[0])
        found = None if spelled_out is None else spelled_out.find(segments[1:])
        if found is None and self._parameter is not None and _names_something(segments[0]):
            found = self._parameter.find(segments[1:])
        return found


def _names_something(segment: str) -> bool:
    return bool(segment.strip()) and "{" not in segment and not is_step(segment)


_ROOT = _Node()
for _endpoint in ENDPOINTS:
    _ROOT.add(_endpoint.path.split("/")[1:], _endpoint)
