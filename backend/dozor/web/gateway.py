"""``/api/v3``: CoinGecko's own API, from the cache. A client changes its base URL and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from dozor.clock import Clock
from dozor.domain.bounds import Bounds
from dozor.domain.errors import DozorError, QuestionRejected
from dozor.market import refusals
from dozor.market.chart_reader import ChartReader
from dozor.market.endpoints import match
from dozor.market.question import canonical
from dozor.market.service import MarketService
from dozor.web.access import Access, Client, ClientKind, Network
from dozor.web.cache_control import bounds_asked
from dozor.web.errors import AccessDenied, coingecko_error, retry_after_s
from dozor.web.quotas import Quota
from dozor.web.replies import JSON, Headers, Reply, conditional, cors_headers, freshness_headers, preflight
from dozor.web.requests import Asked, asked, credentials, too_long
from dozor.web.sessions import OwnerLogin
from dozor.web.variants import Variants

REFUSAL_HEADERS = (("content-type", JSON), ("cache-control", "no-store"))
NO_FUNCTION = "no_such_path"  # what refusals of a path that no function answers are counted under
TOO_LONG: Mapping[str, tuple[int, Headers, bytes]] = {
    "uri-too-long": (414, REFUSAL_HEADERS, b'{"error":"Request-URI Too Long"}'),
    "headers-too-long": (431, REFUSAL_HEADERS, b'{"error":"Request Header Fields Too Large"}'),
}


class Gateway:
    """The ASGI application below ``/api/v3``. GET, HEAD and OPTIONS; anything else is CoinGecko's 404."""

    def __init__(
        self,
        market: MarketService,
        reader: MarketService | ChartReader,
        access: Access,
        login: OwnerLogin,
        variants: Variants,
        clock: Clock,
        *,
        full_history: bool,
        allowed_origins: Sequence[str],
        trusted_proxies: Sequence[Network],
    ) -> None:
        self._market = market
        self._reader = reader
        self._access = access
        self._login = login
        self._variants = variants
        self._clock = clock
        self._full_history = full_history
        self._origins = tuple(allowed_origins)
        self._proxies = tuple(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = asked(scope)
        if request.method == "OPTIONS":
            reply = preflight(request.origin, self._origins, request.headers.get("access-control-request-headers"))
        else:
            reply = await self._reply(scope, request)
            reply = reply.with_headers(*cors_headers(request.origin, self._origins))
        await reply.send(send)

    async def _reply(self, scope: Scope, request: Asked) -> Reply:
        refused = too_long(scope)
        if refused is not None:
            return Reply(*TOO_LONG[refused])
        quota: Quota | None = None
        try:
            client = await self._access.let_in(credentials(scope, request, self._login, self._proxies))
            quota = client.quota
            reply = await self._answer(request, client, bounds_asked(scope["headers"]))
        except AccessDenied as error:
            quota = error.quota
            reply = self._refusal(error)
        except DozorError as error:
            reply = self._refusal(error)
        return reply if quota is None else reply.with_headers(*quota.headers)

    async def _answer(self, request: Asked, client: Client, bounds: Bounds) -> Reply:
        found = match(request.segments) if request.method == "GET" else None
        if found is None:
            self._market.count_refusal(NO_FUNCTION)
            raise refusals.no_such_path()
        try:
            question = canonical(*found, request.query, full_history=self._full_history, now=self._clock.now())
        except QuestionRejected:
            self._market.count_refusal(found[0].function)
            raise
        answer = await self._reader.answer(question, client=client.name, bounds=bounds)
        headers = (
            ("content-type", JSON),
            *freshness_headers(answer, shared=client.kind is ClientKind.ANYBODY),
            *answer.headers,
        )
        variant = await self._variants.of(answer.body, answer.hash, request.headers.get("accept-encoding", ""))
        return conditional(200, headers, variant, request.headers.get("if-none-match"))

    def _refusal(self, error: DozorError) -> Reply:
        now = self._clock.now()
        status, body = coingecko_error(error, now)
        headers = list(REFUSAL_HEADERS)
        wait = retry_after_s(error, now)
        if wait is not None:
            headers.append(("retry-after", str(wait)))
        if isinstance(error, AccessDenied) and status == HTTPStatus.UNAUTHORIZED:
            headers.append(("www-authenticate", "Bearer"))
        return Reply(status, tuple(headers), body)
