"""What each setting may be: its name, its default, its legal values in words, and how its text is read.

The table ``SETTINGS`` is the one place that knows; the example file and the settings page of the documentation are held
to it by a test.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dozor.storage.redis_address import RedisAddress, RedisUrlMistake, parse_redis_url
from dozor.storage.sql.address import DatabaseUrlMistake, PostgresAddress, parse_database_url
from dozor.telemetry.phrases import Language, Words

T = TypeVar("T")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Secret:
    """A value that shows itself only when asked: it is in no ``repr``, no log and no error."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Plan(Enum):
    """CoinGecko's plans, as far as they differ in host, header and limits."""

    KEYLESS = "keyless"
    DEMO = "demo"
    PRO = "pro"


class DerivedCharts(Enum):
    """Where a chart may be put together from what others said of the same points."""

    OFF = "off"
    API = "api"
    EVERYWHERE = "everywhere"


OWNER = "owner"  # under this name the owner's own calls are counted (web/access.py)


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A key that a client of our gateway may use. ``calls_per_minute`` is ``None`` when it has no limit of its own."""

    name: str
    key: Secret
    calls_per_minute: int | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: how its text is read, what it is when unset, and what is legal, in words.

    An empty value is as if unset, because a copied example file has many, unless ``empty_is_a_value``.
    """

    variable: str
    default: str
    legal: Words
    read: Callable[[str], Any]
    secret: bool = False
    empty_is_a_value: bool = False


class IllegalValue(ValueError):
    """The text is none of the legal values; ``reason`` says what is wrong, showing nothing of it, if that is known."""

    def __init__(self, reason: Words | None = None) -> None:
        super().__init__()
        self.reason = reason


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not lowest <= int(text) <= highest:
            raise IllegalValue
        return int(text)

    return read


def _seconds(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) or float(text) <= 0:
        raise IllegalValue
    return float(text)


def _optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: read(text) if text else None


def _one_of(values: Mapping[str, T]) -> Callable[[str], T]:
    def read(text: str) -> T:
        try:
            return values[text.lower()]
        except KeyError:
            raise IllegalValue from None

    return read


def _host(text: str) -> str:
    if not text or re.search(r"[\s/@]", text):
        raise IllegalValue
    return text.strip("[]")


def _base_url(text: str) -> str:
    found = _url(text)
    return found + ("/api/v3" if found and urlsplit(found).path == "" else "")


def _url(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    extras = parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or extras or parts.port == 0:
        raise IllegalValue
    return text.rstrip("/")


def _folder(text: str) -> str:
    try:
        return str(Path(text).expanduser()) if text else ""
    except RuntimeError:  # nobody of that name has a home
        raise IllegalValue from None


def _origins(text: str) -> tuple[str, ...]:
    origins = _words(text)
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}):
            raise IllegalValue
    return ("*",) if "*" in origins else tuple(origin.rstrip("/").lower() for origin in origins)


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(word, strict=False) for word in _words(text))
    except ValueError:
        raise IllegalValue from None


def _redis_address(text: str) -> RedisAddress | None:
    try:
        return parse_redis_url(text) if text else None
    except RedisUrlMistake as mistake:
        raise IllegalValue(mistake.reason.value) from None


def _database_address(text: str) -> PostgresAddress | None:
    try:
        return parse_database_url(text) if text else None
    except DatabaseUrlMistake as mistake:
        raise IllegalValue(mistake.reason.value) from None


def _key_prefix(text: str) -> str:
    # Braces would put all keys into one slot of a cluster; the others mean something where keys are looked for.
    if not re.fullmatch(r"[!-~]{0,64}", text) or re.search(r"""[{}"'`*?\[\]\\]""", text):
        raise IllegalValue
    return text


def _secret(text: str) -> Secret | None:
    if any(ord(char) < 33 or ord(char) > 126 for char in text):
        raise IllegalValue
    return Secret(text) if text else None


def _long_secret(text: str) -> Secret | None:
    if text and len(text) < 16:
        raise IllegalValue
    return _secret(text)


def _gateway_keys(text: str) -> tuple[GatewayKey, ...]:
    keys: list[GatewayKey] = []
    for word in _words(text):
        name, _, rest = word.partition(":")
        key, _, rate = rest.partition(":")
        if not re.fullmatch(r"[\w.-]{1,64}", name) or not re.fullmatch(r"[!-~]{8,256}", key) or ":" in rate:
            raise IllegalValue
        if ":" in rest and (not re.fullmatch(r"\d{1,6}", rate) or int(rate) == 0):
            raise IllegalValue
        keys.append(GatewayKey(name, Secret(key), int(rate) if rate else None))
    if len({key.name for key in keys}) < len(keys) or len({key.key for key in keys}) < len(keys):
        raise IllegalValue
    if any(key.name == OWNER for key in keys):
        raise IllegalValue(
            Words(f"имя {OWNER} занято владельцем, назовите ключ иначе", f"{OWNER} is the owner's name, choose another")
        )
    return tuple(keys)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


YES_NO = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}

SETTINGS: Mapping[str, Setting] = {
    setting.variable: setting
    for setting in (
        Setting("HOST", "127.0.0.1", Words("имя или адрес машины", "a host name or an address"), _host),
        Setting(
            "PORT",
            "8000",
            Words(
                "целое число от 0 (любой свободный порт) до 65535",
                "a whole number from 0 (any free port) to 65535",
            ),
            _whole(0, 65535),
        ),
        Setting(
            "REDIS_URL",
            "redis://localhost:6379/0",
            Words(
                "redis://[имя]:[пароль]@сервер:порт/база, rediss://, unix://, redis+sentinel://, redis+cluster://;"
                " пусто = без Redis",
                "redis://[user]:[password]@host:port/database, rediss://, unix://, redis+sentinel://, redis+cluster://;"
                " empty = no Redis",
            ),
            _redis_address,
            secret=True,
            empty_is_a_value=True,
        ),
        Setting(
            "REDIS_KEY_PREFIX",
            "",
            Words(
                "до 64 знаков ASCII без пробелов, кавычек и { } * ? [ ] \\",
                "at most 64 ASCII characters without blanks, quotes and { } * ? [ ] \\",
            ),
            _key_prefix,
        ),
        Setting(
            "DATABASE_URL",
            "",
            Words(
                "postgresql://имя:пароль@сервер:порт/база; пусто = файл SQLite в DOZOR_DATA_DIR",
                "postgresql://user:password@host:port/database; empty = a file of SQLite in DOZOR_DATA_DIR",
            ),
            _database_address,
            secret=True,
        ),
        Setting(
            "COINGECKO_API_KEY",
            "",
            Words("печатные знаки без пробелов", "printable characters without blanks"),
            _secret,
            secret=True,
        ),
        Setting(
            "COINGECKO_PLAN",
            "",
            Words(
                "keyless, demo или pro; пусто = demo при ключе, иначе keyless",
                "keyless, demo or pro; empty = demo when a key is set, else keyless",
            ),
            _optional(_one_of({plan.value: plan for plan in Plan})),
        ),
        Setting(
            "COINGECKO_BASE_URL",
            "",
            Words("адрес http:// или https://; пусто = по тарифу", "an http:// or https:// URL; empty = by plan"),
            _base_url,
        ),
        Setting(
            "COINGECKO_CALLS_PER_MINUTE",
            "",
            Words(
                "целое число от 0 (без предела) до 100000; пусто = по тарифу",
                "a whole number from 0 (unlimited) to 100000; empty = by plan",
            ),
            _optional(_whole(0, 100_000)),
        ),
        Setting(
            "COINGECKO_CALLS_PER_MONTH",
            "",
            Words(
                "целое число от 0 (без предела) до 1000000000; пусто = по тарифу",
                "a whole number from 0 (unlimited) to 1000000000; empty = by plan",
            ),
            _optional(_whole(0, 1_000_000_000)),
        ),
        Setting(
            "COINGECKO_MONTH_RESETS_ON",
            "1",
            Words("день месяца от 1 до 31", "a day of the month, from 1 to 31"),
            _whole(1, 31),
        ),
        Setting(
            "COINGECKO_CREDIT_COUNTS",
            "attempts",
            Words("attempts или successes", "attempts or successes"),
            _one_of({"attempts": False, "successes": True}),
        ),
        Setting(
            "ALLOWED_ORIGINS",
            "*",
            Words(
                "* или список через запятую вида https://app.example; пусто = никому",
                "* or a comma-separated list of origins such as https://app.example; empty = none",
            ),
            _origins,
            empty_is_a_value=True,
        ),
        Setting(
            "DOZOR_TRUSTED_PROXIES",
            "",
            Words(
                "список адресов или сетей через запятую, например 127.0.0.1, 10.0.0.0/8",
                "a comma-separated list of addresses or networks such as 127.0.0.1, 10.0.0.0/8",
            ),
            _networks,
        ),
        Setting(
            "DOZOR_PRICE_FRESH_S",
            "",
            Words(
                "число секунд больше 0, до трёх знаков после точки; пусто = как обновляет CoinGecko",
                "a number of seconds above 0, at most three decimals; empty = the provider's own cadence",
            ),
            _seconds,
        ),
        Setting(
            "DOZOR_DERIVED_CHARTS",
            "api",
            Words("off, api или everywhere", "off, api or everywhere"),
            _one_of({where.value: where for where in DerivedCharts}),
        ),
        Setting(
            "DOZOR_MEMORY_CACHE_MIB",
            "256",
            Words("целое число от 8 до 65536", "a whole number from 8 to 65536"),
            _whole(8, 65_536),
        ),
        Setting(
            "DOZOR_DISK_CACHE_MIB",
            "1024",
            Words("целое число от 16 до 1048576", "a whole number from 16 to 1048576"),
            _whole(16, 1_048_576),
        ),
        Setting("DOZOR_DATA_DIR", "", Words("папка; пусто = backend/data", "a folder; empty = backend/data"), _folder),
        Setting(
            "DOZOR_RETENTION_DAYS",
            "90",
            Words("целое число от 1 до 3650", "a whole number from 1 to 3650"),
            _whole(1, 3650),
        ),
        Setting(
            "DOZOR_WATCH_INTERVAL_S",
            "60",
            Words("целое число от 1 до 3600", "a whole number from 1 to 3600"),
            _whole(1, 3600),
        ),
        Setting(
            "DOZOR_ALERTS_PER_USER",
            "100",
            Words("целое число от 1 до 1000000", "a whole number from 1 to 1000000"),
            _whole(1, 1_000_000),
        ),
        Setting("DOZOR_ALLOW_PRIVATE_WEBHOOKS", "false", Words("true или false", "true or false"), _one_of(YES_NO)),
        Setting(
            "TELEGRAM_BOT_TOKEN",
            "",
            Words("токен бота от @BotFather; пусто = без Telegram", "a bot's token of @BotFather; empty = no Telegram"),
            _secret,
            secret=True,
        ),
        Setting(
            "TELEGRAM_API_BASE_URL",
            "https://api.telegram.org",
            Words("адрес http:// или https://", "an http:// or https:// URL"),
            _url,
        ),
        Setting(
            "DOZOR_OWNER_TOKEN",
            "",
            Words("не меньше 16 печатных знаков без пробелов", "at least 16 printable characters without blanks"),
            _long_secret,
            secret=True,
        ),
        Setting(
            "DOZOR_GATEWAY_KEYS",
            "",
            Words(
                "имя:ключ или имя:ключ:запросов_в_минуту через запятую; имена и ключи не повторяются, имя не owner,"
                " в ключе не меньше 8 знаков без пробелов, запятых и двоеточий",
                "name:key or name:key:calls_per_minute, comma-separated; names and keys differ from each other,"
                " no name is owner, a key has at least 8 characters without blanks, commas and colons",
            ),
            _gateway_keys,
            secret=True,
        ),
        Setting(
            "DOZOR_PUBLIC_MARKET",
            "",
            Words("true или false; пусто = только с этой машины", "true or false; empty = open on loopback only"),
            _optional(_one_of(YES_NO)),
        ),
        Setting(
            "DOZOR_MACHINES",
            "1",
            Words("целое число от 1 до 1000", "a whole number from 1 to 1000"),
            _whole(1, 1000),
        ),
        Setting(
            "DOZOR_LANG",
            "ru",
            Words("ru или en", "ru or en"),
            _one_of({language.value: language for language in Language}),
        ),
        Setting("DOZOR_LOG", "text", Words("text или json", "text or json"), _one_of({"text": False, "json": True})),
    )
}
