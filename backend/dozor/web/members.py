"""Who stands behind a request to the part of the API that is about people, and what they may do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from dozor.clock import Clock
from dozor.domain.errors import NotThere
from dozor.domain.people import NewUser, Scope, Token, User
from dozor.web.access import Access, Credentials, Network
from dozor.web.errors import AccessDenied
from dozor.web.requests import asked, credentials
from dozor.web.sessions import OWNER, OwnerLogin

CSRF_HEADER = "x-dozor-csrf"
EVERYTHING = frozenset(Scope)
OWN = EVERYTHING - {Scope.ADMIN}  # of a user in a session of their own
SAFE = {"GET", "HEAD", "OPTIONS"}


class People(Protocol):
    """See ``storage.sql.people.SqlPeople``."""

    async def owner(self, now: datetime, new: NewUser) -> User:
        """The owner, who is made like ``new`` when there is none yet."""

    async def get(self, user_id: str) -> User:
        """One user. Raises NotThere."""


class Tokens(Protocol):
    """See ``storage.sql.tokens.SqlTokens``."""

    async def find(self, text: str, now: datetime) -> tuple[Token, User] | None:
        """Whose good token this is; ``None`` when it is nobody's."""

    async def issue(
        self, user_id: str, name: str, scopes: Collection[Scope], now: datetime, expires_at: datetime | None = None
    ) -> tuple[str, Token]:
        """A new token's text, which is not kept, and what is kept of it."""

    async def revoke(self, user_id: str, token_id: str, now: datetime) -> None:
        """Let it open nothing any more. Raises NotThere."""

    async def all_of(self, user_id: str) -> Sequence[Token]:
        """The user's tokens, the oldest first; the revoked ones too."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user who asks, with what this way of asking allows. ``csrf`` is ``None`` without a session."""

    user: User
    scopes: frozenset[Scope]
    csrf: str | None = None


class Members:
    """Tells who asks. One instance per application; every method raises StoreUnavailable."""

    def __init__(
        self,
        access: Access,
        login: OwnerLogin,
        people: People,
        tokens: Tokens,
        clock: Clock,
        *,
        owner: NewUser,
        trusted_proxies: Collection[Network],
    ) -> None:
        self._access = access
        self._login = login
        self._people = people
        self._tokens = tokens
        self._clock = clock
        self._new_owner = owner
        self._proxies = tuple(trusted_proxies)

    def may(self, scope: Scope) -> Callable[[Request], Awaitable[Member]]:
        """A dependency of routes: the member who asks, if they may do this. Raises AccessDenied."""

        async def member(request: Request) -> Member:
            found = await self.identify(request)
            if scope not in found.scopes:
                raise AccessDenied("forbidden", f"this token lacks the scope {scope.value}")
            return found

        return member

    async def identify(self, request: Request) -> Member:
        """Who asks: by the owner's token, a token of their own, or a session. Raises AccessDenied."""
        who = credentials(request.scope, asked(request.scope), self._login, self._proxies)
        if who.bearer is not None:
            return await self._by_token(who)
        if who.session is None:
            raise AccessDenied("unauthorized", "sign in on the page, or send a token: Authorization: Bearer <token>")
        csrf = self._login.csrf_token(who.cookie)
        if request.method not in SAFE and request.headers.get(CSRF_HEADER) != csrf:
            raise AccessDenied("forbidden", f"send the header {CSRF_HEADER}: GET /api/v1/me tells it")
        if who.session == OWNER:
            return Member(await self._owner(), EVERYTHING, csrf)
        try:
            return Member(await self._people.get(who.session), OWN, csrf)
        except NotThere as error:
            raise AccessDenied("unauthorized", "this user is gone") from error

    async def _by_token(self, who: Credentials) -> Member:
        if self._access.is_owner(Credentials(who.address, who.is_local, bearer=who.bearer)):
            return Member(await self._owner(), EVERYTHING)
        found = await self._tokens.find(who.bearer or "", self._clock.now())
        if found is None:
            raise AccessDenied("unauthorized", "this token is unknown, revoked or too old")
        token, user = found
        return Member(user, token.scopes)

    async def _owner(self) -> User:
        return await self._people.owner(self._clock.now(), self._new_owner)
