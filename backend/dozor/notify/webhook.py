"""Letters for programs: each a signed POST by Standard Webhooks, to wherever its owner says and may.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from dozor.alerts.channels import Channel
from dozor.alerts.sending import Accepted, ChannelDead, Letter, Outcome, Postponed, Temporary, excerpt
from dozor.clock import Clock
from dozor.domain.backoff import requested_pause
from dozor.domain.webhook_signature import signature, signing_key
from dozor.notify.guard import AddressRefused, guarded_sockets
from dozor.notify.turns import NoTurn, Turns

USER_AGENT = "Dozor (webhooks)"
MOST_READ_BYTES = 64 * 1024
MOST_PER_HOST = 16
TURN_SECONDS = 5.0
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0


class WebhookSender:
    """Implements ``alerts.sending.Sender`` for channels with ``{"url": …}``, signed where they have a secret.

    Enter it before use. Private addresses can be reached by the webhooks of ``trusted_user`` alone, of nobody where
    that is ``None``; link-local ones by none. ``resolver`` and ``tls`` stand in for the machine's own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        trusted_user: str | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
        turn_seconds: float = TURN_SECONDS,
        most_per_host: int = MOST_PER_HOST,
    ) -> None:
        self._clock = clock
        self._trusted_user = trusted_user
        self._resolver = resolver
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=min(CONNECT_SECONDS, total_seconds))
        self._total_seconds = total_seconds
        self._turn_seconds = turn_seconds
        self._turns = Turns(most_per_host)

    async def __aenter__(self) -> WebhookSender:
        # Two, because connections are kept and shared by name: one that a trusted user has opened to a private
        # address must never carry a letter of somebody who may not go there.
        self._strict = self._session(allow_private=False)
        self._trusting = self._session(allow_private=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._strict.close()
        await self._trusting.close()

    @property
    def longest_seconds(self) -> float:
        """See ``Sender.longest_seconds``."""
        return self._turn_seconds + self._total_seconds

    async def send(self, channel: Channel, letter: Letter) -> Outcome:
        """See ``Sender.send``."""
        try:
            url = URL(str(channel.address["url"]))
        except ValueError:
            return Temporary("its address is not a URL")
        try:
            # Outside of the deadline: a slow receiver fails by its own doing, not because many wait for it.
            async with self._turns.at(url.host or "", self._turn_seconds):
                return await self._post(channel, url, letter)
        except NoTurn:
            return Postponed(timedelta(seconds=self._turn_seconds), "many others are on their way to this host")

    async def _post(self, channel: Channel, url: URL, letter: Letter) -> Outcome:
        body = body_of(letter)
        headers = headers_of(channel.secret, letter.id, self._clock.now(), body)
        is_trusted = self._trusted_user is not None and channel.user_id == self._trusted_user
        session = self._trusting if is_trusted else self._strict
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as response:
                said = excerpt(await _read(response), _secrets(channel, url))
                retry_after, sent_at = response.headers.get("Retry-After"), response.headers.get("Date")
                pause = requested_pause(retry_after, self._clock.now(), sent_at)
                return outcome_of(response.status, said, pause)
        except aiohttp.ConnectionTimeoutError:
            return Temporary(f"no connection within {self._timeout.connect:g} s")
        except TimeoutError:
            return Temporary(f"no answer within {self._total_seconds:g} s", may_have_arrived=True)
        except aiohttp.ClientConnectorCertificateError as error:
            return Temporary(excerpt(f"its certificate is not trusted: {error.certificate_error}"))
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefused):
                return Temporary(f"it leads to {error.os_error}")
            return Temporary(excerpt(f"no connection: {error.os_error.strerror or error.os_error}"))
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return Temporary("the connection was lost before an answer came", may_have_arrived=True)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return Temporary("its address is not one of HTTP")
        except aiohttp.ClientError as error:
            return Temporary(f"its answer is not HTTP ({type(error).__name__})", may_have_arrived=True)

    def _session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,  # who sends is bounded by turns, and all together by whoever dispatches
            resolver=self._resolver,
            ssl=self._tls or True,
            socket_factory=guarded_sockets(allow_private=allow_private),
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # nobody shall make much out of little
            trust_env=False,  # a proxy would connect where we may not, and look at no address
        )


def body_of(letter: Letter) -> bytes:
    """What is posted; the same at every attempt."""
    return msgspec.json.encode(
        {
            "type": letter.type,
            "timestamp": letter.at,
            "data": {"event_id": letter.id, **letter.data, "text": letter.message.plain},
        }
    )


def headers_of(secret: bytes | None, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt. Raises ValueError for a secret that is none."""
    timestamp = int(now.timestamp())
    headers = {"Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    if secret is not None:
        headers["webhook-signature"] = signature(signing_key(secret.decode()), message_id, timestamp, body)
    return headers


def outcome_of(status: int, said: str, pause: timedelta | None) -> Outcome:
    """What a receiver's answer comes to."""
    answer = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Accepted(answer)
    if status < HTTPStatus.BAD_REQUEST:
        return Temporary(f"HTTP {status}: redirects are not followed; give the webhook's final address")
    if status == HTTPStatus.GONE:
        return ChannelDead(answer)
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return Temporary(answer, pause)
    return Temporary(answer)


async def _read(response: aiohttp.ClientResponse) -> str:
    """The beginning of what the receiver says. Its status counts, even if the rest never comes."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        while len(body) < MOST_READ_BYTES and (chunk := await response.content.read(MOST_READ_BYTES - len(body))):
            body += chunk
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return ""
    return body.decode(errors="replace")


def _secrets(channel: Channel, url: URL) -> tuple[str, ...]:
    """What a receiver may repeat, and nobody else should read."""
    secret = "" if channel.secret is None else channel.secret.decode()
    return (str(url), url.raw_path_qs, secret)
