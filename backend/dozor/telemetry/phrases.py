"""What Dozor says to people, in their language: one phrase for each event of the log and each line of the console.

The event name is for machines and never changes; the phrase is for people. Fields that a phrase does not use are
printed behind it, so nothing that was logged is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from string import Formatter


class Language(Enum):
    """The languages that logs, the command line and messages speak."""

    RU = "ru"
    EN = "en"


PHRASES: Mapping[str, tuple[str, str]] = {
    # event: (Russian, English)
    "server.started": ("Dozor работает: {url}", "Dozor is up: {url}"),
    "server.draining": (
        "Останавливаемся: заканчиваем начатые запросы (не дольше {seconds} с)",
        "stopping: letting requests under way end (at most {seconds} s)",
    ),
    "server.stopped": ("Остановлено", "stopped"),
    "server.login_link": (
        "Вход владельца (ссылка одноразовая): {url}",
        "owner login (the link works once): {url}",
    ),
    "server.request_failed": ("Ошибка в самом Dozor, запрос {request_id}", "a bug in Dozor, request {request_id}"),
    "start.port_in_use": (
        "Порт {port} на {host} занят другой программой. Остановите её или задайте PORT в backend/.env",
        "port {port} on {host} is used by another program; stop it, or set PORT in backend/.env",
    ),
    "start.port_refused": (
        "Порт {port} на {host} не открыть: {reason}. Задайте другие HOST и PORT в backend/.env",
        "port {port} on {host} cannot be opened: {reason}; set another HOST or PORT in backend/.env",
    ),
    "start.no_such_host": (
        "HOST {host} не найден: {reason}. Задайте адрес этой машины, например 127.0.0.1",
        "HOST {host} is not found: {reason}; set an address of this machine, such as 127.0.0.1",
    ),
    "start.data_folder_refused": (
        "В папку данных {folder} нельзя писать: {reason}. Исправьте права или задайте DOZOR_DATA_DIR",
        "the data folder {folder} cannot be written: {reason}; mend its permissions or set DOZOR_DATA_DIR",
    ),
    "demo.started": (
        "Демонстрация: данные выдуманы, вместо CoinGecko отвечает {upstream}",
        "demo: the data is invented, {upstream} answers instead of CoinGecko",
    ),
    "simulate.started": (
        "Замена CoinGecko отвечает на {base_url}, управление: {control_url}",
        "the CoinGecko stand-in answers at {base_url}, control: {control_url}",
    ),
    "simulate.port_refused": (
        "Порт {port} на {host} не открыть: {reason}. Задайте другой: --port",
        "port {port} on {host} cannot be opened: {reason}; choose another with --port",
    ),
    "settings.unknown": (
        "Неизвестная настройка {variable} в {source}: она ничего не меняет",
        "unknown setting {variable} in {source}: it has no effect",
    ),
    "upstream.opened": (
        "CoinGecko не спрашиваем до {retry_at}: {reason}",
        "upstream is left alone until {retry_at}: {reason}",
    ),
    "upstream.closed": ("CoinGecko снова отвечает", "upstream answers again"),
    "upstream.limited": (
        "CoinGecko ограничил нас (429), пауза до {retry_at}",
        "upstream limits us (429) until {retry_at}",
    ),
    "upstream.key_rejected": (
        "CoinGecko не принимает ключ: {reason}. Проверьте COINGECKO_API_KEY и COINGECKO_PLAN; снова в {retry_at}",
        "upstream rejects the key: {reason}. Check COINGECKO_API_KEY and COINGECKO_PLAN; next try at {retry_at}",
    ),
    "market.warm_up_failed": (
        "Первый запрос к CoinGecko не удался: {reason}; Dozor работает и попробует снова",
        "the first upstream call failed: {reason}; Dozor is up and will try again",
    ),
    "load.broken": (
        "Ошибка в самом Dozor при загрузке {key}",
        "a bug in Dozor while loading {key}",
    ),
    "ledger.unusable": (
        "Счёт запросов {path} не записать: {reason}. Запросы к CoinGecko остановлены, ответы даём из кэша",
        "the count of calls in {path} cannot be written: {reason}; until it can, answers come from the cache alone",
    ),
    "ledger.usable_again": ("Счёт запросов {path} снова пишется", "the count of calls in {path} can be written again"),
}


def phrase(event: str, fields: Mapping[str, object], language: Language) -> tuple[str, dict[str, object]]:
    """The sentence for ``event``, and the fields that it did not use.

    An event without a phrase, or a phrase whose fields are missing, is shown by its name: a log line must never fail.
    """
    wording = PHRASES.get(event)
    if wording is None:
        return event, dict(fields)
    template = wording[0] if language is Language.RU else wording[1]
    used = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not used <= fields.keys():
        return event, dict(fields)
    return template.format_map(fields), {name: value for name, value in fields.items() if name not in used}
