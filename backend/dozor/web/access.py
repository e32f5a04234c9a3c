"""Who may ask for market data: the owner, holders of a gateway key, and, where the operator allows it, everybody.

==================  ===========================  =============================================
DOZOR_GATEWAY_KEYS  DOZOR_PUBLIC_MARKET          who may ask without owner's session or a key
==================  ===========================  =============================================
unset               unset                        whoever comes from this machine itself
set                 unset                        nobody
any                 true                         everybody
any                 false                        nobody
==================  ===========================  =============================================

A key that is sent must be one of ours wherever the operator has set any; where there are none, whatever a CoinGecko
client sends as its key is accepted and ignored. Of several that are sent, the first of ours lets the request in and is
counted: a client that still has CoinGecko's own key in its environment sends it beside ours.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Protocol

from dozor.clock import Clock
from dozor.domain.people import Scope, Token, User
from dozor.web.errors import AccessDenied
from dozor.web.quotas import Meter, Quota
from dozor.web.sessions import OWNER

KEY_NAMES = ("x-cg-demo-api-key", "x-cg-pro-api-key")
KEY_QUERY_NAMES = ("x_cg_demo_api_key", "x_cg_pro_api_key")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ClientKind(Enum):
    """How somebody was let in."""

    OWNER = "owner"
    USER = "user"  # somebody whom the owner has let in
    KEY = "key"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the name of the gateway key, else the address, for budgets and counters.

    ``quota`` is how a key with a rate stands once this call is counted.
    """

    kind: ClientKind
    name: str
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class KeyRule:
    """A gateway key in the form that comparing needs."""

    name: str
    key: bytes
    calls_per_minute: int | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought along to be let in."""

    address: str  # where the request comes from, proxies already seen through
    is_local: bool  # it was made on this machine, by no proxy for somebody else
    keys: tuple[str, ...] = ()  # CoinGecko's headers and query forms, and the bearer token
    bearer: str | None = None
    session: str | None = None  # whose: see ``sessions.OwnerLogin.who``
    cookie: str = ""  # the session's own


class TokenFinder(Protocol):
    """Who knows users' tokens; see ``storage.sql.tokens.SqlTokens``."""

    async def find(self, text: str, now: datetime) -> tuple[Token, User] | None:
        """Whose good token this is; ``None`` when it is nobody's."""


class Access:
    """Decides who may ask. One instance per loop."""

    def __init__(self, keys: Sequence[KeyRule], *, public_market: bool | None, owner_token: str, clock: Clock) -> None:
        self._keys = tuple((_digest(rule.key), rule) for rule in keys)
        self._public = public_market
        self._owner_token = _digest(owner_token.encode())
        self._clock = clock
        self._tokens: TokenFinder | None = None
        self._meters = {rule.name: Meter(rule.calls_per_minute) for rule in keys if rule.calls_per_minute is not None}

    def know(self, tokens: TokenFinder) -> None:
        """From now on tokens of users open the market too, if their scopes say so."""
        self._tokens = tokens

    async def let_in(self, credentials: Credentials, *, counted: bool = True) -> Client:
        """``admit``, or a user's token with the scope ``market:read``. Raises AccessDenied and StoreUnavailable."""
        try:
            return self.admit(credentials, counted=counted)
        except AccessDenied as denied:
            if self._tokens is None or credentials.bearer is None or denied.code != "unauthorized":
                raise
            found = await self._tokens.find(credentials.bearer, self._clock.now())
            if found is None or Scope.MARKET_READ not in found[0].scopes:
                raise
            return Client(ClientKind.USER, found[1].id)

    def is_owner(self, credentials: Credentials) -> bool:
        """Whether the owner asks: by session or by token."""
        bearer = _digest((credentials.bearer or "").encode())
        return credentials.session == OWNER or hmac.compare_digest(bearer, self._owner_token)

    def admit(self, credentials: Credentials, *, counted: bool = True) -> Client:
        """Let a read in; ``counted``: against its key's rate, as every market read is. Raises AccessDenied."""
        if self.is_owner(credentials):
            return Client(ClientKind.OWNER, OWNER)
        if credentials.session is not None:
            return Client(ClientKind.USER, credentials.session)
        if self._keys and credentials.keys:
            rule = self._rule_of(credentials.keys)
            if rule is None:
                raise AccessDenied("unauthorized", "unknown API key: this Dozor has keys of its own, ask its operator")
            return Client(ClientKind.KEY, rule.name, self._count(rule) if counted else None)
        if self._public or (self._public is None and not self._keys and credentials.is_local):
            return Client(ClientKind.ANYBODY, credentials.address)
        raise AccessDenied("unauthorized", self._why_not())

    def _rule_of(self, keys: Sequence[str]) -> KeyRule | None:
        # Every key is compared, whatever matched before, so that time tells nothing.
        found = None
        for sent in keys:
            digest = _digest(sent.encode())
            for known, rule in self._keys:
                if hmac.compare_digest(digest, known) and found is None:
                    found = rule
        return found

    def _count(self, rule: KeyRule) -> Quota | None:
        meter = self._meters.get(rule.name)
        if meter is None:
            return None
        allowed, quota = meter.count(self._clock.monotonic())
        if not allowed:
            raise AccessDenied(
                "rate-limited", f"this key may ask {quota.limit} times a minute", quota.more_in_s, quota=quota
            )
        return quota

    def _why_not(self) -> str:
        if self._keys:
            return "API key missing: send one of this Dozor's keys as x-cg-demo-api-key or as a Bearer token"
        if self._public is False:
            return "market data is for the owner only: sign in with the link in the log, or send DOZOR_OWNER_TOKEN"
        return (
            "market data is open on the machine itself only; the operator can set DOZOR_GATEWAY_KEYS or"
            " DOZOR_PUBLIC_MARKET=true (behind a proxy also DOZOR_TRUSTED_PROXIES)"
        )


def _digest(key: bytes) -> bytes:
    # ``compare_digest`` hides all of a key but its length; digests hide that too.
    return hashlib.sha256(key).digest()


def keys_in(headers: Mapping[str, str], query: Sequence[tuple[str, str]], bearer: str | None) -> tuple[str, ...]:
    """Every key that a request sends, in any of CoinGecko's forms: headers first, then the question, then Bearer."""
    sent = [headers[name] for name in KEY_NAMES if headers.get(name)]
    sent += [value for name, value in query if name in KEY_QUERY_NAMES and value]
    return tuple(sent + ([bearer] if bearer else []))


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> tuple[str, bool]:
    """The address that asks and whether it is this machine itself.

    ``X-Forwarded-For`` counts only as far as trusted proxies wrote it: read from the right, the first address that is
    no trusted proxy is the asker. What passed a proxy is never local: a neighbour inside a trusted network could
    write any address into the header.
    """
    if not forwarded_for:
        return peer, _is_loopback(peer)
    if not _is_in(peer, trusted):
        return peer, False
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return next((hop for hop in reversed(hops) if not _is_in(hop, trusted)), hops[0] if hops else peer), False


def is_loopback_name(host: str | None) -> bool:
    """Whether a ``Host`` header means this machine as seen from itself; an absent one (HTTP/1.0) does."""
    if host is None:
        return True
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    return name.lower() == "localhost" or name.lower().endswith(".localhost") or _is_loopback(name.strip("[]"))


@lru_cache(1000)  # the same few peers ask all day, and reading an address costs as much as a look into the cache
def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks if network.version == (mapped or found).version)
