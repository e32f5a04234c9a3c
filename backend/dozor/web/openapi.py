"""The OpenAPI description: our own API from its routes, the gateway from the endpoint table."""

from __future__ import annotations

from collections.abc import Mapping

from dozor.market.endpoints import ENDPOINTS, Endpoint, Kind, Parameter
from dozor.market.ports import BodyShape

Described = dict[str, object]

SCHEMAS: Mapping[Kind, Described] = {
    Kind.FLAG: {"type": "string", "enum": ["true", "false"]},
    Kind.NUMBER: {"type": "string", "pattern": "^[0-9]{1,6}$"},
    Kind.DAYS: {"type": "string", "pattern": "^([0-9]{1,3}|max)$"},
}
EXAMPLES = {
    "vs_currency": "usd",
    "vs_currencies": "usd",
    "ids": "bitcoin",
    "id": "bitcoin",
    "days": "7",
    "query": "bitcoin",
}
REFUSALS = {
    "401": "the key is not one of ours, or the plan does not allow this",
    "404": "unknown coin or path",
    "414": "the question is longer than 16 KiB",
    "422": "a parameter is missing or not valid",
    "429": "the upstream budget is spent; Retry-After says for how long",
    "502": "upstream fails and nothing is cached",
    "504": "upstream did not answer within the deadline",
}


def gateway_paths() -> dict[str, Described]:
    """The gateway's part of ``paths``."""
    return {f"/api/v3{endpoint.path}": {"get": _operation(endpoint)} for endpoint in ENDPOINTS}


def _operation(endpoint: Endpoint) -> Described:
    path_names = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    shape = {"type": "object"} if endpoint.shape is BodyShape.OBJECT else {"type": "array"}
    refusal = {"application/json": {"schema": {"type": "object"}}}
    return {
        "tags": ["gateway"],
        "operationId": f"gateway_{endpoint.function}",
        "summary": endpoint.summary,
        "parameters": [
            *(_parameter(Parameter(name, Kind.TEXT, required=True), "path") for name in path_names),
            *(_parameter(parameter, "query") for parameter in endpoint.parameters),
        ],
        "responses": {
            "200": {"description": "CoinGecko's answer", "content": {"application/json": {"schema": shape}}},
            **{status: {"description": text, "content": refusal} for status, text in REFUSALS.items()},
        },
    }


def _parameter(parameter: Parameter, place: str) -> Described:
    schema = dict(
        SCHEMAS.get(parameter.kind, {"type": "string", "minLength": 1} if parameter.required else {"type": "string"})
    )
    if parameter.default is not None:
        schema["default"] = parameter.default
    described: Described = {"name": parameter.name, "in": place, "required": parameter.required, "schema": schema}
    if parameter.name in EXAMPLES:
        described["example"] = EXAMPLES[parameter.name]
    return described
