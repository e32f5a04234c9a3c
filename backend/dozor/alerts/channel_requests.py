"""Channels as they are sent and shown. What is secret about one is told once, when it is made."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from dozor.alerts.channels import Channel, ChannelDraft
from dozor.alerts.problems import Problem, RuleRejected
from dozor.alerts.webhook_address import url_problems
from dozor.domain.webhook_signature import LONGEST_KEY_BYTES, PREFIX, SHORTEST_KEY_BYTES, new_secret, signing_key
from dozor.telemetry.phrases import Words

WEBHOOK = "webhook"
TELEGRAM = "telegram"
LONGEST_NAME = 100


class WebhookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=WEBHOOK):
    """A webhook. Without a ``secret`` one is made, and told once."""

    url: str
    name: str = ""
    secret: str | None = None


class ChannelPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of a channel; ``None`` stays as it is."""

    name: str | None = None
    url: str | None = None
    secret: str | None = None


def new_webhook(wanted: WebhookRequest, *, allow_private: bool) -> tuple[ChannelDraft, str | None]:
    """The channel, and its secret where we made it. Raises RuleRejected."""
    secret = wanted.secret or new_secret()
    problems = [
        *_name_problems(wanted.name),
        *url_problems(wanted.url, allow_private=allow_private),
        *_secret_problems(secret),
    ]
    if problems:
        raise RuleRejected(problems)
    name = wanted.name.strip() or urlsplit(wanted.url).hostname or WEBHOOK
    draft = ChannelDraft(WEBHOOK, name, {"url": wanted.url}, secret.encode())
    return draft, None if wanted.secret else secret


def changed(channel: Channel, patch: ChannelPatch, *, allow_private: bool) -> ChannelDraft:
    """The channel with the patch laid over it. Raises RuleRejected."""
    problems = list(_name_problems(patch.name or ""))
    address = dict(channel.address)
    if channel.kind != WEBHOOK and (patch.url is not None or patch.secret is not None):
        words = Words("у этого канала меняется только имя", "of this channel only the name can be changed")
        problems.append(Problem("/url" if patch.url is not None else "/secret", "unknown-member", words))
    if patch.url is not None:
        problems += url_problems(patch.url, allow_private=allow_private)
        address["url"] = patch.url
    if patch.secret is not None:
        problems += _secret_problems(patch.secret)
    if problems:
        raise RuleRejected(problems)
    secret = None if patch.secret is None else patch.secret.encode()
    return ChannelDraft(channel.kind, (patch.name or "").strip() or channel.name, address, secret)


def shown(channel: Channel) -> dict[str, Any]:
    """A channel as its owner sees it: without its secret."""
    return {
        "id": channel.id,
        "kind": channel.kind,
        "name": channel.name,
        "url": channel.address.get("url"),
        "state": channel.state.value,
        "reason": channel.reason,
        "failing_since": channel.failing_since,
        "created_at": channel.created_at,
    }


def _name_problems(name: str) -> list[Problem]:
    if len(name) <= LONGEST_NAME:
        return []
    words = Words(f"не больше {LONGEST_NAME} знаков", f"must have at most {LONGEST_NAME} characters")
    return [Problem("/name", "too-long", words)]


def _secret_problems(secret: str) -> list[Problem]:
    try:
        signing_key(secret)
    except ValueError:
        words = Words(
            f"нужно {PREFIX} и base64 от {SHORTEST_KEY_BYTES} до {LONGEST_KEY_BYTES} байт",
            f"must be {PREFIX} and the base64 of {SHORTEST_KEY_BYTES} to {LONGEST_KEY_BYTES} bytes",
        )
        return [Problem("/secret", "not-a-secret", words)]
    return []
