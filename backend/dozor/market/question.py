"""Canonical questions: what is wanted, not how it was spelled.

``ids=Bitcoin,%20ethereum,&ids=ETHEREUM,bitcoin`` and ``ids=bitcoin,ethereum`` are one question and one cache key.
What CoinGecko would ignore is dropped here, before it can reach a key, a log or a metric: API keys above all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import assert_never
from urllib.parse import quote

from dozor.market import refusals
from dozor.market.endpoints import BY_PATH, Endpoint, History, Kind, path_kind
from dozor.market.lazy import lazy
from dozor.market.reach import day_of, days_of, is_whole, moment_of

KEY_FORMAT = "v1"  # part of every key: entries of another format are never read
FULL_RANGE_DAYS = 365  # how far back a keyless or demo plan may ask (error 10012, reported since 2024-03)
SURELY_BEYOND = timedelta(days=FULL_RANGE_DAYS + 1)  # where within a day upstream draws the line is not known

REMEMBERED = 2000  # questions as they were spelled
SHORT = 1000  # characters: longer ones are not worth their memory

_EVM_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")


@dataclass(frozen=True)
class Question:
    """One canonical question: ``params`` in the endpoint's own order, defaults spelled out, absent ones left out."""

    endpoint: Endpoint
    path_params: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The canonical value of a parameter of path or query; ``None``: it is absent and has no default."""
        return self._values.get(name)

    @lazy
    def _values(self) -> Mapping[str, str]:
        return {**dict(self.params), **dict(self.path_params)}

    @lazy
    def path(self) -> str:
        """The path below the API's root, percent-encoded."""
        path = self.endpoint.path
        for name, value in self.path_params:
            path = path.replace("{" + name + "}", quote(value, safe=","))  # several addresses, as in a query
        return path

    @lazy
    def key(self) -> str:
        """The canonical name of the answer."""
        query = "&".join(f"{name}={quote(value, safe=',')}" for name, value in self.params)
        return f"{KEY_FORMAT}:{self.path}" + (f"?{query}" if query else "")


def canonical(
    endpoint: Endpoint,
    path_params: Mapping[str, str],
    query: Iterable[tuple[str, str]],
    *,
    full_history: bool,
    now: datetime | None = None,
) -> Question:
    """The canonical question behind these parameters (decoded).

    ``full_history``: the plan is a paid one, which may ask for the paid paths, and further back than 365 days. ``now``
    (UTC) is what those are counted from; without it, moments and dates are left for upstream to refuse. Raises
    QuestionRejected, in upstream's own wording, for what upstream would surely refuse.
    """
    if endpoint.is_paid and not full_history:
        raise refusals.paid_only()
    given = dict(query)  # the last of a repeated parameter wins, as in the Rails application behind the API
    texts = tuple(given.get(parameter.name) for parameter in endpoint.parameters)
    question = (_read_before if sum(map(len, filter(None, texts))) <= SHORT else _read)(
        endpoint.path, tuple(path_params.items()), texts
    )
    _refuse_incomplete(question)
    if not full_history:
        _refuse_too_far_back(question, now)
    return question


def _read(path: str, path_params: tuple[tuple[str, str], ...], texts: tuple[str | None, ...]) -> Question:
    """The question with the endpoint's parameters as these texts, in its order."""
    endpoint = BY_PATH[path]
    params = []
    for parameter, text in zip(endpoint.parameters, texts, strict=True):
        value = (_canonical_value(parameter.kind, text) if text else None) or parameter.default
        if value is not None:
            params.append((parameter.name, value))
    return Question(
        endpoint, tuple((name, _canonical_value(path_kind(name), text)) for name, text in path_params), tuple(params)
    )


_read_before = lru_cache(REMEMBERED)(_read)  # bots ask the same thing in the same words, all day


def _canonical_value(kind: Kind, text: str) -> str:
    """The canonical text, empty when nothing is asked.

    A value that is not of its kind is kept as it came: what it means is upstream's to say.
    """
    match kind:
        case Kind.FLAG:
            return text.strip().lower() if text.strip().lower() in {"true", "false"} else text
        case Kind.NUMBER | Kind.MOMENT:
            return _number(text.strip())
        case Kind.DAYS:
            return "max" if text.strip().lower() == "max" else _number(text.strip())
        case Kind.WORD:
            return text.strip()
        case Kind.ID:
            return _folded(text.strip())
        case Kind.IDS:
            return ",".join(sorted(_values(text, fold=True)))
        case Kind.IDS_IN_ORDER:
            return ",".join(_values(text, fold=True))
        case Kind.NAMES | Kind.COLUMNS:
            return ",".join(_values(text, fold=False))
        case Kind.ADDRESS:
            return _address(text.strip())
        case Kind.ADDRESSES:
            return ",".join(dict.fromkeys(_address(address) for address in _values(text, fold=False)))
        case Kind.TEXT:
            return text
        case _:
            assert_never(kind)


def _number(text: str) -> str:
    return str(int(text)) if is_whole(text) and len(text) <= 18 else text


def _folded(text: str) -> str:
    return text.lower()


def _address(text: str) -> str:
    """An EVM address may carry a checksum in the case of its letters; in the addresses of other chains case counts."""
    return text.lower() if _EVM_ADDRESS.fullmatch(text) else text


def _values(text: str, *, fold: bool) -> Sequence[str]:
    values = (value.strip() for value in text.split(","))
    return list(dict.fromkeys(_folded(value) if fold else value for value in values if value))


def _refuse_incomplete(question: Question) -> None:
    endpoint = question.endpoint
    if not all(value for _, value in question.path_params):
        raise refusals.no_such_path()
    if endpoint.one_of and not any(question.get(name) for name in endpoint.one_of):
        raise refusals.missing(endpoint.one_of[0])
    for parameter in endpoint.parameters:
        if parameter.required and not question.get(parameter.name):
            raise refusals.missing(parameter.name)


def _refuse_too_far_back(question: Question, now: datetime | None) -> None:
    match question.endpoint.history:
        case History.DAYS:
            days = days_of(question.get("days") or "")
            if days is not None and days > FULL_RANGE_DAYS:
                raise refusals.time_range()
        case History.RANGE:
            _refuse_before_a_year(moment_of(question.get("from") or ""), now)
        case History.DATE:
            day = day_of(question.get("date") or "")
            _refuse_before_a_year(None if day is None else datetime.combine(day, time(), UTC), now)


def _refuse_before_a_year(start: datetime | None, now: datetime | None) -> None:
    if start is not None and now is not None and now - start > SURELY_BEYOND:
        raise refusals.time_range()
