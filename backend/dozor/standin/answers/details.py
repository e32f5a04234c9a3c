"""``/coins/{id}``: everything about one coin, in sections that can be switched off."""

from __future__ import annotations

from collections.abc import Callable

from dozor.standin.answers.markets import ath_date, atl_date, roi, sparkline
from dozor.standin.answers.tickers import pairs_of, tickers
from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin, category_id
from dozor.standin.currencies import CURRENCIES, Currency
from dozor.standin.figures import Figures, change, change_percent, figures, moment, price_before, taken_at
from dozor.standin.jsontext import FALSE, NULL, TRUE, array, obj, text, texts
from dozor.standin.numbers import percent, real, whole

_LANGUAGES = """
en de es fr it pl ro hu nl pt sv vi tr ru ja zh zh-tw ko ar th id cs da el hi no sk uk he fi bg hr lt sl
"""
LANGUAGES = tuple(_LANGUAGES.split())
"""In the recorded order."""
_CHANGES = ("7d", "14d", "30d", "60d", "200d", "1y")


def coin_details(asked: Asked) -> str:
    """``/coins/{id}``: a section that is switched off is an absent key; so is every translation."""
    return details_of(asked, asked.coin())


def details_of(asked: Asked, coin: Coin, contract: str | None = None) -> str:
    """Write the page of ``coin``; ``contract`` is the address it was found by, if it was."""
    second = asked.market.updated_at(coin, asked.now)
    translated = asked.flag("localization", default=True)
    fields = {**_identity(coin), **_words(coin, translated=translated), **_links(coin)}
    fields["image"] = obj({size: text(asked.picture(coin, size)) for size in ("thumb", "small", "large")})
    fields |= _standing(asked, coin, contract)
    if asked.flag("include_categories_details"):
        fields["categories_details"] = array(
            obj({"id": text(category_id(name)), "name": text(name)}) for name in coin.categories
        )
    if asked.flag("market_data", default=True):
        fields["market_data"] = _market_data(asked, coin, second)
    if asked.flag("community_data", default=True):
        fields["community_data"] = _community(coin)
    if asked.flag("developer_data", default=True):
        fields["developer_data"] = _development(coin)
    fields |= {"status_updates": "[]", "last_updated": text(taken_at(coin, second))}
    if asked.flag("tickers", default=True):
        fields["tickers"] = tickers(asked, pairs_of(asked, coin))
    return obj(fields)


def _identity(coin: Coin) -> dict[str, str]:
    contracts = coin.contracts or {"": ""}
    return {
        "id": text(coin.id),
        "symbol": text(coin.symbol),
        "name": text(coin.name),
        "web_slug": text(coin.id),
        "asset_platform_id": text(coin.home),
        "platforms": obj({chain: text(at) for chain, at in contracts.items()}),
        "detail_platforms": obj({chain: _place(chain, at) for chain, at in contracts.items()}),
        "block_time_in_minutes": "0" if coin.home else "10",
        "hashing_algorithm": NULL if coin.home else text("SHA-256"),
        "categories": texts(coin.categories),
        "preview_listing": FALSE if coin.priced else TRUE,
        "public_notice": NULL,
        "additional_notices": "[]",
        "has_supply_breakdown": FALSE,
    }


def _place(chain: str, contract: str) -> str:
    return obj({"decimal_place": "18" if chain else NULL, "contract_address": text(contract)})


def _words(coin: Coin, *, translated: bool) -> dict[str, str]:
    english = (
        f"{coin.name} ({coin.symbol.upper()}) is traded in a made-up market: its prices follow a formula, nobody can "
        f"buy it here, and nothing that is said about it is advice.\r\n\r\nIt has been listed since "
        f"{moment(coin.listed_at)[:10]}."
    )
    if not translated:
        return {"description": obj({"en": text(english)})}
    return {
        "localization": obj({language: text(coin.name) for language in LANGUAGES}),
        "description": obj({language: text(english if language == "en" else "") for language in LANGUAGES}),
    }


def _links(coin: Coin) -> dict[str, str]:
    site = f"https://{coin.id.replace(' ', '-')}.example"
    links = {
        "homepage": texts((f"{site}/", "", "")),
        "whitepaper": text(f"{site}/paper.pdf"),
        "blockchain_site": texts((f"{site}/explorer/", "")),
        "official_forum_url": texts((f"{site}/forum/", "", "")),
        "chat_url": texts(("", "", "")),
        "announcement_url": texts(("", "")),
        "snapshot_url": NULL,
        "twitter_screen_name": text(coin.symbol),
        "facebook_username": text(""),
        "bitcointalk_thread_identifier": NULL,
        "telegram_channel_identifier": text(""),
        "subreddit_url": text(f"https://www.reddit.com/r/{coin.symbol}/"),
        "repos_url": obj({"github": texts((f"https://github.com/{coin.symbol}/{coin.symbol}",)), "bitbucket": "[]"}),
    }
    return {"links": obj(links)}


def _standing(asked: Asked, coin: Coin, contract: str | None) -> dict[str, str]:
    liked = round(50 + coin.offset % 5_000 / 100, 2)
    rank = asked.market.ranks_at(asked.now)[coin.index]
    return {
        "country_origin": text(""),
        "genesis_date": text(moment(coin.listed_at)[:10]) if coin.home is None else NULL,
        **({} if contract is None else {"contract_address": text(contract)}),
        "sentiment_votes_up_percentage": real(liked),
        "sentiment_votes_down_percentage": real(round(100 - liked, 2)),
        "watchlist_portfolio_users": str(2_000_000 // (coin.index + 1) + coin.offset % 100),
        "market_cap_rank": NULL if rank is None else str(rank),
        "market_cap_rank_with_rehypothecated": NULL if rank is None else str(rank),
    }


def _market_data(asked: Asked, coin: Coin, second: int) -> str:
    market = asked.market
    known = {c: figures(market, coin, c, second, asked.now) for c in sorted(CURRENCIES.values(), key=lambda c: c.code)}
    dollars = known[CURRENCIES["usd"]]
    rank = market.ranks_at(asked.now)[coin.index]

    def by_currency(write: Callable[[Currency, Figures], str]) -> str:
        return obj({currency.code: write(currency, taken) for currency, taken in known.items()})

    def prices(pick: Callable[[Figures], float | None]) -> str:
        return by_currency(lambda currency, taken: asked.numbers.price(pick(taken), crypto=currency.crypto))

    def amounts(pick: Callable[[Figures], float | None]) -> str:
        return by_currency(lambda _, taken: whole(pick(taken)))

    def percents(pick: Callable[[Figures], float | None]) -> str:
        return by_currency(lambda _, taken: percent(pick(taken)))

    def percents_since(span: str) -> str:
        return by_currency(lambda c, taken: _percent_since(asked, coin, c, taken, span))

    dollar_changes = {span: _percent_since(asked, coin, CURRENCIES["usd"], dollars, span) for span in _CHANGES}
    fields: dict[str, str] = {
        "current_price": prices(lambda f: f.price),
        "total_value_locked": NULL,
        "mcap_to_tvl_ratio": NULL,
        "fdv_to_tvl_ratio": NULL,
        "roi": roi(asked, coin, second),
        "ath": prices(lambda f: f.highest),
        "ath_change_percentage": percents(lambda f: change_percent(f.price, f.highest)),
        "ath_date": by_currency(lambda *_: text(ath_date(coin))),
        "atl": prices(lambda f: f.lowest),
        "atl_change_percentage": percents(lambda f: change_percent(f.price, f.lowest)),
        "atl_date": by_currency(lambda *_: text(atl_date(coin))),
        "market_cap": amounts(lambda f: f.cap),
        "fully_diluted_valuation": amounts(lambda f: f.valuation),
        "market_cap_fdv_ratio": real(
            round(dollars.cap / dollars.valuation, 2) if dollars.cap and dollars.valuation else None
        ),
        "market_cap_rank": NULL if rank is None else str(rank),
        "outstanding_token_value_usd": NULL,
        "market_cap_rank_with_rehypothecated": NULL if rank is None else str(rank),
        "total_volume": amounts(lambda f: f.volume),
        "high_24h": prices(lambda f: f.high),
        "low_24h": prices(lambda f: f.low),
        "price_change_24h": real(change(dollars.price, dollars.price_before)),
        "price_change_percentage_24h": percent(change_percent(dollars.price, dollars.price_before)),
        **{f"price_change_percentage_{span}": value for span, value in dollar_changes.items()},
        "market_cap_change_24h": real(change(dollars.cap, dollars.cap_before)),
        "market_cap_change_percentage_24h": percent(change_percent(dollars.cap, dollars.cap_before)),
        "price_change_24h_in_currency": by_currency(lambda _, f: real(change(f.price, f.price_before))),
        "price_change_percentage_1h_in_currency": percents_since("1h"),
        "price_change_percentage_24h_in_currency": percents(lambda f: change_percent(f.price, f.price_before)),
        **{f"price_change_percentage_{span}_in_currency": percents_since(span) for span in _CHANGES},
        "market_cap_change_24h_in_currency": by_currency(lambda _, f: real(change(f.cap, f.cap_before))),
        "market_cap_change_percentage_24h_in_currency": percents(lambda f: change_percent(f.cap, f.cap_before)),
        "total_supply": real(coin.total_supply),
        "max_supply": real(coin.max_supply),
        "max_supply_infinite": FALSE if coin.max_supply else TRUE,
        "circulating_supply": real(coin.supply),
        "outstanding_supply": NULL,
        "last_updated": text(taken_at(coin, second)),
    }
    if asked.flag("sparkline"):
        fields["sparkline_7d"] = obj({"price": sparkline(asked, coin, CURRENCIES["usd"], second)})
    return obj(fields)


def _percent_since(asked: Asked, coin: Coin, currency: Currency, taken: Figures, span: str) -> str:
    return percent(change_percent(taken.price, price_before(asked.market, coin, currency, taken.second, span)))


def _community(coin: Coin) -> str:
    return obj(
        {
            "facebook_likes": NULL,
            "reddit_average_posts_48h": real(coin.offset % 9_000 / 1_000),
            "reddit_average_comments_48h": real(coin.offset % 400_000 / 1_000),
            "reddit_subscribers": str(6_000_000 // (coin.index + 1)),
            "reddit_accounts_active_48h": str(3_500 // (coin.index + 1)),
            "telegram_channel_user_count": NULL,
        }
    )


def _development(coin: Coin) -> str:
    size = coin.offset // (coin.index + 1)
    weeks = {"additions": str(size // 10), "deletions": str(-(size // 12))}
    return obj(
        {
            "forks": str(size * 2),
            "stars": str(size * 5),
            "subscribers": str(size // 4),
            "total_issues": str(size),
            "closed_issues": str(size * 9 // 10),
            "pull_requests_merged": str(size),
            "pull_request_contributors": str(size // 15),
            "code_additions_deletions_4_weeks": obj(weeks),
            "commit_count_4_weeks": str(size // 100),
            "last_4_weeks_commit_activity_series": "[]",
        }
    )
