"""``/coins/{id}/history``: a coin as it was at the beginning of a day (UTC)."""

from __future__ import annotations

from datetime import UTC, datetime

from dozor.standin.answers.details import LANGUAGES
from dozor.standin.asked import Asked
from dozor.standin.catalogue import Coin
from dozor.standin.currencies import CURRENCIES
from dozor.standin.jsontext import NULL, obj, text
from dozor.standin.model import DAY
from dozor.standin.numbers import real
from dozor.standin.refusals import invalid, too_far_back

_PUBLIC_DAYS = 365
_DEVELOPMENT = (
    "forks",
    "stars",
    "subscribers",
    "total_issues",
    "closed_issues",
    "pull_requests_merged",
    "pull_request_contributors",
)


def coin_history(asked: Asked) -> str:
    """``/coins/{id}/history``: unrounded figures in every currency; before a coin was listed there are none."""
    coin = asked.coin()
    second = _midnight(asked)
    fields = {"id": text(coin.id), "symbol": text(coin.symbol), "name": text(coin.name)}
    if asked.flag("localization", default=True):
        fields["localization"] = obj({language: text(coin.name) for language in LANGUAGES})
    fields["image"] = obj({size: text(asked.picture(coin, size)) for size in ("thumb", "small")})
    if coin.priced and coin.listed_at <= second <= asked.now:
        fields["market_data"] = _market_data(asked, coin, second)
        fields["community_data"] = _community()
        fields["developer_data"] = _development()
        fields["public_interest_stats"] = obj({"alexa_rank": NULL, "bing_matches": NULL})
    return obj(fields)


def _midnight(asked: Asked) -> int:
    """Read the ``date``, ``dd-mm-yyyy``; without a paid plan no further back than a year."""
    try:
        day = datetime.strptime(asked.required("date"), "%d-%m-%Y").replace(tzinfo=UTC)
    except ValueError:
        raise invalid("date") from None
    second = int(day.timestamp())
    if asked.now - second > _PUBLIC_DAYS * DAY and not asked.paid:
        raise too_far_back(asked.now)
    return second


def _market_data(asked: Asked, coin: Coin, second: int) -> str:
    market = asked.market
    usd, volume = market.price(coin, second), market.volume(coin, second)
    rates = {code: market.rate(code, second) for code in sorted(CURRENCIES)}
    return obj(
        {
            "current_price": obj({code: real(usd / rate) for code, rate in rates.items()}),
            "market_cap": obj({code: real(usd * coin.supply / rate) for code, rate in rates.items()}),
            "total_volume": obj({code: real(volume / rate) for code, rate in rates.items()}),
        }
    )


def _community() -> str:
    """Nobody counts these any more: zeros and nulls, as recorded since 2024."""
    return obj(
        {
            "facebook_likes": NULL,
            "reddit_average_posts_48h": "0.0",
            "reddit_average_comments_48h": "0.0",
            "reddit_subscribers": NULL,
            "reddit_accounts_active_48h": "0.0",
        }
    )


def _development() -> str:
    return obj(
        {
            **dict.fromkeys(_DEVELOPMENT, NULL),
            "code_additions_deletions_4_weeks": obj({"additions": NULL, "deletions": NULL}),
            "commit_count_4_weeks": NULL,
        }
    )
