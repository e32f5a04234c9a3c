"""Rules to rows and back: conditions, options and states as JSON, and where a rule sleeps in columns of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.ports import Sleeper, StoredRule
from dozor.alerts.rule import Options, Rule
from dozor.alerts.rulebook import Draft, KeptRule, RuleStatus
from dozor.alerts.state import State, decoded, encoded
from dozor.storage.sql.tables import rule_channels, rule_states, rules, users

_conditions = msgspec.json.Decoder(AnyCondition)
_options = msgspec.json.Decoder(Options)

RULES: Select[Any] = (
    select(
        *(column for column in rules.c if column is not rules.c.fingerprint),
        rule_states.c.seq,
        rule_states.c.is_live,
        rule_states.c.body.label("state"),
        users.c.zone,
    )
    .join_from(rules, rule_states, rule_states.c.number == rules.c.number)
    .join(users, users.c.id == rules.c.user_id)
)
"""Rules with where they stand; the deleted ones too."""


async def stored_rules(connection: AsyncConnection, chosen: Select[Any]) -> list[StoredRule]:
    """The rules that this selection of ``RULES`` finds, in its order."""
    rows = (await connection.execute(chosen)).all()
    channels = await _channels_of(connection, [row.number for row in rows])
    return [_stored(row, channels.get(row.number, ())) for row in rows]


async def kept_rules(connection: AsyncConnection, chosen: Select[Any]) -> list[KeptRule]:
    """The same, with what only their makers see."""
    rows = (await connection.execute(chosen)).all()
    channels = await _channels_of(connection, [row.number for row in rows])
    return [
        KeptRule(
            _stored(row, channels.get(row.number, ())),
            RuleStatus(row.status),
            row.note,
            row.external_id,
            row.created_at,
            row.updated_at,
        )
        for row in rows
    ]


def columns_of_draft(user_id: str, draft: Draft) -> dict[str, Any]:
    """What ``rules`` keeps of a draft."""
    return {
        "user_id": user_id,
        "external_id": draft.external_id,
        "coin_id": draft.coin_id,
        "quote": draft.quote,
        "condition": msgspec.json.encode(draft.condition).decode(),
        # All of them, although the type leaves out defaults: those may be others one day, and the rule stays as it is.
        "options": msgspec.json.encode(msgspec.structs.asdict(draft.options)).decode(),
        "fingerprint": fingerprint_of(draft),
        "note": draft.note,
    }


def columns_of_standing(state: State, seq: int, sleeper: Sleeper, due_at: datetime | None) -> dict[str, Any]:
    """What ``rule_states`` keeps of a live rule's state."""
    return {
        "seq": seq,
        "series": sleeper.series,
        "below": sleeper.below,
        "above": sleeper.above,
        "is_awake": sleeper.is_awake,
        "wants_wicks": sleeper.wants_wicks,
        "since": sleeper.since,
        "due_at": due_at,
        "body": encoded(state),
    }


def fingerprint_of(draft: Draft) -> str:
    """The same for drafts that watch the same in the same way, however their numbers are written."""
    watched = {
        "coin": draft.coin_id,
        "quote": draft.quote,
        "condition": msgspec.to_builtins(draft.condition, builtin_types=(Decimal,)),
        "options": msgspec.structs.asdict(draft.options),
    }
    return hashlib.sha256(msgspec.json.encode(_normal(watched), order="sorted")).hexdigest()


def _normal(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value.normalize())
        case dict():
            return {name: _normal(part) for name, part in value.items()}
        case _:
            return value


def _stored(row: Row[Any], channels: tuple[str, ...]) -> StoredRule:
    rule = Rule(
        row.number,
        row.id,
        row.user_id,
        row.version,
        row.coin_id,
        row.quote,
        _conditions.decode(row.condition),
        _options.decode(row.options),
        row.zone,
    )
    return StoredRule(rule, decoded(row.state), row.seq, channels, row.is_live, row.change)


async def _channels_of(connection: AsyncConnection, numbers: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    if not numbers:
        return {}
    found = await connection.execute(
        select(rule_channels.c.rule_number, rule_channels.c.channel_id)
        .where(rule_channels.c.rule_number.in_(numbers))
        .order_by(rule_channels.c.rule_number, rule_channels.c.position)
    )
    channels: dict[int, tuple[str, ...]] = {}
    for number, channel in found:
        channels[number] = (*channels.get(number, ()), channel)
    return channels
