"""The endpoints that Dozor serves: their parameters, how long their answers stay fresh, and which family makes them.

One table, from which canonical questions, freshness, local refusals and the documentation are derived. Cadences are
the provider's own (docs.coingecko.com, "Cache / Update Frequency" of each page, read 2026): asking sooner buys nothing.
Where the keyless figure is not published, it is the paid one but at least 60 s, else 300 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from dozor.market import answers
from dozor.market.ports import BodyShape

FULL_RANGE_DAYS = 365  # how far back a keyless or demo plan may ask (error 10012, reported since 2024-03)


class Kind(Enum):
    """How a parameter's text becomes canonical."""

    FLAG = "flag"  # true or false, whatever the case
    NUMBER = "number"  # digits; leading zeros mean nothing
    DAYS = "days"  # digits, or max
    WORD = "word"  # one of few words, as CoinGecko spells them
    ID = "id"  # case means nothing
    IDS = "ids"  # a list; case means nothing, nor does order
    CURRENCIES = "currencies"  # a list; case means nothing, order may be the order of the answer
    NAMES = "names"  # a list; case and order may be echoed
    COLUMNS = "columns"  # a list of few words; order may be the order of the answer
    TEXT = "text"  # as it came


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. ``default`` is what upstream assumes when it is absent; ``None``: it has none."""

    name: str
    kind: Kind
    default: str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between two updates at the provider, and the grace that follows the fresh time.

    ``grace_factor`` is in fresh times; ``grace_until_s`` instead bounds fresh time and grace together.
    """

    keyless_or_demo_s: int
    pro_s: int
    grace_factor: float = 2.0
    grace_until_s: int | None = None


class FamilyName(Enum):
    """The sets of questions that one upstream endpoint can answer together."""

    PLAIN = "plain"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of CoinGecko's API, ``{name}`` standing for a path parameter.

    ``function`` is its name in logs and counters. ``answer`` reads any body that is an answer of it, and raises
    msgspec.DecodeError for every other. ``one_of`` are parameters of which upstream wants at least one, and the first
    is the one that its refusal names.
    """

    path: str
    function: str
    shape: BodyShape
    answer: answers.Decoder
    cadence: Cadence
    parameters: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = ()
    family: FamilyName = FamilyName.PLAIN
    is_price: bool = False  # DOZOR_PRICE_FRESH_S may set its fresh time
    is_chart: bool = False  # its fresh time goes by how far back it reaches
    summary: str = ""


def _flag(name: str, default: str) -> Parameter:
    return Parameter(name, Kind.FLAG, default)


PRECISION = Parameter("precision", Kind.WORD)
LOOKUP = (
    Parameter("ids", Kind.IDS),
    Parameter("names", Kind.NAMES),
    Parameter("symbols", Kind.NAMES),
    Parameter("include_tokens", Kind.WORD),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("/ping", "ping", BodyShape.OBJECT, answers.PING, Cadence(300, 300), summary="API server status"),
    Endpoint(
        "/simple/price",
        "get_prices",
        BodyShape.OBJECT,
        answers.PRICES,
        Cadence(60, 20),
        (
            *LOOKUP,
            Parameter("vs_currencies", Kind.CURRENCIES, required=True),
            _flag("include_market_cap", "false"),
            _flag("include_24hr_vol", "false"),
            _flag("include_24hr_change", "false"),
            _flag("include_last_updated_at", "false"),
            PRECISION,
        ),
        one_of=("ids", "names", "symbols"),
        is_price=True,
        summary="Prices of coins by id, name or symbol",
    ),
    Endpoint(
        "/simple/supported_vs_currencies",
        "get_vs_currencies",
        BodyShape.ARRAY,
        answers.CURRENCIES,
        Cadence(60, 30, grace_factor=1),
        summary="Currencies that prices can be asked in",
    ),
    Endpoint(
        "/coins/list",
        "get_coin_list",
        BodyShape.ARRAY,
        answers.COIN_LIST,
        Cadence(1800, 1800, grace_factor=1),  # the recorded s-maxage of the keyless host; pro's own box says 300 s
        (_flag("include_platform", "false"), Parameter("status", Kind.WORD, "active")),
        summary="All coins: id, symbol, name",
    ),
    Endpoint(
        "/coins/markets",
        "get_crypto_list",
        BodyShape.ARRAY,
        answers.ROWS,
        Cadence(60, 45),
        (
            Parameter("vs_currency", Kind.ID, required=True),
            *LOOKUP,
            Parameter("category", Kind.WORD),
            Parameter("order", Kind.WORD, "market_cap_desc"),
            Parameter("per_page", Kind.NUMBER, "100"),
            Parameter("page", Kind.NUMBER, "1"),
            _flag("sparkline", "false"),
            Parameter("price_change_percentage", Kind.COLUMNS),
            Parameter("locale", Kind.WORD, "en"),
            PRECISION,
            _flag("include_rehypothecated", "false"),
        ),
        is_price=True,
        summary="Coins with price, market cap, volume and changes",
    ),
    Endpoint(
        "/coins/{id}",
        "get_crypto_details",
        BodyShape.OBJECT,
        answers.COIN,
        Cadence(60, 60, grace_until_s=300),
        (
            _flag("localization", "true"),
            _flag("tickers", "true"),
            _flag("market_data", "true"),
            _flag("community_data", "true"),
            _flag("developer_data", "true"),
            _flag("sparkline", "false"),
            _flag("include_categories_details", "false"),
            Parameter("dex_pair_format", Kind.WORD, "contract_address"),
        ),
        family=FamilyName.DETAILS,
        summary="Everything about one coin",
    ),
    Endpoint(
        "/coins/{id}/market_chart",
        "get_crypto_chart",
        BodyShape.OBJECT,
        answers.SERIES,
        Cadence(300, 300, grace_factor=1),
        (
            Parameter("vs_currency", Kind.ID, required=True),
            Parameter("days", Kind.DAYS, required=True),
            Parameter("interval", Kind.WORD),
            PRECISION,
        ),
        is_chart=True,
        summary="Price, market cap and volume over time",
    ),
    Endpoint(
        "/coins/{id}/ohlc",
        "get_crypto_ohlc",
        BodyShape.ARRAY,
        answers.CANDLES,
        Cadence(900, 900, grace_factor=1),
        (
            Parameter("vs_currency", Kind.ID, required=True),
            Parameter("days", Kind.DAYS, required=True),
            Parameter("interval", Kind.WORD),
            PRECISION,
        ),
        summary="Candles: open, high, low, close",
    ),
    Endpoint(
        "/search",
        "search_upstream",
        BodyShape.OBJECT,
        answers.COINS_FOUND,
        Cadence(900, 900),
        (Parameter("query", Kind.TEXT, required=True),),
        summary="Upstream's own search over coins, categories and markets",
    ),
    Endpoint(
        "/search/trending",
        "get_trending",
        BodyShape.OBJECT,
        answers.COINS_FOUND,
        Cadence(600, 600),
        summary="What people look for",
    ),
    Endpoint(
        "/global", "get_global", BodyShape.OBJECT, answers.GLOBAL, Cadence(600, 600), summary="The market as a whole"
    ),
)

BY_PATH: Mapping[str, Endpoint] = {endpoint.path: endpoint for endpoint in ENDPOINTS}


def match(segments: Sequence[str]) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint of a path below the API's root, given as its decoded segments, and its path parameters.

    A path without parameters wins over one with: ``coins, list`` is not the coin ``list``. ``None``: no such path.
    """
    literal = BY_PATH.get("/" + "/".join(segments))
    if literal is not None and not any("{" in part for part in segments):
        return literal, {}
    for endpoint in ENDPOINTS:
        parts = endpoint.path.split("/")[1:]
        if len(parts) == len(segments) and all(_fits(part, given) for part, given in zip(parts, segments, strict=True)):
            return endpoint, {
                part.strip("{}"): given for part, given in zip(parts, segments, strict=True) if part.startswith("{")
            }
    return None


def is_step(segment: str) -> bool:
    """Whether it is ``.`` or ``..``, which leads to another path instead of naming anything, however it is encoded."""
    return segment in {".", ".."}


def _fits(part: str, given: str) -> bool:
    if not part.startswith("{"):
        return part == given
    return bool(given.strip()) and "{" not in given and not is_step(given)
