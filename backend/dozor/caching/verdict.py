"""How a load failed, told from one process to those that waited for it in others: one failing load is one call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import msgspec

from dozor.domain.errors import (
    DozorError,
    KeyRejected,
    QuestionRejected,
    UpstreamLimited,
    UpstreamTimedOut,
    UpstreamUnavailable,
)

_Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class _Rejected(msgspec.Struct, tag="rejected", forbid_unknown_fields=True):
    status: int
    body: bytes


class _Unavailable(msgspec.Struct, tag="unavailable", forbid_unknown_fields=True):
    reason: str
    retry_at: _Instant


class _TimedOut(msgspec.Struct, tag="timed_out", forbid_unknown_fields=True):
    reason: str
    retry_at: _Instant


class _Limited(msgspec.Struct, tag="limited", forbid_unknown_fields=True):
    retry_at: _Instant


class _KeyRejected(msgspec.Struct, tag="key_rejected", forbid_unknown_fields=True):
    reason: str
    retry_at: _Instant


_Account: TypeAlias = _Rejected | _Unavailable | _TimedOut | _Limited | _KeyRejected
_reader: msgspec.json.Decoder[_Account] = msgspec.json.Decoder(_Account)


def account_of(error: BaseException | None) -> bytes | None:
    """What to leave for those who wait; ``None`` for an end that says nothing about the key (a budget that is spent,
    a load that was broken off): then one of them loads it.
    """
    account: _Account
    match error:
        case QuestionRejected():
            account = _Rejected(error.status, error.body)
        case UpstreamTimedOut():
            account = _TimedOut(error.reason, error.retry_at)
        case UpstreamUnavailable():
            account = _Unavailable(error.reason, error.retry_at)
        case UpstreamLimited():
            account = _Limited(error.retry_at)
        case KeyRejected():
            account = _KeyRejected(error.reason, error.retry_at)
        case _:
            return None
    return msgspec.json.encode(account)


def read_account(text: bytes) -> DozorError | None:
    """The error that was left, or ``None`` for what no Dozor of this version has written."""
    try:
        account = _reader.decode(text)
    except msgspec.DecodeError:
        return None
    match account:
        case _Rejected(status, body):
            return QuestionRejected(status, body)
        case _TimedOut(reason, retry_at):
            return UpstreamTimedOut(reason, retry_at.astimezone(UTC))
        case _Unavailable(reason, retry_at):
            return UpstreamUnavailable(reason, retry_at.astimezone(UTC))
        case _Limited(retry_at):
            return UpstreamLimited(retry_at.astimezone(UTC))
        case _KeyRejected(reason, retry_at):
            return KeyRejected(reason, retry_at.astimezone(UTC))
