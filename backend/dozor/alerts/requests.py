"""A rule as it is sent and shown: JSON with the condition inside and the options beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from dozor.alerts.conditions.registry import AnyCondition
from dozor.alerts.problems import Problem, RuleRejected
from dozor.alerts.rule import Options
from dozor.alerts.rulebook import Draft, KeptRule
from dozor.telemetry.phrases import Words

LONGEST_ID = 200
LONGEST_QUOTE = 20
LONGEST_NOTE = 500
LONGEST_EXTERNAL_ID = 100
MOST_CHANNELS = 10
_OPTIONS = tuple(field.name for field in msgspec.structs.fields(Options))
_PLACE = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_FIELD = re.compile(r"(?:missing required|unknown|contains unknown) field `(?P<name>[^`]+)`")


class RuleRequest(Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that somebody may say of a rule."""

    coin_id: str
    quote: str
    condition: AnyCondition
    channels: tuple[str, ...]
    note: str = ""
    external_id: str | None = None

    @property
    def draft(self) -> Draft:
        """The same as the rule book takes it. Ids and currencies are in lower case, as upstream has them."""
        return Draft(
            self.coin_id.strip().lower(),
            self.quote.strip().lower(),
            self.condition,
            Options(**{name: getattr(self, name) for name in _OPTIONS}),
            self.channels,
            self.note,
            self.external_id,
        )


def read_json(body: bytes) -> Any:
    """What was sent, with every fraction as the decimal that was written. Raises RuleRejected."""
    try:
        return _any.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RuleRejected([Problem("", "not-json", Words(f"это не JSON: {error}", f"not JSON: {error}"))]) from error


def read_request(sent: Any) -> RuleRequest:
    """The request in what ``read_json`` gave. Raises RuleRejected with the first place that has the wrong shape."""
    try:
        return msgspec.convert(sent, RuleRequest)
    except msgspec.ValidationError as error:
        raise RuleRejected([_problem_of(error)]) from error


def merged(kept: KeptRule, patch: Any) -> RuleRequest:
    """The rule with a merge patch (RFC 7396) laid over it. Raises RuleRejected."""
    if not isinstance(patch, dict):
        raise RuleRejected([Problem("", "not-an-object", Words("нужен объект JSON", "must be a JSON object"))])
    return read_request(_merge(shown(kept), patch))


def shown(kept: KeptRule) -> dict[str, Any]:
    """What its maker said, spelled out: ``read_request`` makes the same of it."""
    rule = kept.stored.rule
    options = {name: msgspec.to_builtins(getattr(rule.options, name)) for name in _OPTIONS}
    return {
        "coin_id": rule.coin_id,
        "quote": rule.quote,
        "condition": msgspec.to_builtins(rule.condition),
        **options,
        "channels": list(kept.stored.channels),
        "note": kept.note,
        "external_id": kept.external_id,
    }


def problems_of(draft: Draft, now: datetime) -> list[Problem]:
    """Everything that is wrong with what it says, as far as that shows without asking anybody."""
    found = [problem.under("/condition") for problem in draft.condition.problems()]
    found += draft.options.problems(now)
    for pointer, text, longest in (
        ("/coin_id", draft.coin_id, LONGEST_ID),
        ("/quote", draft.quote, LONGEST_QUOTE),
        ("/external_id", draft.external_id, LONGEST_EXTERNAL_ID),
    ):
        if text is not None and not 0 < len(text) <= longest:
            words = Words(f"нужно от 1 до {longest} знаков", f"must have 1 to {longest} characters")
            found.append(Problem(pointer, "out-of-range", words))
    if set(draft.coin_id + draft.quote) & set(",|"):
        words = Words("нужен один id, без запятых", "must be one id, without commas")
        found.append(Problem("/coin_id" if set(draft.coin_id) & set(",|") else "/quote", "not-one-id", words))
    if len(draft.note) > LONGEST_NOTE:
        words = Words(f"не больше {LONGEST_NOTE} знаков", f"must have at most {LONGEST_NOTE} characters")
        found.append(Problem("/note", "too-long", words))
    if not draft.channels:
        words = Words("нужен хотя бы один канал, см. /api/v1/channels", "needs a channel, see /api/v1/channels")
        found.append(Problem("/channels", "no-channel", words))
    if len(draft.channels) > MOST_CHANNELS or len(set(draft.channels)) < len(draft.channels):
        words = Words(f"не больше {MOST_CHANNELS} разных каналов", f"must be at most {MOST_CHANNELS} different ones")
        found.append(Problem("/channels", "too-many", words))
    return found


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged_so_far = dict(target) if isinstance(target, Mapping) else {}
    if "type" in patch and patch["type"] != merged_so_far.get("type"):
        merged_so_far = {}  # another kind of condition has other parameters
    for name, value in patch.items():
        if value is None:
            merged_so_far.pop(name, None)
        else:
            merged_so_far[name] = _merge(merged_so_far.get(name), value)
    return merged_so_far


def _problem_of(error: msgspec.ValidationError) -> Problem:
    text = str(error)
    place = _PLACE.search(text)
    what = text[: place.start()] if place else text
    pointer = "" if place is None else re.sub(r"\.|\[", "/", place["path"]).replace("]", "")
    field = _FIELD.search(what)
    code = "wrong-shape"
    if field is not None:
        pointer += f"/{field['name']}"
        code = "missing" if "missing" in what else "unknown-member"
    said = {
        "missing": Words("этого не хватает", "is missing"),
        "unknown-member": Words("такого поля нет", "is no member of a rule"),
    }
    return Problem(pointer, code, said.get(code, Words(what, what)))


def _fraction(text: str) -> Decimal:
    return Decimal(text)


_any: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=_fraction)
