"""``/nfts``: collections, found by id or by address."""

from __future__ import annotations

from dataclasses import dataclass

from dozor.standin.asked import Asked
from dozor.standin.figures import change_percent, moment
from dozor.standin.jsontext import array, obj, text
from dozor.standin.model import DAY
from dozor.standin.nft_collections import BY_CONTRACT, BY_ID, COLLECTIONS, Collection
from dozor.standin.numbers import real
from dozor.standin.paging import page_of
from dozor.standin.platforms import BY_ID as PLATFORMS
from dozor.standin.refusals import collection_not_found

_COUNTED_EVERY = 300
_SPANS = {"7d": 7, "14d": 14, "30d": 30, "60d": 60, "1y": 365}
_HIGHEST = 6.0  # times the usual floor, before anybody asks
_HIGHEST_AT = 1_651_363_200  # 1 May 2022


def nft_list(asked: Asked) -> str:
    """``/nfts/list``: all collections; ``order`` is a figure, ``h24_volume_native_desc``, and a way."""
    second = _second(asked)
    field, _, way = asked.query.get("order", "").rpartition("_")
    rows = sorted(COLLECTIONS, key=lambda collection: _figure(asked, collection, field, second), reverse=way == "desc")
    shown = page_of(rows, asked.page(), asked.number("per_page", default=100, most=250))
    return array(
        obj(
            {
                "id": text(collection.id),
                "contract_address": text(collection.contract),
                "name": text(collection.name),
                "asset_platform_id": text(collection.platform),
                "symbol": text(collection.symbol),
            }
        )
        for collection in shown
    )


def nft(asked: Asked) -> str:
    """``/nfts/{id}``."""
    return _described(asked, BY_ID.get(asked.names["id"]))


def nft_by_contract(asked: Asked) -> str:
    """``/nfts/{asset_platform_id}/contract/{contract_address}``: the same page."""
    place = asked.names["asset_platform_id"], asked.names["contract_address"].lower()
    return _described(asked, BY_CONTRACT.get(place))


def _second(asked: Asked) -> int:
    return int(asked.now) // _COUNTED_EVERY * _COUNTED_EVERY


def _figure(asked: Asked, collection: Collection, field: str, second: int) -> float | str:
    match field:
        case "h24_volume_native":
            return collection.volume_at(asked.market, second)
        case "floor_price_native":
            return collection.floor_at(asked.market, second)
        case "h24_volume_usd":
            return collection.volume_at(asked.market, second) * _coin_usd(asked, collection, second)
        case "market_cap_native":
            return collection.floor_at(asked.market, second) * collection.pieces
        case "market_cap_usd":
            return _cap_usd(asked, collection, second)
        case _:
            return collection.id


def _coin_usd(asked: Asked, collection: Collection, second: int) -> float:
    coin = collection.coin(asked.market)
    return asked.market.price(coin, second) if coin else 1.0


@dataclass(frozen=True, slots=True)
class _Amount:
    """A figure in the collection's coin and in usd."""

    native: float
    usd: float

    def written(self) -> str:
        return obj({"native_currency": real(self.native), "usd": real(round(self.usd, 2))})


def _described(asked: Asked, collection: Collection | None) -> str:
    if collection is None:
        raise collection_not_found()
    second = _second(asked)
    floor, volume = _floor(asked, collection, second), _volume(asked, collection, second)
    floor_before, volume_before = _floor(asked, collection, second - DAY), _volume(asked, collection, second - DAY)
    owners, owners_before = _owners(asked, collection, second), _owners(asked, collection, second - DAY)
    sales, sales_before = _sales(volume, floor), _sales(volume_before, floor_before)
    coin = collection.coin(asked.market)
    by_cap = sorted(COLLECTIONS, key=lambda other: _cap_usd(asked, other, second), reverse=True)
    highest = _Amount(collection.floor * _HIGHEST, collection.floor * _HIGHEST * _coin_usd(asked, collection, second))
    fields = {
        "id": text(collection.id),
        "web_slug": text(collection.id),
        "contract_address": text(collection.contract),
        "asset_platform_id": text(collection.platform),
        "name": text(collection.name),
        "symbol": text(collection.symbol),
        "image": obj({"small": text(asked.drawing(collection.id)), "small_2x": text(asked.drawing(collection.id))}),
        "banner_image": text(asked.drawing(collection.id, "large")),
        "description": text(f"{collection.name} is a made-up collection of {collection.pieces} pieces."),
        "native_currency": text(PLATFORMS[collection.platform].native_coin_id),
        "native_currency_symbol": text(coin.symbol.upper() if coin else ""),
        "market_cap_rank": str(by_cap.index(collection) + 1),
        "floor_price": floor.written(),
        "market_cap": _Amount(floor.native * collection.pieces, floor.usd * collection.pieces).written(),
        "volume_24h": volume.written(),
        "floor_price_in_usd_24h_percentage_change": real(change_percent(floor.usd, floor_before.usd)),
        "floor_price_24h_percentage_change": _changed(floor, floor_before),
        "market_cap_24h_percentage_change": _changed(floor, floor_before),
        "volume_24h_percentage_change": _changed(volume, volume_before),
        "number_of_unique_addresses": str(owners),
        "number_of_unique_addresses_24h_percentage_change": real(change_percent(owners, owners_before)),
        "volume_in_usd_24h_percentage_change": real(change_percent(volume.usd, volume_before.usd)),
        "total_supply": str(collection.pieces),
        "one_day_sales": str(sales),
        "one_day_sales_24h_percentage_change": real(change_percent(sales, sales_before)),
        "one_day_average_sale_price": real(volume.native / sales),
        "one_day_average_sale_price_24h_percentage_change": real(
            change_percent(volume.native / sales, volume_before.native / sales_before)
        ),
        "links": obj({"homepage": text(f"https://{collection.id}.example/"), "twitter": text(""), "discord": text("")}),
    }
    for span, days in _SPANS.items():
        fields[f"floor_price_{span}_percentage_change"] = _changed(
            floor, _floor(asked, collection, second - days * DAY)
        )
    return obj(
        {
            **fields,
            "explorers": array((obj({"name": text("Explorer"), "link": text(f"https://{collection.id}.example/x")}),)),
            "user_favorites_count": str(collection.number * 7),
            "ath": highest.written(),
            "ath_change_percentage": _changed(floor, highest),
            "ath_date": obj(dict.fromkeys(("native_currency", "usd"), text(moment(_HIGHEST_AT)))),
        }
    )


def _cap_usd(asked: Asked, collection: Collection, second: int) -> float:
    return collection.floor_at(asked.market, second) * collection.pieces * _coin_usd(asked, collection, second)


def _floor(asked: Asked, collection: Collection, second: int) -> _Amount:
    native = collection.floor_at(asked.market, second)
    return _Amount(native, native * _coin_usd(asked, collection, second))


def _volume(asked: Asked, collection: Collection, second: int) -> _Amount:
    native = collection.volume_at(asked.market, second)
    return _Amount(native, native * _coin_usd(asked, collection, second))


def _owners(asked: Asked, collection: Collection, second: int) -> int:
    return int(collection.pieces * 0.5 * min(1.8, collection.floor_at(asked.market, second) / collection.floor))


def _sales(volume: _Amount, floor: _Amount) -> int:
    return max(1, int(volume.native / floor.native))


def _changed(now: _Amount, before: _Amount) -> str:
    return obj(
        {
            "usd": real(change_percent(now.usd, before.usd)),
            "native_currency": real(change_percent(now.native, before.native)),
        }
    )
