"""Canonical questions: what is wanted, not how it was spelled.

``ids=Bitcoin,%20ethereum,&ids=ETHEREUM,bitcoin`` and ``ids=bitcoin,ethereum`` are one question and one cache key.
What CoinGecko would ignore is dropped here, before it can reach a key, a log or a metric: API keys above all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dozor.market import refusals
from dozor.market.endpoints import FULL_RANGE_DAYS, Endpoint, Kind, Parameter

KEY_FORMAT = "v1"  # part of every key: entries of another format are never read


@dataclass(frozen=True, slots=True)
class Question:
    """One canonical question: ``params`` in the endpoint's own order, defaults spelled out, absent ones left out."""

    endpoint: Endpoint
    path_params: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The canonical value of a parameter of path or query; ``None``: it is absent and has no default."""
        return next((value for key, value in (*self.path_params, *self.params) if key == name), None)

    @property
    def path(self) -> str:
        """The path below the API's root, percent-encoded."""
        path = self.endpoint.path
        for name, value in self.path_params:
            path = path.replace("{" + name + "}", quote(value, safe=""))
        return path

    @property
    def key(self) -> str:
        """The canonical name of the answer."""
        query = "&".join(f"{name}={quote(value, safe=',')}" for name, value in self.params)
        return f"{KEY_FORMAT}:{self.path}" + (f"?{query}" if query else "")


def canonical(
    endpoint: Endpoint, path_params: Mapping[str, str], query: Iterable[tuple[str, str]], *, full_history: bool
) -> Question:
    """The canonical question behind these parameters (decoded).

    ``full_history``: the plan may ask further back than 365 days. Raises QuestionRejected, in upstream's own wording,
    for what upstream would surely refuse.
    """
    given = dict(query)  # the last of a repeated parameter wins, as in the Rails application behind the API
    params = []
    for parameter in endpoint.parameters:
        value = _canonical_value(parameter, given.get(parameter.name, ""))
        if value is not None:
            params.append((parameter.name, value))
    question = Question(endpoint, tuple((name, _folded(value)) for name, value in path_params.items()), tuple(params))
    _refuse(question, full_history=full_history)
    return question


def is_whole(text: str) -> bool:
    """Whether it is a whole number in plain digits; ``str.isdigit`` alone also takes a superscript two for one."""
    return text.isascii() and text.isdigit()


def _canonical_value(parameter: Parameter, text: str) -> str | None:
    """The canonical text, the default when there is none, ``None`` when there is no default either.

    A value that is not of its kind is kept as it came: what it means is upstream's to say.
    """
    match parameter.kind:
        case Kind.FLAG:
            value = text.strip().lower() if text.strip().lower() in {"true", "false"} else text
        case Kind.NUMBER:
            value = _number(text.strip())
        case Kind.DAYS:
            value = "max" if text.strip().lower() == "max" else _number(text.strip())
        case Kind.ID:
            value = _folded(text.strip())
        case Kind.IDS:
            value = ",".join(sorted(_values(text, fold=True)))
        case Kind.CURRENCIES:
            value = ",".join(_values(text, fold=True))
        case Kind.NAMES | Kind.COLUMNS:
            value = ",".join(_values(text, fold=False))
        case Kind.WORD:
            value = text.strip()
        case Kind.TEXT:
            value = text
    return value or parameter.default


def _number(text: str) -> str:
    return str(int(text)) if is_whole(text) and len(text) <= 18 else text


def _folded(text: str) -> str:
    return text.lower()


def _values(text: str, *, fold: bool) -> Sequence[str]:
    values = (value.strip() for value in text.split(","))
    return list(dict.fromkeys(_folded(value) if fold else value for value in values if value))


def _refuse(question: Question, *, full_history: bool) -> None:
    endpoint = question.endpoint
    if endpoint.one_of and not any(question.get(name) for name in endpoint.one_of):
        raise refusals.missing(endpoint.one_of[0])
    for parameter in endpoint.parameters:
        if parameter.required and not question.get(parameter.name):
            raise refusals.missing(parameter.name)
    days = question.get("days")
    if days and not full_history and (days == "max" or (is_whole(days) and int(days) > FULL_RANGE_DAYS)):
        raise refusals.time_range()
