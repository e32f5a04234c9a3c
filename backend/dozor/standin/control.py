"""The control endpoint ``/_control``: what happened so far, and what shall go wrong next.

``GET``     the state: counts, the last calls (``?recent=50``), faults in force, settings
``POST``    a fault ``{"path": "/coins/*", "kind": "http_500", "count": 3}``, a list of faults, or settings
            ``{"per_minute": 30, "per_month": null, "latency_seconds": 0.15, "seed": 7, "check_user_agent": false}``
``DELETE``  back to how it was started: counts, faults, snapshots and settings

The kinds of faults are in ``dozor.standin.faults``. A mistake is answered 400 with what is wrong and what is legal.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from dozor.standin.calls import Call, Calls
from dozor.standin.faults import Fault, Kind
from dozor.standin.limits import WINDOW_SECONDS

_RECENT = 50


class Settings(msgspec.Struct, frozen=True):
    """What can be changed while the stand-in runs."""

    per_minute: int | None = None
    """Calls in any 60 seconds; None for no limit."""
    per_month: int | None = None
    """Answers of status 200 since the start; None for no limit."""
    latency_seconds: float = 0.0
    """Added to every call."""
    seed: int = 0
    """Which market, and which answers to what is unknown about upstream."""
    check_user_agent: bool = True
    """Whether callers that do not say who they are get 403."""
    window_seconds: float = WINDOW_SECONDS
    """How long a minute is; only a test in a hurry has shorter ones."""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New values for some of ``Settings``."""

    per_minute: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType | None = msgspec.UNSET
    per_month: Annotated[int, msgspec.Meta(ge=0)] | msgspec.UnsetType | None = msgspec.UNSET
    latency_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] | msgspec.UnsetType = msgspec.UNSET
    seed: int | msgspec.UnsetType = msgspec.UNSET
    check_user_agent: bool | msgspec.UnsetType = msgspec.UNSET

    def applied_to(self, settings: Settings) -> Settings:
        """Give ``settings`` with the new values."""
        changed = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not msgspec.UNSET}
        return msgspec.structs.replace(settings, **changed)


class BadOrder(Exception):
    """The control endpoint was told something it cannot do; the message is for the person who told it."""


def read_order(body: bytes) -> list[Fault] | Change:
    """Read the body of a ``POST``. Raises BadOrder."""
    try:
        order: Any = msgspec.json.decode(body)
        match order:
            case list():
                return msgspec.convert(order, list[Fault], strict=True)
            case {"kind": _}:
                return [msgspec.convert(order, Fault, strict=True)]
            case {}:
                return msgspec.convert(order, Change, strict=True)
            case _:
                raise BadOrder("expected a fault, a list of faults, or settings; see the module dozor.standin.control")
    except msgspec.ValidationError as error:
        kinds = ", ".join(kind.value for kind in Kind)
        hint = f"; kinds are: {kinds}" if "kind" in str(error) or "enum" in str(error) else ""
        raise BadOrder(f"{error}{hint}") from error
    except msgspec.DecodeError as error:
        raise BadOrder(f"the body is not JSON: {error}") from error


def state(calls: Calls, faults: list[Fault], settings: Settings, coins: int, recent: int = _RECENT) -> bytes:
    """Write the state as JSON; ``recent`` is how many of the last calls to show."""
    shown: list[Call] = list(calls.recent)[-recent:] if recent > 0 else []
    return msgspec.json.encode(
        {
            "calls": {
                "total": calls.total,
                "by_path": calls.by_path,
                "by_status": calls.by_status,
                "largest_minute": calls.largest_minute,
                "pictures": calls.pictures,
                "recent": shown,
            },
            "faults": faults,
            "settings": settings,
            "coins": coins,
        }
    )
