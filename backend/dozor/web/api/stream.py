"""``/api/v1/stream``: prices as they change and events as they happen, as server-sent events.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from dozor.alerts.deliveries import EventLog
from dozor.alerts.letters import Letters
from dozor.alerts.problems import Problem, RuleRejected
from dozor.clock import Clock
from dozor.domain.errors import DozorError
from dozor.domain.ids import Named, is_id
from dozor.domain.people import Scope
from dozor.market.quotes import prices_in, prices_question
from dozor.market.service import MarketService
from dozor.telemetry.phrases import Language, Words
from dozor.web import described
from dozor.web.api.events import event_shown
from dozor.web.api.market import MarketApi
from dozor.web.errors import AccessDenied, Refused
from dozor.web.members import Member, Members
from dozor.web.requests import language_of

EVENTS = "events"
PRICE = "price"
MOST_PRICES = 100
MOST_STREAMS = 1000
LOOK_EVERY_S = 2.0  # at prices in the cache, and for events that another process wrote
HEARTBEAT_S = 15.0
AT_ONCE = 100
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Bell:
    """Rung when there may be something new. Any number of waiters."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.stopping = False

    def ring(self) -> None:
        """Wake all who wait."""
        self._rung.set()
        self._rung = asyncio.Event()

    def stop(self) -> None:
        """Wake them for the last time: Dozor stops."""
        self.stopping = True
        self.ring()

    async def wait(self, seconds: float) -> None:
        """Until it is rung, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()


class StreamApi:
    """The route of streams. One instance per application."""

    def __init__(
        self,
        market: MarketService,
        events: EventLog,
        letters: Letters,
        admission: MarketApi,
        members: Members,
        bell: Bell,
        clock: Clock,
        language: Language,
    ) -> None:
        self._market = market
        self._events = events
        self._letters = letters
        self._admission = admission
        self._members = members
        self._bell = bell
        self._clock = clock
        self._language = language
        self._open = 0

    def router(self) -> APIRouter:
        """The route below ``/api/v1``."""
        router = APIRouter(prefix="/api/v1", tags=["alerts"])

        @router.get(
            "/stream",
            summary="Prices and your events as they come, as server-sent events",
            response_class=StreamingResponse,
            responses={
                200: {"content": {"text/event-stream": {}}},
                **described.problems(("unauthorized", "forbidden", "invalid-request", "rate-limited", "busy")),
            },
        )
        async def stream(
            request: Request,
            topics: Annotated[
                str,
                Query(
                    max_length=10_000,
                    description="`events`, `price:bitcoin`, `price:bitcoin:eur`, with commas between",
                    examples=["price:bitcoin"],
                ),
            ],
        ) -> Response:
            pairs, wants_events = _topics(topics)
            client = await self._admission.admit(request) if pairs else None
            member = await self._members.identify(request) if wants_events else None
            if member is not None and Scope.ALERTS_READ not in member.scopes:
                raise AccessDenied("forbidden", f"this token lacks the scope {Scope.ALERTS_READ.value}")
            if self._open >= MOST_STREAMS:
                raise Refused("busy", f"{MOST_STREAMS} streams are open already")
            language = language_of(request.headers.get("accept-language", ""), self._language)
            last = await self._beginning(request, member)
            told = self._told(pairs, "" if client is None else client.name, member, last, language)
            return StreamingResponse(told, headers=HEADERS, media_type="text/event-stream")

        return router

    async def _beginning(self, request: Request, member: Member | None) -> str:
        """The event after which to tell: the last that was heard, else the newest there is."""
        heard = request.headers.get("last-event-id", "").partition(".")[0]
        if member is None:
            return ""
        if is_id(Named.EVENT, heard):
            return heard
        newest = await self._events.page(member.user.id, 1)
        return newest[0].id if newest else ""

    async def _told(
        self, pairs: Mapping[str, Sequence[str]], client: str, member: Member | None, last: str, language: Language
    ) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            prices: dict[str, Any] = {}
            number, quiet_since = 0, self._clock.monotonic()
            first = True
            while not self._bell.stopping:
                messages: list[tuple[str, Any]] = []
                changed = await self._changed(pairs, client, prices)
                if changed or (first and pairs):
                    messages.append(("snapshot" if first else "delta", {"prices": changed}))
                if member is not None:
                    for event in await self._events.after(member.user.id, last, AT_ONCE):
                        last = event.id
                        text = self._letters.text_of(event, member.user, self._clock.now(), language)
                        messages.append(("event", event_shown(event, text)))
                for kind, data in messages:
                    number += 1
                    yield b"id: %b.%d\nevent: %b\ndata: %b\n\n" % (
                        last.encode(),
                        number,
                        kind.encode(),
                        msgspec.json.encode(data),
                    )
                if messages or first:
                    quiet_since = self._clock.monotonic()
                elif self._clock.monotonic() - quiet_since >= HEARTBEAT_S:
                    quiet_since = self._clock.monotonic()
                    yield b": still here\n\n"
                if first and not messages:
                    yield b": listening\n\n"
                first = False
                await self._bell.wait(LOOK_EVERY_S)
        finally:
            self._open -= 1

    async def _changed(
        self, pairs: Mapping[str, Sequence[str]], client: str, known: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """The prices that are other than known, by coin and currency; what cannot be had now comes later."""
        changed: dict[str, dict[str, Any]] = {}
        for currency, coins in pairs.items():
            try:
                answer = await self._market.answer(prices_question(coins, [currency]), client=client)
                quotes = list(prices_in(answer, [currency]))
            except DozorError:
                continue
            for quote in quotes:
                shown = {"value": quote.value, "observed_at": quote.observed_at}
                if known.get(f"{quote.coin_id}:{currency}") != shown:
                    known[f"{quote.coin_id}:{currency}"] = shown
                    changed.setdefault(quote.coin_id, {})[currency] = shown
        return changed


def _topics(text: str) -> tuple[Mapping[str, Sequence[str]], bool]:
    """Coins by currency, and whether events are wanted. Raises RuleRejected."""
    pairs: dict[str, list[str]] = {}
    wants_events = False
    for topic in filter(None, (part.strip() for part in text.split(","))):
        kind, _, rest = topic.partition(":")
        coin, _, currency = rest.partition(":")
        if topic == EVENTS:
            wants_events = True
        elif kind == PRICE and coin and not set(coin + currency) & set("|: "):
            coins = pairs.setdefault(currency.lower() or "usd", [])
            if coin.lower() not in coins:
                coins.append(coin.lower())
        else:
            _refuse(f"нет темы {topic}: бывают events и price:bitcoin", f"no topic {topic}: events, price:bitcoin")
    if not pairs and not wants_events:
        _refuse("нужна хотя бы одна тема", "needs a topic")
    if sum(map(len, pairs.values())) > MOST_PRICES:
        _refuse(f"не больше {MOST_PRICES} цен", f"at most {MOST_PRICES} prices")
    return pairs, wants_events


def _refuse(russian: str, english: str) -> NoReturn:
    raise RuleRejected([Problem("/query/topics", "not-a-topic", Words(russian, english))])
