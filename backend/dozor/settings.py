"""Dozor's settings: one frozen value, read once from the environment and ``backend/.env``, validated whole.

The table ``SETTINGS`` is the one place that knows a variable's name, its default and its legal values; the example
file and the settings page of the documentation are held to it by a test.
"""

from __future__ import annotations

import io
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from dozor.domain.errors import ConfigurationMistake
from dozor.telemetry.phrases import Language

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A key that a client of our gateway may use. ``calls_per_minute`` is ``None`` when it has no limit of its own."""

    name: str
    key: Secret
    calls_per_minute: int | None


KEY_HEADER = {Plan.DEMO: "x-cg-demo-api-key", Plan.PRO: "x-cg-pro-api-key"}
BASE_URL = {
    Plan.KEYLESS: "https://api.coingecko.com/api/v3",
    Plan.DEMO: "https://api.coingecko.com/api/v3",
    Plan.PRO: "https://pro-api.coingecko.com/api/v3",
}
# Keyless is a pool shared with strangers, without a stated month; pro starts from the smallest paid plan's figures.
PLAN_CALLS = {Plan.KEYLESS: (5, 0), Plan.DEMO: (30, 10_000), Plan.PRO: (250, 100_000)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Only ``app.py`` and above see this; everybody else gets the values they need."""

    host: str
    port: int
    coingecko_api_key: Secret | None
    coingecko_plan: Plan
    coingecko_base_url: str
    calls_per_minute: int  # 0 = unlimited
    calls_per_month: int  # 0 = unlimited
    month_resets_on: int
    count_only_successes: bool
    allowed_origins: tuple[str, ...]  # ("*",) = everybody, for market reads
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    price_fresh_s: float | None
    memory_cache_mib: int
    data_dir: Path
    owner_token: Secret | None
    gateway_keys: tuple[GatewayKey, ...]
    public_market: bool | None
    language: Language
    log_json: bool

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach us."""
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: how its text is read, what it is when unset, and what is legal, in words."""

    variable: str
    default: str
    legal: str
    read: Callable[[str], Any]
    secret: bool = False


class _IllegalValueError(Exception):
    """The text is none of the legal values."""


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address) can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not lowest <= int(text) <= highest:
            raise _IllegalValueError
        return int(text)

    return read


def _seconds(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) or float(text) <= 0:
        raise _IllegalValueError
    return float(text)


def _optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: read(text) if text else None


def _one_of(values: Mapping[str, T]) -> Callable[[str], T]:
    def read(text: str) -> T:
        try:
            return values[text.lower()]
        except KeyError:
            raise _IllegalValueError from None

    return read


def _host(text: str) -> str:
    if not text or re.search(r"[\s/@]", text):
        raise _IllegalValueError
    return text.strip("[]")


def _base_url(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise _IllegalValueError
    return text.rstrip("/") + ("/api/v3" if parts.path in {"", "/"} else "")


def _origins(text: str) -> tuple[str, ...]:
    origins = _words(text)
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}):
            raise _IllegalValueError
    return ("*",) if "*" in origins else tuple(origin.rstrip("/").lower() for origin in origins)


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(word, strict=False) for word in _words(text))
    except ValueError:
        raise _IllegalValueError from None


def _secret(text: str) -> Secret | None:
    if any(ord(char) < 33 or ord(char) > 126 for char in text):
        raise _IllegalValueError
    return Secret(text) if text else None


def _long_secret(text: str) -> Secret | None:
    if text and len(text) < 16:
        raise _IllegalValueError
    return _secret(text)


def _gateway_keys(text: str) -> tuple[GatewayKey, ...]:
    keys: list[GatewayKey] = []
    for word in _words(text):
        name, _, rest = word.partition(":")
        key, _, rate = rest.partition(":")
        if not re.fullmatch(r"[\w.-]{1,64}", name) or not re.fullmatch(r"[!-~]{8,256}", key) or ":" in rate:
            raise _IllegalValueError
        if ":" in rest and (not re.fullmatch(r"\d{1,6}", rate) or int(rate) == 0):
            raise _IllegalValueError
        keys.append(GatewayKey(name, Secret(key), int(rate) if rate else None))
    if len({key.name for key in keys}) < len(keys) or len({key.key for key in keys}) < len(keys):
        raise _IllegalValueError
    return tuple(keys)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


YES_NO = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}

SETTINGS: Mapping[str, Setting] = {
    setting.variable: setting
    for setting in (
        Setting("HOST", "127.0.0.1", "a host name or an address", _host),
        Setting("PORT", "8000", "a whole number from 0 (any free port) to 65535", _whole(0, 65535)),
        Setting("COINGECKO_API_KEY", "", "printable characters without blanks", _secret, secret=True),
        Setting(
            "COINGECKO_PLAN",
            "",
            "keyless, demo or pro; empty = demo when a key is set, else keyless",
            _optional(_one_of({plan.value: plan for plan in Plan})),
        ),
        Setting("COINGECKO_BASE_URL", "", "an http:// or https:// URL; empty = by plan", _base_url),
        Setting(
            "COINGECKO_CALLS_PER_MINUTE",
            "",
            "a whole number from 0 (unlimited) to 100000; empty = by plan",
            _optional(_whole(0, 100_000)),
        ),
        Setting(
            "COINGECKO_CALLS_PER_MONTH",
            "",
            "a whole number from 0 (unlimited) to 1000000000; empty = by plan",
            _optional(_whole(0, 1_000_000_000)),
        ),
        Setting("COINGECKO_MONTH_RESETS_ON", "1", "a day of the month, from 1 to 31", _whole(1, 31)),
        Setting(
            "COINGECKO_CREDIT_COUNTS",
            "attempts",
            "attempts or successes",
            _one_of({"attempts": False, "successes": True}),
        ),
        Setting(
            "ALLOWED_ORIGINS",
            "*",
            "* or a comma-separated list of origins such as https://app.example; empty = none",
            _origins,
        ),
        Setting(
            "DOZOR_TRUSTED_PROXIES",
            "",
            "a comma-separated list of addresses or networks such as 127.0.0.1, 10.0.0.0/8",
            _networks,
        ),
        Setting(
            "DOZOR_PRICE_FRESH_S",
            "",
            "a number of seconds above 0, at most three decimals; empty = the provider's own cadence",
            _seconds,
        ),
        Setting("DOZOR_MEMORY_CACHE_MIB", "256", "a whole number from 8 to 65536", _whole(8, 65_536)),
        Setting("DOZOR_DATA_DIR", "", "a folder; empty = backend/data", str),
        Setting("DOZOR_OWNER_TOKEN", "", "at least 16 printable characters without blanks", _long_secret, secret=True),
        Setting(
            "DOZOR_GATEWAY_KEYS",
            "",
            "name:key or name:key:calls_per_minute, comma-separated; names and keys differ from each other,"
            " a key has at least 8 characters without blanks, commas and colons",
            _gateway_keys,
            secret=True,
        ),
        Setting("DOZOR_PUBLIC_MARKET", "", "true or false; empty = open on loopback only", _optional(_one_of(YES_NO))),
        Setting("DOZOR_LANG", "ru", "ru or en", _one_of({language.value: language for language in Language})),
        Setting("DOZOR_LOG", "text", "text or json", _one_of({"text": False, "json": True})),
    )
}


def read_settings(environment: Mapping[str, str], env_file: Path | None = None, *, default_data_dir: Path) -> Settings:
    """Settings from the environment, which wins, and ``env_file`` (UTF-8, with or without BOM, any line ends).

    Raises ConfigurationMistake with every mistake at once, each naming the variable, its value (unless it is a secret)
    and the legal values. A missing ``env_file`` is no mistake.
    """
    mistakes: list[str] = []
    texts = {**_read_env_file(env_file, mistakes), **environment}
    values: dict[str, Any] = {}
    for variable, setting in SETTINGS.items():
        text = _text_of(setting, texts, mistakes)
        try:
            values[variable] = setting.read(text)
        except _IllegalValueError:
            shown = "the value given (not shown, it is a secret)" if setting.secret else repr(text)
            mistakes.append(f"{variable}: {shown} is not legal; legal: {setting.legal}")
    if not mistakes:
        mistakes.extend(_contradictions(values))
    if mistakes:
        raise ConfigurationMistake(mistakes)
    return _settings(values, default_data_dir)


def unknown_variables(env_file: Path | None) -> list[str]:
    """Variables of ``env_file`` that start like ours and are not: most likely a typing mistake."""
    known = {*SETTINGS, *(f"{name}_FILE" for name, setting in SETTINGS.items() if setting.secret)}
    launcher = {"DOZOR_VENV", "DOZOR_UV", "DOZOR_NODE", "DOZOR_SKIP_WEB", "DOZOR_VERBOSE"}
    names = _read_env_file(env_file, [])
    return [name for name in names if name.startswith(("DOZOR_", "COINGECKO_")) and name not in known | launcher]


def _read_env_file(env_file: Path | None, mistakes: list[str]) -> dict[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"{env_file}: cannot be read as UTF-8 text ({error})")
        return {}
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.string.strip().split("=")[0][:40]
            mistakes.append(f"{env_file}, line {binding.original.line}: {line!r} is no setting; legal: NAME=value")
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value.strip()
    return values


def _text_of(setting: Setting, texts: Mapping[str, str], mistakes: list[str]) -> str:
    text = texts.get(setting.variable, "").strip()
    file = texts.get(f"{setting.variable}_FILE", "").strip() if setting.secret else ""
    if text and file:
        mistakes.append(f"{setting.variable} and {setting.variable}_FILE are both set; legal: one of them")
    elif file:
        try:
            text = Path(file).expanduser().read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
            mistakes.append(f"{setting.variable}_FILE: {file!r} cannot be read ({reason}); legal: a readable text file")
    # An empty value means "as if unset", as a copied example file has many; only two variables mean something by it.
    return text if text or (setting.variable in texts and setting.variable == "ALLOWED_ORIGINS") else setting.default


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    plan, key = values["COINGECKO_PLAN"], values["COINGECKO_API_KEY"]
    if plan in {Plan.DEMO, Plan.PRO} and key is None:
        found.append(f"COINGECKO_PLAN: {plan.value!r} needs COINGECKO_API_KEY; legal without a key: keyless")
    if plan is Plan.KEYLESS and key is not None:
        found.append("COINGECKO_PLAN: 'keyless' contradicts COINGECKO_API_KEY; legal with a key: demo, pro")
    if not is_loopback(values["HOST"]) and not values["DOZOR_GATEWAY_KEYS"] and values["DOZOR_PUBLIC_MARKET"] is None:
        found.append(
            f"HOST: {values['HOST']!r} can be reached from other machines, and nothing says who may ask; set"
            " DOZOR_GATEWAY_KEYS (a key for each client), or DOZOR_PUBLIC_MARKET=true (everybody)"
            " or false (the owner only)"
        )
    return found


def _settings(values: Mapping[str, Any], default_data_dir: Path) -> Settings:
    key: Secret | None = values["COINGECKO_API_KEY"]
    plan: Plan = values["COINGECKO_PLAN"] or (Plan.DEMO if key else Plan.KEYLESS)
    minute, month = PLAN_CALLS[plan]
    per_minute, per_month = values["COINGECKO_CALLS_PER_MINUTE"], values["COINGECKO_CALLS_PER_MONTH"]
    return Settings(
        host=values["HOST"],
        port=values["PORT"],
        coingecko_api_key=key,
        coingecko_plan=plan,
        coingecko_base_url=values["COINGECKO_BASE_URL"] or BASE_URL[plan],
        calls_per_minute=minute if per_minute is None else per_minute,
        calls_per_month=month if per_month is None else per_month,
        month_resets_on=values["COINGECKO_MONTH_RESETS_ON"],
        count_only_successes=values["COINGECKO_CREDIT_COUNTS"],
        allowed_origins=values["ALLOWED_ORIGINS"],
        trusted_proxies=values["DOZOR_TRUSTED_PROXIES"],
        price_fresh_s=values["DOZOR_PRICE_FRESH_S"],
        memory_cache_mib=values["DOZOR_MEMORY_CACHE_MIB"],
        # A relative folder is meant beside the .env, wherever the command was started from.
        data_dir=default_data_dir.parent / Path(values["DOZOR_DATA_DIR"] or default_data_dir).expanduser(),
        owner_token=values["DOZOR_OWNER_TOKEN"],
        gateway_keys=values["DOZOR_GATEWAY_KEYS"],
        public_market=values["DOZOR_PUBLIC_MARKET"],
        language=values["DOZOR_LANG"],
        log_json=values["DOZOR_LOG"],
    )
