"""Dozor's settings: one frozen value, read once from the environment and ``backend/.env``, validated whole."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dozor.domain.budget import Limits, minute_allowance
from dozor.domain.errors import ConfigurationMistake
from dozor.env_file import Mistakes, read_env_file
from dozor.setting_values import SETTINGS, DerivedCharts, GatewayKey, IllegalValue, Network, Plan, Secret, Setting
from dozor.storage.redis_address import RedisAddress
from dozor.storage.sql.address import PostgresAddress
from dozor.telemetry.phrases import Language

DATABASE_FILE = "dozor.db"  # in the data folder
KEY_HEADER = {Plan.DEMO: "x-cg-demo-api-key", Plan.PRO: "x-cg-pro-api-key"}
BASE_URL = {
    Plan.KEYLESS: "https://api.coingecko.com/api/v3",
    Plan.DEMO: "https://api.coingecko.com/api/v3",
    Plan.PRO: "https://pro-api.coingecko.com/api/v3",
}
# Keyless is a pool shared with strangers, without a stated month; pro starts from the smallest paid plan's figures.
PLAN_CALLS = {Plan.KEYLESS: (5, 0), Plan.DEMO: (30, 10_000), Plan.PRO: (250, 100_000)}
PLAN_CALLS_AT_MOST = {Plan.KEYLESS: 30}  # a minute, where upstream leaves room for more


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Only ``app.py`` and above see this; everybody else gets the values they need."""

    host: str
    port: int
    redis: RedisAddress | None  # None = not to be tried
    redis_key_prefix: str
    postgres: PostgresAddress | None  # None = a file of SQLite in the data folder
    retention_days: int  # of events and deliveries
    watch_interval_s: int  # between polls for the alerts, if the quota affords it
    alerts_per_user: int  # of others than the owner
    allow_private_webhooks: bool  # the owner's
    telegram_bot_token: Secret | None
    telegram_api_base_url: str
    coingecko_api_key: Secret | None
    coingecko_plan: Plan
    coingecko_base_url: str
    calls_per_minute: int  # 0 = unlimited
    calls_per_minute_at_most: int  # as many may be learnt
    calls_per_month: int  # 0 = unlimited
    plan_tells_minute: bool  # what upstream says of the plan counts
    plan_tells_month: bool
    month_resets_on: int
    count_only_successes: bool
    allowed_origins: tuple[str, ...]  # ("*",) = everybody, for market reads
    trusted_proxies: tuple[Network, ...]
    price_fresh_s: float | None
    derived_charts: DerivedCharts
    memory_cache_mib: int
    disk_cache_mib: int
    data_dir: Path
    owner_token: Secret | None
    gateway_keys: tuple[GatewayKey, ...]
    public_market: bool | None
    machines: int  # that share the quota, as long as none of them was heard of
    language: Language
    log_json: bool

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach us."""
        return is_loopback(self.host)

    @property
    def database(self) -> PostgresAddress | Path:
        """Where people, rules and events are: in PostgreSQL, or in this file of SQLite."""
        return self.postgres or self.data_dir / DATABASE_FILE

    @property
    def quota_name(self) -> str:
        """What tells our quota from others that are shared through the same Redis; it gives away no key."""
        key = self.coingecko_api_key.reveal() if self.coingecko_api_key else ""
        return hashlib.sha256(f"quota of {self.coingecko_base_url} {key}".encode()).hexdigest()[:12]

    @property
    def limits(self) -> Limits:
        """The plan's limits as they are used. Where the minute has none, none is learnt."""
        return Limits(
            start=minute_allowance(self.calls_per_minute),
            most=minute_allowance(self.calls_per_minute_at_most if self.calls_per_minute else 0),
            per_month=self.calls_per_month,
            resets_on=self.month_resets_on,
        )


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address) can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings(environment: Mapping[str, str], env_file: Path | None = None, *, default_data_dir: Path) -> Settings:
    """Settings from the environment, which wins, and ``env_file`` (UTF-8, with or without BOM, any line ends).

    Raises ConfigurationMistake with every mistake at once, each naming the variable, its value (unless it is a secret)
    and the legal values. A missing ``env_file`` is no mistake.
    """
    mistakes = Mistakes(operators_language(environment, env_file))
    texts = {**read_env_file(env_file, mistakes), **environment}
    values: dict[str, Any] = {}
    for variable, setting in SETTINGS.items():
        text = _text_of(setting, texts, mistakes)
        try:
            values[variable] = setting.read(text)
        except ValueError as error:  # IllegalValue, or what a parser of the standard library says of the text
            _add_illegal_value(mistakes, setting, text, error)
    _find_contradictions(values, mistakes)
    if mistakes.sentences:
        raise ConfigurationMistake(mistakes.sentences)
    return _settings(values, default_data_dir)


def operators_language(environment: Mapping[str, str], env_file: Path | None) -> Language:
    """The language to tell mistakes in, read before anything is known to be right."""
    asked = {**read_env_file(env_file, Mistakes(Language.EN)), **environment}.get("DOZOR_LANG", "")
    return Language.EN if asked.strip().lower() == Language.EN.value else Language.RU


def unknown_variables(env_file: Path | None) -> list[str]:
    """Variables of ``env_file`` that start like ours and are not: most likely a typing mistake."""
    known = {*SETTINGS, *(f"{name}_FILE" for name, setting in SETTINGS.items() if setting.secret)}
    launcher = {"DOZOR_VENV", "DOZOR_UV", "DOZOR_NODE", "DOZOR_SKIP_WEB", "DOZOR_VERBOSE"}
    names = read_env_file(env_file, Mistakes(Language.EN))
    ours = ("DOZOR_", "COINGECKO_", "REDIS_", "DATABASE_", "TELEGRAM_")
    return [name for name in names if name.startswith(ours) and name not in known | launcher]


def _add_illegal_value(mistakes: Mistakes, setting: Setting, text: str, error: ValueError) -> None:
    variable, legal = setting.variable, setting.legal.in_language(mistakes.language)
    if not setting.secret:
        mistakes.add("settings.illegal", variable=variable, value=repr(text), legal=legal)
    elif isinstance(error, IllegalValue) and error.reason:
        reason = error.reason.in_language(mistakes.language)
        mistakes.add("settings.illegal_secret_because", variable=variable, reason=reason, legal=legal)
    else:
        mistakes.add("settings.illegal_secret", variable=variable, legal=legal)


def _text_of(setting: Setting, texts: Mapping[str, str], mistakes: Mistakes) -> str:
    text = texts.get(setting.variable, "").strip()
    file = texts.get(f"{setting.variable}_FILE", "").strip() if setting.secret else ""
    if text and file:
        mistakes.add("settings.set_twice", variable=setting.variable)
    elif file:
        try:
            text = Path(file).expanduser().read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError, RuntimeError) as error:  # RuntimeError: ~nobody
            reason = error.strerror if isinstance(error, OSError) else error
            mistakes.add("settings.unreadable_secret_file", variable=setting.variable, file=repr(file), reason=reason)
    given_empty = setting.empty_is_a_value and (setting.variable in texts or file)
    return text if text or given_empty else setting.default


def _find_contradictions(values: Mapping[str, Any], mistakes: Mistakes) -> None:
    """What is wrong between settings that are right each by itself; those that are not are left out."""
    if values.keys() >= {"COINGECKO_PLAN", "COINGECKO_API_KEY"}:
        plan, key = values["COINGECKO_PLAN"], values["COINGECKO_API_KEY"]
        if plan in {Plan.DEMO, Plan.PRO} and key is None:
            mistakes.add("settings.plan_needs_key", plan=plan.value)
        if plan is Plan.KEYLESS and key is not None:
            mistakes.add("settings.plan_contradicts_key")
    if values.keys() >= {"HOST", "DOZOR_GATEWAY_KEYS", "DOZOR_PUBLIC_MARKET"}:
        said = values["DOZOR_GATEWAY_KEYS"] or values["DOZOR_PUBLIC_MARKET"] is not None
        if not is_loopback(values["HOST"]) and not said:
            mistakes.add("settings.nobody_may_ask", host=values["HOST"])


def _settings(values: Mapping[str, Any], default_data_dir: Path) -> Settings:
    key: Secret | None = values["COINGECKO_API_KEY"]
    plan: Plan = values["COINGECKO_PLAN"] or (Plan.DEMO if key else Plan.KEYLESS)
    minute, month = PLAN_CALLS[plan]
    per_minute, per_month = values["COINGECKO_CALLS_PER_MINUTE"], values["COINGECKO_CALLS_PER_MONTH"]
    return Settings(
        host=values["HOST"],
        port=values["PORT"],
        redis=values["REDIS_URL"],
        redis_key_prefix=values["REDIS_KEY_PREFIX"],
        postgres=values["DATABASE_URL"],
        retention_days=values["DOZOR_RETENTION_DAYS"],
        watch_interval_s=values["DOZOR_WATCH_INTERVAL_S"],
        alerts_per_user=values["DOZOR_ALERTS_PER_USER"],
        allow_private_webhooks=values["DOZOR_ALLOW_PRIVATE_WEBHOOKS"],
        telegram_bot_token=values["TELEGRAM_BOT_TOKEN"],
        telegram_api_base_url=values["TELEGRAM_API_BASE_URL"],
        coingecko_api_key=key,
        coingecko_plan=plan,
        coingecko_base_url=values["COINGECKO_BASE_URL"] or BASE_URL[plan],
        calls_per_minute=minute if per_minute is None else per_minute,
        calls_per_minute_at_most=PLAN_CALLS_AT_MOST.get(plan, minute) if per_minute is None else per_minute,
        calls_per_month=month if per_month is None else per_month,
        plan_tells_minute=plan is Plan.PRO and per_minute is None,
        plan_tells_month=plan is Plan.PRO and per_month is None,
        month_resets_on=values["COINGECKO_MONTH_RESETS_ON"],
        count_only_successes=values["COINGECKO_CREDIT_COUNTS"],
        allowed_origins=values["ALLOWED_ORIGINS"],
        trusted_proxies=values["DOZOR_TRUSTED_PROXIES"],
        price_fresh_s=values["DOZOR_PRICE_FRESH_S"],
        derived_charts=values["DOZOR_DERIVED_CHARTS"],
        memory_cache_mib=values["DOZOR_MEMORY_CACHE_MIB"],
        disk_cache_mib=values["DOZOR_DISK_CACHE_MIB"],
        # A relative folder is meant beside the .env, wherever the command was started from.
        data_dir=default_data_dir.parent / Path(values["DOZOR_DATA_DIR"] or default_data_dir),
        owner_token=values["DOZOR_OWNER_TOKEN"],
        gateway_keys=values["DOZOR_GATEWAY_KEYS"],
        public_market=values["DOZOR_PUBLIC_MARKET"],
        machines=values["DOZOR_MACHINES"],
        language=values["DOZOR_LANG"],
        log_json=values["DOZOR_LOG"],
    )
