"""The endpoints that Dozor serves: their parameters, how long their answers stay fresh, and which family makes them.

One table, from which routing, canonical questions, freshness, local refusals and the documentation are derived.
Cadences are the provider's own (docs.coingecko.com, "Cache / Update Frequency" of each page, read 2026): asking sooner
buys nothing. Where the keyless figure is not published, it is the paid one but at least 60 s, else 300 s.
"""

from __future__ import annotations

from collections import defaultdict
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
    for parts, endpoint in _BY_LENGTH.get(len(segments), ()):
        if all(_fits(part, given) for part, given in zip(parts, segments, strict=True)):
            return endpoint, {
                part[1:-1]: given for part, given in zip(parts, segments, strict=True) if part.startswith("{")
            }
    return None


def is_step(segment: str) -> bool:
    """Whether it is ``.`` or ``..``, which leads to another path instead of naming anything, however it is encoded."""
    return segment in {".", ".."}


def _fits(part: str, given: str) -> bool:
    if not part.startswith("{"):
        return part == given
    return bool(given.strip()) and "{" not in given and not is_step(given)


def _by_length() -> Mapping[int, Sequence[tuple[tuple[str, ...], Endpoint]]]:
    found: dict[int, list[tuple[tuple[str, ...], Endpoint]]] = defaultdict(list)
    for endpoint in sorted(ENDPOINTS, key=lambda each: [part.startswith("{") for part in each.path.split("/")]):
        parts = tuple(endpoint.path.split("/")[1:])
        found[len(parts)].append((parts, endpoint))
    return found


_BY_LENGTH = _by_length()
