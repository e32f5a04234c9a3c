"""``/exchanges`` and what is below it: the volume of an exchange is the sum of what its pairs trade."""

from __future__ import annotations

from dozor.standin import derivatives_traded, trading
from dozor.standin.answers.tickers import in_order, paged, tickers
from dozor.standin.asked import Asked
from dozor.standin.jsontext import FALSE, NULL, array, obj, text, truth
from dozor.standin.model import DAY, HOUR
from dozor.standin.numbers import real
from dozor.standin.paging import Made, page_of
from dozor.standin.refusals import exchange_not_found, invalid
from dozor.standin.trading import Pair
from dozor.standin.venues import BY_ID, CLOSED, DERIVATIVES, DERIVATIVES_BY_ID, EXCHANGES, Exchange

_SNAPSHOT_EVERY = 60
_STEPS = {1: 600, 7: HOUR, 14: HOUR, 30: DAY, 90: DAY, 180: DAY, 365: DAY}
"""How far apart the points of a volume chart are, by how many days it goes back."""
_ADDRESSES = ("facebook_url", "reddit_url", "telegram_url", "slack_url", "other_url_1", "other_url_2")


def exchanges(asked: Asked) -> Made:
    """``/exchanges``: the most trusted first, and of them the busiest."""
    ranked = _ranked(asked)
    per_page = asked.number("per_page", default=100, most=250)
    rows = page_of(ranked, asked.page(), per_page)
    body = array(
        obj({"id": text(e.id), **_card(asked, e), "has_trading_incentive": FALSE, **_standing(asked, e, ranked)})
        for e in rows
    )
    return asked.counted(body, total=len(ranked), per_page=per_page)


def exchange_list(asked: Asked) -> str:
    """``/exchanges/list``: every exchange, those for derivatives too; ``status=inactive`` gives the closed ones."""
    everywhere = sorted((exchange.id, exchange.name) for exchange in (*EXCHANGES, *DERIVATIVES))
    listed = CLOSED if asked.query.get("status") == "inactive" else everywhere
    return array(obj({"id": text(id_), "name": text(name)}) for id_, name in listed)


def exchange(asked: Asked) -> str:
    """``/exchanges/{id}``: one exchange and its first hundred tickers."""
    found = _found(asked)
    pairs = _pairs(asked, found)
    return obj(
        {
            **_card(asked, found),
            **dict.fromkeys(_ADDRESSES, text("")),
            "twitter_handle": text(found.id.partition("_")[0]),
            "has_trading_incentive": FALSE,
            "centralized": truth(found.platform is None),
            "public_notice": text(""),
            "alert_notice": text(""),
            **_standing(asked, found, _ranked(asked)),
            "coins": str(len({pair.coin.id for pair in pairs})),
            "pairs": str(len(pairs)),
            "tickers": tickers(asked, in_order(asked, pairs)),
            "status_updates": "[]",
        }
    )


def exchange_tickers(asked: Asked) -> Made:
    """``/exchanges/{id}/tickers``: a hundred to a page; ``coin_ids`` chooses."""
    found = _found(asked)
    pairs = _pairs(asked, found)
    if wanted := asked.listed("coin_ids"):
        pairs = [pair for pair in pairs if pair.coin.id in wanted]
    return paged(asked, found.name, pairs)


def volume_chart(asked: Asked) -> str:
    """``/exchanges/{id}/volume_chart``: moments as numbers, volumes (in bitcoin) as texts, as recorded."""
    market, id_ = asked.market, asked.names["id"]
    if id_ not in BY_ID and id_ not in DERIVATIVES_BY_ID:
        raise exchange_not_found()
    days = asked.required("days")
    step = _STEPS.get(int(days)) if days.isdecimal() else None
    if step is None:
        raise invalid("days")
    last = int(asked.now) // step * step
    volume_at = (trading if id_ in BY_ID else derivatives_traded).volume_at(market, id_)
    return array(
        f'[{second * 1_000}.0,"{volume_at(second) / market.rate("btc", second):.16f}"]'
        for second in range(last - int(days) * DAY + step, last + 1, step)
    )


def _found(asked: Asked) -> Exchange:
    if found := BY_ID.get(asked.names["id"]):
        return found
    raise exchange_not_found()


def _pairs(asked: Asked, found: Exchange) -> list[Pair]:
    return trading.trading(asked.market.catalogue).at_exchange.get(found.id, [])


def _volume_btc(asked: Asked, found: Exchange) -> float:
    second = int(asked.now) // _SNAPSHOT_EVERY * _SNAPSHOT_EVERY
    return trading.volume_at(asked.market, found.id)(second) / asked.market.rate("btc", second)


def _ranked(asked: Asked) -> list[Exchange]:
    trading_now = [exchange for exchange in EXCHANGES if _pairs(asked, exchange)]
    return sorted(trading_now, key=lambda e: (e.trust_score, _volume_btc(asked, e)), reverse=True)


def _card(asked: Asked, found: Exchange) -> dict[str, str]:
    return {
        "name": text(found.name),
        "year_established": NULL if found.year is None else str(found.year),
        "country": text(found.country),
        "description": text(f"{found.name} is a made-up market: nobody can trade there."),
        "url": text(found.url),
        "image": text(asked.drawing(found.id)),
    }


def _standing(asked: Asked, found: Exchange, ranked: list[Exchange]) -> dict[str, str]:
    rank = ranked.index(found) + 1 if found in ranked else None
    return {
        "trust_score": str(found.trust_score),
        "trust_score_rank": NULL if rank is None else str(rank),
        "trade_volume_24h_btc": real(_volume_btc(asked, found)),
    }
