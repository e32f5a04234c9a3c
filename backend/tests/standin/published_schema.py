"""CoinGecko's published description of its answers, as something that answers can be held against.

The document is no part of this project; what needs it skips, visibly, where it is absent.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft4Validator

DOCUMENT = Path(__file__).resolve().parents[4] / "shared" / "coingecko" / "openapi" / "demo-api.json"

needs_document = pytest.mark.skipif(not DOCUMENT.is_file(), reason=f"no document at {DOCUMENT}")

MAY_BE_ABSENT = {
    "target_coin_id": "required by the document, but absent from every recorded ticker against money (USD, EUR)",
}
SHAPED_OTHERWISE = {
    "sparkline_7d": "a list in the document; programs that show one read its `price`, as in markets rows",
}
"""Fields that the document has otherwise than answers are known to be; what is known of answers goes first."""


@cache
def document() -> dict[str, Any]:
    """The document."""
    return json.loads(DOCUMENT.read_text("utf-8"))


def problems(path: str, answer: object) -> list[str]:
    """Say what is wrong with the answer of ``path``, each problem with where it is."""
    return [
        f"/{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
        for error in _validator(path).iter_errors(answer)
    ]


@cache
def _validator(path: str) -> Draft4Validator:
    operation = document()["paths"][path]["get"]
    return Draft4Validator(_plain(operation["responses"]["200"]["content"]["application/json"]["schema"]))


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Write an OpenAPI 3.0 schema as JSON Schema: references filled in, ``nullable`` as a type of its own."""
    while "$ref" in schema:
        found: Any = document()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    plain: dict[str, Any] = {}
    for name, value in schema.items():
        match name:
            case "properties":
                plain[name] = {key: _plain(inner) for key, inner in value.items() if key not in SHAPED_OTHERWISE}
            case "items":
                plain[name] = _plain(value)
            case "additionalProperties" if isinstance(value, dict):
                plain[name] = _plain(value)
            case "oneOf" | "anyOf" | "allOf":
                plain[name] = [_plain(inner) for inner in value]
            case "required":
                plain[name] = [key for key in value if key not in MAY_BE_ABSENT]
            case "type" | "enum" | "additionalProperties":
                plain[name] = value
    if not plain.get("required", True):
        del plain["required"]  # Draft 4 wants at least one
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain
