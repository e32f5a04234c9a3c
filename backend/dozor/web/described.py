"""What the API's description says of a reply: its shape, and by their codes the errors that may come instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dozor.web.errors import PROBLEMS
from dozor.web.schemas import Model, Problem

Responses = dict[int | str, dict[str, Any]]

ANYWHERE = {"method-not-allowed", "uri-too-long", "internal"}  # of no path in particular, so not said of each
GATEWAYS = {"not-cached"}  # of the gateway alone, which is described elsewhere
ALERTS = {  # of rules and people
    "forbidden",
    "store-unavailable",
    "duplicate",
    "under-way",
    "changed-meanwhile",
    "too-large",
    "limit-reached",
    "key-reused",
}
CHANNELS = {"channel-unavailable"}
MARKET_ERRORS = tuple(code for code in PROBLEMS if code not in ANYWHERE | GATEWAYS | ALERTS | CHANNELS)
READ_ERRORS = ("unauthorized", "forbidden", "not-found", "invalid-request", "store-unavailable")
WRITE_ERRORS = (*READ_ERRORS, *sorted(ALERTS - {"forbidden", "store-unavailable"}))
SEARCH_ERRORS = tuple(code for code in MARKET_ERRORS if code not in {"not-found", "plan-limit", "too-stale"})
IMAGE_ERRORS = ("unauthorized", "invalid-request", "rate-limited")
STATUS_ERRORS = ("unauthorized",)

PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def reply(model: type[Model], errors: Iterable[str] = MARKET_ERRORS) -> Responses:
    """A reply of this shape, or one of the errors with these codes."""
    return {200: {"model": model}, **problems(errors)}


def made(model: type[Model], errors: Iterable[str]) -> Responses:
    """Something of this shape was made, or one of the errors with these codes."""
    return {201: {"model": model}, **problems(errors)}


def sent(model: type[Model]) -> dict[str, Any]:
    """What a request carries. It is read from its bytes: a decimal keeps every digit that was written."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def text(example: str, errors: Iterable[str] = ()) -> Responses:
    """A reply in plain text, or one of the errors with these codes."""
    return {200: {"content": {"text/plain": {"example": example}}}, **problems(errors)}


def picture(errors: Iterable[str]) -> Responses:
    """A picture of any kind, or one of the errors with these codes."""
    return {200: {"description": "A picture", "content": {"image/*": {}}}, **problems(errors)}


def problems(codes: Iterable[str]) -> Responses:
    """Errors by their status, those with the same in one."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(f"`{code}`")
    return {
        status: {"description": ", ".join(said), "content": PROBLEM_CONTENT, "model": Problem}
        for status, said in sorted(by_status.items())
    }
