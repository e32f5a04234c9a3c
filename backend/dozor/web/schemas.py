"""What the replies of ``/api/v1`` look like: documentation in types. Bodies are assembled from upstream's bytes; a test
holds the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of all: a reply has these members and no others."""

    model_config = ConfigDict(extra="forbid")


class Meta(Model):
    """How old the data of a reply is, and where it came from."""

    observed_at: datetime = Field(description="when upstream said it (our fetch), UTC")
    age_s: int = Field(description="whole seconds since then")
    state: Literal["fresh", "stale"]
    source: Literal["memory", "redis", "disk", "upstream"]
    approximate: bool = Field(description="put together from facts that no single upstream answer held")


class CoinRow(Model):
    """A coin in the market table. ``null``: upstream does not say."""

    id: str
    symbol: str
    name: str
    image: str | None
    rank: int | None
    price: float | None
    market_cap: float | None
    volume_24h: float | None
    change_1h: float | None = Field(description="per cent")
    change_24h: float | None = Field(description="per cent")
    change_7d: float | None = Field(description="per cent")
    sparkline_7d: list[float | None] | None
    observed_at: datetime | None = Field(description="the source's own time")


class Coins(Model):
    """A page of the market table."""

    items: list[CoinRow]
    meta: Meta


class Supply(Model):
    """Coins in existence."""

    circulating: float | None
    total: float | None
    max: float | None


class Extreme(Model):
    """The highest or lowest price ever."""

    price: float | None
    date: datetime | None
    change_percent: float | None


class Description(Model):
    """What the project says of itself; may hold HTML."""

    ru: str | None
    en: str | None


class Links(Model):
    """Web addresses, http(s) only."""

    homepage: list[str]
    explorers: list[str]
    source: list[str]
    forum: list[str]
    twitter: str | None
    telegram: str | None
    reddit: str | None


class Coin(CoinRow):
    """Everything about one coin."""

    high_24h: float | None
    low_24h: float | None
    fully_diluted_valuation: float | None
    supply: Supply
    ath: Extreme
    atl: Extreme
    description: Description
    links: Links
    contracts: dict[str, str] = Field(description="address by platform")
    categories: list[str | None]
    genesis_date: str | None
    meta: Meta


Point = tuple[float, float | None]


class Chart(Model):
    """Series of ``[ms UTC, value]``, oldest first; the last point is of the moment of the fetch."""

    prices: list[Point]
    market_caps: list[Point]
    volumes: list[Point]
    granularity_s: int
    meta: Meta


class Ohlc(Model):
    """Candles of ``[ms UTC of the close, open, high, low, close]``, oldest first."""

    candles: list[tuple[float, float | None, float | None, float | None, float | None]]
    granularity_s: int
    meta: Meta


class SearchHit(Model):
    """A coin that a query found."""

    id: str
    symbol: str
    name: str
    image: str | None
    rank: int | None


class SearchHits(Model):
    """What a query found, best first."""

    items: list[SearchHit]
    meta: Meta


class Quote(Model):
    """A price with its time."""

    value: float | None
    observed_at: datetime


class Prices(Model):
    """Prices by coin and quote; what upstream does not know is left out."""

    prices: dict[str, dict[str, Quote]]
    meta: Meta


class Dominance(Model):
    """Share of the whole market's cap, per cent."""

    btc: float | None
    eth: float | None


class Market(Model):
    """The market as a whole."""

    coins: int | None
    markets: int | None
    market_cap: float | None
    volume_24h: float | None
    market_cap_change_24h: float | None
    dominance: Dominance
    observed_at: datetime | None
    meta: Meta


class TrendingCoin(Model):
    """A coin that people look for."""

    id: str
    symbol: str
    name: str
    image: str | None
    rank: int | None
    price: float | str | None
    change_24h: float | None


class Trending(Model):
    """What people look for, most wanted first."""

    items: list[TrendingCoin]
    meta: Meta


class Window(Model):
    """One budget window. ``limit`` and ``left`` null: there is no limit."""

    used: int
    limit: int | None
    left: int | None
    resets_at: datetime | None = Field(
        description="of the month, when its count begins again; of the minute, when a call may go next, null: now"
    )


class MonthWindow(Window):
    """The month, and where it leads to at its average pace."""

    is_known: bool = Field(description="false: a count of this month was lost, and with a limit it counts as spent")
    projected_used: int | None = Field(description="calls at the reset; null while there is no whole day to judge by")
    projected_end: datetime | None = Field(description="when the limit is reached; null: not before the reset")


class Saved(Model):
    """Reads since the start that were answered without a call of their own, by how they ended."""

    total: int
    hits: int
    stale_hits: int
    joined: int
    loaded_elsewhere: int
    stale_on_error: int
    negative_hits: int
    refused: int


class Quota(Model):
    """How much of the upstream budget is used."""

    minute: Window
    month: MonthWindow
    machines: int = Field(description="how many are known to share it")
    part: float = Field(description="of the minute, which this machine keeps to while the others are out of reach")
    paused_until: datetime | None = Field(description="no call goes out before")
    costs: dict[str, int] = Field(description="this machine's calls of the month, by function")
    saved: Saved


class ClientCalls(Model):
    """What a client has cost. ``name``: of its key, or `owner`, or its address; null: Dozor itself."""

    name: str | None
    calls: int
    too_many: int = Field(description="by this many at most `calls` is too high, after very many clients")


class UpstreamState(Model):
    """How upstream is doing."""

    state: Literal["closed", "open", "half_open"]
    reason: Literal["failing", "limited", "key_rejected"] | None
    retry_at: datetime | None
    last_success_at: datetime | None


class CacheCounts(Model):
    """How reads ended; `reads` is the sum of hits, stale_hits, joined, loaded_elsewhere, misses, stale_on_error,
    negative_hits, refused and failures."""

    reads: int
    hits: int
    stale_hits: int
    joined: int
    loaded_elsewhere: int
    misses: int
    stale_on_error: int
    negative_hits: int
    refused: int
    failures: int
    loads: int
    load_failures: int


class CacheState(CacheCounts):
    """The cache as a whole, and by function."""

    entries: int
    bytes: int
    families: dict[str, CacheCounts]


class TierStates(Model):
    """Where entries are kept: ``up``, ``down`` (it is tried again), or ``off`` because the operator said so."""

    memory: Literal["up"]
    redis: Literal["up", "down", "off"]
    disk: Literal["up", "down"]


class Status(Model):
    """How Dozor is doing."""

    version: str
    plan: Literal["keyless", "demo", "pro"]
    lang: Literal["ru", "en"]
    started_at: datetime
    upstream: UpstreamState
    quota: Quota
    cache: CacheState
    tiers: TierStates
    clients: list[ClientCalls] | None = Field(
        default=None, description="whose reads cost how many calls since the start, at most 50; for the owner alone"
    )


class FieldError(Model):
    """One mistake in a request."""

    pointer: str
    code: str
    message: str


class Problem(Model):
    """An error (RFC 9457). ``code`` never changes; ``title`` and ``detail`` follow ``Accept-Language``."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError] = []
    retry_after: int | None = None
