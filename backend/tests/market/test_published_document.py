"""The table and CoinGecko's published documents say the same: every path, parameter, default and example answer.

The documents are no part of this project; what needs them skips, visibly, where they are absent. What holds without
them is checked always: how many paths there are, and which parameters upstream insists on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dozor.market.endpoints import BY_PATH, ENDPOINTS
from dozor.market.ports import BodyShape

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "coingecko" / "openapi"
PUBLIC, PAID = DOCUMENTS / "demo-api.json", DOCUMENTS / "pro-api.json"
NOT_SERVED = {"/key"}  # its answer is the operator's business

needs_documents = pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"no documents at {DOCUMENTS}")

REQUIRED = {
    "/simple/price": {"vs_currencies"},
    "/simple/token_price/{id}": {"contract_addresses", "vs_currencies"},
    "/search": {"query"},
    "/coins/markets": {"vs_currency"},
    "/coins/{id}/history": {"date"},
    "/coins/{id}/market_chart": {"vs_currency", "days"},
    "/coins/{id}/market_chart/range": {"vs_currency", "from", "to"},
    "/coins/{id}/ohlc": {"vs_currency", "days"},
    "/coins/{id}/contract/{contract_address}/market_chart": {"vs_currency", "days"},
    "/coins/{id}/contract/{contract_address}/market_chart/range": {"vs_currency", "from", "to"},
    "/exchanges/{id}/volume_chart": {"days"},
    "/public_treasury/{entity_id}/{coin_id}/holding_chart": {"days"},
}


def test_all_61_public_and_25_paid_paths_are_in_the_table_once() -> None:
    assert len([endpoint for endpoint in ENDPOINTS if not endpoint.is_paid]) == 61
    assert len([endpoint for endpoint in ENDPOINTS if endpoint.is_paid]) == 25
    assert len({endpoint.path for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len({endpoint.function for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert not NOT_SERVED & BY_PATH.keys()


def test_what_upstream_insists_on_is_required_in_the_table() -> None:
    required = {
        endpoint.path: {parameter.name for parameter in endpoint.parameters if parameter.required}
        for endpoint in ENDPOINTS
        if not endpoint.is_paid
    }
    assert {path: names for path, names in required.items() if names} == REQUIRED


@needs_documents
def test_the_public_paths_are_those_of_the_public_document_and_the_paid_ones_the_rest() -> None:
    public, paid = document(PUBLIC)["paths"].keys(), document(PAID)["paths"].keys()
    assert {endpoint.path for endpoint in ENDPOINTS if not endpoint.is_paid} == public
    assert {endpoint.path for endpoint in ENDPOINTS if endpoint.is_paid} == paid - public - NOT_SERVED


@needs_documents
def test_the_table_has_every_parameter_that_either_document_names_and_no_other() -> None:
    published: dict[str, set[str]] = {}
    for path, parameters in (*described(PUBLIC), *described(PAID)):
        published.setdefault(path, set()).update(parameters)
    assert {each.path: {parameter.name for parameter in each.parameters} for each in ENDPOINTS} == published


@needs_documents
@pytest.mark.parametrize("source", [PUBLIC, PAID], ids=lambda path: path.name)
def test_defaults_and_required_parameters_are_the_published_ones(source: Path) -> None:
    for path, parameters in described(source):
        table = {parameter.name: parameter for parameter in BY_PATH[path].parameters}
        for name, published in parameters.items():
            assert table[name].required == published.get("required", False), (path, name)
            assert table[name].default == default_of(published["description"]), (path, name)


@needs_documents
@pytest.mark.parametrize("source", [PUBLIC, PAID], ids=lambda path: path.name)
def test_every_published_example_is_an_answer(source: Path) -> None:
    for path, item in document(source)["paths"].items():
        if path in NOT_SERVED:
            continue
        examples = list(examples_of(item["get"]["responses"]["200"]["content"]["application/json"], document(source)))
        assert examples, path
        for example in examples:
            assert isinstance(example, dict) == (BY_PATH[path].shape is BodyShape.OBJECT), path
            BY_PATH[path].answer.decode(json.dumps(example).encode())


@cache
def document(source: Path) -> Any:
    return json.loads(source.read_text("utf-8")) if source.exists() else {"paths": {}}


def described(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each path and its query parameters by name."""
    for path, item in document(source)["paths"].items():
        if path not in NOT_SERVED:
            found = (resolved(each, document(source)) for each in item["get"].get("parameters", []))
            yield path, {each["name"]: each for each in found if each["in"] == "query"}


def default_of(description: str) -> str | None:
    """The documents put samples into ``schema.default``; the real default is a word at the end of a line of text."""
    found = re.search(r"Default(?: value)?: *`?([^`\s]+?)`?\.?[ \t]*$", description, re.MULTILINE)
    return found[1] if found else None


def examples_of(content: Any, whole: Any) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield resolved(example, whole)["value"]


def resolved(value: Any, whole: Any) -> Any:
    while "$ref" in value:
        target = whole
        for name in value["$ref"].split("/")[1:]:
            target = target[name]
        value = target
    return value
