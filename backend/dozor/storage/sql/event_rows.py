"""Events to rows and back."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from dozor.alerts.deliveries import Event
from dozor.alerts.ports import NewEvent
from dozor.storage.sql.tables import events

EVENT = [column.label(f"told_{column.name}") for column in events.c]
"""The columns of an event, by names that a delivery's columns beside them do not have."""


def row_of(event: NewEvent, rule_id: str) -> dict[str, Any]:
    """What ``events`` keeps of an event."""
    return {
        "id": event.id,
        "rule_number": event.number,
        "rule_id": rule_id,
        "user_id": event.user_id,
        "version": event.version,
        "latch": event.latch,
        "episode": event.episode,
        "n": event.n,
        "kind": event.kind,
        "observed_at": event.observed_at,
        "detected_at": event.detected_at,
        "body": msgspec.json.encode(event.body).decode(),
    }


def event_of(row: Row[Any]) -> Event:
    """The event in the columns ``EVENT``."""
    return Event(
        row.told_id,
        row.told_rule_id,
        row.told_user_id,
        row.told_version,
        row.told_latch,
        row.told_episode,
        row.told_n,
        row.told_kind,
        row.told_observed_at,
        row.told_detected_at,
        msgspec.json.decode(row.told_body),
    )
