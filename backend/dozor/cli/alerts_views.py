"""Rules, events and deliveries as lines for a terminal, made of what the API shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def alert_line(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One rule. ``names`` are what its owner calls channels, by their ids."""
    told = ", ".join(names.get(channel, channel) for channel in item["channels"]) or "—"
    note = f"  ({_line(item['note'])})" if item["note"] else ""
    return f"{item['id']}  {item['state']:<12}  {_line(item['sentence'])} → {told}{note}"


def event_line(item: Mapping[str, Any]) -> str:
    """One event; its deliveries follow it."""
    return f"{item['detected_at']}  {item['id']}  {_line(item['text'])}"


def delivery_line(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What became of an event on one channel."""
    said = f": {_line(one['said'])}" if one["said"] else ""
    return f"    {names.get(one['channel_id'], one['channel_id'])}: {one['status']} ({one['attempts']}){said}"


def _line(text: str) -> str:
    return " ".join(text.split())
