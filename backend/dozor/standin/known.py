"""Sixty coins that everybody knows, so that a demo looks like a market; figures are round and roughly true."""

from __future__ import annotations

from typing import NamedTuple

from dozor.standin.tapes import Temper


class Known(NamedTuple):
    """One well-known coin: about what it costs and how much of it there is."""

    id: str
    symbol: str
    name: str
    usd: float
    supply: float
    max_supply: float | None
    temper: Temper
    home: str | None
    """Id of the chain it is a token of; None for a coin with a chain of its own."""
    categories: tuple[str, ...]


_S, _C, _N, _W = Temper.STABLE, Temper.CALM, Temper.NORMAL, Temper.WILD
_L1, _DEFI, _MEME = ("Layer 1 (L1)",), ("Decentralized Finance (DeFi)",), ("Meme",)
_L2, _USD, _WRAP, _CEX = ("Layer 2 (L2)",), ("Stablecoins",), ("Wrapped-Tokens",), ("Exchange-based Tokens",)
_ETH = "ethereum"

KNOWN = tuple(
    Known(*row)
    for row in (
        ("bitcoin", "btc", "Bitcoin", 87000.0, 19_950_000.0, 21e6, _C, None, _L1),
        ("ethereum", "eth", "Ethereum", 2900.0, 120_690_000.0, None, _C, None, _L1),
        ("tether", "usdt", "Tether", 1.0, 184.2e9, None, _S, _ETH, _USD),
        ("ripple", "xrp", "XRP", 2.05, 60.3e9, 100e9, _N, None, _L1),
        ("binancecoin", "bnb", "BNB", 850.0, 137_730_000.0, 200e6, _C, None, (*_L1, *_CEX)),
        ("solana", "sol", "Solana", 131.0, 561_400_000.0, None, _N, None, _L1),
        ("usd-coin", "usdc", "USDC", 0.9998, 74.1e9, None, _S, _ETH, _USD),
        ("tron", "trx", "TRON", 0.276, 94.7e9, None, _C, None, _L1),
        ("staked-ether", "steth", "Lido Staked Ether", 2898.0, 8_540_000.0, None, _C, _ETH, _WRAP),
        ("dogecoin", "doge", "Dogecoin", 0.146, 152.1e9, None, _W, None, _MEME),
        ("cardano", "ada", "Cardano", 0.412, 36.6e9, 45e9, _N, None, _L1),
        ("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", 86900.0, 125_400.0, None, _C, _ETH, _WRAP),
        ("hyperliquid", "hype", "Hyperliquid", 32.4, 270_770_000.0, 1e9, _W, None, (*_L1, *_DEFI)),
        ("bitcoin-cash", "bch", "Bitcoin Cash", 545.0, 19_960_000.0, 21e6, _N, None, _L1),
        ("chainlink", "link", "Chainlink", 12.9, 696_800_000.0, 1e9, _N, _ETH, _DEFI),
        ("usds", "usds", "USDS", 0.9996, 9.5e9, None, _S, _ETH, _USD),
        ("leo-token", "leo", "LEO Token", 9.35, 922_100_000.0, None, _C, _ETH, _CEX),
        ("weth", "weth", "WETH", 2899.0, 2_330_000.0, None, _C, _ETH, _WRAP),
        ("zcash", "zec", "Zcash", 395.0, 16_350_000.0, 21e6, _W, None, ("Privacy Coins",)),
        ("stellar", "xlm", "Stellar", 0.243, 32.2e9, 50e9, _N, None, _L1),
        ("monero", "xmr", "Monero", 358.0, 18_447_000.0, None, _N, None, ("Privacy Coins",)),
        ("litecoin", "ltc", "Litecoin", 84.2, 76_590_000.0, 84e6, _N, None, _L1),
        ("ethena-usde", "usde", "Ethena USDe", 0.9991, 7.6e9, None, _S, _ETH, _USD),
        ("avalanche-2", "avax", "Avalanche", 13.4, 427_000_000.0, 720e6, _N, None, _L1),
        ("hedera-hashgraph", "hbar", "Hedera", 0.143, 42.5e9, 50e9, _N, None, _L1),
        ("sui", "sui", "Sui", 1.55, 3.68e9, 10e9, _W, None, _L1),
        ("shiba-inu", "shib", "Shiba Inu", 8.35e-06, 589.2e12, None, _W, _ETH, _MEME),
        ("dai", "dai", "Dai", 0.9997, 4.5e9, None, _S, _ETH, _USD),
        ("the-open-network", "ton", "Toncoin", 1.57, 2.47e9, None, _N, None, _L1),
        ("polkadot", "dot", "Polkadot", 2.28, 1.63e9, None, _N, None, _L1),
        ("uniswap", "uni", "Uniswap", 6.1, 630_330_000.0, 1e9, _N, _ETH, _DEFI),
        ("crypto-com-chain", "cro", "Cronos", 0.107, 37.7e9, 100e9, _N, _ETH, _CEX),
        ("mantle", "mnt", "Mantle", 1.02, 3.25e9, 6_219_316_794.99, _N, _ETH, _L2),
        ("bittensor", "tao", "Bittensor", 284.0, 9_600_000.0, 21e6, _W, None, ("Artificial Intelligence (AI)",)),
        ("bitget-token", "bgb", "Bitget Token", 3.6, 699_990_000.0, None, _N, _ETH, _CEX),
        ("near", "near", "NEAR Protocol", 1.82, 1.28e9, None, _N, None, _L1),
        ("aave", "aave", "Aave", 172.0, 15_270_000.0, 16e6, _N, _ETH, _DEFI),
        ("okb", "okb", "OKB", 108.0, 21_000_000.0, 21e6, _N, _ETH, _CEX),
        ("pepe", "pepe", "Pepe", 4.42e-06, 420.69e12, 420.69e12, _W, _ETH, _MEME),
        ("internet-computer", "icp", "Internet Computer", 3.62, 543_500_000.0, None, _N, None, _L1),
        ("ethereum-classic", "etc", "Ethereum Classic", 13.3, 154_700_000.0, 210.7e6, _N, None, _L1),
        ("aptos", "apt", "Aptos", 2.4, 749_000_000.0, None, _W, None, _L1),
        ("ondo-finance", "ondo", "Ondo", 0.486, 3.159e9, 10e9, _W, _ETH, _DEFI),
        ("polygon-ecosystem-token", "pol", "POL (ex-MATIC)", 0.136, 10.56e9, None, _N, _ETH, _L2),
        ("matic-network", "matic", "MATIC (migrated to POL)", 0.135, 62_300_000.0, 10e9, _N, _ETH, _L2),
        ("kaspa", "kas", "Kaspa", 0.0489, 26.9e9, 28.7e9, _W, None, _L1),
        ("arbitrum", "arb", "Arbitrum", 0.213, 5.6e9, 10e9, _N, _ETH, _L2),
        ("cosmos", "atom", "Cosmos Hub", 2.55, 484_000_000.0, None, _N, None, _L1),
        ("algorand", "algo", "Algorand", 0.139, 8.8e9, 10e9, _N, None, _L1),
        ("vechain", "vet", "VeChain", 0.0133, 85.98e9, 86.7e9, _N, None, _L1),
        ("filecoin", "fil", "Filecoin", 1.58, 721_000_000.0, 1.96e9, _N, None, ("Storage",)),
        ("official-trump", "trump", "Official Trump", 6.3, 199_999_980.0, 1e9, _W, "solana", _MEME),
        ("bonk", "bonk", "Bonk", 9.6e-06, 82.3e12, 87.99e12, _W, "solana", _MEME),
        ("optimism", "op", "Optimism", 0.312, 1.9e9, 4.29e9, _N, None, _L2),
        ("maker", "mkr", "Maker", 1580.0, 846_000.0, 1_005_577.0, _N, _ETH, _DEFI),
        ("eos", "eos", "EOS", 0.262, 1.57e9, 2.1e9, _W, None, _L1),
        ("yearn-finance", "yfi", "yearn.finance", 3900.0, 33_800.0, 36_666.0, _N, _ETH, _DEFI),
        ("status", "snt", "Status", 0.0132, 4.5e9, 6.8e9, _N, _ETH, ("Communication",)),
        ("wrapped-solana", "sol", "Wrapped SOL", 130.9, 11_900_000.0, None, _N, "solana", _WRAP),
        ("pax-gold", "paxg", "PAX Gold", 4190.0, 381_000.0, None, _C, _ETH, ("Tokenized Gold",)),
        ("1move token", "1mt", "1Move Token", 0.00041, 310e6, 600e6, _W, "binance-smart-chain", ()),
    )
)

FOLLOWS = {
    "staked-ether": "ethereum",
    "weth": "ethereum",
    "wrapped-bitcoin": "bitcoin",
    "wrapped-solana": "solana",
    "matic-network": "polygon-ecosystem-token",
}
"""Coins that stand for another coin, and so cost what it costs."""
