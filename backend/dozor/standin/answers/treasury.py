"""``/entities/list`` and the ``public_treasury`` paths: who holds how much, and since when."""

from __future__ import annotations

from datetime import UTC, datetime

from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.jsontext import array, obj, text
from dozor.standin.model import DAY
from dozor.standin.numbers import real
from dozor.standin.paging import page_of
from dozor.standin.refusals import entity_not_found, invalid, no_such_path
from dozor.standin.treasuries import BY_ID, ENTITIES, Deal, Entity, deals, holding

_KINDS = {"companies": True, "governments": False}
_CHART_DAYS = frozenset({"7", "14", "30", "90", "180", "365"})
_SPANS = {"7d": 7, "14d": 14, "30d": 30, "90d": 90, "1y": 365}
_SINCE_NEW_YEAR = "ytd"
_VALUED_EVERY = 300


def entity_list(asked: Asked) -> str:
    """``/entities/list``: who there is; what kind of holder each is, the answer does not say."""
    kind = asked.query.get("entity_type")
    listed = [entity for entity in ENTITIES if not kind or entity.kind == kind]
    shown = page_of(listed, asked.page(), asked.number("per_page", default=100, most=250))
    return array(
        obj({"id": text(e.id), "symbol": text(e.symbol or ""), "name": text(e.name), "country": text(e.country)})
        for e in shown
    )


def holders(asked: Asked) -> str:
    """``/{entity}/public_treasury/{coin_id}``: all companies, or all governments, that hold a coin."""
    are_companies = _KINDS.get(asked.names["entity"])
    if are_companies is None:
        raise no_such_path()
    coin = asked.coin("coin_id")
    usd = asked.market.price(coin, _second(asked))
    rows = [
        (entity, held)
        for entity in ENTITIES
        if entity.is_company is are_companies and (held := holding(asked.market, entity, coin, asked.now))
    ]
    ascending = asked.query.get("order") == "total_holdings_usd_asc"
    rows.sort(key=lambda row: row[1].balance, reverse=not ascending)
    total = sum(held.balance for _, held in rows)
    shown = page_of(rows, asked.page(), asked.number("per_page", default=250, most=250))
    return obj(
        {
            "total_holdings": real(total),
            "total_value_usd": real(total * usd),
            "market_cap_dominance": real(round(total / coin.supply * 100, 2) if coin.supply else 0.0),
            asked.names["entity"]: array(_holder(coin, entity, held, usd) for entity, held in shown),
        }
    )


def entity_treasury(asked: Asked) -> str:
    """``/public_treasury/{entity_id}``: everything one holder has."""
    entity = _entity(asked)
    positions = _positions(asked, entity)
    usd = sum(held.balance * price for _, held, price in positions)
    cost = sum(held.balance * held.average_usd for _, held, _ in positions)
    shares = entity.shares or 1
    return obj(
        {
            "name": text(entity.name),
            "id": text(entity.id),
            "type": text(entity.kind),
            "symbol": text(entity.symbol),
            "country": text(entity.country),
            "website_url": text(f"https://{entity.id}.example/"),
            "twitter_screen_name": text(entity.id.replace("-", "")),
            "total_treasury_value_usd": real(usd),
            "unrealized_pnl": real(usd - cost),
            "m_nav": real(1.2 if entity.shares else 0.0),
            "total_asset_value_per_share_usd": real(usd / shares if entity.shares else 0.0),
            "holdings": array(_position(asked, entity, coin, held, price, usd) for coin, held, price in positions),
        }
    )


def holding_chart(asked: Asked) -> str:
    """``/public_treasury/{entity_id}/{coin_id}/holding_chart``: the balance after each day with a deal, or each day."""
    entity, coin = _entity(asked), asked.coin("coin_id")
    days = asked.required("days")
    if days not in _CHART_DAYS:
        raise invalid("days")
    market = asked.market
    today = int(asked.now) // DAY * DAY
    made = [deal for deal in deals(market, entity, coin) if deal.second <= today]
    first = today - int(days) * DAY
    seconds: list[int] | range = [deal.second for deal in made if deal.second >= first]
    if asked.flag("include_empty_intervals"):
        seconds = range(max(first, made[0].second) if made else today, today + 1, DAY)
    held = [(s, balance.balance) for s in seconds if (balance := holding(market, entity, coin, s))]
    return obj(
        {
            "holdings": array(f"[{s * 1_000},{real(balance)}]" for s, balance in held),
            "holding_value_in_usd": array(
                f"[{s * 1_000},{real(balance * market.price(coin, s))}]" for s, balance in held
            ),
        }
    )


def transactions(asked: Asked) -> str:
    """``/public_treasury/{entity_id}/transaction_history``: the latest first unless ``order`` says otherwise."""
    entity = _entity(asked)
    wanted = asked.listed("coin_ids")
    made = [
        deal
        for coin in _coins(asked, entity)
        if not wanted or coin.id in wanted
        for deal in deals(asked.market, entity, coin)
        if deal.second <= asked.now
    ]
    field, _, way = asked.query.get("order", "").rpartition("_")
    made.sort(key=lambda deal: _sorted_by(deal, field), reverse=way != "asc")
    shown = page_of(made, asked.page(), asked.number("per_page", default=100, most=250))
    return obj({"transactions": array(_transaction(entity, deal) for deal in shown)})


def _second(asked: Asked) -> int:
    return int(asked.now) // _VALUED_EVERY * _VALUED_EVERY


def _entity(asked: Asked) -> Entity:
    if entity := BY_ID.get(asked.names["entity_id"]):
        return entity
    raise entity_not_found()


def _coins(asked: Asked, entity: Entity) -> list[Coin]:
    known = asked.market.catalogue.by_id
    return [known[coin_id] for coin_id, _ in entity.usual_deals if coin_id in known]


def _positions(asked: Asked, entity: Entity) -> list[tuple[Coin, Deal, float]]:
    market, second = asked.market, _second(asked)
    return [
        (coin, held, market.price(coin, second))
        for coin in _coins(asked, entity)
        if (held := holding(market, entity, coin, asked.now))
    ]


def _holder(coin: Coin, entity: Entity, held: Deal, usd: float) -> str:
    return obj(
        {
            "name": text(entity.name),
            "symbol": text(entity.symbol),
            "country": text(entity.country),
            "total_holdings": real(held.balance),
            "total_entry_value_usd": real(round(held.balance * held.average_usd)),
            "total_current_value_usd": real(round(held.balance * usd)),
            "percentage_of_total_supply": real(_share_of_supply(coin, held)),
        }
    )


def _share_of_supply(coin: Coin, held: Deal) -> float:
    return round(held.balance / (coin.total_supply or coin.supply) * 100, 3)


def _position(asked: Asked, entity: Entity, coin: Coin, held: Deal, price: float, usd: float) -> str:
    value, cost = held.balance * price, held.balance * held.average_usd
    fields = {
        "coin_id": text(coin.id),
        "amount": real(held.balance),
        "percentage_of_total_supply": real(_share_of_supply(coin, held)),
        "amount_per_share": real(held.balance / entity.shares if entity.shares else 0.0),
        "entity_value_usd_percentage": real(round(value / usd * 100, 4)),
        "current_value_usd": real(value),
        "total_entry_value_usd": real(cost),
        "average_entry_value_usd": real(held.average_usd),
        "unrealized_pnl": real(value - cost),
    }
    for parameter in ("holding_amount_change", "holding_change_percentage"):
        if wanted := [span for span in asked.listed(parameter) if span in _SPANS or span == _SINCE_NEW_YEAR]:
            changes = {span: _change(asked, entity, coin, held, span) for span in wanted}
            percent = parameter == "holding_change_percentage"
            fields[parameter] = obj(
                {span: real(_as(change, held, percent=percent)) for span, change in changes.items()}
            )
    return obj(fields)


def _change(asked: Asked, entity: Entity, coin: Coin, held: Deal, span: str) -> float:
    if span == _SINCE_NEW_YEAR:
        then = datetime.fromtimestamp(asked.now, UTC).replace(month=1, day=1, hour=0, minute=0, second=0).timestamp()
    else:
        then = asked.now - _SPANS[span] * DAY
    before = holding(asked.market, entity, coin, then)
    return round(held.balance - (before.balance if before else 0.0), 2)


def _as(change: float, held: Deal, *, percent: bool) -> float:
    """Give a change as it is, or in percent of what was held before."""
    if not percent:
        return change
    before = held.balance - change
    return round(change / before * 100, 4) if before else 100.0


def _transaction(entity: Entity, deal: Deal) -> str:
    return obj(
        {
            "date": str(deal.second * 1_000),
            "source_url": text(f"https://{entity.id}.example/filings/{deal.second}"),
            "coin_id": text(deal.coin_id),
            "type": text("buy" if deal.amount > 0 else "sell"),
            "holding_net_change": real(deal.amount),
            "transaction_value_usd": real(deal.usd),
            "holding_balance": real(deal.balance),
            "average_entry_value_usd": real(deal.average_usd),
        }
    )


def _sorted_by(deal: Deal, field: str) -> float:
    match field:
        case "holding_net_change":
            return deal.amount
        case "transaction_value_usd":
            return deal.usd
        case "average_cost":
            return deal.average_usd
        case _:
            return deal.second
