"""The one place where an error becomes an HTTP status: in CoinGecko's shape for the gateway, RFC 9457's for our API."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from dozor.alerts.problems import RuleRejected
from dozor.alerts.rule_service import TooManyRules
from dozor.domain.errors import (
    AlreadyThere,
    BudgetExhausted,
    ChangedMeanwhile,
    DeadlinePassed,
    DozorError,
    KeyRejected,
    NotCached,
    NotThere,
    QuestionRejected,
    StoreUnavailable,
    TryLater,
    UpstreamLimited,
    UpstreamTimedOut,
    UpstreamUnavailable,
)
from dozor.domain.ids import Named
from dozor.telemetry.phrases import Language, Words
from dozor.web.quotas import Quota


class AccessDenied(DozorError):
    """Who asks may not ask, or not now. ``quota`` is how their key stands when it has asked too often."""

    def __init__(
        self, code: str, message: str, retry_after_s: int | None = None, *, quota: Quota | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s
        self.quota = quota


class Refused(DozorError):
    """A request of the own API that cannot be done as it was sent; ``code`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooStale(DozorError):
    """There is an answer, but it is older than the asker accepts; a newer one may be had at ``retry_at``."""

    def __init__(self, age_s: int, retry_at: datetime) -> None:
        super().__init__(f"the answer is {age_s} s old, and no newer one is to be had before {retry_at:%H:%M:%S} UTC")
        self.age_s = age_s
        self.retry_at = retry_at


PROBLEMS: Mapping[str, tuple[int, Words]] = {
    # code: (status, title). A code never changes; programs read it.
    "unauthorized": (401, Words("Нужен вход или ключ", "Sign in or send a key")),
    "forbidden": (403, Words("Этого делать нельзя", "This is not allowed")),
    "rate-limited": (429, Words("Слишком много запросов с этим ключом", "Too many requests with this key")),
    "budget-exhausted": (429, Words("Запас запросов к CoinGecko исчерпан", "The upstream budget is spent")),
    "upstream-limited": (429, Words("CoinGecko ограничил нас", "Upstream limits us")),
    "busy": (429, Words("Слишком много ожидающих", "Too many are waiting")),
    "upstream-unavailable": (502, Words("CoinGecko недоступен", "Upstream is unavailable")),
    "key-rejected": (502, Words("CoinGecko не принимает ключ сервера", "Upstream rejects the server's key")),
    "channel-unavailable": (502, Words("Сервис канала не отвечает", "The channel's service does not answer")),
    "upstream-timeout": (504, Words("CoinGecko не ответил вовремя", "Upstream did not answer in time")),
    "not-cached": (504, Words("Такого в кэше нет", "The cache has nothing of the kind")),
    "store-unavailable": (503, Words("База данных недоступна", "The database is unavailable")),
    "too-stale": (503, Words("Данные старше, чем допускает запрос", "The data is older than the request accepts")),
    "not-found": (404, Words("Не найдено", "Not found")),
    "method-not-allowed": (405, Words("Метод не поддерживается", "Method not allowed")),
    "duplicate": (409, Words("Такое уже есть", "There is one like it")),
    "under-way": (409, Words("Такой же запрос ещё выполняется", "The same request is under way")),
    "changed-meanwhile": (412, Words("Уже изменено кем-то другим", "It was changed meanwhile")),
    "too-large": (413, Words("Слишком много данных", "The request is too large")),
    "limit-reached": (422, Words("Больше нельзя", "No more are allowed")),
    "key-reused": (422, Words("Ключ уже использован для другого запроса", "The key was used for another request")),
    "invalid-request": (422, Words("Запрос составлен неверно", "The request is not valid")),
    "rejected-by-upstream": (422, Words("CoinGecko отклонил запрос", "Upstream rejects the request")),
    "plan-limit": (422, Words("Тариф CoinGecko этого не позволяет", "The upstream plan does not allow this")),
    "uri-too-long": (414, Words("Слишком длинный запрос", "The request is too long")),
    "headers-too-long": (431, Words("Слишком длинные заголовки", "The headers are too long")),
    "internal": (500, Words("Ошибка в Dozor", "A bug in Dozor")),
}
LONGEST_QUESTION_BYTES = 16 * 1024
LONGEST_DETAIL = 500  # characters of a refusal that is no JSON


def code_of(error: DozorError) -> str:
    """The code of the problem behind ``error``."""
    match error:
        case AccessDenied():
            return error.code
        case TooStale():
            return "too-stale"
        case Refused():
            return error.code
        case RuleRejected():
            return "invalid-request"
        case TooManyRules():
            return "limit-reached"
        case NotThere():
            return "not-found"
        case AlreadyThere():
            return "duplicate"
        case ChangedMeanwhile():
            return "changed-meanwhile"
        case StoreUnavailable():
            return "store-unavailable"
        case BudgetExhausted():
            return "budget-exhausted"
        case UpstreamLimited():
            return "upstream-limited"
        case KeyRejected():
            return "key-rejected"
        case NotCached():
            return "not-cached"
        case UpstreamTimedOut() | DeadlinePassed():
            return "upstream-timeout"
        case UpstreamUnavailable():
            return "upstream-unavailable"
        case TryLater():
            return "busy"
        case QuestionRejected():
            return {404: "not-found", 401: "plan-limit"}.get(error.status, "rejected-by-upstream")
    return "internal"


def retry_after_s(error: DozorError, now: datetime) -> int | None:
    """Whole seconds after which asking again is worth it, at least 1; ``None`` when it never is."""
    match error:
        case TryLater() | TooStale():
            return max(1, math.ceil((error.retry_at - now).total_seconds()))
        case AccessDenied():
            return error.retry_after_s
    return None


def coingecko_error(error: DozorError, now: datetime) -> tuple[int, bytes]:
    """Status and body in CoinGecko's own shape, as its clients know it; of its refusals only 401 tells the time."""
    if isinstance(error, QuestionRejected):
        return error.status, error.body
    status = PROBLEMS[code_of(error)][0]
    if status == HTTPStatus.UNAUTHORIZED:
        said = {"timestamp": now.isoformat(timespec="milliseconds"), "error_code": 10002, "error_message": str(error)}
    else:
        said = {"error_code": status, "error_message": str(error)}
    return status, _json({"status": said})


def problem(
    code: str,
    detail: str,
    *,
    language: Language,
    instance: str,
    retry_after: int | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> tuple[int, bytes]:
    """Status and body in RFC 9457's shape."""
    status, title = PROBLEMS[code]
    body: dict[str, object] = {
        "type": f"urn:dozor:problem:{code}",
        "title": title.in_language(language),
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    if retry_after is not None:
        body["retry_after"] = retry_after
    return status, _json(body)


def mistakes_in(error: DozorError, language: Language) -> Sequence[Mapping[str, str]]:
    """Each thing that is wrong with what was sent, with its place in it; a duplicate's is a link to its like."""
    match error:
        case RuleRejected():
            return [
                {"pointer": one.pointer, "code": one.code, "message": one.message.in_language(language)}
                for one in error.problems
            ]
        case AlreadyThere() if error.name.startswith(Named.ALERT.value):
            return [{"pointer": "", "code": "duplicate", "message": f"/api/v1/alerts/{error.name}"}]
    return ()


def detail_of(error: DozorError, language: Language) -> str:
    """What happened, in words for a person."""
    if isinstance(error, RuleRejected):
        return "; ".join(f"{one.pointer or '/'}: {one.message.in_language(language)}" for one in error.problems)
    if isinstance(error, QuestionRejected):
        return _words_of(error.body)
    if language is Language.RU:
        title = PROBLEMS[code_of(error)][1].ru
        again = f" Повторите в {error.retry_at:%H:%M:%S} UTC." if isinstance(error, TryLater | TooStale) else ""
        return f"{title}.{again}"
    return str(error)


def _words_of(refusal: bytes) -> str:
    """The sentence inside any of upstream's error shapes; the text itself when it has none of them."""
    text = refusal.decode("utf-8", "replace")[:LONGEST_DETAIL]
    try:
        found: object = json.loads(refusal)
    except ValueError:
        return text
    for name in ("error", "status", "error_message"):
        if isinstance(found, dict):
            found = found.get(name, found)
    return found if isinstance(found, str) else text


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
