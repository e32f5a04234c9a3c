"""Which paths there are: a new one is a function that answers and a line in the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from dozor.standin.answers import (
    categories,
    chains,
    charts,
    derivatives,
    details,
    exchanges,
    finding,
    history,
    markets,
    nfts,
    onchain_pools,
    onchain_tokens,
    onchain_trading,
    prices,
    rates,
    tickers,
    treasury,
    trending,
    whole_market,
)
from dozor.standin.asked import Asked
from dozor.standin.paging import Made
from dozor.standin.refusals import paid_only


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the API."""

    path: str
    """Below ``/api/v3``; ``{id}`` stands for one segment."""
    answer: Callable[[Asked], str | Made]
    """Gives the JSON text of a 200, with headers where it has any, or raises ``Refused``."""
    edge_seconds: int = 60
    """How long the edge in front keeps one answer (``s-maxage``): recorded where 30 or 1800, else 60."""

    def made(self, asked: Asked) -> Made:
        """Answer; raises ``Refused``."""
        answer = self.answer(asked)
        return answer if isinstance(answer, Made) else Made(answer)

    def names_in(self, segments: list[str]) -> dict[str, str] | None:
        """Read what stands in the braces; None when these segments are another path."""
        names: dict[str, str] = {}
        for pattern, segment in zip(self.path.split("/"), segments, strict=True):
            if pattern.startswith("{"):
                names[pattern[1:-1]] = unquote(segment)
            elif pattern != segment:
                return None
        return names


def _paid(_: Asked) -> str:
    raise paid_only()


_POOL = "/onchain/networks/{network}/pools/{pool_address}"

FREE = (
    Endpoint("/ping", prices.ping),
    Endpoint("/simple/price", prices.simple_price),
    Endpoint("/simple/token_price/{id}", chains.token_price),
    Endpoint("/simple/supported_vs_currencies", prices.supported_currencies),
    Endpoint("/coins/list", finding.coins_list, 1_800),
    Endpoint("/coins/markets", markets.markets),
    Endpoint("/coins/categories", categories.categories),
    Endpoint("/coins/categories/list", categories.category_list),
    Endpoint("/coins/{id}", details.coin_details, 30),
    Endpoint("/coins/{id}/tickers", tickers.coin_tickers),
    Endpoint("/coins/{id}/history", history.coin_history, 1_800),
    Endpoint("/coins/{id}/market_chart", charts.market_chart),
    Endpoint("/coins/{id}/market_chart/range", charts.market_chart_range),
    Endpoint("/coins/{id}/ohlc", charts.ohlc),
    Endpoint("/coins/{id}/contract/{contract_address}", chains.token_details, 30),
    Endpoint("/coins/{id}/contract/{contract_address}/market_chart", chains.token_chart),
    Endpoint("/coins/{id}/contract/{contract_address}/market_chart/range", chains.token_chart_range),
    Endpoint("/asset_platforms", chains.asset_platforms),
    Endpoint("/token_lists/{asset_platform_id}/all.json", chains.token_list),
    Endpoint("/exchanges", exchanges.exchanges),
    Endpoint("/exchanges/list", exchanges.exchange_list),
    Endpoint("/exchanges/{id}", exchanges.exchange),
    Endpoint("/exchanges/{id}/tickers", exchanges.exchange_tickers),
    Endpoint("/exchanges/{id}/volume_chart", exchanges.volume_chart),
    Endpoint("/derivatives", derivatives.derivatives),
    Endpoint("/derivatives/exchanges", derivatives.derivatives_exchanges),
    Endpoint("/derivatives/exchanges/list", derivatives.derivatives_exchange_list),
    Endpoint("/derivatives/exchanges/{id}", derivatives.derivatives_exchange),
    Endpoint("/entities/list", treasury.entity_list),
    Endpoint("/{entity}/public_treasury/{coin_id}", treasury.holders),
    Endpoint("/public_treasury/{entity_id}", treasury.entity_treasury),
    Endpoint("/public_treasury/{entity_id}/{coin_id}/holding_chart", treasury.holding_chart),
    Endpoint("/public_treasury/{entity_id}/transaction_history", treasury.transactions),
    Endpoint("/nfts/list", nfts.nft_list),
    Endpoint("/nfts/{id}", nfts.nft),
    Endpoint("/nfts/{asset_platform_id}/contract/{contract_address}", nfts.nft_by_contract),
    Endpoint("/exchange_rates", rates.exchange_rates),
    Endpoint("/search", finding.search),
    Endpoint("/search/trending", trending.trending),
    Endpoint("/global", whole_market.global_figures),
    Endpoint("/global/decentralized_finance_defi", whole_market.defi_figures),
    Endpoint("/onchain/networks", onchain_tokens.networks),
    Endpoint("/onchain/networks/{network}/dexes", onchain_tokens.dexes),
    Endpoint("/onchain/networks/trending_pools", onchain_pools.trending_pools),
    Endpoint("/onchain/networks/{network}/trending_pools", onchain_pools.network_trending_pools),
    Endpoint("/onchain/networks/new_pools", onchain_pools.new_pools),
    Endpoint("/onchain/networks/{network}/new_pools", onchain_pools.network_new_pools),
    Endpoint("/onchain/networks/{network}/pools", onchain_pools.network_pools),
    Endpoint("/onchain/networks/{network}/dexes/{dex}/pools", onchain_pools.dex_pools),
    Endpoint("/onchain/networks/{network}/pools/{address}", onchain_pools.pool),
    Endpoint("/onchain/networks/{network}/pools/multi/{addresses}", onchain_pools.several_pools),
    Endpoint(f"{_POOL}/info", onchain_tokens.pool_info),
    Endpoint(f"{_POOL}/ohlcv/{{timeframe}}", onchain_trading.ohlcv),
    Endpoint(f"{_POOL}/trades", onchain_trading.trades),
    Endpoint("/onchain/networks/{network}/tokens/{address}", onchain_tokens.token),
    Endpoint("/onchain/networks/{network}/tokens/multi/{addresses}", onchain_tokens.several_tokens),
    Endpoint("/onchain/networks/{network}/tokens/{address}/info", onchain_tokens.token_info),
    Endpoint("/onchain/networks/{network}/tokens/{token_address}/pools", onchain_pools.token_pools),
    Endpoint("/onchain/simple/networks/{network}/token_price/{addresses}", onchain_tokens.onchain_price),
    Endpoint("/onchain/tokens/info_recently_updated", onchain_tokens.recently_updated),
    Endpoint("/onchain/search/pools", onchain_pools.search_pools),
)
"""All paths of the public API."""

PAID = tuple(
    Endpoint(path, _paid)
    for path in (
        "/key",
        "/news",
        "/insights",
        "/coins/top_gainers_losers",
        "/coins/list/new",
        "/coins/{id}/ohlc/range",
        "/coins/{id}/circulating_supply_chart",
        "/coins/{id}/circulating_supply_chart/range",
        "/coins/{id}/total_supply_chart",
        "/coins/{id}/total_supply_chart/range",
        "/coins/{id}/supply_breakdown",
        "/exchanges/{id}/volume_chart/range",
        "/nfts/markets",
        "/nfts/{id}/market_chart",
        "/nfts/{asset_platform_id}/contract/{contract_address}/market_chart",
        "/nfts/{id}/tickers",
        "/global/market_cap_chart",
        "/onchain/categories",
        "/onchain/categories/{category_id}/pools",
        "/onchain/pools/megafilter",
        "/onchain/pools/trending_search",
        "/onchain/networks/{network}/tokens/{token_address}/top_traders",
        "/onchain/networks/{network}/tokens/{token_address}/top_holders",
        "/onchain/networks/{network}/tokens/{token_address}/holders_chart",
        "/onchain/networks/{network}/tokens/{token_address}/ohlcv/{timeframe}",
        "/onchain/networks/{network}/tokens/{token_address}/trades",
    )
)
"""Paths of the paid plans. Nobody has one here: they are refused (401, 10005)."""


def _by_length(endpoints: Iterable[Endpoint]) -> dict[int, list[Endpoint]]:
    """Sort paths by how many segments they have; of two that fit, the one that says a word earlier goes first."""
    found: dict[int, list[Endpoint]] = defaultdict(list)
    for endpoint in sorted(endpoints, key=lambda e: [segment.startswith("{") for segment in e.path.split("/")]):
        found[endpoint.path.count("/") + 1].append(endpoint)
    return dict(found)


_BY_LENGTH = _by_length((*FREE, *PAID))


def find(raw_path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Find who answers ``raw_path`` (still percent-encoded), and what stands in the braces of its path.

    A slash at the end changes nothing: pycoingecko asks ``/coins/bitcoin/``.
    """
    segments = raw_path.removesuffix("/").split("/")
    for endpoint in _BY_LENGTH.get(len(segments), ()):
        names = endpoint.names_in(segments)
        if names is not None:
            return endpoint, names
    return None
