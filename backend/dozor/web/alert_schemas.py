"""What is sent and answered about rules, events, channels and people; ``schemas`` is its like for the market."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from dozor.web.schemas import Model

Level = str | float


class AlertSent(Model):
    """A rule as it is sent. Amounts and levels are numbers or text; text keeps every digit."""

    model_config = ConfigDict(extra="allow")

    coin_id: str = Field(description="CoinGecko's coin id")
    quote: str = Field(description="currency of the price")
    condition: dict[str, Any] = Field(description="`type` and its parameters, as in docs/en/alerts.md")
    channels: list[str] = Field(description="ids of channels, in the order in which they are tried")
    note: str = Field(default="", description="your own words")
    external_id: str | None = Field(default=None, description="your own name for it, unique among your rules")


class Alert(Model):
    """A rule, and where it stands. ``null``: not set, or never."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="its id")
    version: int = Field(description="grows with each change of what it watches, or how")
    coin_id: str
    quote: str
    condition: dict[str, Any]
    repeat: Literal["once", "rearm", "remind", "daily"] = Field(description="how often it speaks")
    rearm_band_pct: str | None = Field(description="how far the price must leave before it is armed again, per cent")
    cooldown_s: int = Field(description="silence after each event, seconds")
    hold_for_s: int = Field(description="how long the condition must last, seconds")
    confirm: int = Field(description="in how many readings in a row it must hold")
    remind_every_s: int = Field(description="seconds between reminders")
    remind_at_most: int = Field(description="reminders for one event")
    detect: Literal["last", "wick"] = Field(description="whether extremes between two readings count")
    confirm_jumps: bool = Field(description="an implausible jump has to be seen twice")
    max_late_s: int = Field(description="what is later than this is not told to people by itself")
    critical: bool = Field(description="never grouped or held back")
    expires_at: datetime | None = Field(description="when it ends")
    channels: list[str]
    note: str
    external_id: str | None
    status: Literal["active", "paused", "broken"] = Field(description="what was done with it")
    state: str = Field(description="what it is doing: arming, armed, holding, cooling, waiting_rearm, fired, …")
    sentence: str = Field(description="what it says, in words")
    silent_until: datetime | None = Field(description="the end of its cooldown or snooze")
    muted: int = Field(description="crossings since the last event that were not told")
    last_event_at: datetime | None
    created_at: datetime
    updated_at: datetime
    first_evaluation: dict[str, Any] | None = Field(
        default=None, description="of a rule just made or changed: on which side the price is, and what comes first"
    )


class Alerts(Model):
    """A page of rules, in the order in which they were made."""

    items: list[Alert]
    next: str | None = Field(description="the cursor of the next page; `null` at the end")


class ChannelSent(Model):
    """A channel as it is sent."""

    kind: Literal["webhook", "telegram"] = Field(description="`telegram` answers 202 with a link to open")
    url: str | None = Field(default=None, description="of a webhook: where it is sent by POST, http or https")
    name: str = Field(default="", description="your own name for it; its host when empty")
    secret: str | None = Field(default=None, description="whsec_ and base64; one is made when there is none")


class Pairing(Model):
    """How a chat becomes a channel: say the code to the bot, which the link does. Once, within 15 minutes."""

    kind: Literal["telegram"]
    code: str = Field(description="`/start <code>` in a chat with the bot")
    link: str = Field(description="does so")
    expires_at: datetime


class ChannelShown(Model):
    """A channel, without its secret."""

    id: str
    kind: str
    name: str
    url: str | None
    state: Literal["ok", "dead", "disabled"]
    reason: str | None = Field(description="why nothing is sent there")
    failing_since: datetime | None
    created_at: datetime
    secret: str | None = Field(default=None, description="told once, when Dozor made it")


class Channels(Model):
    """Your channels, the oldest first."""

    items: list[ChannelShown]
    next: str | None


class ChannelGone(Model):
    """What its deletion leaves behind."""

    alerts_without_channel: list[str] = Field(description="rules that reach nobody now")


class TestResult(Model):
    """What came of a test."""

    ok: bool
    outcome: str = Field(description="one word: accepted, temporary, …")
    said: str = Field(description="the other side's own words")


class ChannelTried(TestResult):
    """What came of a test on one channel."""

    channel_id: str


class AlertTest(Model):
    """What came of a test on each channel of a rule."""

    channels: list[ChannelTried]


class DeliveryAttempt(Model):
    """One try."""

    started_at: datetime
    ended_at: datetime
    outcome: str
    said: str


class DeliveryShown(Model):
    """One event on its way to one channel."""

    id: str
    event_id: str
    alert_id: str
    channel_id: str
    status: Literal["pending", "claimed", "retrying", "delivered", "dead", "cancelled", "silenced"]
    attempts: int
    may_have_arrived: bool = Field(description="an attempt ended without an answer")
    outcome: str | None = Field(description="of the last attempt")
    said: str | None
    created_at: datetime
    due_at: datetime | None
    deliver_by: datetime
    finished_at: datetime | None
    tries: list[DeliveryAttempt] | None = Field(default=None, description="every attempt, where one delivery is shown")


class Deliveries(Model):
    """A page of deliveries, the newest first."""

    items: list[DeliveryShown]
    next: str | None


class EventShown(Model):
    """What happened to a rule."""

    id: str
    kind: Literal["fired", "reminder", "muted", "expiring", "expired"]
    alert_id: str
    alert_version: int
    observed_at: datetime = Field(description="when upstream saw it")
    detected_at: datetime = Field(description="when Dozor did")
    text: str = Field(description="in words")
    data: dict[str, Any] = Field(description="in figures: before, after, muted, …")
    deliveries: list[DeliveryShown] | None = Field(default=None, description="where one event is shown")


class Events(Model):
    """A page of events, the newest first."""

    items: list[EventShown]
    next: str | None


class Me(Model):
    """Who asks."""

    id: str
    name: str
    is_owner: bool
    language: Literal["ru", "en"]
    zone: str = Field(description="IANA name")
    scopes: list[str]
    csrf: str | None = Field(description="to be sent as x-dozor-csrf by who has a session")
    created_at: datetime


class TokenShown(Model):
    """A token, without its text."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenShown):
    """A token with its text, which is told once."""

    token: str


class Tokens(Model):
    """Your tokens, the oldest first."""

    items: list[TokenShown]
    next: str | None


class InvitationShown(Model):
    """An invitation, without its code."""

    id: str
    created_at: datetime
    expires_at: datetime
    used_by: str | None
    used_at: datetime | None


class InvitationMade(InvitationShown):
    """An invitation with its code, which is told once."""

    code: str
    path: str = Field(description="of the link to send: it works once")


class Invitations(Model):
    """Your invitations, the newest first."""

    items: list[InvitationShown]
    next: str | None


SENT = (AlertSent, ChannelSent)
"""What requests carry: replies do not name them, so the description has to be told."""
