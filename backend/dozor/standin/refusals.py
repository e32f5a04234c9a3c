"""Bodies of the answers that are not 200, in CoinGecko's recorded or reported wording and its many shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=UTF-8"
HTML = "text/html; charset=UTF-8"


class Refused(Exception):
    """An answer instead of data: raised by whatever finds out that the question cannot be answered."""

    def __init__(
        self, status: int, body: str, content_type: str = JSON, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {body[:100]}")
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = dict(headers or {})


def missing(parameter: str) -> Refused:
    """A required parameter was not given."""
    return Refused(422, f'{{"error":"Missing parameter {parameter}"}}')


def coin_not_found() -> Refused:
    """No coin has this id."""
    return Refused(404, '{"error":"coin not found"}')


def exchange_not_found() -> Refused:
    """No exchange has this id. The wording is not recorded."""
    return Refused(404, '{"error":"exchange not found"}')


def entity_not_found() -> Refused:
    """No company or government has this id. The wording is not recorded."""
    return Refused(404, '{"error":"entity not found"}')


def collection_not_found() -> Refused:
    """No NFT collection has this id or lives at this address. The wording is not recorded."""
    return Refused(404, '{"error":"nft collection not found"}')


def platform_not_found() -> Refused:
    """No asset platform has this id. The wording is not recorded."""
    return Refused(404, '{"error":"asset platform not found"}')


def resource_not_found() -> Refused:
    """No network, pool or token on chain: the on-chain paths have a shape of their own, as several users report."""
    return Refused(404, f'{{"errors":[{{"status":"404","title":"Not Found"}}],"meta":{{"ref_id":"{uuid4()}"}}}}')


def no_such_path() -> Refused:
    """Nothing is served here."""
    return Refused(404, '{"error":"Incorrect path. Please check https://www.coingecko.com/api/"}')


def invalid(parameter: str) -> Refused:
    """A parameter cannot be read. The wording is not recorded."""
    return Refused(422, f'{{"error":"Invalid {parameter}"}}')


def rate_limited(headers: Mapping[str, str]) -> Refused:
    """Too many calls in a minute, or in the month."""
    return Refused(
        429,
        '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit. Please visit '
        'https://www.coingecko.com/en/api/pricing to subscribe to our API plans for higher rate limits."}}',
        headers=headers,
    )


def needs_user_agent() -> Refused:
    """The call came without a User-Agent that says who asks."""
    return Refused(
        403,
        "Please add a descriptive User-Agent to your request. For higher rate limits & stable integration, please "
        "subscribe to our API plans: https://www.coingecko.com/en/api/pricing . If you think this is a mistake, please "
        "report here: https://forms.gle/3V2z8Mb3k2RMu5S2A",
        TEXT,
    )


def key_missing(now: float) -> Refused:
    """10002: no key, or one that came the wrong way."""
    return Refused(
        401,
        f'{{"status":{{"timestamp":"{_stamp(now)}","error_code":10002,"error_message":"API Key Missing. Please make '
        "sure you're using the right authentication method. For Pro API, please visit: "
        "https://docs.coingecko.com/reference/authentication. For Public/Demo API, please visit: "
        'https://docs.coingecko.com/v3.0.1/reference/authentication"}}',
    )


def paid_only() -> Refused:
    """10005: not with this plan."""
    return Refused(
        401,
        '{"status":{"error_code":10005,"error_message":"This request is limited to PRO API subscribers. Please visit '
        'https://www.coingecko.com/en/api/pricing to subscribe to our API plans."}}',
    )


def paid_key_on_public_host() -> Refused:
    """10010: a paid key belongs on the other host."""
    return Refused(
        400,
        '{"status":{"error_code":10010,"error_message":"If you are using Pro API key, please change your root URL from '
        'api.coingecko.com to pro-api.coingecko.com"}}',
    )


def demo_key_on_paid_host() -> Refused:
    """10011: a demo key belongs on the other host."""
    return Refused(
        400,
        '{"status":{"error_code":10011,"error_message":"If you are using Demo API key, please change your root URL '
        'from pro-api.coingecko.com to api.coingecko.com"}}',
    )


def too_far_back(now: float) -> Refused:
    """10012: history beyond 365 days. The one shape with ``error`` around ``status``."""
    return Refused(
        401,
        f'{{"error":{{"status":{{"timestamp":"{_stamp(now)}","error_code":10012,"error_message":"Your request exceeds '
        "the allowed time range. Public API users are limited to querying historical data within the past 365 days. "
        "Upgrade to a paid plan to enjoy full historical data access: "
        'https://www.coingecko.com/en/api/pricing. "}}}',
    )


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
