"""What people read, made of events as the watch writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.events_told import POLL, START, told_of_prices
from dozor.alerts.conditions.pct_window import PctWindow
from dozor.alerts.conditions.trailing import From, Trailing
from dozor.alerts.decision import Kind
from dozor.alerts.messages.headline import headline
from dozor.alerts.messages.message import Message, Open, Press, pressed
from dozor.alerts.messages.times import Reader
from dozor.alerts.messages.told import Coin, Observation, Told
from dozor.alerts.messages.writing import has_sight_again, of_closed_channel, of_outage, of_trial, went_blind, written
from dozor.telemetry.phrases import Language, Words

MOSCOW = Reader(Language.RU, "Europe/Moscow")
LONDON = Reader(Language.EN, "Europe/London")
UP = {"type": "price_cross", "level": "70000", "direction": "up"}
NOW = START + POLL + timedelta(seconds=12)


def readable(text: str) -> str:
    """With ordinary spaces, so that a test can be read."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def lines(message: Message) -> list[str]:
    return readable(message.plain).split("\n")


def crossed(**changes: Any) -> Told:
    return replace(told_of_prices(UP, "69812", "70344"), **changes)


def test_a_crossing_tells_the_two_observations_that_prove_it() -> None:
    told = crossed(muted=4, again_at=START + timedelta(minutes=15))
    assert lines(written([told], MOSCOW, NOW)) == [
        "BTC ≥ 70 000 $ ↑",
        "Цена пересекла 70 000 между 12:02:10 и 12:03:10: 69 812 → 70 344",
        "Пока правило молчало: 4 пересечения",
        "Bitcoin; данным 12 с",
        "Следующее — не раньше 12:17:10",
    ]
    assert lines(written([told], LONDON, NOW)) == [
        "BTC ≥ $70,000 ↑",
        "Crossed 70,000 between 09:02:10 and 09:03:10: 69,812 → 70,344",
        "While muted: 4 crossings",
        "Bitcoin; data 12 s old",
        "Next not before 09:17:10",
    ]


def test_no_message_claims_to_know_what_the_price_is() -> None:
    text = written([crossed()], LONDON, NOW).plain
    assert "price is" not in text.lower()
    assert "now" not in text.lower()


def test_a_wick_says_what_was_touched_and_what_came_after() -> None:
    told = told_of_prices(UP, ("69000", "69500"), ("69100", "71000"))
    assert lines(written([told], MOSCOW, NOW))[:2] == [
        "BTC ≥ 70 000 $ ↑",
        "Цена касалась 70 000 между 12:02:10 и 12:03:10: максимум за 24 ч 71 000, затем 69 100",
    ]
    assert lines(written([told], LONDON, NOW))[1] == (
        "Touched 70,000 between 09:02:10 and 09:03:10: 24 h high 71,000, then 69,100"
    )


def test_what_is_told_late_says_so_in_its_title() -> None:
    later = START + POLL + timedelta(minutes=47, seconds=5)
    assert readable(written([crossed()], MOSCOW, later).title) == "BTC ≥ 70 000 $ ↑ (с опозданием на 47 мин)"
    assert readable(written([crossed()], LONDON, later).title) == "BTC ≥ $70,000 ↑ (late by 47 min)"
    in_time = START + POLL + timedelta(minutes=2)
    assert "late" not in written([crossed()], LONDON, in_time).title


def test_yesterdays_observations_bear_their_date() -> None:
    tomorrow = START + timedelta(days=1)
    assert "between 23 Nov 09:02:10 and 23 Nov 09:03:10" in readable(written([crossed()], LONDON, tomorrow).lines[0])


@pytest.mark.parametrize(
    ("condition", "prices", "russian", "english"),
    [
        (
            {"type": "price_cross", "level": "0.0000125", "direction": "any"},
            ["0.000012", "0.000014"],
            ["BTC ≥ 0,0000125 $ ↑", "Цена пересекла 0,0000125 между 12:02:10 и 12:03:10: 0,000012 → 0,000014"],
            ["BTC ≥ $0.0000125 ↑", "Crossed 0.0000125 between 09:02:10 and 09:03:10: 0.000012 → 0.000014"],
        ),
        (
            {"type": "price_state", "level": "70000", "op": "<=", "if_true": "now"},
            ["69000"],
            ["BTC ≤ 70 000 $ ↓", "Цена на 12:02:10: 69 000"],
            ["BTC ≤ $70,000 ↓", "Price at 09:02:10: 69,000"],
        ),
        (
            {"type": "range", "low": "60000", "high": "70000", "mode": "exit"},
            ["65000", "59900.50"],
            [
                "BTC вне 60 000–70 000 USD ↓",
                "Цена пересекла 60 000 между 12:02:10 и 12:03:10: 65 000 → 59 900,50",
            ],
            ["BTC outside 60,000–70,000 USD ↓", "Crossed 60,000 between 09:02:10 and 09:03:10: 65,000 → 59,900.50"],
        ),
        (
            {"type": "range", "low": "60000", "high": "70000", "mode": "enter"},
            ["59000", "61000"],
            ["BTC в диапазоне 60 000–70 000 USD", "Цена между 12:02:10 и 12:03:10: 59 000 → 61 000"],
            ["BTC within 60,000–70,000 USD", "Price between 09:02:10 and 09:03:10: 59,000 → 61,000"],
        ),
        (
            {"type": "pct_reference", "pct": "5", "direction": "any", "reference": "60000"},
            ["60100", "63100"],
            ["BTC +5 % от 60 000 $ ↑", "Цена между 12:02:10 и 12:03:10: 60 100 → 63 100"],
            ["BTC +5% from $60,000 ↑", "Price between 09:02:10 and 09:03:10: 60,100 → 63,100"],
        ),
        (
            {"type": "step", "step": "1000"},
            ["69500", "72600"],
            [
                "BTC ≥ 70 500 $ ↑",
                "Цена пересекла 70 500 между 12:02:10 и 12:03:10: 69 500 → 72 600",
                "Пройдено: 3 линии сетки",
            ],
            [
                "BTC ≥ $70,500 ↑",
                "Crossed 70,500 between 09:02:10 and 09:03:10: 69,500 → 72,600",
                "Passed: 3 lines of the grid",
            ],
        ),
        (
            {"type": "step", "step_pct": "3"},
            ["70000", "67000"],
            ["BTC ≤ 67 961,165 $ ↓", "Цена пересекла 67 961,165 между 12:02:10 и 12:03:10: 70 000 → 67 000"],
            ["BTC ≤ $67,961.165 ↓", "Crossed 67,961.165 between 09:02:10 and 09:03:10: 70,000 → 67,000"],
        ),
    ],
)
def test_each_condition_says_its_level_and_what_was_seen(
    condition: dict[str, Any], prices: list[str], russian: list[str], english: list[str]
) -> None:
    told = told_of_prices(condition, *prices)
    assert lines(written([told], MOSCOW, NOW))[: len(russian)] == russian
    assert lines(written([told], LONDON, NOW))[: len(english)] == english


def test_a_change_within_a_window_is_told_in_percent() -> None:
    told = crossed(
        condition=PctWindow(Decimal(5), "1h"),
        change=Decimal("5.21234567891"),
    )
    assert lines(written([told], MOSCOW, NOW))[:2] == [
        "BTC +5 % за 1 ч ↑",
        "Цена между 12:02:10 и 12:03:10: 69 812 → 70 344 (+5,2123457 %)",
    ]
    assert lines(written([told], LONDON, NOW))[:2] == [
        "BTC +5% in 1 h ↑",
        "Price between 09:02:10 and 09:03:10: 69,812 → 70,344 (+5.2123457%)",
    ]


def test_a_fall_from_the_highest_says_how_far() -> None:
    told = crossed(
        condition=Trailing(From.HIGHEST, pct=Decimal(5)),
        latch="trailing",
        is_up=False,
        before=Observation(Decimal(66910), START),
        after=Observation(Decimal(66810), START + POLL),
        change=Decimal("-5.1"),
    )
    assert lines(written([told], MOSCOW, NOW))[:2] == [
        "BTC −5 % от максимума ↓",
        "Цена между 12:02:10 и 12:03:10: 66 910 → 66 810 (−5,1 %)",
    ]
    in_dollars = replace(
        told, condition=Trailing(From.LOWEST, amount=Decimal(1500)), is_up=True, change=Decimal("1510.5")
    )
    assert lines(written([in_dollars], LONDON, NOW))[1].endswith("66,810 (+1,510.5)")
    assert readable(headline(in_dollars, LONDON, NOW)) == "BTC +$1,500 from the low ↑"


def test_an_amount_in_a_currency_without_a_sign_bears_its_code() -> None:
    told = told_of_prices({**UP, "level": "0.05"}, "0.04", "0.051", quote="btc", coin=Coin("ETH", "Ethereum"))
    assert readable(written([told], LONDON, NOW).title) == "ETH ≥ 0.05 BTC ↑"


def test_crossings_while_nobody_watched_are_counted_in_one_event() -> None:
    told = told_of_prices({**UP, "direction": "any"}, "69000", "71000", "69000", "71000", is_outage=True, cooldown_s=0)
    assert "Всего за это время: 3 пересечения" in lines(written([told], MOSCOW, NOW))


@pytest.mark.parametrize(
    ("kind", "russian", "english"),
    [
        (Kind.REMINDER, "BTC ≥ 70 000 $ ↑: всё ещё так", "BTC ≥ $70,000 ↑: still so"),
        (
            Kind.MUTED,
            "BTC ≥ 70 000 $ ↑: 21 пересечение, пока правило молчало",
            "BTC ≥ $70,000 ↑: 21 crossings while muted",
        ),
        (Kind.EXPIRING, "BTC: правило скоро закончится", "BTC: a rule ends soon"),
        (Kind.EXPIRED, "BTC: правило закончилось", "BTC: a rule has ended"),
    ],
)
def test_what_is_due_by_the_clock_needs_no_observation(kind: Kind, russian: str, english: str) -> None:
    told = crossed(kind=kind, before=None, after=None, is_up=None, muted=21)
    assert readable(headline(told, MOSCOW, told.detected_at)) == russian
    assert readable(headline(told, LONDON, told.detected_at)) == english
    assert "данным" not in written([told], MOSCOW, NOW).plain  # it rests on none


def test_two_to_five_events_are_a_list_with_their_levels() -> None:
    ladder = [replace(told_of_prices({**UP, "level": level}, "59000", "63000")) for level in ("60000", "61000")]
    other = replace(ladder[0], coin=Coin("ETH", "Ethereum"), is_repeat=True)
    message = written([*ladder, other], MOSCOW, NOW, "https://dozor.example/events")
    assert lines(message) == [
        "3 оповещения: BTC, ETH",
        "• BTC ≥ 60 000 $ ↑. Цена пересекла 60 000 между 12:02:10 и 12:03:10: 59 000 → 63 000",
        "• BTC ≥ 61 000 $ ↑. Цена пересекла 61 000 между 12:02:10 и 12:03:10: 59 000 → 63 000",
        "• ETH ≥ 60 000 $ ↑ (возможно, повтор). Цена пересекла 60 000 между 12:02:10 и 12:03:10: 59 000 → 63 000",
    ]
    assert message.buttons == (Open("Все события", "https://dozor.example/events"),)
    assert readable(written([*ladder, other], LONDON, NOW).title) == "3 alerts: BTC, ETH"


def test_more_events_are_a_summary_that_counts_the_rest() -> None:
    down = told_of_prices({**UP, "direction": "down"}, "71000", "69000")
    message = written([down] * 5 + [crossed()] * 12, MOSCOW, NOW)
    assert lines(message)[0] == "17 оповещений: 12 ↑, 5 ↓"
    assert len(message.lines) == 6
    assert lines(message)[-1] == "И ещё 12 оповещений"
    assert readable(written([crossed()] * 6, LONDON, NOW).title) == "6 alerts: 6 ↑"
    assert written([crossed()] * 6, LONDON, NOW).lines[-1] == "And 1 more alert"


def test_an_outage_is_one_summary() -> None:
    message = of_outage([crossed()] * 21, START - timedelta(hours=2), START, MOSCOW, NOW + timedelta(hours=1))
    assert lines(message)[0] == "21 оповещение за время простоя"
    assert lines(message)[1] == "Наблюдения не было с 10:02:10 до 12:02:10"
    assert lines(message)[2].startswith("• BTC ≥ 70 000 $ ↑. Цена пересекла")
    assert lines(message)[-1] == "И ещё 1 оповещение"
    assert readable(of_outage([crossed()], START, START, LONDON, START).title) == "1 alert while Dozor was down"


def test_blind_rules_are_told_once_and_their_sight_with_the_time_it_took() -> None:
    why = Words("CoinGecko отвечает 429", "CoinGecko answers 429")
    assert lines(went_blind(12, START, why, MOSCOW, NOW)) == [
        "12 правил без данных с 12:02:10",
        "Причина: CoinGecko отвечает 429. Пока данных нет, правила не проверяются; когда появятся, мы сообщим",
    ]
    assert lines(has_sight_again(1, START, START + timedelta(minutes=35), LONDON, NOW)) == [
        "1 rule: data is back",
        "There was none for 35 min: from 09:02:10 to 09:37:10",
    ]


def test_a_trial_names_the_channel() -> None:
    assert lines(of_trial(MOSCOW, "ops")) == ["Проверка: Dozor вас слышит", "Канал «ops» работает"]


def test_a_channel_that_was_closed_is_told_with_the_other_sides_words() -> None:
    reason = "Telegram 403: Forbidden: bot was blocked by the user"
    assert lines(of_closed_channel(MOSCOW, "мой <b>", reason))[:2] == [
        "Канал «мой <b>» отключён",
        f"Ответ другой стороны: {reason}",
    ]
    assert lines(of_closed_channel(LONDON, "ops", reason))[0] == "The channel “ops” was switched off"


def test_a_possible_repeat_is_marked() -> None:
    assert lines(written([crossed(is_repeat=True)], LONDON, NOW))[1] == "Possibly a repeat"


def test_markup_in_a_coins_name_is_shown_as_it_stands() -> None:
    told = crossed(coin=Coin("<b>_*[", "A & <i>B"))
    html = readable(written([told], LONDON, NOW).html)
    assert html.startswith("<b>&lt;b&gt;_*[ ≥ $70,000 ↑</b>\nCrossed")
    assert "A &amp; &lt;i&gt;B" in html


def test_one_event_has_buttons_whose_code_names_its_rule() -> None:
    message = written([crossed()], MOSCOW, NOW, "https://dozor.example/#/coins/bitcoin")
    *presses, chart = message.buttons
    assert chart == Open("График", "https://dozor.example/#/coins/bitcoin")
    assert [press.label for press in presses] == ["Отложить на 1 ч", "Отключить", "Взвести снова"]
    for press in presses:
        assert isinstance(press, Press)
        assert len(press.code.encode()) <= 64
        assert pressed(press.code) == (press.action, press.alert_id)


@pytest.mark.parametrize("code", ["", "snooze", "snooze:", "delete:alr_1", ":alr_1"])
def test_a_button_of_another_is_none_of_ours(code: str) -> None:
    assert pressed(code) is None
