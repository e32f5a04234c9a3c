"""``/api/v1/events`` and ``/deliveries``: what happened, and whom it has reached.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dozor.alerts.deliveries import Attempt, Delivery, DeliveryLog, DeliveryStatus, Event, EventLog
from dozor.alerts.letters import Letters
from dozor.clock import Clock
from dozor.domain.people import Scope
from dozor.market.meta import rfc3339
from dozor.telemetry.phrases import Language
from dozor.web import described
from dozor.web.alert_schemas import Deliveries, DeliveryShown, Events, EventShown
from dozor.web.api.sent import limit_and_cursor, said
from dozor.web.members import Member, Members
from dozor.web.requests import language_of

AGAIN_WITHIN = timedelta(hours=24)  # as an event that is new
Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=40, description="`next` of the page before")]
Status = Literal["pending", "claimed", "retrying", "delivered", "dead", "cancelled", "silenced"]


class EventsApi:
    """The routes of events and deliveries. One instance per application."""

    def __init__(
        self,
        events: EventLog,
        deliveries: DeliveryLog,
        letters: Letters,
        members: Members,
        clock: Clock,
        language: Language,
    ) -> None:
        self._events = events
        self._deliveries = deliveries
        self._letters = letters
        self._members = members
        self._clock = clock
        self._language = language

    def router(self) -> APIRouter:
        """The routes below ``/api/v1``."""
        router = APIRouter(prefix="/api/v1", tags=["alerts"])
        events, deliveries = self._events, self._deliveries
        Reader = Annotated[Member, Depends(self._members.may(Scope.ALERTS_READ))]  # noqa: N806  # types, made here
        Writer = Annotated[Member, Depends(self._members.may(Scope.ALERTS_WRITE))]  # noqa: N806  # as they need self

        @router.get(
            "/events",
            summary="Your events, the newest first",
            responses=described.reply(Events, described.READ_ERRORS),
        )
        async def list_events(
            request: Request,
            member: Reader,
            limit: Limit = 100,
            cursor: Annotated[str | None, Query(max_length=40, description="`next` of the page before")] = None,
            alert_id: Annotated[str | None, Query(max_length=100, description="only of this rule")] = None,
        ) -> Response:
            page = await events.page(member.user.id, limit, before=cursor, rule_id=alert_id)
            items = [self._event(event, member, request) for event in page]
            return said({"items": items, "next": page[-1].id if len(page) == limit else None})

        @router.get(
            "/events/{id}",
            summary="One event, and what became of it on each channel",
            responses=described.reply(EventShown, described.READ_ERRORS),
        )
        async def get_event(
            request: Request,
            member: Reader,
            id: Annotated[str, Path(max_length=100, description="the event's id", examples=["evt_…"])],  # noqa: A002
        ) -> Response:
            event = await events.get(member.user.id, id)
            sent = [delivery_shown(one) for one in await deliveries.of_event(member.user.id, id)]
            return said(self._event(event, member, request) | {"deliveries": sent})

        @router.get(
            "/deliveries",
            summary="Your deliveries, the newest first",
            responses=described.reply(Deliveries, described.READ_ERRORS),
        )
        async def list_deliveries(
            member: Reader,
            limit: Limit = 100,
            cursor: Cursor = None,
            status: Annotated[Status | None, Query(description="only these")] = None,
        ) -> Response:
            count, before = limit_and_cursor(limit, cursor)
            wanted = DeliveryStatus(status) if status else None
            page = await deliveries.page(member.user.id, count, before=before or None, status=wanted)
            following = str(page[-1].ordinal) if len(page) == count else None
            return said({"items": [delivery_shown(one) for one in page], "next": following})

        @router.get(
            "/deliveries/{id}",
            summary="One delivery, and every attempt",
            responses=described.reply(DeliveryShown, described.READ_ERRORS),
        )
        async def get_delivery(
            member: Reader,
            id: Annotated[str, Path(max_length=100, description="its id", examples=["dlv_…"])],  # noqa: A002
        ) -> Response:
            delivery, tries = await deliveries.get(member.user.id, id)
            return said(delivery_shown(delivery) | {"tries": [_attempt(one) for one in tries]})

        @router.post(
            "/deliveries/{id}:resend",
            summary="Send one that was given up again",
            responses=described.reply(DeliveryShown, described.WRITE_ERRORS),
        )
        async def resend_delivery(
            member: Writer,
            id: Annotated[str, Path(max_length=100, description="its id", examples=["dlv_…"])],  # noqa: A002
        ) -> Response:
            now = self._clock.now()
            return said(delivery_shown(await deliveries.resend(member.user.id, id, now, now + AGAIN_WITHIN)))

        return router

    def _event(self, event: Event, member: Member, request: Request) -> dict[str, Any]:
        language = language_of(request.headers.get("accept-language", ""), self._language)
        return event_shown(event, self._letters.text_of(event, member.user, self._clock.now(), language))


def event_shown(event: Event, text: str) -> dict[str, Any]:
    """An event as its owner sees it."""
    return {
        "id": event.id,
        "kind": event.kind,
        "alert_id": event.rule_id,
        "alert_version": event.version,
        "observed_at": rfc3339(event.observed_at),
        "detected_at": rfc3339(event.detected_at),
        "text": text,
        "data": dict(event.body),
    }


def delivery_shown(one: Delivery) -> dict[str, Any]:
    """A delivery as its owner sees it."""
    return {
        "id": one.id,
        "event_id": one.event_id,
        "alert_id": one.rule_id,
        "channel_id": one.channel_id,
        "status": one.status.value,
        "attempts": one.attempts,
        "may_have_arrived": one.may_have_arrived,
        "outcome": one.last_outcome,
        "said": one.last_detail,
        "created_at": rfc3339(one.created_at),
        "due_at": None if one.due_at is None else rfc3339(one.due_at),
        "deliver_by": rfc3339(one.deliver_by),
        "finished_at": None if one.finished_at is None else rfc3339(one.finished_at),
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "started_at": rfc3339(one.started_at),
        "ended_at": rfc3339(one.ended_at),
        "outcome": one.outcome,
        "said": one.detail,
    }
