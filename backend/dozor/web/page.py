"""The page: its HTML with the first screen's data in it, its assets, the owner's login, and ``/docs``."""

from __future__ import annotations

import functools
import json
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from dozor.domain.errors import DozorError
from dozor.market import views
from dozor.market.default_views import coins_question
from dozor.market.meta import with_meta
from dozor.market.service import Answer
from dozor.telemetry.phrases import Language
from dozor.web.api.market import MarketApi
from dozor.web.api.replying import Replying, meta_of
from dozor.web.report import Reporter
from dozor.web.requests import language_of
from dozor.web.sessions import COOKIE, SESSION_FOR, OwnerLogin
from dozor.web.variants import Variants

FIRST_SCREEN = "<!--dozor:first-->"
CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'self' https://web.telegram.org; form-action 'self'"
)
NOT_BUILT = (
    "The page is not built. `python3 backend/run.py` builds it; `npm ci && npm run build` in frontend/ does too."
)
WRONG_CODE = {
    Language.RU: "Ссылка уже использована или устарела. Перезапустите Dozor: он напечатает новую.",
    Language.EN: "This link was used already or is out of date. Restart Dozor and it prints a new one.",
}
DOCS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dozor API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/static/favicon.svg"><link rel="stylesheet" href="/static/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/static/docs/swagger-ui-bundle.js"></script>
<script src="/static/docs/docs.js"></script></body></html>"""


def static_folder() -> Path:
    """Where the built page lies inside the package."""
    return Path(str(resources.files("dozor.web"))) / "static"


class Page:
    """Serves the page. One instance per application."""

    def __init__(
        self,
        api: MarketApi,
        replying: Replying,
        reporter: Reporter,
        login: OwnerLogin,
        variants: Variants,
        folder: Path,
        default_language: Language,
    ) -> None:
        self._api = api
        self._replying = replying
        self._reporter = reporter
        self._login = login
        self._variants = variants
        self._folder = folder
        self._language = default_language

    def router(self) -> APIRouter:
        """The page's routes; none of them is part of the API's description."""
        router = APIRouter(include_in_schema=False)

        @router.get("/")
        @router.get("/coins/{rest:path}")
        async def page(request: Request) -> Response:
            return await self._html(request)

        @router.get("/docs")
        async def docs() -> Response:
            return HTMLResponse(DOCS, headers={"content-security-policy": CSP})

        @router.get("/favicon.ico")
        async def favicon() -> Response:
            return RedirectResponse("/static/favicon.svg", 301)

        @router.get("/login")
        async def login(request: Request, code: str = "") -> Response:
            cookie = self._login.redeem(code)
            if cookie is None:
                language = language_of(request.headers.get("accept-language", ""), self._language)
                return PlainTextResponse(WRONG_CODE[language], 403)
            reply = RedirectResponse("/", 303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})
            reply.set_cookie(
                COOKIE,
                cookie,
                max_age=int(SESSION_FOR.total_seconds()),
                httponly=True,
                samesite="lax",
                secure=request.scope["scheme"] == "https",
            )
            return reply

        return router

    async def _html(self, request: Request) -> Response:
        try:
            html = (self._folder / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            return PlainTextResponse(NOT_BUILT, 503)
        language = language_of(request.headers.get("accept-language", ""), self._language)
        first = await self._first_screen(request, language) if request.scope["path"] == "/" else None
        if first is not None:
            # "<" is escaped, so that no name of a coin can end the script element.
            data = first.replace("<", "\\u003c")
            html = html.replace(FIRST_SCREEN, f'<script type="application/json" id="dozor-first">{data}</script>')
        body = html.encode()
        variant = await self._variants.of(
            body, f"page {hash(body)}", request.headers.get("accept-encoding", ""), at_once=True
        )
        headers = {
            "cache-control": "no-cache",
            "content-security-policy": CSP,
            "referrer-policy": "same-origin",
            "vary": "Accept-Encoding, Accept-Language, Cookie",
        }
        if variant.coding:
            headers["content-encoding"] = variant.coding
        return HTMLResponse(variant.body, headers=headers)

    async def _first_screen(self, request: Request, language: Language) -> str | None:
        """The data that the first screen would ask for, as far as it is known now; ``None`` for who may not ask."""
        try:
            client = await self._api.admit(request)
        except DozorError:
            return None
        coins = await self._api.first_answer(coins_question("usd", 1, 100, "market_cap_desc"), client)
        market = await self._api.first_answer(self._api.question("/global"), client)
        parts = {
            "coins": self._shown("coins", coins, views.coins),
            "global": self._shown("global usd", market, functools.partial(views.market, currency="usd")),
            "status": json.dumps((await self._reporter.take()).as_json()),
            "lang": json.dumps(language.value),
        }
        return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"

    def _shown(self, name: str, answer: Answer | None, view: views.View) -> str:
        """One part of the first screen; ``null`` when nothing is known yet, or what is known cannot be shown."""
        if answer is None:
            return "null"
        try:
            return with_meta(self._replying.view(name, answer, view), meta_of(answer)).decode()
        except DozorError:
            return "null"
