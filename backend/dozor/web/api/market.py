"""``/api/v1``: market data for the page, mini-apps and scripts.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

import functools
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dozor.domain.bounds import Bounds
from dozor.domain.errors import DozorError, TryLater
from dozor.market import views
from dozor.market.chart_reader import ChartReader
from dozor.market.default_views import DAYS, chart_question, coins_question
from dozor.market.endpoints import BY_PATH
from dozor.market.images import Pictures, drawn_letter
from dozor.market.lookup import CoinLookup
from dozor.market.meta import rfc3339
from dozor.market.question import Question, canonical
from dozor.market.rawjson import RawObject, raw
from dozor.market.search.index import MAX_QUERY
from dozor.market.service import Answer, MarketService
from dozor.web import described
from dozor.web.access import Access, Client, ClientKind, Network
from dozor.web.api.replying import Replying
from dozor.web.errors import AccessDenied, TooStale
from dozor.web.requests import asked, credentials
from dozor.web.schemas import Chart, Coin, Coins, Market, Ohlc, Prices, SearchHits, Trending
from dozor.web.sessions import OwnerLogin

SEARCH_LIMIT = 20
PICTURE_CACHE = "public, max-age=604800"
LETTER_CACHE = "public, max-age=600"

Currency = Annotated[
    str, Query(pattern=r"^[A-Za-z0-9-]{1,20}$", description="currency of the numbers", examples=["usd"])
]
CoinPath = Annotated[str, Path(min_length=1, max_length=200, description="CoinGecko's coin id", examples=["bitcoin"])]
Range = Annotated[Literal["1d", "7d", "30d", "90d", "1y"], Query(description="how far back", examples=["1d"])]
Order = Annotated[
    Literal["market_cap_desc", "market_cap_asc", "volume_desc", "volume_asc", "id_asc", "id_desc"],
    Query(description="what the table is sorted by, and which way"),
]
MaxAge = Annotated[
    int | None,
    Query(
        ge=0, le=86_400, description="wait for data no older than this, in seconds; 503 when there is only an older one"
    ),
]


class MarketApi:
    """The routes, and what they need. One instance per application."""

    def __init__(
        self,
        market: MarketService,
        charts: MarketService | ChartReader,
        lookup: CoinLookup,
        pictures: Pictures,
        replying: Replying,
        access: Access,
        login: OwnerLogin,
        *,
        full_history: bool,
        trusted_proxies: Iterable[Network],
    ) -> None:
        self._market = market
        self._charts = charts
        self._lookup = lookup
        self._pictures = pictures
        self._replying = replying
        self._access = access
        self._login = login
        self._full_history = full_history
        self._proxies = tuple(trusted_proxies)

    async def admit(self, request: Request) -> Client:
        """Let this request in, or raise AccessDenied; either way its reply says how the key stands."""
        who = credentials(request.scope, asked(request.scope), self._login, self._proxies)
        try:
            client = await self._access.let_in(who)
        except AccessDenied as error:
            request.state.quota = error.quota
            raise
        request.state.quota = client.quota
        return client

    async def admit_uncounted(self, request: Request) -> Client:
        """The same for a look at how Dozor is doing, which costs a key nothing of its rate."""
        who = credentials(request.scope, asked(request.scope), self._login, self._proxies)
        return await self._access.let_in(who, counted=False)

    def question(self, path: str, path_params: dict[str, str] | None = None, **query: str) -> Question:
        """The canonical question of ours to the endpoint at ``path``."""
        return canonical(BY_PATH[path], path_params or {}, query.items(), full_history=self._full_history)

    async def answer(self, question: Question, client: Client, max_age: int | None) -> Answer:
        """The answer, no older than ``max_age`` seconds, waiting for it where that can help.

        Raises TooStale when there is only an older one.
        """
        if max_age is None:
            return await self._charts.answer(question, client=client.name)
        bounds = Bounds(max_age=timedelta(seconds=max_age))
        answer = await self._charts.answer(question, client=client.name, bounds=bounds)
        if bounds.are_exceeded_by(answer.age):
            raise TooStale(int(answer.age.total_seconds()), _newer_at(answer))
        return answer

    def router(self) -> APIRouter:
        """The routes below ``/api/v1``."""
        router = APIRouter(prefix="/api/v1", tags=["market"])
        market, lookup, pictures = self._market, self._lookup, self._pictures
        Admitted = Annotated[Client, Depends(self.admit)]  # noqa: N806  # a type, made here because it needs self

        async def reply(name: str, request: Request, client: Client, answer: Answer, view: views.View) -> Response:
            return await self._replying.reply(
                name,
                answer,
                view,
                accept_encoding=request.headers.get("accept-encoding", ""),
                if_none_match=request.headers.get("if-none-match"),
                shared=client.kind is ClientKind.ANYBODY,
            )

        @router.get("/coins", responses=described.reply(Coins), summary="The market table")
        async def get_crypto_list(
            request: Request,
            client: Admitted,
            vs_currency: Currency = "usd",
            page: Annotated[int, Query(ge=1, le=10_000, description="which page")] = 1,
            per_page: Annotated[int, Query(ge=1, le=250, description="coins on a page", examples=[1])] = 100,
            order: Order = "market_cap_desc",
            max_age: MaxAge = None,
        ) -> Response:
            answer = await self.answer(coins_question(vs_currency, page, per_page, order), client, max_age)
            return await reply("coins", request, client, answer, views.coins)

        @router.get("/coins/{id}", responses=described.reply(Coin), summary="One coin")
        async def get_crypto_details(
            request: Request,
            client: Admitted,
            id: CoinPath,  # noqa: A002  # the name that api.md gives the path parameter
            vs_currency: Currency = "usd",
            max_age: MaxAge = None,
        ) -> Response:
            question = self.question(
                "/coins/{id}",
                {"id": id},
                tickers="false",
                community_data="false",
                developer_data="false",
                sparkline="true",
            )
            currency = vs_currency.lower()
            view = functools.partial(views.coin, currency=currency)
            answer = await self.answer(question, client, max_age)
            return await reply(f"coin {currency}", request, client, answer, view)

        @router.get(
            "/coins/{id}/chart",
            responses=described.reply(Chart),
            summary="Price, cap and volume over time",
        )
        async def get_crypto_chart(
            request: Request,
            client: Admitted,
            id: CoinPath,  # noqa: A002
            range: Range = "7d",  # noqa: A002
            vs_currency: Currency = "usd",
            max_age: MaxAge = None,
        ) -> Response:
            days = DAYS[range]
            question = chart_question(id, vs_currency, days)
            view = functools.partial(views.chart, days=days)
            answer = await self.answer(question, client, max_age)
            return await reply(f"chart {days}", request, client, answer, view)

        @router.get("/coins/{id}/ohlc", responses=described.reply(Ohlc), summary="Open, high, low and close over time")
        async def get_crypto_ohlc(
            request: Request,
            client: Admitted,
            id: CoinPath,  # noqa: A002
            range: Range = "7d",  # noqa: A002
            vs_currency: Currency = "usd",
            max_age: MaxAge = None,
        ) -> Response:
            days = DAYS[range]
            question = self.question("/coins/{id}/ohlc", {"id": id}, vs_currency=vs_currency, days=days)
            view = functools.partial(views.candles, days=days)
            answer = await self.answer(question, client, max_age)
            return await reply(f"ohlc {days}", request, client, answer, view)

        @router.get(
            "/search",
            responses=described.reply(SearchHits, described.SEARCH_ERRORS),
            summary="Coins by name, symbol, id or contract",
        )
        async def search_crypto(
            request: Request,
            client: Admitted,
            q: Annotated[
                str,
                Query(
                    max_length=MAX_QUERY,
                    description="a name, symbol, id or contract address, or a part of it; mistakes are forgiven",
                    examples=["биткоин"],
                ),
            ],
        ) -> Response:
            found = await lookup.find(q, SEARCH_LIMIT, client=client.name)

            def view(_: bytes) -> RawObject:
                items = [
                    {
                        "id": hit.coin.id,
                        "symbol": hit.coin.symbol,
                        "name": hit.coin.name,
                        "image": views.image_path(hit.coin.id),
                        "rank": hit.rank,
                    }
                    for hit in found.matches
                ]
                return {"items": raw(items)}

            return await reply(f"search {found.revision} {q}", request, client, found.coin_list, view)

        @router.get("/prices", responses=described.reply(Prices), summary="Prices of coins in quotes")
        async def get_prices(
            request: Request,
            client: Admitted,
            ids: Annotated[
                str,
                Query(
                    min_length=1,
                    max_length=5000,
                    description="CoinGecko's coin ids, with commas between",
                    examples=["bitcoin,ethereum"],
                ),
            ],
            quotes: Annotated[
                str,
                Query(
                    pattern=r"^[A-Za-z0-9-]+(\s*,\s*[A-Za-z0-9-]+)*$",
                    max_length=400,
                    description="currencies of the prices, with commas between",
                    examples=["usd,eur"],
                ),
            ] = "usd",
            max_age: MaxAge = None,
        ) -> Response:
            question = self.question("/simple/price", ids=ids, vs_currencies=quotes, include_last_updated_at="true")
            answer = await self.answer(question, client, max_age)
            view = functools.partial(
                views.prices,
                ids=(question.get("ids") or "").split(","),
                quotes=(question.get("vs_currencies") or "").split(","),
                fetched_at=rfc3339(answer.fetched_at),
            )
            return await reply(f"prices {question.key} {answer.fetched_at}", request, client, answer, view)

        @router.get("/global", responses=described.reply(Market), summary="The market as a whole")
        async def get_global(
            request: Request, client: Admitted, vs_currency: Currency = "usd", max_age: MaxAge = None
        ) -> Response:
            currency = vs_currency.lower()
            view = functools.partial(views.market, currency=currency)
            answer = await self.answer(self.question("/global"), client, max_age)
            return await reply(f"global {currency}", request, client, answer, view)

        @router.get("/trending", responses=described.reply(Trending), summary="What people look for")
        async def get_trending(request: Request, client: Admitted, max_age: MaxAge = None) -> Response:
            answer = await self.answer(self.question("/search/trending"), client, max_age)
            return await reply("trending", request, client, answer, views.trending)

        @router.get(
            "/images/{id}",
            response_class=Response,
            responses=described.picture(described.IMAGE_ERRORS),
            summary="A coin's picture, from our own cache and outside the budget; a drawn letter where there is none",
        )
        async def get_image(_: Admitted, id: CoinPath) -> Response:  # noqa: A002
            image = await pictures.of(id.lower())
            if image is not None:
                return Response(image.body, media_type=image.content_type, headers={"cache-control": PICTURE_CACHE})
            known = market.catalogue.get(id.lower())
            letter = drawn_letter(known.symbol if known else id)
            return Response(letter, media_type="image/svg+xml", headers={"cache-control": LETTER_CACHE})

        return router

    async def first_answer(self, question: Question, client: Client) -> Answer | None:
        """What can be shown without waiting; asking begins the fetch of what cannot."""
        try:
            return await self._market.answer(question, client=client.name, wait_seconds=0.0)
        except DozorError:
            return None


def _newer_at(answer: Answer) -> datetime:
    """When a newer answer may be had: once this one is no longer fresh, or what kept a newer one away is over."""
    if isinstance(answer.error, TryLater):
        return answer.error.retry_at
    return answer.fetched_at + answer.policy.fresh_for
