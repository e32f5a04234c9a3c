"""Refusals that need no upstream call, in the wording that CoinGecko was recorded or reported to use."""

from __future__ import annotations

import json

from dozor.domain.errors import QuestionRejected


def missing(parameter: str) -> QuestionRejected:
    """422, as recorded in 2021 and reported in 2025."""
    return QuestionRejected(422, _body({"error": f"Missing parameter {parameter}"}))


def not_found() -> QuestionRejected:
    """404 of a coin that the provider does not know, as reported in 2026-06."""
    return QuestionRejected(404, _body({"error": "coin not found"}))


def no_such_path() -> QuestionRejected:
    """404 of a path that the API does not have."""
    return QuestionRejected(404, _body({"error": "Incorrect path. Please check https://www.coingecko.com/api/"}))


def paid_only() -> QuestionRejected:
    """401 with code 10005. It was reported shortened: shape, code and first sentence are upstream's."""
    message = (
        "This request is limited to PRO API subscribers. Please visit https://www.coingecko.com/en/api/pricing to"
        " subscribe to our API plans."
    )
    return QuestionRejected(401, _body({"status": {"error_code": 10005, "error_message": message}}))


def time_range() -> QuestionRejected:
    """401 with code 10012 and its extra ``error`` wrapper, as reported in 2024; the timestamp is left out."""
    message = (
        "Your request exceeds the allowed time range. Public API users are limited to querying historical data within"
        " the past 365 days. Upgrade to a paid plan to enjoy full historical data access:"
        " https://www.coingecko.com/en/api/pricing. "
    )
    return QuestionRejected(401, _body({"error": {"status": {"error_code": 10012, "error_message": message}}}))


def _body(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
