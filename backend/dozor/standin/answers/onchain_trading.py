"""What happens in one pool: candles and single trades."""

from __future__ import annotations

from hashlib import blake2b
from uuid import NAMESPACE_URL, uuid5

from dozor.standin.answers.onchain_pools import pool_at
from dozor.standin.answers.onchain_resources import figures_of, resource, stamp
from dozor.standin.asked import Asked
from dozor.standin.jsontext import array, obj, text
from dozor.standin.model import DAY, HOUR
from dozor.standin.numbers import real
from dozor.standin.platforms import BY_ID
from dozor.standin.pool_figures import PoolFigures, plain
from dozor.standin.refusals import invalid, resource_not_found
from dozor.standin.trading import Pair

_AGGREGATES = {"day": (DAY, ("1",)), "hour": (HOUR, ("1", "4", "12")), "minute": (60, ("1", "5", "15"))}
_LOOKS = 4
_TRADES = 300


def ohlcv(asked: Asked) -> str:
    """``…/ohlcv/{timeframe}``: candles stamped with their beginning, the latest first."""
    pool = pool_at(asked, asked.names["pool_address"])
    step = _step(asked)
    limit = asked.number("limit", default=100, most=1_000)
    before = asked.number("before_timestamp", default=int(asked.now), most=int(asked.now))
    inverted, in_usd = _is_inverted(asked, pool), asked.query.get("currency") != "token"
    born = figures_of(asked, pool).created_at
    last = before // step * step
    begins = range(last, max(last - limit * step, born // step * step), -step)
    rows = [_candle(asked, pool, begin, step, inverted=inverted, in_usd=in_usd) for begin in begins]
    id_ = str(uuid5(NAMESPACE_URL, f"{asked.path} {int(asked.now)}"))
    data = resource(id_, "ohlcv_request_response", obj({"ohlcv_list": array(rows)}))
    return obj({"data": data, "meta": _meta(pool)})


def trades(asked: Asked) -> str:
    """``…/trades``: at most 300 of the last 24 hours, the latest first."""
    pool = pool_at(asked, asked.names["pool_address"])
    _is_inverted(asked, pool)  # refuses a token that is not in the pool
    try:
        least = float(asked.query.get("trade_volume_in_usd_greater_than", "") or 0)
    except ValueError:
        raise invalid("trade_volume_in_usd_greater_than") from None
    a_day = figures_of(asked, pool).trades_a_day
    apart = DAY // min(a_day, DAY)
    last = int(asked.now) // apart
    made = (_Trade(asked, pool, number, apart) for number in range(last, last - min(a_day, _TRADES), -1))
    return obj({"data": array(trade.written() for trade in made if trade.usd > least)})


def _step(asked: Asked) -> int:
    """Read how long a candle is, in seconds."""
    if (timeframe := asked.names["timeframe"]) not in _AGGREGATES:
        raise resource_not_found()
    unit, legal = _AGGREGATES[timeframe]
    aggregate = asked.query.get("aggregate", "") or "1"
    if aggregate not in legal:
        raise invalid("aggregate")
    return unit * int(aggregate)


def _is_inverted(asked: Asked, pool: Pair) -> bool:
    """Whether the chart is about the other token: ``token`` is ``base``, ``quote`` or an address."""
    token = asked.query.get("token", "").lower() or "base"
    base, target = pool.contracts()
    if token in {"quote", target}:
        return True
    if token in {"base", base}:
        return False
    raise invalid("token")


def _candle(asked: Asked, pool: Pair, begin: int, step: int, *, inverted: bool, in_usd: bool) -> str:
    end = min(begin + step, int(asked.now))
    seconds = [begin + (end - begin) * look // (_LOOKS - 1) for look in range(_LOOKS)]
    values = [_price(PoolFigures(asked.market, pool, s), inverted=inverted, in_usd=in_usd) for s in seconds]
    volume = pool.volume_usd(asked.market, end) * step / DAY
    figures = (values[0], max(values), min(values), values[-1], volume)
    return f"[{begin},{','.join(map(real, figures))}]"


def _price(now: PoolFigures, *, inverted: bool, in_usd: bool) -> float:
    this, other = (now.target_usd, now.base_usd) if inverted else (now.base_usd, now.target_usd)
    return this if in_usd else this / other


def _meta(pool: Pair) -> str:
    base, target = pool.contracts()
    sides = {"base": (pool.coin, base), "quote": (pool.target, target)}
    return obj(
        {
            side: obj(
                {
                    "name": text(coin.name),
                    "symbol": text(coin.symbol.upper()),
                    "coingecko_coin_id": text(coin.id),
                    "address": text(address),
                }
            )
            for side, (coin, address) in sides.items()
            if coin is not None
        }
    )


class _Trade:
    """One trade: the ``number``-th since 1970, when there is one every ``apart`` seconds."""

    def __init__(self, asked: Asked, pool: Pair, number: int, apart: int) -> None:
        digest = blake2b(f"{pool.address} {number}".encode(), digest_size=32).digest()
        self._pool = pool
        self._hash = f"0x{digest.hex()}"
        self._sender = f"0x{digest[:20].hex()}"
        self._second = number * apart - digest[0] * apart // 256
        self._now = PoolFigures(asked.market, pool, self._second)
        self._is_purchase = digest[1] < 133
        self.usd = self._now.volume_usd / self._now.trades_a_day * (0.1 + digest[2] / 140)

    def written(self) -> str:
        """Write the trade: who buys the coin gives the other token for it."""
        now = self._now
        base, target = self._pool.contracts()
        given = (target, now.target_usd) if self._is_purchase else (base, now.base_usd)
        taken = (base, now.base_usd) if self._is_purchase else (target, now.target_usd)
        block = self._second // 12
        network = BY_ID[self._pool.exchange.platform or ""].network
        attributes = {
            "block_number": str(block),
            "tx_hash": text(self._hash),
            "tx_from_address": text(self._sender),
            "from_token_amount": text(plain(self.usd / given[1])),
            "to_token_amount": text(plain(self.usd / taken[1])),
            "price_from_in_currency_token": text(plain(given[1] / now.native_usd)),
            "price_to_in_currency_token": text(plain(taken[1] / now.native_usd)),
            "price_from_in_usd": text(plain(given[1])),
            "price_to_in_usd": text(plain(taken[1])),
            "block_timestamp": text(stamp(self._second)),
            "kind": text("buy" if self._is_purchase else "sell"),
            "volume_in_usd": text(plain(self.usd)),
            "from_token_address": text(given[0]),
            "to_token_address": text(taken[0]),
        }
        return resource(f"{network}_{block}_{self._hash}_0_{self._second}", "trade", obj(attributes))
