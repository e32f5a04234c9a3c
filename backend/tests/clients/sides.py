"""The same client twice: once it asks upstream itself, once Dozor. Its base URL is all that differs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import coingecko_sdk
from pycoingecko import CoinGeckoAPI

KEY = "CG-any-key"
NO_CERTIFICATES = False  # both addresses are plain http; loading the list would take most of the time of these tests


@dataclass(frozen=True)
class Outcome:
    """What a call gave: an object, or the class of what it raised with the status where the client tells it."""

    value: object = None
    error: type[Exception] | None = None
    status: int | None = None
    said: object = None
    """The body of the refusal."""


@dataclass(frozen=True)
class Sides:
    """Two base URLs: whatever is asked, the answers are to be compared."""

    upstream: str
    dozor: str

    async def with_sdk(self, ask: Callable[[coingecko_sdk.Coingecko], Any]) -> tuple[Outcome, Outcome]:
        """Ask both through ``coingecko-sdk``."""

        def of(base_url: str) -> Outcome:
            http = coingecko_sdk.DefaultHttpxClient(verify=NO_CERTIFICATES)
            with coingecko_sdk.Coingecko(
                base_url=base_url, demo_api_key=KEY, max_retries=0, http_client=http
            ) as client:
                return outcome(lambda: ask(client))

        return await asyncio.to_thread(of, self.upstream), await asyncio.to_thread(of, self.dozor)

    async def with_async_sdk(self, ask: Callable[[coingecko_sdk.AsyncCoingecko], Any]) -> tuple[Outcome, Outcome]:
        """Ask both through the asynchronous client of ``coingecko-sdk``."""

        async def of(base_url: str) -> Outcome:
            http = coingecko_sdk.DefaultAsyncHttpxClient(verify=NO_CERTIFICATES)
            async with coingecko_sdk.AsyncCoingecko(
                base_url=base_url, demo_api_key=KEY, max_retries=0, http_client=http
            ) as client:
                try:
                    return Outcome(await ask(client))
                except Exception as error:  # noqa: BLE001  whatever a client raises is what is compared
                    return _refused(error)

        return await of(self.upstream), await of(self.dozor)

    async def with_pycoingecko(self, ask: Callable[[CoinGeckoAPI], Any]) -> tuple[Outcome, Outcome]:
        """Ask both through ``pycoingecko``."""

        def of(base_url: str) -> Outcome:
            client = CoinGeckoAPI(retries=0, demo_api_key=KEY)
            client.api_base_url = f"{base_url}/"
            with client.session:
                return outcome(lambda: ask(client))

        return await asyncio.to_thread(of, self.upstream), await asyncio.to_thread(of, self.dozor)


def outcome(ask: Callable[[], object]) -> Outcome:
    """Give what ``ask`` gives or raises."""
    try:
        return Outcome(ask())
    except Exception as error:  # noqa: BLE001  whatever a client raises is what is compared
        return _refused(error)


def _refused(error: Exception) -> Outcome:
    """Tell a refusal from a mistake of the test, which is no answer of any server."""
    match error:
        case coingecko_sdk.APIStatusError():
            return Outcome(error=type(error), status=error.status_code, said=error.body)
        case ValueError() if error.args and isinstance(error.args[0], dict):  # how pycoingecko tells of a refusal
            return Outcome(error=type(error), said=error.args[0])
        case _:
            raise error
