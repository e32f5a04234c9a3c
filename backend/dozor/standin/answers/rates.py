"""``/exchange_rates``: what one bitcoin is in every other money."""

from __future__ import annotations

from dozor.standin.asked import Asked
from dozor.standin.currencies import CURRENCIES
from dozor.standin.jsontext import obj, text
from dozor.standin.numbers import real

_RATED_EVERY = 300
_COMMODITIES = frozenset({"xag", "xau"})
_NAMES = """
btc|Bitcoin|BTC
eth|Ether|ETH
ltc|Litecoin|LTC
bch|Bitcoin Cash|BCH
bnb|Binance Coin|BNB
eos|EOS|EOS
xrp|XRP|XRP
xlm|Lumens|XLM
link|Chainlink|LINK
dot|Polkadot|DOT
yfi|Yearn.finance|YFI
usd|US Dollar|$
aed|United Arab Emirates Dirham|DH
ars|Argentine Peso|$
aud|Australian Dollar|A$
bdt|Bangladeshi Taka|৳
bhd|Bahraini Dinar|BD
bmd|Bermudian Dollar|$
brl|Brazil Real|R$
cad|Canadian Dollar|CA$
chf|Swiss Franc|Fr.
clp|Chilean Peso|CLP$
cny|Chinese Yuan|¥
czk|Czech Koruna|Kč
dkk|Danish Krone|kr.
eur|Euro|€
gbp|British Pound Sterling|£
gel|Georgian Lari|₾
hkd|Hong Kong Dollar|HK$
huf|Hungarian Forint|Ft
idr|Indonesian Rupiah|Rp
ils|Israeli New Shekel|₪
inr|Indian Rupee|₹
jpy|Japanese Yen|¥
krw|South Korean Won|₩
kwd|Kuwaiti Dinar|KD
lkr|Sri Lankan Rupee|Rs
mmk|Burmese Kyat|K
mxn|Mexican Peso|MX$
myr|Malaysian Ringgit|RM
ngn|Nigerian Naira|₦
nok|Norwegian Krone|kr
nzd|New Zealand Dollar|NZ$
php|Philippine Peso|₱
pkr|Pakistani Rupee|₨
pln|Polish Zloty|zł
rub|Russian Ruble|₽
sar|Saudi Riyal|SR
sek|Swedish Krona|kr
sgd|Singapore Dollar|S$
thb|Thai Baht|฿
try|Turkish Lira|₺
twd|New Taiwan Dollar|NT$
uah|Ukrainian hryvnia|₴
vef|Venezuelan bolívar fuerte|Bs.F
vnd|Vietnamese đồng|₫
zar|South African Rand|R
xdr|IMF Special Drawing Rights|XDR
xag|Silver - Troy Ounce|XAG
xau|Gold - Troy Ounce|XAU
bits|Bits|μBTC
sats|Satoshi|sats
"""
_RATED = tuple(line.split("|") for line in _NAMES.split("\n") if line)
"""Code, name and sign. Solana is missing, although prices can be asked in it: so it is in the recorded answer."""


def exchange_rates(asked: Asked) -> str:
    """``/exchange_rates``: rounded to three decimals, taken every five minutes."""
    second = int(asked.now) // _RATED_EVERY * _RATED_EVERY
    market = asked.market
    bitcoin = market.rate("btc", second)
    rates = {
        code: obj(
            {
                "name": text(name),
                "unit": text(sign),
                "value": real(round(bitcoin / market.rate(code, second), 3)),
                "type": text(_kind(code)),
            }
        )
        for code, name, sign in _RATED
    }
    return obj({"rates": obj(rates)})


def _kind(code: str) -> str:
    if code in _COMMODITIES:
        return "commodity"
    return "crypto" if CURRENCIES[code].crypto else "fiat"
