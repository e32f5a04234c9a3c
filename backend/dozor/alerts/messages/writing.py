"""The messages that people get: one event, several, very many, and what happened to the watch itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dozor.alerts.messages.account import account, seen
from dozor.alerts.messages.headline import DOWN, UP, fact, headline, is_up
from dozor.alerts.messages.message import Action, Button, Message, Open, Press
from dozor.alerts.messages.plurals import ALERTS, RULES
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Told
from dozor.telemetry.phrases import Language, Words

LISTED_AT_MOST = 5
NAMED_AT_MOST = 4  # coins in the title of a list
OF_AN_OUTAGE = 20


def written(events: Sequence[Told], reader: Reader, now: datetime, link: str | None = None) -> Message:
    """One message for these events, the oldest first: with all there is to say, a list, or a summary.

    ``link`` is a page that shows them, on the coin's chart where there is one event; ``None`` where no page can be
    reached from outside.
    """
    assert events
    if len(events) == 1:
        return _one(events[0], reader, now, link)
    if len(events) <= LISTED_AT_MOST:
        return _list(events, reader, now, link)
    return _summary(events, reader, now, link)


def of_outage(events: Sequence[Told], began: datetime, ended: datetime, reader: Reader, now: datetime) -> Message:
    """What fired while nobody watched and is too late to ring for."""
    number = ALERTS.many_of(len(events), reader.language)
    title = Words(f"{number} за время простоя", f"{number} while Dozor was down").in_language(reader.language)
    start, end = reader.moment(began, now), reader.moment(ended, now)
    when = Words(f"Наблюдения не было с {start} до {end}", f"Nothing was watched from {start} to {end}")
    lines = [when.in_language(reader.language)]
    lines += [_listed(fact(told, reader), told, reader, now) for told in events[:OF_AN_OUTAGE]]
    return Message(title, (*lines, *_and_more(len(events) - OF_AN_OUTAGE, reader)))


def went_blind(rules: int, since: datetime, reason: Words, reader: Reader, now: datetime) -> Message:
    """So many rules get no data. Said once; ``has_sight_again`` follows."""
    at, why = reader.moment(since, now), reason.in_language(reader.language)
    number = RULES.many_of(rules, reader.language)
    title = Words(f"{number} без данных с {at}", f"{number} without data since {at}")
    line = Words(
        f"Причина: {why}. Пока данных нет, правила не проверяются; когда появятся, мы сообщим",
        f"Cause: {why}. Rules are not checked without data; you will be told when there is some again",
    )
    return Message(title.in_language(reader.language), (line.in_language(reader.language),))


def has_sight_again(rules: int, since: datetime, until: datetime, reader: Reader, now: datetime) -> Message:
    """The twin of ``went_blind``."""
    start, end = reader.moment(since, now), reader.moment(until, now)
    number, length = RULES.many_of(rules, reader.language), reader.span(until - since)
    title = Words(f"{number}: данные снова есть", f"{number}: data is back")
    line = Words(f"Данных не было {length}: с {start} до {end}", f"There was none for {length}: from {start} to {end}")
    return Message(title.in_language(reader.language), (line.in_language(reader.language),))


def of_trial(reader: Reader, channel: str) -> Message:
    """What a channel gets when its owner tries it."""
    title = Words("Проверка: Dozor вас слышит", "A test: Dozor can reach you")
    line = Words(f"Канал «{channel}» работает", f"The channel “{channel}” works")
    return Message(title.in_language(reader.language), (line.in_language(reader.language),))


def of_closed_channel(reader: Reader, channel: str, reason: str) -> Message:
    """Told through another channel: this one gets nothing any more. ``reason`` is the other side's own."""
    title = Words(f"Канал «{channel}» отключён", f"The channel “{channel}” was switched off")
    why = Words(f"Ответ другой стороны: {reason}", f"The other side said: {reason}")
    line = Words(
        "Оповещения туда больше не отправляются. Исправьте канал и включите его снова",
        "No alerts go there any more. Mend the channel and switch it on again",
    )
    language = reader.language
    return Message(title.in_language(language), (why.in_language(language), line.in_language(language)))


def _one(told: Told, reader: Reader, now: datetime, link: str | None) -> Message:
    buttons: tuple[Button, ...] = (
        Press(Words("Отложить на 1 ч", "Snooze 1 h").in_language(reader.language), Action.SNOOZE, told.alert_id),
        Press(Words("Отключить", "Disable").in_language(reader.language), Action.DISABLE, told.alert_id),
        Press(Words("Взвести снова", "Re-arm").in_language(reader.language), Action.REARM, told.alert_id),
    )
    if link is not None:
        buttons += (Open(Words("График", "Chart").in_language(reader.language), link),)
    return Message(headline(told, reader, now), tuple(account(told, reader, now)), buttons)


def _list(events: Sequence[Told], reader: Reader, now: datetime, link: str | None) -> Message:
    coins = list(dict.fromkeys(told.coin.symbol for told in events))
    named = ", ".join(coins[:NAMED_AT_MOST]) + ("…" if len(coins) > NAMED_AT_MOST else "")
    title = f"{ALERTS.many_of(len(events), reader.language)}: {named}"
    return Message(
        title,
        tuple(_listed(headline(told, reader, now), told, reader, now) for told in events),
        _all_of_them(link, reader),
    )


def _summary(events: Sequence[Told], reader: Reader, now: datetime, link: str | None) -> Message:
    ways = [is_up(told) for told in events]
    counted = ", ".join(f"{ways.count(way)} {arrow}" for way, arrow in ((True, UP), (False, DOWN)) if way in ways)
    title = ALERTS.many_of(len(events), reader.language) + (f": {counted}" if counted else "")
    lines = [_listed(headline(told, reader, now), told, reader, now) for told in events[-LISTED_AT_MOST:]]
    return Message(title, (*lines, *_and_more(len(events) - LISTED_AT_MOST, reader)), _all_of_them(link, reader))


def _listed(says: str, told: Told, reader: Reader, now: datetime) -> str:
    mark = Words("возможно, повтор", "possibly a repeat").in_language(reader.language)
    repeat = f" ({mark})" if told.is_repeat else ""
    proof = "" if told.after is None else f". {seen(told, reader, now)}"
    return f"• {says}{repeat}{proof}"


def _and_more(number: int, reader: Reader) -> tuple[str, ...]:
    if number <= 0:
        return ()
    one_or_more = ALERTS.word(number, Language.EN)
    more = Words(f"И ещё {ALERTS.many_of(number, Language.RU)}", f"And {number} more {one_or_more}")
    return (more.in_language(reader.language),)


def _all_of_them(link: str | None, reader: Reader) -> tuple[Button, ...]:
    return () if link is None else (Open(Words("Все события", "All events").in_language(reader.language), link),)
