"""How stored values are shown, to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dozor.cli.cache_keys import family_of
from dozor.cli.sizes import in_words, span_in_words
from dozor.storage.inspection import Content, Facts
from dozor.telemetry.phrases import Language, Words

NEVER = Words("никогда", "never")
EXPIRED = Words("истёк", "expired")
COLUMNS = Words("ярус  размер     возраст   истекает  ключ", "tier  size       age       expires   key")


def heading(language: Language) -> str:
    """The names of the columns of ``entry_line``."""
    return COLUMNS.in_language(language)


def entry_line(facts: Facts, now: datetime, language: Language) -> str:
    """A value in one line; the key comes last, for it may be long."""
    size, age, expires = (words.in_language(language) for words in _in_words(facts, now))
    return f"{facts.tier:<5} {size:<10} {age:<9} {expires:<9} {facts.key}"


def facts_line(content: Content, now: datetime) -> Words:
    """What is said beside a body."""
    facts = content.facts
    size, age, expires = _in_words(facts, now)
    rest = f"SHA-256 {content.hash}" + "".join(f"; {name}: {value}" for name, value in content.headers)
    return Words(
        f"{facts.key}: {facts.tier}, {size.ru}, возраст {age.ru}, истекает: {expires.ru}, {rest}",
        f"{facts.key}: {facts.tier}, {size.en}, age {age.en}, expires: {expires.en}, {rest}",
    )


def entry_json(facts: Facts, now: datetime) -> dict[str, Any]:
    """A value's facts; spans are in seconds, instants in ISO 8601."""
    expires_in = None if facts.expires_at is None else round((facts.expires_at - now).total_seconds(), 3)
    return {
        "key": facts.key,
        "tier": facts.tier,
        "family": family_of(facts.key),
        "size_bytes": facts.size_bytes,
        "fetched_at": facts.fetched_at.isoformat(timespec="milliseconds"),
        "age_s": round(_age(facts, now).total_seconds(), 3),
        "expires_in_s": expires_in,
    }


def content_json(content: Content, now: datetime) -> bytes:
    """The facts and, last, the body as it was sent, which is JSON itself."""
    facts = {**entry_json(content.facts, now), "hash": content.hash, "headers": content.headers}
    return json.dumps(facts, ensure_ascii=False).encode()[:-1] + b', "body": ' + content.body + b"}"


@dataclass
class _Sum:
    entries: int = 0
    size_bytes: int = 0
    expired: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def add(self, facts: Facts, now: datetime) -> None:
        self.entries += 1
        self.size_bytes += facts.size_bytes
        self.expired += facts.expires_at is not None and facts.expires_at <= now
        self.oldest = min(self.oldest or facts.fetched_at, facts.fetched_at)
        self.newest = max(self.newest or facts.fetched_at, facts.fetched_at)


class Statistics:
    """What each tier holds of each family, summed up."""

    def __init__(self, found: Iterable[Facts], now: datetime) -> None:
        self._now = now
        self._sums: dict[tuple[str, str], _Sum] = {}
        for facts in found:
            self._sums.setdefault((facts.tier, family_of(facts.key)), _Sum()).add(facts, now)

    def lines(self, language: Language) -> list[str]:
        """A line for each tier and family, below the names of the columns."""
        columns = Words(
            "ярус  ответов  размер     старший   новейший  истекло  семейство",
            "tier  entries  size       oldest    newest    expired  family",
        )
        return [columns.in_language(language), *(self._line(place, language) for place in sorted(self._sums))]

    def as_json(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By tier and family."""
        tiers: dict[str, dict[str, dict[str, Any]]] = {}
        for (tier, family), total in sorted(self._sums.items()):
            tiers.setdefault(tier, {})[family] = {
                "entries": total.entries,
                "size_bytes": total.size_bytes,
                "oldest_age_s": self._seconds(total.oldest),
                "newest_age_s": self._seconds(total.newest),
                "expired": total.expired,
            }
        return tiers

    def _line(self, place: tuple[str, str], language: Language) -> str:
        tier, family = place
        total = self._sums[place]
        size = in_words(total.size_bytes).in_language(language)
        oldest, newest = (self._span(instant, language) for instant in (total.oldest, total.newest))
        return f"{tier:<5} {total.entries:<8} {size:<10} {oldest:<9} {newest:<9} {total.expired:<8} {family}"

    def _span(self, instant: datetime | None, language: Language) -> str:
        return "" if instant is None else span_in_words(self._now - instant).in_language(language)

    def _seconds(self, instant: datetime | None) -> float | None:
        return None if instant is None else round((self._now - instant).total_seconds(), 3)


def _in_words(facts: Facts, now: datetime) -> tuple[Words, Words, Words]:
    if facts.expires_at is None:
        expires = NEVER
    elif facts.expires_at <= now:
        expires = EXPIRED
    else:
        expires = span_in_words(facts.expires_at - now)
    return in_words(facts.size_bytes), span_in_words(_age(facts, now)), expires


def _age(facts: Facts, now: datetime) -> timedelta:
    return max(now - facts.fetched_at, timedelta(0))
