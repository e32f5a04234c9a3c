"""``/api/v1/me`` and ``/invitations``: who one is, one's tokens, and how others come in.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from dozor.alerts.problems import Problem, RuleRejected
from dozor.clock import Clock
from dozor.domain.people import Invitation, NewUser, Scope, Token, User
from dozor.market.meta import rfc3339
from dozor.telemetry.phrases import Words
from dozor.web import described
from dozor.web.alert_schemas import (
    InvitationMade,
    Invitations,
    Me,
    TokenMade,
    Tokens,
)
from dozor.web.api.sent import Once, body_of, read, said
from dozor.web.errors import AccessDenied
from dozor.web.members import Member, Members
from dozor.web.members import Tokens as TokenBook

LONGEST_NAME = 100
INVITED_FOR = timedelta(days=7)


class PeopleBook(Protocol):
    """See ``storage.sql.people.SqlPeople``."""

    async def change(
        self,
        user_id: str,
        *,
        name: str | None = None,
        language: str | None = None,
        zone: str | None = None,
        telegram_user_id: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> User:
        """Change what is not ``None``."""


class InvitationBook(Protocol):
    """See ``storage.sql.people.SqlInvitations``."""

    async def make(self, made_by: str, now: datetime, lasts: timedelta) -> tuple[str, Invitation]:
        """The code, which is not kept, and its invitation."""

    async def redeem(self, code: str, new: NewUser, now: datetime) -> User:
        """Let somebody in by this code. Raises NotThere for one that is unknown, used or too old, and AlreadyThere."""

    async def all_of(self, made_by: str) -> Sequence[Invitation]:
        """What this user has made, the newest first."""


class SettingsSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one may say of oneself; what is left out stays."""

    name: str | None = None
    language: Literal["ru", "en"] | None = None
    zone: str | None = None


class TokenSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token as it is wanted; ``expires_at`` is ``None`` for one that never does."""

    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None


class PeopleApi:
    """The routes of people. One instance per application."""

    def __init__(
        self,
        people: PeopleBook,
        tokens: TokenBook,
        invitations: InvitationBook,
        members: Members,
        once: Once,
        clock: Clock,
    ) -> None:
        self._people = people
        self._tokens = tokens
        self._invitations = invitations
        self._members = members
        self._once = once
        self._clock = clock

    def router(self) -> APIRouter:
        """The routes below ``/api/v1``."""
        router = APIRouter(prefix="/api/v1", tags=["people"])
        Somebody = Annotated[Member, Depends(self._members.identify)]  # noqa: N806  # types, made here
        Reader = Annotated[Member, Depends(self._members.may(Scope.ALERTS_READ))]  # noqa: N806  # as they need self
        Writer = Annotated[Member, Depends(self._members.may(Scope.ALERTS_WRITE))]  # noqa: N806
        Admin = Annotated[Member, Depends(self._members.may(Scope.ADMIN))]  # noqa: N806

        @router.get("/me", summary="Who you are", responses=described.reply(Me, described.READ_ERRORS))
        async def get_me(member: Somebody) -> Response:
            return said(_me(member))

        @router.get("/me/settings", summary="Your settings", responses=described.reply(Me, described.READ_ERRORS))
        async def get_settings(member: Reader) -> Response:
            return said(_me(member))

        @router.put("/me/settings", summary="Change them", responses=described.reply(Me, described.WRITE_ERRORS))
        async def put_settings(request: Request, member: Writer) -> Response:
            wanted = await read(request, SettingsSent)
            problems = [*_name_problems("/name", wanted.name), *_zone_problems(wanted.zone)]
            if problems:
                raise RuleRejected(problems)
            user = await self._people.change(
                member.user.id, name=wanted.name, language=wanted.language, zone=wanted.zone
            )
            return said(_me(Member(user, member.scopes, member.csrf)))

        @router.get("/me/tokens", summary="Your tokens", responses=described.reply(Tokens, described.READ_ERRORS))
        async def list_tokens(member: Reader) -> Response:
            return said({"items": [_token(one) for one in await self._tokens.all_of(member.user.id)], "next": None})

        @router.post(
            "/me/tokens",
            summary="Make a token; its text is told once",
            status_code=201,
            responses=described.made(TokenMade, described.WRITE_ERRORS),
        )
        async def make_token(request: Request, member: Writer) -> Response:
            wanted = await read(request, TokenSent)
            now = self._clock.now()
            problems = [*_name_problems("/name", wanted.name), *_token_problems(wanted, member, now)]
            if problems:
                raise RuleRejected(problems)
            text, token = await self._tokens.issue(member.user.id, wanted.name, wanted.scopes, now, wanted.expires_at)
            return said(_token(token) | {"token": text}, 201)

        @router.delete(
            "/me/tokens/{id}",
            summary="Let a token open nothing any more",
            status_code=204,
            responses=described.problems(described.READ_ERRORS),
        )
        async def revoke_token(
            member: Writer,
            id: Annotated[str, Path(max_length=100, description="its id", examples=["tok_…"])],  # noqa: A002
        ) -> Response:
            await self._tokens.revoke(member.user.id, id, self._clock.now())
            return Response(status_code=204)

        @router.get(
            "/invitations",
            summary="Whom you have invited",
            responses=described.reply(Invitations, described.READ_ERRORS),
        )
        async def list_invitations(member: Admin) -> Response:
            made = await self._invitations.all_of(member.user.id)
            return said({"items": [_invitation(one) for one in made], "next": None})

        @router.post(
            "/invitations",
            summary="Invite somebody; the link works once, for a week",
            status_code=201,
            responses=described.made(InvitationMade, described.WRITE_ERRORS),
        )
        async def invite(request: Request, member: Admin) -> Response:
            body = await body_of(request)

            async def act() -> Response:
                code, made = await self._invitations.make(member.user.id, self._clock.now(), INVITED_FOR)
                return said(_invitation(made) | {"code": code, "path": f"/invite?code={code}"}, 201)

            return await self._once.do(request, member.user.id, body, act)

        return router


def _me(member: Member) -> dict[str, Any]:
    user = member.user
    return {
        "id": user.id,
        "name": user.name,
        "is_owner": user.is_owner,
        "language": user.language,
        "zone": user.zone,
        "scopes": sorted(scope.value for scope in member.scopes),
        "csrf": member.csrf,
        "created_at": rfc3339(user.created_at),
    }


def _token(one: Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "scopes": sorted(scope.value for scope in one.scopes),
        "created_at": rfc3339(one.created_at),
        "expires_at": _at(one.expires_at),
        "last_used_at": _at(one.last_used_at),
        "revoked_at": _at(one.revoked_at),
    }


def _invitation(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.id,
        "created_at": rfc3339(one.created_at),
        "expires_at": rfc3339(one.expires_at),
        "used_by": one.used_by,
        "used_at": _at(one.used_at),
    }


def _at(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def _name_problems(pointer: str, name: str | None) -> list[Problem]:
    if name is None or 0 < len(name.strip()) <= LONGEST_NAME:
        return []
    words = Words(f"нужно от 1 до {LONGEST_NAME} знаков", f"must have 1 to {LONGEST_NAME} characters")
    return [Problem(pointer, "out-of-range", words)]


def _zone_problems(zone: str | None) -> list[Problem]:
    try:
        if zone is not None:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of the zone database
        words = Words("нужен пояс вроде Europe/Moscow", "must be a zone such as Europe/Moscow")
        return [Problem("/zone", "unknown-zone", words)]
    return []


def _token_problems(wanted: TokenSent, member: Member, now: datetime) -> list[Problem]:
    problems = []
    if not wanted.scopes:
        problems.append(Problem("/scopes", "missing", Words("нужно хотя бы одно право", "needs a scope")))
    for scope in set(wanted.scopes) - member.scopes:
        if scope is Scope.ADMIN or not member.user.is_owner:
            raise AccessDenied("forbidden", f"you lack the scope {scope.value} yourself")
    at = wanted.expires_at
    if at is not None and at.tzinfo is None:
        problems.append(
            Problem("/expires_at", "no-time-zone", Words("нужен часовой пояс, например Z", "needs a zone, such as Z"))
        )
    elif at is not None and at <= now:
        problems.append(Problem("/expires_at", "in-the-past", Words("это уже прошло", "has passed already")))
    return problems
