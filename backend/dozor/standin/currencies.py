"""The currencies prices are asked in: what one unit is worth, about, or which coin it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Currency:
    """One ``vs_currency``."""

    code: str
    usd: float
    """What one unit costs, about; for money made of a coin: how many coins one unit is."""
    coin: str | None = None
    """Id of the coin this currency is; None for what no blockchain issues."""

    @property
    def crypto(self) -> bool:
        """Whether prices in it follow the crypto rounding bands."""
        return self.coin is not None


_COINS = {
    "btc": "bitcoin",
    "eth": "ethereum",
    "ltc": "litecoin",
    "bch": "bitcoin-cash",
    "bnb": "binancecoin",
    "eos": "eos",
    "xrp": "ripple",
    "xlm": "stellar",
    "link": "chainlink",
    "dot": "polkadot",
    "yfi": "yearn-finance",
    "sol": "solana",
}
_FIAT = {
    "usd": 1.0,
    "aed": 0.2723,
    "ars": 0.00069,
    "aud": 0.652,
    "bdt": 0.00818,
    "bhd": 2.6525,
    "bmd": 1.0,
    "brl": 0.187,
    "cad": 0.712,
    "chf": 1.241,
    "clp": 0.00107,
    "cny": 0.1406,
    "czk": 0.0478,
    "dkk": 0.1549,
    "eur": 1.157,
    "gbp": 1.312,
    "gel": 0.369,
    "hkd": 0.1285,
    "huf": 0.00302,
    "idr": 0.0000599,
    "ils": 0.306,
    "inr": 0.01118,
    "jpy": 0.00639,
    "krw": 0.00068,
    "kwd": 3.257,
    "lkr": 0.00325,
    "mmk": 0.000476,
    "mxn": 0.0541,
    "myr": 0.241,
    "ngn": 0.000688,
    "nok": 0.0979,
    "nzd": 0.561,
    "php": 0.01699,
    "pkr": 0.00354,
    "pln": 0.273,
    "rub": 0.01262,
    "sar": 0.2666,
    "sek": 0.1049,
    "sgd": 0.765,
    "thb": 0.0308,
    "try": 0.02357,
    "twd": 0.0319,
    "uah": 0.02366,
    "vef": 10.01,
    "vnd": 0.0000379,
    "zar": 0.0577,
    "xdr": 1.36,
    "xag": 50.1,
    "xau": 4065.0,
}

CURRENCIES: dict[str, Currency] = {
    **{code: Currency(code, 1.0, coin) for code, coin in _COINS.items()},
    **{code: Currency(code, usd) for code, usd in _FIAT.items()},
    "bits": Currency("bits", 1e-6, "bitcoin"),
    "sats": Currency("sats", 1e-8, "bitcoin"),
}
"""By code, in the order of ``/simple/supported_vs_currencies``."""
