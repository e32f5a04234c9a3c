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
    state: Literal["fresh", "stale"] = Field(description="whether it is older than upstream's own cadence")
    source: Literal["memory", "redis", "disk", "upstream"] = Field(description="the tier that had it, or upstream")
    approximate: bool = Field(description="made of answers to other questions: upstream's own may differ a little")


class CoinRow(Model):
    """A coin in the market table. ``null``: upstream does not say."""

    id: str = Field(description="CoinGecko's coin id")
    symbol: str = Field(description="symbol; several coins may have the same")
    name: str = Field(description="name")
    image: str | None = Field(description="path of the picture in this API")
    rank: int | None = Field(description="place by market cap")
    price: float | None = Field(description="price")
    market_cap: float | None = Field(description="market cap")
    volume_24h: float | None = Field(description="trading volume of 24 hours")
    change_1h: float | None = Field(description="change of the price in an hour, per cent")
    change_24h: float | None = Field(description="change of the price in 24 hours, per cent")
    change_7d: float | None = Field(description="change of the price in 7 days, per cent")
    sparkline_7d: list[float | None] | None = Field(description="hourly prices of 7 days, oldest first")
    observed_at: datetime | None = Field(description="the source's own time")


class Coins(Model):
    """One page of it, in the order asked for; numbers in the currency asked for. ``null``: upstream does not say."""

    items: list[CoinRow] = Field(description="the coins")
    meta: Meta


class Supply(Model):
    """Coins in existence."""

    circulating: float | None = Field(description="in circulation")
    total: float | None = Field(description="all there are")
    max: float | None = Field(description="all there can ever be")


class Extreme(Model):
    """The highest or lowest price ever."""

    price: float | None = Field(description="that price")
    date: datetime | None = Field(description="when it was")
    change_percent: float | None = Field(description="change since then, per cent")


class Description(Model):
    """What the project says of itself; may hold HTML."""

    ru: str | None = Field(description="in Russian")
    en: str | None = Field(description="in English")


class Links(Model):
    """Web addresses, http(s) only."""

    homepage: list[str] = Field(description="sites of the project")
    explorers: list[str] = Field(description="block explorers")
    source: list[str] = Field(description="source code")
    forum: list[str] = Field(description="forums")
    twitter: str | None = Field(description="Twitter (X)")
    telegram: str | None = Field(description="Telegram")
    reddit: str | None = Field(description="Reddit")


class Coin(CoinRow):
    """Its numbers are in the currency asked for. ``null``: upstream does not say."""

    high_24h: float | None = Field(description="highest price of 24 hours")
    low_24h: float | None = Field(description="lowest price of 24 hours")
    fully_diluted_valuation: float | None = Field(description="market cap if all coins were in circulation")
    supply: Supply
    ath: Extreme = Field(description="the highest price ever")
    atl: Extreme = Field(description="the lowest price ever")
    description: Description
    links: Links
    contracts: dict[str, str] = Field(description="contract address by platform")
    categories: list[str | None] = Field(description="categories that the coin belongs to")
    genesis_date: str | None = Field(description="day of the first block")
    meta: Meta


Point = tuple[float, float | None]


class Chart(Model):
    """Series of ``[ms UTC, value]``, oldest first; the last point is of the moment of the fetch."""

    prices: list[Point] = Field(description="prices")
    market_caps: list[Point] = Field(description="market caps")
    volumes: list[Point] = Field(description="trading volumes of the 24 hours before")
    granularity_s: int = Field(description="seconds from one point to the next, nearly")
    meta: Meta


class Ohlc(Model):
    """Candles of ``[ms UTC of the close, open, high, low, close]``, oldest first."""

    candles: list[tuple[float, float | None, float | None, float | None, float | None]] = Field(
        description="the candles"
    )
    granularity_s: int = Field(description="seconds of one candle")
    meta: Meta


class SearchHit(Model):
    """A coin that a query found."""

    id: str = Field(description="CoinGecko's coin id")
    symbol: str = Field(description="symbol; several coins may have the same")
    name: str = Field(description="name")
    image: str | None = Field(description="path of the picture in this API")
    rank: int | None = Field(description="place by market cap; ``null`` until some answer has told it")


class SearchHits(Model):
    """What a query found, best first; at most 20."""

    items: list[SearchHit] = Field(description="the coins")
    meta: Meta


class Quote(Model):
    """A price with its time."""

    value: float | None = Field(description="price of the coin in this quote")
    observed_at: datetime = Field(description="the source's own time")


class Prices(Model):
    """What upstream does not know is left out."""

    prices: dict[str, dict[str, Quote]] = Field(description="by coin, then by quote")
    meta: Meta


class Dominance(Model):
    """Share of the whole market's cap, per cent."""

    btc: float | None = Field(description="of Bitcoin")
    eth: float | None = Field(description="of Ethereum")


class Market(Model):
    """Sums are in the currency asked for. ``null``: upstream does not say."""

    coins: int | None = Field(description="coins that are traded")
    markets: int | None = Field(description="exchanges")
    market_cap: float | None = Field(description="market cap")
    volume_24h: float | None = Field(description="trading volume of 24 hours")
    market_cap_change_24h: float | None = Field(description="change of the market cap in 24 hours, per cent")
    dominance: Dominance
    observed_at: datetime | None = Field(description="the source's own time")
    meta: Meta


class TrendingCoin(Model):
    """A coin that people look for."""

    id: str = Field(description="CoinGecko's coin id")
    symbol: str = Field(description="symbol; several coins may have the same")
    name: str = Field(description="name")
    image: str | None = Field(description="path of the picture in this API")
    rank: int | None = Field(description="place by market cap")
    price: float | str | None = Field(description="price in US dollars")
    change_24h: float | None = Field(description="change of the price in 24 hours, per cent")


class Trending(Model):
    """Most wanted first. ``null``: upstream does not say."""

    items: list[TrendingCoin] = Field(description="the coins")
    meta: Meta


class Window(Model):
    """One budget window. ``limit`` and ``left`` null: there is no limit."""

    used: int = Field(description="calls used")
    limit: int | None = Field(description="calls allowed; ``null``: any number")
    left: int | None = Field(description="calls left; ``null``: any number")
    resets_at: datetime | None = Field(
        description="of the minute, when a call may go next (``null``: now); of the month, when its count begins again"
    )


class MonthWindow(Window):
    """The month, and where it leads to at its average pace."""

    is_known: bool = Field(description="``false``: calls are missing; with a limit it counts as spent")
    projected_used: int | None = Field(description="calls at the reset; ``null``: no whole day to judge by yet")
    projected_end: datetime | None = Field(description="when the limit is reached; ``null``: not before the reset")


class Saved(Model):
    """Reads since the start that were answered without a call of their own, by how they ended."""

    total: int = Field(description="all of them")
    hits: int = Field(description="answered by a fresh entry")
    stale_hits: int = Field(description="answered at once by a stale entry")
    joined: int = Field(description="waited for a call that was under way for somebody else")
    loaded_elsewhere: int = Field(description="answered by what another process had just fetched")
    stale_on_error: int = Field(description="answered by a stale entry because upstream failed or the budget ran out")
    negative_hits: int = Field(description="refused by what upstream had said before")
    refused: int = Field(description="refused here, for CoinGecko surely would have")


class Quota(Model):
    """How much of the upstream budget is used."""

    minute: Window = Field(description="the last 60 seconds")
    month: MonthWindow = Field(description="this month")
    machines: int = Field(description="how many are known to share it")
    part: float = Field(description="of the minute, which this machine keeps to while the others are out of reach")
    paused_until: datetime | None = Field(description="no call goes out before; ``null``: no pause")
    costs: dict[str, int] = Field(description="this machine's calls of the month, by function")
    saved: Saved = Field(description="calls that were not made")


class ClientCalls(Model):
    """What a client has cost."""

    name: str | None = Field(description="of its key, or `owner`, or its address; ``null``: Dozor itself")
    calls: int = Field(description="calls since the start")
    too_many: int = Field(description="by this many at most `calls` is too high, after very many clients")


class UpstreamState(Model):
    """How upstream is doing."""

    state: Literal["closed", "open", "half_open"] = Field(
        description="the breaker: calls pass, none does, or one tries"
    )
    reason: Literal["failing", "limited", "key_rejected"] | None = Field(description="why calls are kept back")
    retry_at: datetime | None = Field(description="when the next one may go out")
    last_success_at: datetime | None = Field(description="when a call last succeeded")


class CacheCounts(Model):
    """How reads ended; `reads` is the sum of hits, stale_hits, joined, loaded_elsewhere, misses, stale_on_error,
    negative_hits, refused and failures."""

    reads: int = Field(description="all that have ended since the start of this process")
    hits: int = Field(description="answered by a fresh entry")
    stale_hits: int = Field(description="answered at once by a stale entry")
    joined: int = Field(description="waited for a call that was under way for somebody else")
    loaded_elsewhere: int = Field(description="answered by what another process had just fetched")
    misses: int = Field(description="answered by a call of their own")
    stale_on_error: int = Field(description="answered by a stale entry because upstream failed or the budget ran out")
    negative_hits: int = Field(description="refused by what upstream had said before")
    refused: int = Field(description="refused here, for CoinGecko surely would have")
    failures: int = Field(description="ended with an error")
    loads: int = Field(description="upstream was asked")
    load_failures: int = Field(description="upstream was asked in vain")


class CacheState(CacheCounts):
    """The cache as a whole, and by function."""

    entries: int = Field(description="entries in memory")
    bytes: int = Field(description="bytes of their bodies")
    families: dict[str, CacheCounts] = Field(description="the same counts by function")


class TierStates(Model):
    """Where entries are kept: ``up``, ``down`` (it is tried again), or ``off`` because the operator said so."""

    memory: Literal["up"] = Field(description="this process")
    redis: Literal["up", "down", "off"] = Field(description="Redis")
    disk: Literal["up", "down"] = Field(description="the file ``cache.db`` in the data folder")


class WatchState(Model):
    """How prices are watched for alerts; of several processes one watches."""

    is_held_here: bool = Field(description="whether this process watches")
    rules: int = Field(description="rules that are watched")
    pairs: int = Field(description="coins in currencies, and what is derived from them")
    interval_s: float | None = Field(description="seconds between two looks, as the quota affords it")
    sees_wicks: bool = Field(description="whether extremes between two looks are seen")
    polled_at: datetime | None = Field(description="the last look whose prices were taken in")


class OutboxState(Model):
    """Messages under way. ``null`` while the database is away."""

    waiting: int | None = Field(description="that are not finished")
    retrying: int | None = Field(description="of these, tried in vain before")
    lag_s: float | None = Field(description="wait of the oldest that could be sent, seconds")


class Status(Model):
    """It costs no upstream call, and a key nothing of its rate."""

    version: str = Field(description="version of Dozor")
    plan: Literal["keyless", "demo", "pro"] = Field(description="CoinGecko plan")
    lang: Literal["ru", "en"] = Field(description="language of logs and messages")
    started_at: datetime = Field(description="when Dozor started")
    upstream: UpstreamState
    quota: Quota
    cache: CacheState
    tiers: TierStates
    watch: WatchState
    outbox: OutboxState
    clients: list[ClientCalls] | None = Field(
        default=None, description="whose reads cost how many calls since the start, at most 50; for the owner alone"
    )


class Readiness(Model):
    """An upstream that is down does not count: what is cached is served."""

    ready: bool = Field(description="whether nothing is missing")
    missing: list[str] = Field(description="what is missing, in words")


class FieldError(Model):
    """One mistake in a request."""

    pointer: str = Field(description="where it is")
    code: str = Field(description="kind of mistake")
    message: str = Field(description="in words")


class Problem(Model):
    """An error (RFC 9457). ``code`` never changes; ``title`` and ``detail`` follow ``Accept-Language``."""

    type: str = Field(description="the code as a URN")
    title: str = Field(description="what kind of error it is, in words")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what happened, in words")
    instance: str = Field(description="the request's id, as in ``X-Request-Id``")
    code: str = Field(description="kind of error, for programs")
    errors: list[FieldError] = Field(default=[], description="the mistakes, where the request is not valid")
    retry_after: int | None = Field(default=None, description="seconds to wait, where waiting helps")
