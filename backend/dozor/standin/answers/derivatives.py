"""``/derivatives`` and what is below it: numbers here, texts there, as upstream has it."""

from __future__ import annotations

from dozor.standin.asked import Asked
from dozor.standin.derivatives_traded import Contract, contracts, held_usd, symbol, volume_at
from dozor.standin.figures import SPANS, change_percent
from dozor.standin.jsontext import NULL, array, obj, text
from dozor.standin.model import Market
from dozor.standin.numbers import real, whole
from dozor.standin.paging import Made, page_of
from dozor.standin.refusals import exchange_not_found
from dozor.standin.venues import DERIVATIVES, DERIVATIVES_BY_ID, DerivativesExchange

_SNAPSHOT_EVERY = 60
_PER_PAGE = 50


def derivatives(asked: Asked) -> str:
    """``/derivatives``: every contract, the one with the most open first."""
    second = _second(asked)
    ordered = sorted(contracts(asked.market.catalogue), key=lambda c: c.held_usd(asked.market, second), reverse=True)
    return array(_row(asked, contract, second) for contract in ordered)


def derivatives_exchanges(asked: Asked) -> Made:
    """``/derivatives/exchanges``: fifty to a page unless told otherwise."""
    field, _, way = asked.query.get("order", "").rpartition("_")
    if field == "name":
        rows = sorted(DERIVATIVES, key=lambda e: e.name, reverse=way == "desc")
    else:  # what is open is the same share of the volume everywhere, so both orders are one
        rows = sorted(DERIVATIVES, key=lambda e: _volume_btc(asked, e), reverse=way != "asc")
    per_page = asked.number("per_page", default=_PER_PAGE, most=250)
    shown = page_of(rows, asked.page(), per_page)
    body = array(obj({"name": text(e.name), "id": text(e.id), **_card(asked, e)}) for e in shown)
    return asked.counted(body, total=len(rows), per_page=per_page)


def derivatives_exchange_list(_: Asked) -> str:
    """``/derivatives/exchanges/list``: id and name."""
    return array(obj({"id": text(e.id), "name": text(e.name)}) for e in DERIVATIVES)


def derivatives_exchange(asked: Asked) -> str:
    """``/derivatives/exchanges/{id}``: one exchange; its contracts only when ``include_tickers`` asks for them."""
    found = DERIVATIVES_BY_ID.get(asked.names["id"])
    if found is None:
        raise exchange_not_found()
    fields = {"name": text(found.name), **_card(asked, found)}
    if asked.query.get("include_tickers") in {"all", "unexpired"}:
        fields["tickers"] = array(_ticker(asked, contract) for contract in _contracts(asked, found))
    return obj(fields)


def _second(asked: Asked) -> int:
    return int(asked.now) // _SNAPSHOT_EVERY * _SNAPSHOT_EVERY


def _contracts(asked: Asked, found: DerivativesExchange) -> list[Contract]:
    return [contract for contract in contracts(asked.market.catalogue) if contract.exchange is found]


def _volume_btc(asked: Asked, found: DerivativesExchange) -> float:
    second = _second(asked)
    return volume_at(asked.market, found.id)(second) / asked.market.rate("btc", second)


def _card(asked: Asked, found: DerivativesExchange) -> dict[str, str]:
    offered = _contracts(asked, found)
    dated = sum(contract.quarter > 0 for contract in offered)
    volume = _volume_btc(asked, found)
    return {
        "open_interest_btc": real(round(held_usd(volume), 2)),
        "trade_volume_24h_btc": text(f"{volume:.2f}"),
        "number_of_perpetual_pairs": str(len(offered) - dated),
        "number_of_futures_pairs": str(dated),
        "image": text(asked.drawing(found.id)),
        "year_established": str(found.year),
        "country": text(found.country),
        "description": text(""),
        "url": text(f"https://{found.id.replace('_', '-')}.example/"),
    }


def _day_change(market: Market, contract: Contract, second: int) -> float:
    return change_percent(contract.usd(market, second), contract.usd(market, second - SPANS["24h"])) or 0.0


def _row(asked: Asked, contract: Contract, second: int) -> str:
    market = asked.market
    price = contract.usd(market, second)
    expires_at = contract.expires_at(asked.now)
    return obj(
        {
            "market": text(contract.exchange.name),
            "symbol": text(symbol(contract)),
            "index_id": text(contract.coin.symbol.upper()),
            "price": text(asked.numbers.price(price)),
            "price_percentage_change_24h": real(_day_change(market, contract, second)),
            "contract_type": text("futures" if contract.quarter else "perpetual"),
            "index": real(market.price(contract.coin, second)),
            "basis": real(contract.basis_percent(market, second)),
            "spread": real(0.01),
            "funding_rate": real(round(contract.funding_percent(market, second), 6)),
            "open_interest": real(round(contract.held_usd(market, second), 2)),
            "volume_24h": real(contract.volume_usd(market, second)),
            "last_traded_at": str(second),
            "expired_at": NULL if expires_at is None else str(expires_at),
        }
    )


def _ticker(asked: Asked, contract: Contract) -> str:
    market, second = asked.market, _second(asked)
    price, volume = contract.usd(market, second), contract.volume_usd(market, second)
    units = {code: market.rate(code, second) for code in ("btc", "eth", "usd")}
    expires_at = contract.expires_at(asked.now)
    return obj(
        {
            "symbol": text(symbol(contract)),
            "base": text(contract.coin.symbol.upper()),
            "target": text("USDT"),
            "coin_id": text(contract.coin.id),
            "target_coin_id": text("tether"),
            "trade_url": text(f"https://{contract.exchange.id.replace('_', '-')}.example/{symbol(contract)}"),
            "contract_type": text("futures" if contract.quarter else "perpetual"),
            "last": real(price),
            "h24_percentage_change": real(round(_day_change(market, contract, second), 3)),
            "index": real(market.price(contract.coin, second)),
            "index_basis_percentage": real(round(contract.basis_percent(market, second), 3)),
            "bid_ask_spread": real(0.0001),
            "funding_rate": real(round(contract.funding_percent(market, second), 6)),
            "open_interest_usd": real(contract.held_usd(market, second)),
            "h24_volume": real(volume / price),
            "converted_volume": obj({code: text(real(volume / unit)) for code, unit in units.items()}),
            "converted_last": obj({code: text(real(price / unit)) for code, unit in units.items()}),
            "last_traded": whole(float(second)),
            "expired_at": NULL if expires_at is None else str(expires_at),
        }
    )
