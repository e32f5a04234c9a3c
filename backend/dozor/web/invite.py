"""``/invite``: where somebody who was invited comes in. Opening the link spends nothing; sending the form does.

So no program that looks at links before people do can use up an invitation.
"""

from __future__ import annotations

import html
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dozor.clock import Clock
from dozor.domain.errors import NotThere
from dozor.domain.people import NewUser
from dozor.telemetry.phrases import Language, Words
from dozor.web.api.people import LONGEST_NAME, InvitationBook
from dozor.web.api.sent import NO_STORE, body_of
from dozor.web.requests import language_of
from dozor.web.sessions import COOKIE, SESSION_FOR, OwnerLogin

HEADERS = {
    **NO_STORE,
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}
TITLE = Words("Приглашение в Dozor", "An invitation to Dozor")
LEAD = Words("Как вас называть?", "What shall we call you?")
BUTTON = Words("Войти", "Come in")
WRONG = Words(
    "Это приглашение использовано или устарело. Попросите новое.",
    "This invitation was used already, or is out of date. Ask for a new one.",
)
FORM = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem}}
input,button{{font:inherit;padding:.5rem .75rem;width:100%;box-sizing:border-box;margin-top:.5rem}}
@media(prefers-color-scheme:dark){{body{{background:#0d1117;color:#e6edf3}}}}</style></head>
<body><h1>{title}</h1>{content}</body></html>"""


def invite_router(invitations: InvitationBook, login: OwnerLogin, clock: Clock, default: Language) -> APIRouter:
    """The page of an invitation; it is no part of the API's description."""
    router = APIRouter(include_in_schema=False)

    def page(request: Request, content: str, status: int = 200) -> Response:
        language = language_of(request.headers.get("accept-language", ""), default)
        title = TITLE.in_language(language)
        return HTMLResponse(FORM.format(lang=language.value, title=title, content=content), status, HEADERS)

    @router.get("/invite")
    async def look(request: Request, code: str = "") -> Response:
        language = language_of(request.headers.get("accept-language", ""), default)
        lead, button = html.escape(LEAD.in_language(language)), html.escape(BUTTON.in_language(language))
        form = (
            f'<form method="post" action="/invite"><label>{lead}'
            f'<input name="name" required maxlength="{LONGEST_NAME}" autocomplete="name" autofocus></label>'
            f'<input type="hidden" name="code" value="{html.escape(code)}"><button>{button}</button></form>'
        )
        return page(request, form)

    @router.post("/invite")
    async def come_in(request: Request) -> Response:
        language = language_of(request.headers.get("accept-language", ""), default)
        sent = parse_qs((await body_of(request)).decode("utf-8", "replace"))
        code, name = (sent.get(field, [""])[0].strip() for field in ("code", "name"))
        if not 0 < len(name) <= LONGEST_NAME:
            return page(request, f"<p>{html.escape(LEAD.in_language(language))}</p>", 422)
        try:
            user = await invitations.redeem(code, NewUser(name, language.value), clock.now())
        except NotThere:
            return page(request, f"<p>{html.escape(WRONG.in_language(language))}</p>", 403)
        reply = RedirectResponse("/alerts", 303, headers=HEADERS)
        reply.set_cookie(
            COOKIE,
            login.cookie_for(user.id),
            max_age=int(SESSION_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.scope["scheme"] == "https",
        )
        return reply

    return router
