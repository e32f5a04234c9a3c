"""The words of the API reference: the page's own in both languages, and what the document says, in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """How one language says what a page says. ``translated``: the document's English in this language."""

    head: str
    tags: dict[str, str]  # the document's tags, as headings
    shared: dict[str, str]  # schemas with a section of their own, and its heading
    parameters: list[str]
    fields: list[str]
    types: dict[str, str]
    list_of: str
    by_name: str
    either: str
    required: str
    characters: str
    errors: str
    translated: Mapping[str, str] = field(default_factory=dict)

    def said(self, english: str) -> str:
        """The same in this language. What begins with code is the same in all of them."""
        if self.translated and not english.startswith("`") and english:
            english = self.translated[english]
        return " ".join(english.replace("``", "`").split())

    def sentence(self, english: str) -> str:
        """The same as a sentence."""
        words = self.said(english)
        return f"{words[0].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"

    def remark(self, english: str) -> str:
        """The same without its capital letter and full stop."""
        words = self.said(english)
        return f"{words[:1].lower()}{words[1:].removesuffix('.')}"

    def limits(self, schema: Mapping[str, Any]) -> str:
        """What a parameter may be."""
        if "enum" in schema:
            return ", ".join(f"`{value}`" for value in schema["enum"])
        said = [self.types[schema["type"]]]
        if "pattern" in schema:
            said.append(f"`{schema['pattern']}`")
        if "maxLength" in schema:
            said.append(f"{schema.get('minLength', 0)}–{schema['maxLength']} {self.characters}")
        if "maximum" in schema:
            said.append(f"{schema['minimum']}–{schema['maximum']}")
        return ", ".join(said)

    @staticmethod
    def link(title: str) -> str:
        """A link to the section with this heading."""
        return f"[{title}](#{title.strip('`').lower()})"


RUSSIAN = {
    # Operations
    "The market table": "Таблица рынка",
    "How prices are watched for alerts; of several processes one watches.": "Как проверяются цены.",
    "whether this process watches": "проверяет ли этот процесс",
    "rules that are watched": "сколько правил проверяется",
    "coins in currencies, and what is derived from them": "монеты в валютах и всё производное от них",
    "seconds between two looks, as the quota affords it": "секунды между проверками, насколько хватает квоты",
    "whether extremes between two looks are seen": "видны ли экстремумы между проверками",
    "the last look whose prices were taken in": "последняя проверка, цены которой учтены",
    "Messages under way. ``null`` while the database is away.": "Сообщения в пути. ``null``: база недоступна.",
    "that are not finished": "сколько не завершено",
    "of these, tried in vain before": "из них уже отправлялись безуспешно",
    "wait of the oldest that could be sent, seconds": "сколько ждёт самое старое из готовых, секунды",
    "One coin": "Одна монета",
    "Price, cap and volume over time": "Цена, капитализация и объём во времени",
    "Open, high, low and close over time": "Открытие, максимум, минимум и закрытие во времени",
    "Coins by name, symbol, id or contract": "Монеты по названию, символу, id или контракту",
    "Prices of coins in quotes": "Цены монет в разных валютах",
    "The market as a whole": "Рынок в целом",
    "What people look for": "Что ищут",
    "A coin's picture, from our own cache and outside the budget; a drawn letter where there is none": (
        "Картинка монеты из нашего кэша, вне бюджета; если её нет — нарисованная буква"
    ),
    "How Dozor is doing": "Как дела у Dozor",
    "Dozor runs": "Dozor запущен",
    "Ready to answer": "Готов отвечать",
    "Prometheus metrics": "Метрики для Prometheus",
    # Parameters
    "CoinGecko's coin id": "id монеты в CoinGecko",
    "CoinGecko's coin ids, with commas between": "id монет в CoinGecko через запятую",
    "currency of the numbers": "в какой валюте числа",
    "currencies of the prices, with commas between": "в каких валютах цены, через запятую",
    "which page": "номер страницы",
    "coins on a page": "монет на странице",
    "what the table is sorted by, and which way": "по чему таблица упорядочена и в какую сторону",
    "how far back": "за какое время",
    "wait for data no older than this, in seconds; 503 when there is only an older one": (
        "ждать данных не старше стольких секунд; 503, если есть только более старые"
    ),
    "a name, symbol, id or contract address, or a part of it; mistakes are forgiven": (
        "название, символ, id, адрес контракта или их часть; опечатки прощаются"
    ),
    # The market table, a coin
    "One page of it, in the order asked for; numbers in the currency asked for. ``null``: upstream does not say.": (
        "Одна её страница, в заданном порядке; числа в заданной валюте. `null` — CoinGecko не сообщает."
    ),
    "Its numbers are in the currency asked for. ``null``: upstream does not say.": (
        "Числа в заданной валюте. `null` — CoinGecko не сообщает."
    ),
    "the coins": "монеты",
    "symbol; several coins may have the same": "символ; у нескольких монет он бывает одинаков",
    "name": "название",
    "path of the picture in this API": "путь картинки в этом API",
    "place by market cap": "место по капитализации",
    "place by market cap; ``null`` until some answer has told it": (
        "место по капитализации; `null`, пока ни один ответ его не назвал"
    ),
    "price": "цена",
    "price in US dollars": "цена в долларах США",
    "market cap": "капитализация",
    "trading volume of 24 hours": "объём торгов за 24 часа",
    "change of the price in an hour, per cent": "изменение цены за час, в процентах",
    "change of the price in 24 hours, per cent": "изменение цены за 24 часа, в процентах",
    "change of the price in 7 days, per cent": "изменение цены за 7 дней, в процентах",
    "hourly prices of 7 days, oldest first": "цены за 7 дней по часам, от старых к новым",
    "the source's own time": "время самого источника",
    "highest price of 24 hours": "наибольшая цена за 24 часа",
    "lowest price of 24 hours": "наименьшая цена за 24 часа",
    "market cap if all coins were in circulation": "капитализация, если бы в обращении были все монеты",
    "Coins in existence.": "сколько монет существует",
    "in circulation": "в обращении",
    "all there are": "всего выпущено",
    "all there can ever be": "сколько может быть всего",
    "the highest price ever": "наибольшая цена за всё время",
    "the lowest price ever": "наименьшая цена за всё время",
    "that price": "сама цена",
    "when it was": "когда она была",
    "change since then, per cent": "изменение с тех пор, в процентах",
    "What the project says of itself; may hold HTML.": "что проект говорит о себе; бывает с HTML",
    "in Russian": "по-русски",
    "in English": "по-английски",
    "Web addresses, http(s) only.": "адреса в сети, только http(s)",
    "sites of the project": "сайты проекта",
    "block explorers": "обозреватели блоков",
    "source code": "исходный код",
    "forums": "форумы",
    "Twitter (X)": "Twitter (X)",
    "Telegram": "Telegram",
    "Reddit": "Reddit",
    "contract address by platform": "адрес контракта по платформам",
    "categories that the coin belongs to": "категории монеты",
    "day of the first block": "день первого блока",
    # Charts
    "Series of ``[ms UTC, value]``, oldest first; the last point is of the moment of the fetch.": (
        "Ряды из `[мс UTC, значение]`, от старых к новым; последняя точка — момент запроса к CoinGecko."
    ),
    "prices": "цены",
    "market caps": "капитализация",
    "trading volumes of the 24 hours before": "объёмы торгов за 24 часа до точки",
    "seconds from one point to the next, nearly": "секунд от точки до точки, примерно",
    "Candles of ``[ms UTC of the close, open, high, low, close]``, oldest first.": (
        "Свечи `[мс UTC закрытия, открытие, максимум, минимум, закрытие]`, от старых к новым."
    ),
    "the candles": "свечи",
    "seconds of one candle": "секунд в одной свече",
    # Search, prices, the market as a whole
    "What a query found, best first; at most 20.": "Что нашлось, сначала самое близкое; не больше 20.",
    "What upstream does not know is left out.": "Чего CoinGecko не знает, того нет в ответе.",
    "by coin, then by quote": "по монетам, затем по валютам",
    "price of the coin in this quote": "цена монеты в этой валюте",
    "Sums are in the currency asked for. ``null``: upstream does not say.": (
        "Суммы в заданной валюте. `null` — CoinGecko не сообщает."
    ),
    "coins that are traded": "монет, которыми торгуют",
    "exchanges": "бирж",
    "change of the market cap in 24 hours, per cent": "изменение капитализации за 24 часа, в процентах",
    "Share of the whole market's cap, per cent.": "доля в капитализации всего рынка, в процентах",
    "of Bitcoin": "биткоина",
    "of Ethereum": "эфира",
    "Most wanted first. ``null``: upstream does not say.": (
        "Сначала то, что ищут чаще. `null` — CoinGecko не сообщает."
    ),
    # Status
    "It costs no upstream call, and a key nothing of its rate.": (
        "Вызова CoinGecko это не стоит, и в счёт вызовов ключа не идёт."
    ),
    "version of Dozor": "версия Dozor",
    "CoinGecko plan": "тариф CoinGecko",
    "language of logs and messages": "язык журнала и сообщений",
    "when Dozor started": "когда Dozor запущен",
    "How upstream is doing.": "как дела у CoinGecko",
    "the breaker: calls pass, none does, or one tries": (
        "предохранитель: вызовы идут, не идут, или один идёт на пробу"
    ),
    "why calls are kept back": "почему вызовы не идут",
    "when the next one may go out": "когда можно послать следующий",
    "when a call last succeeded": "когда вызов в последний раз удался",
    "How much of the upstream budget is used.": "сколько потрачено из бюджета вызовов CoinGecko",
    "the last 60 seconds": "последние 60 секунд",
    "this month": "этот месяц",
    "calls used": "вызовов потрачено",
    "calls allowed; ``null``: any number": "вызовов разрешено; `null` — сколько угодно",
    "calls left; ``null``: any number": "вызовов осталось; `null` — сколько угодно",
    "of the minute, when a call may go next (``null``: now); of the month, when its count begins again": (
        "у минуты — когда можно послать следующий вызов (`null` — сейчас); у месяца — когда счёт начнётся заново"
    ),
    "``false``: calls are missing; with a limit it counts as spent": (
        "`false` — часть счёта утеряна; при пределе месяц считается истраченным"
    ),
    "calls at the reset; ``null``: no whole day to judge by yet": (
        "вызовов к новому счёту; `null` — нет и одного полного дня, чтобы судить"
    ),
    "when the limit is reached; ``null``: not before the reset": (
        "когда предел будет достигнут; `null` — не раньше нового счёта"
    ),
    "how many are known to share it": "сколько машин делят квоту",
    "of the minute, which this machine keeps to while the others are out of reach": (
        "доля минуты, которой эта машина держится, пока остальные недоступны"
    ),
    "no call goes out before; ``null``: no pause": "раньше этого вызовы не уходят; `null` — паузы нет",
    "this machine's calls of the month, by function": "вызовы этой машины за месяц, по функциям",
    "calls that were not made": "вызовы, которых не понадобилось",
    "all of them": "всего",
    "answered by what another process had just fetched": "ответ дан тем, что только что загрузил другой процесс",
    "refused here, for CoinGecko surely would have": "отказ на месте: CoinGecko отказал бы наверняка",
    "calls since the start": "вызовов с запуска",
    "whose reads cost how many calls since the start, at most 50; for the owner alone": (
        "чьи чтения стоили сколько вызовов с запуска, не больше 50; только для владельца"
    ),
    "The cache as a whole, and by function.": "кэш в целом и по функциям",
    "all that have ended since the start of this process": "все чтения, что закончились с запуска этого процесса",
    "answered by a fresh entry": "ответила свежая запись",
    "answered at once by a stale entry": "сразу ответила несвежая запись",
    "waited for a call that was under way for somebody else": "дождались вызова, который уже шёл для других",
    "answered by a call of their own": "ответил собственный вызов",
    "answered by a stale entry because upstream failed or the budget ran out": (
        "ответила несвежая запись, потому что CoinGecko не смог или кончился бюджет"
    ),
    "refused by what upstream had said before": "отказ по тому, что CoinGecko сказал раньше",
    "ended with an error": "закончились ошибкой",
    "upstream was asked": "сколько раз спросили CoinGecko",
    "upstream was asked in vain": "из них напрасно",
    "entries in memory": "записей в памяти",
    "bytes of their bodies": "байт в их телах",
    "the same counts by function": "те же счётчики по функциям",
    "Where entries are kept: ``up``, ``down`` (it is tried again), or ``off`` because the operator said so.": (
        "где лежат записи: `up` — работает, `down` — нет (пробуем снова), `off` — выключен владельцем"
    ),
    "this process": "этот процесс",
    "Redis": "Redis",
    "the file ``cache.db`` in the data folder": "файл `cache.db` в папке данных",
    "An upstream that is down does not count: what is cached is served.": (
        "Недоступный CoinGecko этому не мешает: отвечает кэш."
    ),
    "whether nothing is missing": "всё ли есть",
    "what is missing, in words": "чего нет, словами",
    # What replies share
    "How old the data of a reply is, and where it came from.": "Насколько стары данные ответа и откуда они.",
    "when upstream said it (our fetch), UTC": "когда это сказал CoinGecko (наш запрос к нему), UTC",
    "whole seconds since then": "целых секунд с тех пор",
    "whether it is older than upstream's own cadence": "не старше ли данные, чем их обновляет сам CoinGecko",
    "the tier that had it, or upstream": "слой кэша, где нашлось, или сам CoinGecko",
    "made of answers to other questions: upstream's own may differ a little": (
        "составлено из ответов на другие вопросы: сам CoinGecko мог бы ответить чуть иначе"
    ),
    "An error (RFC 9457). ``code`` never changes; ``title`` and ``detail`` follow ``Accept-Language``.": (
        "Ошибка (RFC 9457). `code` не меняется; `title` и `detail` — на языке из `Accept-Language`."
    ),
    "the code as a URN": "тот же код в виде URN",
    "what kind of error it is, in words": "что за ошибка, словами",
    "HTTP status": "код HTTP",
    "what happened, in words": "что случилось, словами",
    "the request's id, as in ``X-Request-Id``": "номер запроса, как в `X-Request-Id`",
    "kind of error, for programs": "что за ошибка, для программ",
    "the mistakes, where the request is not valid": "ошибки в запросе, если он составлен неверно",
    "where it is": "где она",
    "kind of mistake": "что за ошибка",
    "in words": "словами",
    "seconds to wait, where waiting helps": "сколько секунд ждать, если это имеет смысл",
}

PAGES = {
    "en": Page(
        head="""\
# API reference

What `/openapi.json` of a running Dozor says, on one page; at `/docs` you can try it. An overview and the codes
of errors are on the page [Own API](api.md), CoinGecko's paths on the [gateway page](gateway.md).

Every example runs as it stands, for instance on an invented market: `python3 backend/run.py serve --demo`. The
answers are shortened. In the names of fields `[]` is each of a list, and `*` is any name.
""",
        tags={"market": "Market", "operations": "Operations"},
        shared={"Meta": "`meta`", "Problem": "Errors"},
        parameters=["Parameter", "Values", "Default", "Meaning"],
        fields=["Field", "Type", "Meaning"],
        types={
            "string": "text",
            "integer": "whole number",
            "number": "number",
            "boolean": "`true` or `false`",
            "date-time": "time",
            "object": "object",
            "null": "`null`",
        },
        list_of="list ({})",
        by_name="object (name: {})",
        either=" or ",
        required="required",
        characters="characters",
        errors="[Errors](#errors)",
    ),
    "ru": Page(
        head="""\
# Справочник API

То, что говорит `/openapi.json` работающего Dozor, на одной странице; попробовать можно на `/docs`. Обзор и коды
ошибок — на странице [Свой API](api.md), пути CoinGecko — на [странице шлюза](gateway.md).

Каждый пример работает как написан, например на выдуманном рынке: `python3 backend/run.py serve --demo`. Ответы
сокращены. В именах полей `[]` — каждый элемент списка, `*` — любое имя.
""",
        tags={"market": "Рынок", "operations": "Эксплуатация"},
        shared={"Meta": "`meta`", "Problem": "Ошибки"},
        parameters=["Параметр", "Значения", "По умолчанию", "Что значит"],
        fields=["Поле", "Тип", "Что значит"],
        types={
            "string": "текст",
            "integer": "целое",
            "number": "число",
            "boolean": "`true` или `false`",
            "date-time": "время",
            "object": "объект",
            "null": "`null`",
        },
        list_of="список ({})",
        by_name="объект (имя: {})",
        either=" или ",
        required="обязателен",
        characters="знаков",
        errors="[Ошибки](#ошибки)",
        translated=RUSSIAN,
    ),
}
