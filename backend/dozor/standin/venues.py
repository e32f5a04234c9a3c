"""Where trading happens: exchanges, the pools of chains, and exchanges for derivatives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """One place to trade at; ``platform`` is the chain of a decentralised one, None for a company's."""

    id: str
    name: str
    year: int | None
    country: str | None
    trust_score: int
    platform: str | None = None

    @property
    def url(self) -> str:
        """A site that does not exist."""
        return f"https://{self.id.replace('_', '-')}.example/"


COMPANIES = (
    Exchange("binance", "Binance", 2017, "Cayman Islands", 10),
    Exchange("gdax", "Coinbase Exchange", 2012, "United States", 10),
    Exchange("kraken", "Kraken", 2011, "United States", 10),
    Exchange("okex", "OKX", 2013, "Seychelles", 10),
    Exchange("bybit_spot", "Bybit", 2018, "British Virgin Islands", 10),
    Exchange("bitget", "Bitget", 2018, "Seychelles", 10),
    Exchange("gate", "Gate", 2013, "Panama", 9),
    Exchange("kucoin", "KuCoin", 2014, "Seychelles", 9),
    Exchange("whitebit", "WhiteBIT", 2018, "Lithuania", 8),
    Exchange("bitfinex", "Bitfinex", 2014, "British Virgin Islands", 8),
)
POOLS = (
    Exchange("uniswap_v3", "Uniswap V3 (Ethereum)", 2021, None, 7, "ethereum"),
    Exchange("uniswap_v2", "Uniswap V2 (Ethereum)", 2020, None, 7, "ethereum"),
    Exchange("curve", "Curve", 2020, None, 7, "ethereum"),
    Exchange("raydium2", "Raydium", 2021, None, 6, "solana"),
    Exchange("orca", "Orca", 2021, None, 6, "solana"),
    Exchange("pancakeswap-v3-bsc", "Pancakeswap V3 (BSC)", 2023, None, 6, "binance-smart-chain"),
    Exchange("pancakeswap_new", "Pancakeswap V2 (BSC)", 2021, None, 5, "binance-smart-chain"),
    Exchange("aerodrome-base", "Aerodrome (Base)", 2023, None, 6, "base"),
    Exchange("uniswap-v3-base", "Uniswap V3 (Base)", 2023, None, 6, "base"),
    Exchange("quickswap_v3", "Quickswap V3", 2022, None, 5, "polygon-pos"),
    Exchange("camelot-v3", "Camelot V3", 2023, None, 5, "arbitrum-one"),
)
EXCHANGES = (*COMPANIES, *POOLS)
BY_ID = {exchange.id: exchange for exchange in EXCHANGES}
POOLS_ON = {
    platform: tuple(pool for pool in POOLS if pool.platform == platform)
    for platform in dict.fromkeys(pool.platform for pool in POOLS if pool.platform)
}
CLOSED = (("mtgox", "Mt. Gox"), ("cryptsy", "Cryptsy"), ("ftx_spot", "FTX"))
"""Exchanges that are no more: id and name."""


@dataclass(frozen=True, slots=True)
class DerivativesExchange:
    """One place to trade futures and perpetuals at."""

    id: str
    name: str
    year: int
    country: str
    share: float
    """Of all that is traded in a contract."""
    has_dated_futures: bool


DERIVATIVES = (
    DerivativesExchange("binance_futures", "Binance (Futures)", 2019, "Cayman Islands", 0.42, has_dated_futures=True),
    DerivativesExchange("okex_swap", "OKX (Futures)", 2013, "Belize", 0.22, has_dated_futures=True),
    DerivativesExchange("bybit", "Bybit (Futures)", 2018, "British Virgin Islands", 0.18, has_dated_futures=False),
    DerivativesExchange("bitget_futures", "Bitget Futures", 2018, "Seychelles", 0.12, has_dated_futures=False),
    DerivativesExchange("kraken_futures", "Kraken (Futures)", 2014, "United States", 0.06, has_dated_futures=True),
)
DERIVATIVES_BY_ID = {exchange.id: exchange for exchange in DERIVATIVES}
