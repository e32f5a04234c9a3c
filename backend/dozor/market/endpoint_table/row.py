"""What the table says of one endpoint: routing, canonical questions, freshness and refusals are derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dozor.market import answers
from dozor.market.ports import BodyShape


class Kind(Enum):
    """How a parameter's text becomes canonical."""

    FLAG = "flag"  # true or false, whatever the case
    NUMBER = "number"  # digits; leading zeros mean nothing
    DAYS = "days"  # digits, or max
    MOMENT = "moment"  # UNIX seconds, or an ISO date on a paid plan
    WORD = "word"  # one of few words, as CoinGecko spells them
    ID = "id"  # case means nothing
    IDS = "ids"  # a list; neither case nor order means anything
    IDS_IN_ORDER = "ids_in_order"  # a list; case means nothing, order may be the order of the answer
    NAMES = "names"  # a list; case and order may be echoed
    COLUMNS = "columns"  # a list of few words; order may be the order of the answer
    ADDRESS = "address"  # case means nothing in an EVM address, and something in any other
    ADDRESSES = "addresses"  # a list of them; order may be the order of the answer
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

    ``grace_factor`` is in fresh times; ``grace_until_s`` instead bounds fresh time and grace together. For ``stale_s``
    after its fresh time an answer may stand in for one that cannot be had. ``new_day_min`` is how many minutes after
    midnight (UTC) the last completed day appears in daily points.
    """

    keyless_or_demo_s: int
    pro_s: int
    grace_factor: float = 2.0
    grace_until_s: int | None = None
    stale_s: int = 24 * 3600
    new_day_min: int = 40


class History(Enum):
    """By which parameters a question says how far back it reaches. A public plan may not ask beyond a year."""

    DAYS = "days"  # this many days, up to now
    RANGE = "range"  # from one moment to another
    DATE = "date"  # one day


class FamilyName(Enum):
    """The sets of questions that one upstream endpoint can answer together."""

    PLAIN = "plain"
    COIN_LIST = "coin_list"
    PRICES = "prices"
    MARKETS = "markets"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of CoinGecko's API, ``{name}`` standing for a path parameter, whose kind goes by its name.

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
    history: History | None = None
    is_paid: bool = False  # no path of the public API
    summary: str = ""


def path_kind(name: str) -> Kind:
    """The kind of the path parameter ``name``: addresses are called so everywhere, and whatever else is an id."""
    if name == "addresses":
        return Kind.ADDRESSES
    return Kind.ADDRESS if name == "address" or name.endswith("_address") else Kind.ID


def flag(name: str, default: str = "false") -> Parameter:
    """A switch, off unless said otherwise."""
    return Parameter(name, Kind.FLAG, default)


def number(name: str, default: str | None = None) -> Parameter:
    """A whole number."""
    return Parameter(name, Kind.NUMBER, default)


def word(name: str, default: str | None = None) -> Parameter:
    """One of few words."""
    return Parameter(name, Kind.WORD, default)


PAGE = number("page", "1")
PRECISION = word("precision")
INTERVAL = word("interval")
DAYS = Parameter("days", Kind.DAYS, required=True)
FROM_TO = (Parameter("from", Kind.MOMENT, required=True), Parameter("to", Kind.MOMENT, required=True))
VS_CURRENCY = Parameter("vs_currency", Kind.ID, required=True)
VS_CURRENCIES = Parameter("vs_currencies", Kind.IDS_IN_ORDER, required=True)
DEX_PAIR_FORMAT = word("dex_pair_format", "contract_address")
