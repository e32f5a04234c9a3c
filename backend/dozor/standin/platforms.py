"""The chains coins live on: asset platforms, which on-chain paths call networks and know under other names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """One chain."""

    id: str
    chain_identifier: int | None
    """The number wallets know it by; None for chains that have none."""
    name: str
    shortname: str
    native_coin_id: str
    network: str
    """Its id in the ``/onchain`` paths."""
    has_nfts: bool = False


PLATFORMS = (
    Platform("ethereum", 1, "Ethereum", "Ethereum", "ethereum", "eth", has_nfts=True),
    Platform("solana", None, "Solana", "", "solana", "solana", has_nfts=True),
    Platform("binance-smart-chain", 56, "BNB Smart Chain", "BSC", "binancecoin", "bsc", has_nfts=True),
    Platform("base", 8453, "Base", "", "ethereum", "base", has_nfts=True),
    Platform("polygon-pos", 137, "Polygon POS", "MATIC", "polygon-ecosystem-token", "polygon_pos", has_nfts=True),
    Platform("arbitrum-one", 42161, "Arbitrum One", "Arbitrum", "ethereum", "arbitrum"),
    Platform("avalanche", 43114, "Avalanche", "AVAX", "avalanche-2", "avax"),
    Platform("optimistic-ethereum", 10, "Optimism", "Optimism", "ethereum", "optimism"),
)
BY_ID = {platform.id: platform for platform in PLATFORMS}
BY_NETWORK = {platform.network: platform for platform in PLATFORMS}
