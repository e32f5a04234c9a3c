"""What Dozor says to people, in their language: one phrase for each event of the log and each line of the console.

The event name is for machines and never changes; the phrase is for people. Fields that a phrase does not use are
printed behind it, so nothing that was logged is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from string import Formatter


class Language(Enum):
    """The languages that logs, the command line and messages speak."""

    RU = "ru"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The same said in both languages."""

    ru: str
    en: str

    def __str__(self) -> str:  # in a log for programs
        return self.en

    def in_language(self, language: Language) -> str:
        """What is said in this language."""
        return self.ru if language is Language.RU else self.en


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
    "start.data_folder_restored": (
        "Файлы папки данных {folder} сейчас заменяет другая команда (restore): дождитесь её конца и запустите снова",
        "another command (restore) replaces the files of the data folder {folder}: wait for its end, and start again",
    ),
    "start.data_folder_refused": (
        "В папку данных {folder} нельзя писать: {reason}. Исправьте права или задайте DOZOR_DATA_DIR",
        "the data folder {folder} cannot be written: {reason}; mend its permissions or set DOZOR_DATA_DIR",
    ),
    "start.database_away": (
        "база данных не отвечает: {reason}. Проверьте DATABASE_URL и сервер PostgreSQL",
        "the database does not answer: {reason}; check DATABASE_URL and the PostgreSQL server",
    ),
    "start.database_refused": (
        "DATABASE_URL: база {database} недоступна: {reason}",
        "DATABASE_URL: the database {database} cannot be used: {reason}",
    ),
    "start.database_file_refused": (
        "База {file} не открывается: {reason}. Исправьте права, освободите место или верните копию: run.py restore",
        "the database {file} cannot be used: {reason}; mend its permissions, free some space, or use run.py restore",
    ),
    "start.database_newer": (
        "База {database} записана более новым Dozor (миграция {revision}): обновите Dozor или восстановите копию",
        "the database {database} was written by a newer Dozor (migration {revision}); update Dozor or restore a backup",
    ),
    "database.made": ("Создана база {database}", "the database {database} was made"),
    "database.migrated": (
        "База {database} приведена к новому виду: {before} → {after}",
        "the database {database} was migrated: {before} → {after}",
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
    "settings.illegal": (
        "{variable}: значение {value} недопустимо; допустимо: {legal}",
        "{variable}: {value} is not legal; legal: {legal}",
    ),
    "settings.illegal_secret": (
        "{variable}: значение недопустимо (не показано: это секрет); допустимо: {legal}",
        "{variable}: the value given (not shown, it is a secret) is not legal; legal: {legal}",
    ),
    "settings.illegal_secret_because": (
        "{variable}: {reason} (значение не показано: это секрет); допустимо: {legal}",
        "{variable}: {reason} (the value is not shown, it is a secret); legal: {legal}",
    ),
    "settings.set_twice": (
        "{variable} и {variable}_FILE заданы оба; допустимо: одно из них",
        "{variable} and {variable}_FILE are both set; legal: one of them",
    ),
    "settings.unreadable_secret_file": (
        "{variable}_FILE: {file} не прочитать ({reason}); допустимо: текстовый файл, открытый для чтения",
        "{variable}_FILE: {file} cannot be read ({reason}); legal: a readable text file",
    ),
    "settings.unreadable_file": (
        "{file}: не прочитать как текст UTF-8 ({reason}); допустимо: текст UTF-8 со строками ИМЯ=значение",
        "{file}: cannot be read as UTF-8 text ({reason}); legal: UTF-8 text with lines NAME=value",
    ),
    "settings.malformed_line": (
        "{file}, строка {line}: это не настройка; допустимо: ИМЯ=значение",
        "{file}, line {line}: this is no setting; legal: NAME=value",
    ),
    "settings.plan_needs_key": (
        "COINGECKO_PLAN: тарифу {plan} нужен COINGECKO_API_KEY; без ключа допустимо: keyless",
        "COINGECKO_PLAN: {plan} needs COINGECKO_API_KEY; legal without a key: keyless",
    ),
    "settings.plan_contradicts_key": (
        "COINGECKO_PLAN: keyless противоречит COINGECKO_API_KEY; с ключом допустимо: demo, pro",
        "COINGECKO_PLAN: keyless contradicts COINGECKO_API_KEY; legal with a key: demo, pro",
    ),
    "settings.nobody_may_ask": (
        (
            "HOST: {host} виден другим машинам, а кому можно спрашивать, не сказано; задайте DOZOR_GATEWAY_KEYS (ключ"
            " каждому клиенту), DOZOR_PUBLIC_MARKET=true (всем) или DOZOR_PUBLIC_MARKET=false (только владельцу)"
        ),
        (
            "HOST: {host} can be reached from other machines, and nothing says who may ask; set DOZOR_GATEWAY_KEYS (a"
            " key for each client), or DOZOR_PUBLIC_MARKET=true (everybody) or false (the owner only)"
        ),
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
        "[{function}] Заранее не загружено: {reason}; загрузим, когда об этом спросят",
        "[{function}] not fetched ahead: {reason}; it is fetched when somebody asks for it",
    ),
    "market.warmed_up": ("[{function}] Загружено заранее ({source})", "[{function}] fetched ahead ({source})"),
    "redis.available": ("Redis доступен: {address}", "Redis is there: {address}"),
    "redis.unavailable": ("⚠️  Redis недоступен: {reason}", "⚠️  Redis is unavailable: {reason}"),
    "redis.going_on_without": (
        "ℹ️  Продолжаем работу без Redis кэширования",
        "ℹ️  Going on without the Redis cache",
    ),
    "redis.refuses_writes": (
        "Redis не принимает запись, читаем из него дальше: {reason}",
        "Redis takes no writes, reading goes on: {reason}",
    ),
    "redis.takes_writes_again": ("Redis снова принимает запись", "Redis takes writes again"),
    "redis.foreign_value": (
        "Под ключом {key} в Redis данные другой программы, не трогаем их: задайте REDIS_KEY_PREFIX, например dozor:",
        "another program's data lies under {key} in Redis and is left alone: set REDIS_KEY_PREFIX, for example dozor:",
    ),
    "redis.hit": ("[{function}] Данные из кэша Redis", "[{function}] Data from the Redis cache"),
    "disk_cache.set_aside": (
        "Дисковый кэш {path} повреждён ({reason}): отложен как {aside}, начат новый; данные будут запрошены заново",
        "the disk cache {path} is damaged ({reason}): set aside as {aside} and begun anew; its data is fetched again",
    ),
    "disk_cache.off": (
        "Дисковый кэш {path} отключён: {reason}. {fix}; пробуем снова раз в 30 с",
        "the disk cache {path} is off: {reason}. {fix}; it is tried every 30 s",
    ),
    "disk_cache.locked": (
        "Дисковый кэш {path} только читаем: другая программа не даёт писать ({reason}). Закройте её, если она зависла",
        "the disk cache {path} is only read: another program keeps us from writing ({reason}); close it if it hangs",
    ),
    "disk_cache.on": ("Дисковый кэш {path} снова работает", "the disk cache {path} works again"),
    "disk_cache.broken": ("Ошибка в самом Dozor в дисковом кэше {path}", "a bug in Dozor in the disk cache {path}"),
    "tiers.broken": (
        "Ошибка в самом Dozor при чтении {key} из общего кэша",
        "a bug in Dozor while reading {key} from a shared tier",
    ),
    "load.broken": (
        "Ошибка в самом Dozor при загрузке {key}",
        "a bug in Dozor while loading {key}",
    ),
    "outbox.store_unavailable": (
        "База данных недоступна ({reason}): сообщения ждут, попробую ещё раз",
        "The database is unavailable ({reason}): messages wait, and it is tried again",
    ),
    "outbox.channel_closed": (
        "Канал {channel} ({kind}) больше не принимает сообщения: {reason}",
        "The channel {channel} ({kind}) takes no messages any more: {reason}",
    ),
    "outbox.claims_lost": (
        "Доставок, которые тем временем взял другой процесс: {deliveries}",
        "Deliveries that another process has taken meanwhile: {deliveries}",
    ),
    "outbox.sender_failed": (
        "Ошибка в Dozor при отправке в {kind}; сообщение будет отправлено ещё раз",
        "A bug in Dozor while sending to {kind}; the message is sent again",
    ),
    "telegram.unheard": (
        "Telegram не отвечает: {reason}. Попробую ещё раз",
        "Telegram does not answer: {reason}. It is tried again",
    ),
    "telegram.heard_again": ("Telegram снова отвечает", "Telegram answers again"),
    "telegram.paired": ("Чат Telegram подключён как канал {channel}", "A Telegram chat is the channel {channel} now"),
    "watch.caught_up": (
        "Наверстано после перерыва: монет {coins}, цен {prices}",
        "Caught up after a gap: {prices} prices of {coins} coins",
    ),
    "watch.history_unknown": (
        "Цены {coin} за время перерыва неизвестны: {reason}",
        "The prices of {coin} during the gap are not known: {reason}",
    ),
    "watch.blind": ("Нет свежих данных: рядов цен {series}", "No fresh data: {series} series of prices"),
    "watch.sees_again": ("Данные снова есть: рядов цен {series}", "Data is back: {series} series of prices"),
    "notice.unheard": (
        "Ни один канал пользователя {user} не принял сообщение ({kind})",
        "No channel of the user {user} took a message ({kind})",
    ),
    "database.awaited": (
        "База данных пока не отвечает ({reason}): ждём",
        "The database does not answer yet ({reason}): waiting",
    ),
    "database.not_swept": (
        "Старые события пока не удалены: {reason}",
        "Old events are not deleted yet: {reason}",
    ),
    "watch.begun": (
        "Дозор начат: правил {rules}, рядов цен {series}",
        "The watch has begun: rules {rules}, series of prices {series}",
    ),
    "watch.lease_lost": (
        "Дозор несёт теперь другой процесс",
        "Another process keeps the watch now",
    ),
    "watch.store_unavailable": (
        "База правил недоступна, дозор продолжится, когда она вернётся: {reason}",
        "The database of rules is unavailable, the watch goes on when it returns: {reason}",
    ),
    "watch.no_prices": (
        "Дозор не получил часть цен и спросит их снова: {reason}",
        "The watch did not get all prices and will ask again: {reason}",
    ),
    "watch.prices_again": ("Дозор снова получает все цены", "The watch gets all prices again"),
    "watch.contended": (
        "Правила меняют быстрее, чем они проверяются: {rules}; они проверяются снова при следующей цене",
        "Rules are changed faster than they are evaluated: {rules}; they are evaluated again at the next price",
    ),
    "planner.lightened": (
        "CoinGecko отклонил общий запрос {lot} ({status}): повторяем его по частям",
        "upstream refused a call for {lot} ({status}): it is made again in parts",
    ),
    "ledger.unusable": (
        "Счёт запросов {path} не записать: {reason}. Запросы к CoinGecko остановлены, ответы даём из кэша",
        "the count of calls in {path} cannot be written: {reason}; until it can, answers come from the cache alone",
    ),
    "ledger.set_aside": (
        "Счёт запросов {path} повреждён ({reason}): отложен как {aside}, начат новый",
        "the count of calls in {path} is damaged ({reason}): set aside as {aside} and begun anew",
    ),
    "ledger.month_unknown": (
        (
            "Сколько запросов сделано в этом месяце, неизвестно: он считается истраченным до {until}, ответы даём из"
            " кэша. Число есть в личном кабинете CoinGecko, скажите его: python backend/run.py quota set ЧИСЛО"
        ),
        (
            "how many calls this month has had is not known: it counts as spent until {until}, answers come from the"
            " cache alone. CoinGecko's dashboard shows the number; give it with: python backend/run.py quota set NUMBER"
        ),
    ),
    "ledger.recovered": (
        "Счёт запросов за месяц взят из Redis: {used}; CoinGecko снова спрашиваем",
        "the month's count of calls is taken from Redis: {used}; upstream is asked again",
    ),
    "plan.read": (
        "ℹ️  Тариф по словам CoinGecko: {per_minute} запросов в минуту, {per_month} в месяц",
        "ℹ️  The plan as CoinGecko states it: {per_minute} calls a minute, {per_month} a month",
    ),
    "plan.unknown": (
        "⚠️  CoinGecko не говорит о тарифе ({reason}): действуют прежние пределы",
        "⚠️  CoinGecko does not tell the plan ({reason}): the limits stay as they were",
    ),
    "plan.used_elsewhere": (
        "⚠️  CoinGecko насчитал на {calls} запросов больше: ключом пользуется кто-то ещё; учтено",
        "⚠️  CoinGecko counts {calls} calls more: somebody else uses the key; they are counted in",
    ),
    "quota.nearly_spent": (
        "⚠️  Истрачено {per_cent} % запросов месяца: {used} из {limit}; новый счёт {until}",
        "⚠️  {per_cent} % of the month's calls are spent: {used} of {limit}; the count starts again on {until}",
    ),
    "sharing.machine_silent": (
        (
            "⚠️  Машина {machine} не подаёт вестей: её доля квоты остаётся за ней час. Если её больше нет:"
            " python backend/run.py quota forget {machine}"
        ),
        (
            "⚠️  Machine {machine} is not heard of: its part of the quota is kept for it for an hour. If it is gone:"
            " python backend/run.py quota forget {machine}"
        ),
    ),
    "sharing.machine_heard": ("ℹ️  Машина {machine} снова на связи", "ℹ️  Machine {machine} is heard of again"),
    "sharing.alone": (
        "⚠️  Другие машины не на связи: трачу только свою долю квоты",
        "⚠️  Other machines cannot be reached: only our own part of the quota is spent",
    ),
    "sharing.broken": (
        "Ошибка в самом Dozor: счёт квоты не сообщён другим машинам",
        "a bug in Dozor: the quota's count was not told to the other machines",
    ),
    "sharing.together": ("ℹ️  Квота снова общая с другими машинами", "ℹ️  The quota is shared with other machines again"),
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
    said = {name: value.in_language(language) if isinstance(value, Words) else value for name, value in fields.items()}
    return template.format_map(said), {name: value for name, value in said.items() if name not in used}


def sentence(event: str, language: Language, **fields: object) -> str:
    """The phrase of ``event`` with these fields in it, all of which it uses."""
    return phrase(event, fields, language)[0]
