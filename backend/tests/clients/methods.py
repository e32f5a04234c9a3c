"""Every method the two Python clients have, found by looking at them, with arguments that fit the stand-in's market.

A method is called once with made-up arguments and nobody to answer, only to learn which path it asks for. So a method
that a new version brings is found by itself, and a path that we do not serve is found too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import coingecko_sdk
import httpx
import requests
from coingecko_sdk._resource import SyncAPIResource
from pycoingecko import CoinGeckoAPI

from dozor.standin.endpoints import FREE, find
from standin.questions import names_for, query_for

NOW = datetime.now(UTC)  # a public plan may not ask for what lies a year back, so the questions are of these days
_API = "/api/v3"
_NAMED_OTHERWISE = {"from_": "from", "from_timestamp": "from", "to_timestamp": "to"}
_ABOUT_THE_CALL = frozenset({"extra_headers", "extra_query", "extra_body", "timeout"})


@dataclass(frozen=True)
class Method:
    """One method of a client."""

    name: str
    """As it is written after the client: ``coins.markets.get``."""
    path: str
    """The path it asks for, as the published document writes it; as it was asked when no document has it."""
    is_served: bool
    arguments: dict[str, Any] = field(default_factory=dict)
    """What it cannot do without."""
    switches: tuple[str, ...] = ()
    """Arguments that are true or false."""

    def of(self, client: object) -> Callable[..., Any]:
        """Give the method of this client."""
        found: Any = client
        for step in self.name.split("."):
            found = getattr(found, step)
        return found

    def __str__(self) -> str:
        return self.name


def sdk_methods() -> list[Method]:
    """Give all methods of ``coingecko-sdk``; the asynchronous client has the same ones."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode().partition("?")[0])
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as nobody:
        client = coingecko_sdk.Coingecko(
            base_url=f"http://nobody{_API}", demo_api_key="any", max_retries=0, http_client=nobody
        )
        return [_method(name, call, asked) for name, call in _methods_of(client, ())]


def pycoingecko_methods() -> list[Method]:
    """Give all methods of ``pycoingecko``."""
    asked: list[str] = []

    class Nobody(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
            asked.append((request.path_url or "").partition("?")[0])
            response = requests.Response()
            response.status_code, response._content = 200, b'{"data":{}}'
            return response

        def close(self) -> None:
            pass

    client = CoinGeckoAPI()
    client.api_base_url = f"http://nobody{_API}/"
    client.session.mount("http://", Nobody())
    with client.session:
        names = [name for name, _ in inspect.getmembers(CoinGeckoAPI, inspect.isfunction) if not name.startswith("_")]
        return [_method(name, getattr(client, name), asked) for name in names]


def _methods_of(holder: object, prefix: tuple[str, ...]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Walk the resources of a client of the SDK, and those inside them."""
    for name in dir(type(holder)):
        if name.startswith(("_", "with_")):
            continue
        here = (*prefix, name)
        attribute = inspect.getattr_static(type(holder), name)
        if inspect.isfunction(attribute):
            if isinstance(holder, SyncAPIResource):
                yield ".".join(here), getattr(holder, name)
        elif isinstance(resource := getattr(holder, name), SyncAPIResource):
            yield from _methods_of(resource, here)


def _method(name: str, call: Callable[..., Any], asked: list[str]) -> Method:
    parameters = [
        parameter
        for parameter in inspect.signature(call).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in _ABOUT_THE_CALL
    ]
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    made_up = dict.fromkeys(required, "1")
    call(**made_up)
    raw_path = asked[-1].removeprefix(_API)
    found = find(raw_path)
    if found is None:
        return Method(name, raw_path, is_served=False, arguments=made_up)
    path = found[0].path
    known = {**names_for(path), **query_for(path, NOW)}
    arguments = {parameter: known.get(_NAMED_OTHERWISE.get(parameter, parameter), "1") for parameter in required}
    legal = {parameter.name for parameter in parameters}
    extras = {parameter: value for parameter, value in query_for(path, NOW).items() if parameter in legal}
    return Method(
        name,
        path,
        is_served=found[0] in FREE,
        arguments={**extras, **arguments},
        switches=tuple(parameter.name for parameter in parameters if str(parameter.annotation).startswith("bool")),
    )
