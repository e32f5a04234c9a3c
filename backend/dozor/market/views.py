"""The bodies of Dozor's own API, put together from slices of upstream's bytes.

Numbers keep upstream's text. What upstream did not say, or said in a form that nobody can read, is ``null``, never 0.
Each function takes an upstream body and gives the members of one reply, as raw JSON, without ``meta``. All raise one of
``UNREADABLE`` when the body is not the answer it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

from dozor.market.rawjson import (
    NULL,
    RawObject,
    is_null,
    is_object,
    join_array,
    join_object,
    raw,
    split_array,
    split_object,
    split_rows,
)

View = Callable[[bytes], RawObject]  # an upstream body in, the members of our reply out
UNREADABLE = (msgspec.DecodeError, ValueError, KeyError, OverflowError)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ROW = {  # ours: upstream's, the first that is there
    "rank": ("market_cap_rank",),
    "price": ("current_price",),
    "market_cap": ("market_cap",),
    "volume_24h": ("total_volume",),
    "change_1h": ("price_change_percentage_1h_in_currency",),
    "change_24h": ("price_change_percentage_24h_in_currency", "price_change_percentage_24h"),
    "change_7d": ("price_change_percentage_7d_in_currency",),
}
# In /coins/{id} each of these is an object by currency, or, without currency, one number.
DETAIL = {
    "price": ("current_price",),
    "market_cap": ("market_cap",),
    "volume_24h": ("total_volume",),
    "change_1h": ("price_change_percentage_1h_in_currency",),
    "change_24h": ("price_change_percentage_24h_in_currency",),
    "change_7d": ("price_change_percentage_7d_in_currency",),
    "high_24h": ("high_24h",),
    "low_24h": ("low_24h",),
    "fully_diluted_valuation": ("fully_diluted_valuation",),
}
GRANULARITY_S = {"1": 300, "7": 3600, "30": 3600, "90": 3600, "365": 86_400}
CANDLE_S = {"1": 1800, "7": 14_400, "30": 14_400, "90": 345_600, "365": 345_600}
DESCRIPTION_LANGUAGES = ("ru", "en")


def coins(body: bytes) -> RawObject:
    """``items``: one object per row of ``/coins/markets``."""
    return {"items": msgspec.Raw(join_array(join_object(_row(row)) for row in split_rows(body)))}


def coin(body: bytes, currency: str) -> RawObject:
    """One coin out of ``/coins/{id}``, its numbers in ``currency``: nulls where upstream does not list it."""
    detail = split_object(body)
    market = _object(detail, "market_data")
    return {
        "id": detail.get("id", NULL),
        "symbol": detail.get("symbol", NULL),
        "name": detail.get("name", NULL),
        "image": _image(detail),
        "rank": _first({**market, **detail}, ROW["rank"]),
        **{ours: _in_currency(market, theirs, currency) for ours, theirs in DETAIL.items()},
        "sparkline_7d": _object(market, "sparkline_7d").get("price", NULL),
        "supply": _joined(
            {
                "circulating": market.get("circulating_supply", NULL),
                "total": market.get("total_supply", NULL),
                "max": market.get("max_supply", NULL),
            }
        ),
        "ath": _extreme(market, "ath", currency),
        "atl": _extreme(market, "atl", currency),
        "description": _description(detail),
        "links": _links(_object(detail, "links")),
        "contracts": _contracts(_object(detail, "platforms")),
        "categories": _list(detail.get("categories")),
        "genesis_date": detail.get("genesis_date", NULL),
        "observed_at": detail.get("last_updated", NULL),
    }


def chart(body: bytes, days: str) -> RawObject:
    """``prices``, ``market_caps`` and ``volumes`` as ``[[ms, value], …]``, and the seconds between two points."""
    series = split_object(body)
    return {
        "prices": _list(series.get("prices")),
        "market_caps": _list(series.get("market_caps")),
        "volumes": _list(series.get("total_volumes")),
        "granularity_s": raw(GRANULARITY_S[days]),
    }


def candles(body: bytes, days: str) -> RawObject:
    """``candles`` as ``[[ms of the close, open, high, low, close], …]``."""
    return {"candles": msgspec.Raw(join_array(split_array(body))), "granularity_s": raw(CANDLE_S[days])}


def prices(body: bytes, ids: Iterable[str], quotes: Iterable[str], fetched_at: str) -> RawObject:
    """``prices[id][quote] = {value, observed_at}``; a coin or quote that upstream does not know is left out.

    ``observed_at`` is the source's own time where it gave one that can be read, else that of the fetch.
    """
    answer = split_object(body)
    quotes = list(quotes)
    found = {}
    for coin_id in ids:
        if not is_object(answer.get(coin_id)):
            continue
        facts = split_object(answer[coin_id])
        observed = raw(_instant(facts.get("last_updated_at")) or fetched_at)
        found[coin_id] = _joined(
            {quote: _joined({"value": facts[quote], "observed_at": observed}) for quote in quotes if quote in facts}
        )
    return {"prices": _joined(found)}


def market(body: bytes, currency: str) -> RawObject:
    """The market as a whole out of ``/global``."""
    data = _object(split_object(body), "data")
    dominance = _object(data, "market_cap_percentage")
    return {
        "coins": data.get("active_cryptocurrencies", NULL),
        "markets": data.get("markets", NULL),
        "market_cap": _object(data, "total_market_cap").get(currency, NULL),
        "volume_24h": _object(data, "total_volume").get(currency, NULL),
        "market_cap_change_24h": data.get("market_cap_change_percentage_24h_usd", NULL),
        "dominance": _joined({name: dominance.get(name, NULL) for name in ("btc", "eth")}),
        "observed_at": raw(_instant(data.get("updated_at"))),
    }


def trending(body: bytes) -> RawObject:
    """``items``: what people look for, most wanted first; a row that names no coin is left out."""
    items = []
    for row in split_array(_list(split_object(body).get("coins"))):
        item = _object(_members(row), "item")
        if not _text(item, "id"):
            continue
        data = _object(item, "data")
        items.append(
            join_object(
                {
                    **{name: item.get(name, NULL) for name in ("id", "symbol", "name")},
                    "image": _image(item),
                    "rank": item.get("market_cap_rank", NULL),
                    "price": data.get("price", NULL),
                    "change_24h": _object(data, "price_change_percentage_24h").get("usd", NULL),
                }
            )
        )
    return {"items": msgspec.Raw(join_array(items))}


def image_path(coin_id: str) -> str:
    """Where our own copy of a coin's picture is."""
    return f"/api/v1/images/{quote(coin_id, safe='')}"


def _row(row: RawObject) -> RawObject:
    return {
        "id": row.get("id", NULL),
        "symbol": row.get("symbol", NULL),
        "name": row.get("name", NULL),
        "image": _image(row),
        **{ours: _first(row, theirs) for ours, theirs in ROW.items()},
        "sparkline_7d": _object(row, "sparkline_in_7d").get("price", NULL),
        "observed_at": row.get("last_updated", NULL),
    }


def _image(row: RawObject) -> msgspec.Raw:
    coin_id = _text(row, "id")
    return raw(image_path(coin_id)) if coin_id else NULL


def _first(row: RawObject, names: Iterable[str]) -> msgspec.Raw:
    return next((row[name] for name in names if not is_null(row.get(name))), NULL)


def _object(members: RawObject, name: str) -> RawObject:
    """The members of a member; none when it is missing or, as ``null`` and ``[]`` are, no object."""
    return _members(members.get(name))


def _members(value: msgspec.Raw | None) -> RawObject:
    return split_object(value) if value is not None and is_object(value) else {}


def _in_currency(market: RawObject, names: Iterable[str], currency: str) -> msgspec.Raw:
    for name in names:
        value = _object(market, name).get(currency)
        if value is not None and not is_null(value):
            return value
    return NULL


def _extreme(market: RawObject, name: str, currency: str) -> msgspec.Raw:
    return _joined(
        {
            "price": _in_currency(market, (name,), currency),
            "date": _in_currency(market, (f"{name}_date",), currency),
            "change_percent": _in_currency(market, (f"{name}_change_percentage",), currency),
        }
    )


def _description(detail: RawObject) -> msgspec.Raw:
    texts = _object(detail, "description")
    return _joined(
        {
            language: text if (text := texts.get(language)) is not None and bytes(text) != b'""' else NULL
            for language in DESCRIPTION_LANGUAGES
        }
    )


def _links(links: RawObject) -> msgspec.Raw:
    twitter, telegram = _text(links, "twitter_screen_name"), _text(links, "telegram_channel_identifier")
    return raw(
        {
            "homepage": _urls(links.get("homepage")),
            "explorers": _urls(links.get("blockchain_site")),
            "source": _urls(_object(links, "repos_url").get("github")),
            "forum": _urls(links.get("official_forum_url")),
            "twitter": f"https://x.com/{quote(twitter, safe='')}" if twitter else None,
            "telegram": f"https://t.me/{quote(telegram, safe='')}" if telegram else None,
            "reddit": next(iter(_urls(links.get("subreddit_url"))), None),
        }
    )


def _text(members: RawObject, name: str) -> str:
    value = members.get(name)
    text = msgspec.json.decode(value) if value is not None else ""
    return text if isinstance(text, str) else ""


def _urls(value: msgspec.Raw | None) -> list[str]:
    """The web addresses in a list or a single text; anything else (blank slots, ``javascript:``) is left out."""
    found = msgspec.json.decode(value) if value is not None else []
    candidates = found if isinstance(found, list) else [found]
    return [url for url in candidates if isinstance(url, str) and url.startswith(("https://", "http://"))]


def _contracts(platforms: RawObject) -> msgspec.Raw:
    return _joined(
        {name: address for name, address in platforms.items() if name and bytes(address) not in (b'""', b"null")}
    )


def _list(value: msgspec.Raw | None) -> msgspec.Raw:
    return value if value is not None and bytes(value).startswith(b"[") else raw([])


def _joined(members: Mapping[str, msgspec.Raw]) -> msgspec.Raw:
    return msgspec.Raw(join_object(members))


def _instant(unix_seconds: msgspec.Raw | None) -> str | None:
    """The instant of a UNIX time; ``None`` when there is none, or none in whole seconds of a year up to 9999."""
    try:
        seconds = msgspec.json.decode(unix_seconds or NULL, type=int)
        at = EPOCH + timedelta(seconds=seconds)  # fromtimestamp takes nothing before 1970 on Windows
    except (msgspec.DecodeError, OverflowError):
        return None
    return at.replace(tzinfo=None).isoformat() + "Z"
