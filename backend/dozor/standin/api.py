"""What a call of the API goes through: it is counted, limited, delayed, spoiled or answered."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl
from uuid import uuid4

from aiohttp import web

from dozor.clock import Clock
from dozor.standin.asked import Asked
from dozor.standin.calls import Call, Calls
from dozor.standin.catalogue import Catalogue
from dozor.standin.control import Settings
from dozor.standin.delivery import Answer, deliver
from dozor.standin.edge import Edge
from dozor.standin.endpoints import Endpoint, find
from dozor.standin.faults import UNANSWERED, Fault, Faults, canned
from dozor.standin.limits import Limits
from dozor.standin.model import Market
from dozor.standin.numbers import NumberText
from dozor.standin.quirks import Quirks
from dozor.standin.refusals import JSON, Refused, needs_user_agent, no_such_path, rate_limited

ROOT = "/api/v3"
_NAMELESS = ("python-requests/", "Python-urllib")
_KEY_PARAMETER = "api_key"  # is in the name of both parameters a key may come in
_GZIP_FROM = 1_024


class Api:
    """Everything below ``/api/v3``, with all its state: counts, limits, snapshots, faults."""

    def __init__(self, settings: Settings, catalogue: Catalogue, origin: str, clock: Clock) -> None:
        self.calls = Calls(settings.window_seconds)
        self.faults = Faults(settings.seed)
        self._catalogue = catalogue
        self._origin = origin
        self._clock = clock
        self._edge = Edge()
        self.configure(settings)

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self._settings

    def configure(self, settings: Settings) -> None:
        """Change limits, latency, seed; a new limit starts with an empty window, a new seed with an empty edge."""
        self._settings = settings
        self._limits = Limits(settings.per_minute, settings.per_month, settings.window_seconds)
        self._quirks = Quirks.of(settings.seed)
        self._numbers = NumberText(self._quirks)
        self._market = Market(self._catalogue, settings.seed)
        self._edge.clear()

    async def call(self, request: web.BaseRequest) -> web.StreamResponse:
        """Count, delay, spoil or answer one call of the API."""
        raw_path = request.rel_url.raw_path
        path = raw_path.removeprefix(ROOT)
        found = find(path) if raw_path.startswith(ROOT) and request.method == "GET" else None
        arrived = self._clock.monotonic()
        self.calls.arrived(found[0].path if found else "unknown", arrived)
        fault = self.faults.hit(path)
        outcome, cache_status = "left", None
        try:
            over_limit = self._limits.refusal(arrived)
            if self._settings.latency_seconds:
                await self._clock.sleep(self._settings.latency_seconds)
            try:
                answer, cache_status = self._answer(request, found, fault, over_limit)
            except Refused as refused:
                answer = refusal(refused, self._clock.now().timestamp())
            response = await deliver(request, answer, fault, self._clock)
            if fault and fault.kind in UNANSWERED:
                outcome = fault.kind.value
            else:
                outcome = str(answer.status)
                self._limits.charge(answer.status)
            return response
        finally:
            self.calls.answered(
                Call(
                    at=self._clock.now(),
                    path=path,
                    query={name: "…" if _KEY_PARAMETER in name else value for name, value in _query(request).items()},
                    header_names=tuple(name.lower() for name in request.headers),
                    outcome=outcome,
                    cache_status=cache_status,
                    fault=fault.kind.value if fault else None,
                )
            )

    def _answer(
        self,
        request: web.BaseRequest,
        found: tuple[Endpoint, dict[str, str]] | None,
        fault: Fault | None,
        over_limit: dict[str, str] | None,
    ) -> tuple[Answer, str]:
        """Decide what to answer, and what the edge says of it; raises Refused for everything that is no data."""
        now = self._clock.now().timestamp()
        if fault and (instead := canned(fault, now)):
            raise instead
        if self._settings.check_user_agent and _is_nameless(request.headers.get("User-Agent", "")):
            raise needs_user_agent()
        if over_limit is not None:
            raise rate_limited(over_limit)
        if found is None:
            raise no_such_path()
        endpoint, names = found
        query = _query(request)
        paid = bool(request.headers.get("x-cg-pro-api-key") or query.get("x_cg_pro_api_key"))
        asked = Asked(
            self._market,
            self._quirks,
            self._numbers,
            now,
            self._origin,
            query,
            names,
            path=request.rel_url.raw_path,
            paid=paid,
        )
        url = f"{request.rel_url.raw_path_qs} {paid}"
        served = self._edge.serve(url, self._clock.monotonic(), endpoint.edge_seconds, lambda: endpoint.made(asked))
        headers = {"content-type": JSON, **_on_every_answer(now), **served.headers()}
        if self._quirks.answers_304 and request.headers.get("If-None-Match") == served.snapshot.etag:
            return Answer(304, b"", headers), served.cache_status
        body = served.snapshot.body
        if len(body) >= _GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["content-encoding"] = served.snapshot.gzipped, "gzip"
        return Answer(200, body, headers), served.cache_status


def refusal(refused: Refused, now: float) -> Answer:
    """Write a refusal at ``now`` (UNIX seconds): no CORS, no validator, not to be kept."""
    headers = {"content-type": refused.content_type, "cache-control": "no-cache", **_on_every_answer(now)}
    return Answer(refused.status, refused.body.encode(), {**headers, **refused.headers})


def _query(request: web.BaseRequest) -> dict[str, str]:
    """Read the query; of a parameter given twice the last one counts. A plus is a blank."""
    return dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))


def _is_nameless(user_agent: str) -> bool:
    return not user_agent or user_agent.startswith(_NAMELESS)


def _on_every_answer(now: float) -> Mapping[str, str]:
    return {"date": formatdate(now, usegmt=True), "server": "cloudflare", "x-request-id": str(uuid4())}
