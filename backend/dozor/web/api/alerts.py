"""``/api/v1/alerts``: rules, as ``alerts.md`` has them.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dozor.alerts.channels import ChannelBook
from dozor.alerts.first_look import first_evaluation
from dozor.alerts.requests import RuleRequest, merged, read_json, read_request, shown
from dozor.alerts.rule_service import Made, RuleService
from dozor.alerts.rulebook import KeptRule, RuleStatus
from dozor.alerts.sending import Accepted
from dozor.alerts.testing import ChannelTester
from dozor.clock import Clock
from dozor.domain.errors import ChangedMeanwhile
from dozor.domain.ids import Named, is_id
from dozor.domain.people import Scope
from dozor.market.meta import rfc3339
from dozor.telemetry.phrases import Language
from dozor.web import described
from dozor.web.alert_schemas import Alert, Alerts, AlertSent, AlertTest
from dozor.web.api.sent import Once, body_of, limit_and_cursor, read, said
from dozor.web.errors import Refused
from dozor.web.members import Member, Members
from dozor.web.requests import language_of

AlertPath = Annotated[str, Path(min_length=1, max_length=100, description="the rule's id", examples=["alr_…"])]
Cursor = Annotated[str | None, Query(max_length=40, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]


class SnoozeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how many seconds, or until when."""

    seconds: int | None = None
    until: datetime | None = None


class AlertsApi:
    """The routes of rules. One instance per application."""

    def __init__(
        self,
        rules: RuleService,
        members: Members,
        once: Once,
        clock: Clock,
        language: Language,
        is_blind: Callable[[str], bool],
        channels: ChannelBook,
        tester: ChannelTester,
    ) -> None:
        self._rules = rules
        self._members = members
        self._once = once
        self._clock = clock
        self._language = language
        self._is_blind = is_blind
        self._channels = channels
        self._tester = tester

    def router(self) -> APIRouter:
        """The routes below ``/api/v1/alerts``."""
        router = APIRouter(prefix="/api/v1", tags=["alerts"])
        rules = self._rules
        Reader = Annotated[Member, Depends(self._members.may(Scope.ALERTS_READ))]  # noqa: N806  # types, made here
        Writer = Annotated[Member, Depends(self._members.may(Scope.ALERTS_WRITE))]  # noqa: N806  # as they need self

        @router.get("/alerts", summary="Your rules", responses=described.reply(Alerts, described.READ_ERRORS))
        async def list_alerts(
            request: Request,
            member: Reader,
            limit: Limit = 100,
            cursor: Cursor = None,
            coin_id: Annotated[str | None, Query(max_length=200, description="only of this coin")] = None,
            status: Annotated[Literal["active", "paused", "broken"] | None, Query(description="only these")] = None,
            external_id: Annotated[str | None, Query(max_length=100, description="only the one you call so")] = None,
        ) -> Response:
            if external_id is not None:
                found = await rules.find(member.user, external_id)
                return said({"items": [self._shown(found, request)] if found else [], "next": None})
            count, after = limit_and_cursor(limit, cursor)
            page = await rules.page(
                member.user, count, after=after, coin_id=coin_id, status=RuleStatus(status) if status else None
            )
            following = str(page[-1].stored.rule.number) if len(page) == count else None
            return said({"items": [self._shown(kept, request) for kept in page], "next": following})

        @router.post(
            "/alerts",
            summary="Make a rule",
            status_code=201,
            responses=described.made(Alert, described.WRITE_ERRORS),
            openapi_extra=described.sent(AlertSent),
        )
        async def make_alert(request: Request, member: Writer) -> Response:
            body = await body_of(request)

            async def act() -> Response:
                wanted = read_request(read_json(body))
                return self._made(await rules.make(member.user, wanted.draft), request, 201)

            return await self._once.do(request, member.user.id, body, act)

        @router.get("/alerts/{id}", summary="One rule", responses=described.reply(Alert, described.READ_ERRORS))
        async def get_alert(request: Request, member: Reader, id: AlertPath) -> Response:  # noqa: A002
            return self._one(await rules.get(member.user, id), request)

        @router.put(
            "/alerts/{id}",
            summary="Make or replace the rule that you call so",
            responses={**described.reply(Alert, described.WRITE_ERRORS), **described.made(Alert, ())},
            openapi_extra=described.sent(AlertSent),
        )
        async def put_alert(request: Request, member: Writer, id: AlertPath) -> Response:  # noqa: A002
            wanted = read_request(read_json(await body_of(request)))
            if is_id(Named.ALERT, id):
                made = await rules.change(member.user, id, wanted.draft, if_change=_if_match(request))
                return self._made(made, request, 200)
            named = msgspec.structs.replace(wanted, external_id=id)
            found = await rules.find(member.user, id)
            if found is None:
                return self._made(await rules.make(member.user, named.draft), request, 201)
            made = await rules.change(member.user, found.stored.rule.id, named.draft, if_change=_if_match(request))
            return self._made(made, request, 200)

        @router.patch(
            "/alerts/{id}",
            summary="Change some of a rule",
            responses=described.reply(Alert, described.WRITE_ERRORS),
            openapi_extra=described.sent(AlertSent),
        )
        async def change_alert(request: Request, member: Writer, id: AlertPath) -> Response:  # noqa: A002
            patch = read_json(await body_of(request))
            kept = await rules.get(member.user, id)
            asked_for = _if_match(request)
            # Laid over what was read: if somebody changes it meanwhile, neither change may be lost.
            wanted: RuleRequest = merged(kept, patch)
            if asked_for is not None and asked_for != kept.stored.change:
                raise ChangedMeanwhile(id, kept.stored.change)
            made = await rules.change(member.user, id, wanted.draft, if_change=kept.stored.change)
            return self._made(made, request, 200)

        @router.delete(
            "/alerts/{id}",
            summary="Delete a rule",
            status_code=204,
            responses=described.problems(described.READ_ERRORS),
        )
        async def delete_alert(member: Writer, id: AlertPath) -> Response:  # noqa: A002
            await rules.delete(member.user, id)
            return Response(status_code=204)

        async def snooze(request: Request, member: Member, rule_id: str) -> KeptRule:
            wanted = await read(request, SnoozeRequest)
            if (wanted.seconds is None) == (wanted.until is None):
                raise Refused("invalid-request", 'say {"seconds": 3600} or {"until": "2026-01-31T12:00:00Z"}')
            if wanted.until is not None and wanted.until.tzinfo is None:
                raise Refused("invalid-request", "until needs a time zone, such as Z")
            try:
                until = wanted.until or self._clock.now() + timedelta(seconds=wanted.seconds or 0)
            except OverflowError as error:
                raise Refused("invalid-request", "that is too long: 30 days at most") from error
            return await rules.snooze(member.user, rule_id, until)

        @router.post(
            "/alerts/{id}:test",
            summary="Send a test to each channel of a rule, and say what the others answered",
            responses=described.reply(AlertTest, described.WRITE_ERRORS),
        )
        async def test_alert(member: Writer, id: AlertPath) -> Response:  # noqa: A002
            kept = await rules.get(member.user, id)
            known = await self._channels.load(kept.stored.channels)
            tried = []
            for channel in (known[name] for name in kept.stored.channels if name in known):
                outcome = await self._tester.test(channel, member.user)
                is_ok = isinstance(outcome, Accepted)
                tried.append({"channel_id": channel.id, "ok": is_ok, "outcome": outcome.word, "said": outcome.detail})
            return said({"channels": tried})

        acts: dict[str, tuple[str, Callable[[Request, Member, str], Awaitable[KeptRule]]]] = {
            "pause": ("Watch it no more", lambda _, member, rule_id: rules.pause(member.user, rule_id)),
            "resume": ("Watch it again, from now on", lambda _, member, rule_id: rules.resume(member.user, rule_id)),
            "rearm": ("Arm it by hand", lambda _, member, rule_id: rules.rearm(member.user, rule_id)),
            "snooze": ("Be silent for a while; what crosses meanwhile is counted", snooze),
        }
        for verb, (summary, act) in acts.items():
            self._add_act(router, verb, summary, act)
        return router

    def _add_act(
        self, router: APIRouter, verb: str, summary: str, act: Callable[[Request, Member, str], Awaitable[KeptRule]]
    ) -> None:
        Writer = Annotated[Member, Depends(self._members.may(Scope.ALERTS_WRITE))]  # noqa: N806

        @router.post(
            f"/alerts/{{id}}:{verb}",
            name=f"{verb}_alert",
            summary=summary,
            responses=described.reply(Alert, described.WRITE_ERRORS),
        )
        async def do(request: Request, member: Writer, id: AlertPath) -> Response:  # noqa: A002
            return self._one(await act(request, member, id), request)

    def _one(self, kept: KeptRule, request: Request, status: int = 200, **more: Any) -> Response:
        headers = {"etag": f'"{kept.stored.change}"'}
        if status == 201:
            headers["location"] = f"/api/v1/alerts/{kept.stored.rule.id}"
        return said(self._shown(kept, request) | more, status, headers)

    def _made(self, made: Made, request: Request, status: int) -> Response:
        language = self._language_of(request)
        first = first_evaluation(made.kept.stored.rule, made.last, language)
        return self._one(made.kept, request, status, first_evaluation=first)

    def _shown(self, kept: KeptRule, request: Request) -> dict[str, Any]:
        is_blind = self._is_blind(kept.stored.rule.series)
        return alert_shown(kept, self._clock.now(), self._language_of(request), is_blind=is_blind)

    def _language_of(self, request: Request) -> Language:
        return language_of(request.headers.get("accept-language", ""), self._language)


def alert_shown(kept: KeptRule, now: datetime, language: Language, *, is_blind: bool = False) -> dict[str, Any]:
    """A rule as its owner sees it. ``is_blind``: the watch has had no data of its series for too long."""
    rule, state = kept.stored.rule, kept.stored.state
    snoozed = state.cooling_until if state.cooling_until is not None and state.cooling_until > now else None
    return {
        "id": rule.id,
        "version": rule.version,
        **shown(kept),
        "status": kept.status.value,
        "state": _state(kept, now, is_blind=is_blind),
        "sentence": rule.condition.sentence(rule.coin_id, rule.quote, language),
        "silent_until": None if snoozed is None else rfc3339(snoozed),
        "muted": state.muted,
        "last_event_at": None if state.last_event_at is None else rfc3339(state.last_event_at),
        "created_at": rfc3339(kept.created_at),
        "updated_at": rfc3339(kept.updated_at),
    }


def _state(kept: KeptRule, now: datetime, *, is_blind: bool) -> str:
    """What it is doing, in one word of ``alerts.md`` section 0."""
    state = kept.stored.state
    if kept.status is not RuleStatus.ACTIVE:
        return str(kept.status.value)
    return "no_data" if is_blind and not state.is_at_rest else state.phase(now).value


def _if_match(request: Request) -> int | None:
    """The change in ``If-Match``; ``None`` without one. Raises ChangedMeanwhile for what can be none of ours."""
    asked_for = request.headers.get("if-match")
    if asked_for is None or asked_for.strip() == "*":
        return None
    text = asked_for.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
