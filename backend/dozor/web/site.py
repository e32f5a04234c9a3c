"""The whole site as one ASGI application: gateway, own API, page, operations, and what every reply has in common.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name a local value.
"""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dozor.clock import Clock
from dozor.domain.errors import DozorError
from dozor.telemetry.phrases import Language
from dozor.web import described
from dozor.web.access import Client, ClientKind
from dozor.web.alert_schemas import SENT
from dozor.web.api.market import MarketApi
from dozor.web.assets import Assets
from dozor.web.errors import (
    code_of,
    coingecko_error,
    detail_of,
    mistakes_in,
    problem,
    retry_after_s,
)
from dozor.web.examples import EXAMPLES, METRICS
from dozor.web.gateway import Gateway
from dozor.web.metrics import CONTENT_TYPE, exposition
from dozor.web.openapi import gateway_paths
from dozor.web.page import Page
from dozor.web.quotas import Quota
from dozor.web.replies import JSON, Reply, cors_headers, preflight
from dozor.web.report import Reporter
from dozor.web.requests import language_of, too_long
from dozor.web.schemas import Readiness, Status

log = structlog.get_logger(__name__)

NO_STORE = {"cache-control": "no-store"}
PROBLEM_JSON = "application/problem+json"
GATEWAY_PATH = "/api/v3"
STATUS_CODES = {404: "not-found", 405: "method-not-allowed"}


def build_site(
    gateway: Gateway,
    api: MarketApi,
    page: Page,
    reporter: Reporter,
    clock: Clock,
    *,
    version: str,
    language: Language,
    allowed_origins: Sequence[str],
    assets: Assets,
    more: Sequence[APIRouter] = (),
) -> ASGIApp:
    """Put the parts together."""
    app = FastAPI(
        title="Dozor",
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.include_router(api.router())
    for router in more:
        app.include_router(router)
    app.include_router(_operations(api, reporter))
    app.include_router(page.router())
    app.mount("/static", assets)
    _describe(app, version)
    _explain_errors(app, clock, language)
    return Shell(app, gateway, clock, language, allowed_origins)


def _operations(api: MarketApi, reporter: Reporter) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/livez", summary="Dozor runs", response_class=PlainTextResponse, responses=described.text("ok"))
    async def livez() -> Response:
        return PlainTextResponse("ok", headers=NO_STORE)

    @router.get(
        "/readyz",
        summary="Ready to answer",
        responses={**described.reply(Readiness, ()), 503: {"model": Readiness, "description": '`"ready": false`'}},
    )
    async def readyz() -> Response:
        missing = await reporter.missing()
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200, headers=NO_STORE)

    @router.get(
        "/metrics",
        summary="Prometheus metrics",
        response_class=PlainTextResponse,
        responses=described.text(METRICS, described.STATUS_ERRORS),
    )
    async def metrics(_: Annotated[Client, Depends(api.admit_uncounted)]) -> Response:
        return Response(exposition(await reporter.take()), headers={"content-type": CONTENT_TYPE, **NO_STORE})

    @router.get(
        "/api/v1/status", summary="How Dozor is doing", responses=described.reply(Status, described.STATUS_ERRORS)
    )
    async def status(who: Annotated[Client, Depends(api.admit_uncounted)]) -> Response:
        said = (await reporter.take()).as_json()
        if who.kind is ClientKind.OWNER:  # who else asks here is nobody else's business
            said["clients"] = reporter.clients()
        return JSONResponse(said, headers=NO_STORE)

    return router


def _describe(app: FastAPI, version: str) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = get_openapi(title="Dozor", version=version, routes=app.routes)
            description["paths"].update(gateway_paths())
            for sent_model in SENT:
                description["components"]["schemas"][sent_model.__name__] = sent_model.model_json_schema()
            for model, example in EXAMPLES.items():  # FastAPI itself would leave out what is null in them
                description["components"]["schemas"][model.__name__]["examples"] = [example]
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the description


def _explain_errors(app: FastAPI, clock: Clock, default: Language) -> None:
    def reply(request: Request, code: str, detail: str, **more: Any) -> Response:
        language = language_of(request.headers.get("accept-language", ""), default)
        status, body = problem(code, detail, language=language, instance=_request_id(request.scope), **more)
        headers = dict(NO_STORE)
        if more.get("retry_after") is not None:
            headers["retry-after"] = str(more["retry_after"])
        if code == "unauthorized":
            headers["www-authenticate"] = "Bearer"
        return Response(body, status, headers, PROBLEM_JSON)

    @app.exception_handler(DozorError)
    async def on_dozor_error(request: Request, error: DozorError) -> Response:
        language = language_of(request.headers.get("accept-language", ""), default)
        return reply(
            request,
            code_of(error),
            detail_of(error, language),
            retry_after=retry_after_s(error, clock.now()),
            errors=mistakes_in(error, language),
        )

    @app.exception_handler(RequestValidationError)
    async def on_invalid_request(request: Request, error: RequestValidationError) -> Response:
        mistakes = [
            {
                "pointer": "/" + "/".join(str(part) for part in mistake["loc"]),
                "code": str(mistake["type"]),
                "message": str(mistake["msg"]),
            }
            for mistake in error.errors()
        ]
        detail = "; ".join(f"{mistake['pointer']}: {mistake['message']}" for mistake in mistakes)
        return reply(request, "invalid-request", detail, errors=mistakes)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        answer = reply(request, STATUS_CODES.get(error.status_code, "internal"), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def on_bug(request: Request, _: Exception) -> Response:
        return reply(request, "internal", "")  # the framework raises it again behind this, and ``Shell`` logs it


class Shell:
    """What every request goes through: an id, HEAD as GET, CORS for the own API, and an answer even to our own bugs.

    The gateway is called from here: the framework's way to it would cost a fifth of a warm answer.
    """

    def __init__(
        self, app: ASGIApp, gateway: ASGIApp, clock: Clock, language: Language, allowed_origins: Sequence[str]
    ) -> None:
        self._app = app
        self._gateway = gateway
        self._clock = clock
        self._language = language
        self._origins = tuple(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(8)}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        started = False
        more: tuple[tuple[str, str], ...] = (("x-request-id", request_id), ("x-content-type-options", "nosniff"))
        is_gateways = scope["path"].startswith(f"{GATEWAY_PATH}/") or scope["path"] == GATEWAY_PATH
        if scope["path"].startswith("/api/v1/"):
            origin = _header(scope, b"origin")
            if scope["method"] == "OPTIONS":
                reply = preflight(origin, self._origins, _header(scope, b"access-control-request-headers"))
                await reply.with_headers(*more).send(send)
                return
            more += cors_headers(origin, self._origins)

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                # The own API leaves it here, so that errors and 304 tell it too; the gateway tells it itself.
                quota: Quota | None = state.get("quota")
                for name, value in (*more, *(quota.headers if quota else ())):
                    headers.append(name, value)
            await send(message)

        try:
            refused = too_long(scope)
            if refused is not None and not is_gateways:  # the gateway has its own shape
                await self._refuse(scope, refused, request_id).send(send_with_headers)
                return
            # HEAD is GET here; the server, which keeps its own scope, leaves the body out. Not for the login link: a
            # preview's look at it must not spend it.
            as_get = scope["method"] == "HEAD" and scope["path"] != "/login"
            inner = {**scope, "method": "GET"} if as_get else scope
            if is_gateways:
                inner = {**inner, "root_path": scope.get("root_path", "") + GATEWAY_PATH}
                await self._gateway(inner, receive, send_with_headers)
            else:
                await self._app(inner, receive, send_with_headers)
        except Exception:  # a bug must cost one request, not the connection without a word
            log.exception("server.request_failed", request_id=request_id)
            if not started:
                reply = self._gateways_bug(scope) if is_gateways else self._refuse(scope, "internal", request_id)
                await reply.send(send_with_headers)

    def _gateways_bug(self, scope: Scope) -> Reply:
        status, body = coingecko_error(DozorError("Internal Server Error"), self._clock.now())
        reply = Reply(status, (("content-type", JSON), *NO_STORE.items()), body)
        return reply.with_headers(*cors_headers(_header(scope, b"origin"), self._origins))

    def _refuse(self, scope: Scope, code: str, request_id: str) -> Reply:
        language = language_of(_header(scope, b"accept-language") or "", self._language)
        status, body = problem(code, "", language=language, instance=request_id)
        return Reply(status, (("content-type", PROBLEM_JSON),), body)


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _request_id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))
