"""``dozor plan``: what a workload would cost, and how fresh its answers would be, before anybody asks a question."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.domain.budget import Limits, minute_allowance
from dozor.domain.errors import ConfigurationMistake
from dozor.forecast import report
from dozor.forecast.access_log import Recorded, read_log
from dozor.forecast.picture import png
from dozor.forecast.simulation import DAY_S, Forecast, Moments, forecast
from dozor.forecast.workload import KINDS, SEED, USUAL_CURRENCIES, Moment, Workload
from dozor.setting_values import Plan
from dozor.settings import PLAN_CALLS, PLAN_CALLS_AT_MOST, Settings
from dozor.telemetry.phrases import Language, Words

USUAL_RATES = {
    "prices": 30.0,
    "markets": 20.0,
    "watchlists": 6.0,
    "details": 6.0,
    "charts": 6.0,
    "global": 4.0,
    "lists": 1.0,
    "searches": 2.0,
}
"""A minute, of a small mini-app: for who does not know his own yet."""
MOST_A_MINUTE = 60_000.0

HEADINGS = (
    Words("вопросы", "questions"),
    Words("всего", "asked"),
    Words("ждали", "waited"),
    Words("отказ", "failed"),
    Words("возраст p50, с", "age p50, s"),
    Words("p90", "p90"),
    Words("p99", "p99"),
    Words("ожидание p99, с", "wait p99, s"),
)


def plan_command(  # what a user may say
    plan: Annotated[Plan | None, typer.Option(help="CoinGecko's plan; else the one of the settings.")] = None,
    per_minute: Annotated[int | None, typer.Option(min=0, help="Its calls a minute; 0 = no limit.")] = None,
    per_month: Annotated[int | None, typer.Option(min=0, help="Its calls a month; 0 = no limit.")] = None,
    coins: Annotated[int, typer.Option(min=1, max=20_000, help="How many coins people ask about.")] = 300,
    currencies: Annotated[str, typer.Option(help="In which currencies, the most wanted first.")] = "usd",
    rate: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=PER_MINUTE", help=f"Questions a minute, for each of {', '.join(KINDS)}."),
    ] = None,
    log: Annotated[Path | None, typer.Option(help="A recorded access log instead of rates.")] = None,
    days: Annotated[float, typer.Option(min=0.01, max=31, help="How many days of a month of 31.")] = 31,
    seed: Annotated[int, typer.Option(help="Another seed makes up other questions.")] = SEED,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of the ages to this .svg or .png file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,  # noqa: FBT002  # typer
) -> None:
    """Simulate a workload with the real planner and admission. Costs no call. Raises ConfigurationMistake."""
    settings = settings_of_this_start()
    language = settings.language
    if plot is not None:
        _refuse_plot(plot, language)
    keyed = (plan or settings.coingecko_plan) is not Plan.KEYLESS
    limits, paid = _limits(settings, plan, per_minute, per_month)
    ids: Sequence[str] = [f"coin-{number + 1}" for number in range(coins)]
    recorded = None if log is None else _recorded(log, language)
    span_s = days * DAY_S
    if recorded is None:
        names = tuple(name.strip().lower() for name in currencies.split(",") if name.strip()) or USUAL_CURRENCIES[:1]
        workload = Workload(_rates(rate, language), coins, names, seed)
        moments: Moments = workload.moments
        per_second = workload.per_second
    else:
        span_s = min(span_s, recorded.span_s + 1.0)
        moments, per_second = _moments_of(recorded), len(recorded.moments) / (recorded.span_s + 1.0)
        ids = recorded.coins
    tell = _progress(language) if sys.stderr.isatty() and not as_json else lambda _: None
    found = forecast(moments, per_second, ids, limits, paid=paid, keyed=keyed, span_s=span_s, progress=tell)
    shown = report.figures(found, limits.per_month)
    if plot is not None:
        _write_plot(plot, found, language)
    if as_json:
        left_out = {} if recorded is None else dict(recorded.left_out)
        typer.echo(json.dumps({**shown, "left_out": left_out}, ensure_ascii=False))
        return
    for line in _lines(shown, recorded, language):
        typer.echo(line)


def _limits(
    settings: Settings, plan: Plan | None, per_minute: int | None, per_month: int | None
) -> tuple[Limits, bool]:
    if plan is None:
        known, paid = settings.limits, settings.coingecko_plan is Plan.PRO
        start, most, month = known.start, known.most, known.per_month
    else:
        minute, month = PLAN_CALLS[plan]
        start, most = minute_allowance(minute), minute_allowance(PLAN_CALLS_AT_MOST.get(plan, minute))
        paid = plan is Plan.PRO
    if per_minute is not None:
        start = most = minute_allowance(per_minute)
    return Limits(start, most, month if per_month is None else per_month), paid


def _rates(given: Sequence[str] | None, language: Language) -> Mapping[str, float]:
    if not given:
        return USUAL_RATES
    rates: dict[str, float] = {}
    kinds = ", ".join(KINDS)
    for text in given:
        kind, _, number = text.partition("=")
        try:
            rates[kind] = float(number)
        except ValueError:
            rates[kind] = -1.0
        if kind not in KINDS or not 0 < rates[kind] <= MOST_A_MINUTE:
            _refuse(
                language,
                f"--rate {text}: нужно ВИД=ЧИСЛО, вопросов в минуту, не больше {MOST_A_MINUTE:g}; виды: {kinds}",
                f"--rate {text}: needs KIND=NUMBER, up to {MOST_A_MINUTE:g} questions a minute; kinds: {kinds}",
            )
    return rates


def _recorded(log: Path, language: Language) -> Recorded:
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            recorded = read_log(lines)
    except OSError as error:
        _refuse(
            language, f"--log {log}: не прочитать ({error.strerror})", f"--log {log}: cannot be read ({error.strerror})"
        )
    if not recorded.moments:
        _refuse(
            language,
            f"--log {log}: нет ни одного GET-запроса ниже /api/v3 в формате common, combined или с ISO-временем",
            f"--log {log}: has no GET request below /api/v3 in the common or combined format, or with ISO times",
        )
    return recorded


def _moments_of(recorded: Recorded) -> Callable[[float, float], Sequence[Moment]]:
    return lambda begin, end: [moment for moment in recorded.moments if begin <= moment.at < end]


def _lines(shown: Mapping[str, Any], recorded: Recorded | None, language: Language) -> Sequence[str]:
    calls = shown["calls"]
    kinds = {**shown["kinds"], Words("все", "all").in_language(language): shown["all"]}
    lines = report.table(kinds, [heading.in_language(language) for heading in HEADINGS])
    limit = "" if calls["limit"] is None else f" / {calls['limit']}"
    lines += [
        "",
        Words(
            f"вызовов за {shown['days']:g} дн.: {calls['month']}{limit}, {calls['per_minute']:g} в минуту;"
            f" сбережено {calls['saved_share']:.2%} вопросов",
            f"calls in {shown['days']:g} days: {calls['month']}{limit}, {calls['per_minute']:g} a minute;"
            f" {calls['saved_share']:.2%} of the questions cost none",
        ).in_language(language),
    ]
    costs = ", ".join(f"{family} {count}" for family, count in shown["costs"].items())
    lines.append(Words(f"на что: {costs}", f"spent on: {costs}").in_language(language))
    if shown["sampled"]:
        lines.append(
            Words(
                f"выборка: {shown['simulated_days']:g} дн. из {shown['days']:g}; между ними темп вызовов тот же",
                f"a sample: {shown['simulated_days']:g} of {shown['days']:g} days; between them at the same rate",
            ).in_language(language)
        )
    if recorded is not None and recorded.left_out.total():
        counts = ", ".join(f"{why} {count}" for why, count in recorded.left_out.items() if count)
        lines.append(
            Words(f"строки журнала без вопроса: {counts}", f"log lines without a question: {counts}").in_language(
                language
            )
        )
    return lines


def _refuse_plot(plot: Path, language: Language) -> None:
    """Before anything is simulated: a minute later is too late to say it."""
    if plot.suffix.lower() not in {".svg", ".png"}:
        _refuse(
            language,
            f"--plot {plot}: картинка пишется как .svg или .png",
            f"--plot {plot}: a picture is written as .svg or .png",
        )
    if plot.suffix.lower() == ".png" and find_spec("matplotlib") is None:
        _refuse(
            language,
            f"--plot {plot}: для .png нужна библиотека: pip install 'dozor[picture]'; .svg пишется без неё",
            f"--plot {plot}: .png needs a library: pip install 'dozor[picture]'; .svg is written without it",
        )
    if not plot.absolute().parent.is_dir():
        _refuse(
            language,
            f"--plot {plot}: нет папки {plot.absolute().parent}",
            f"--plot {plot}: there is no folder {plot.absolute().parent}",
        )


def _write_plot(plot: Path, found: Forecast, language: Language) -> None:
    title = Words("Возраст ответов", "Age of the answers").in_language(language)
    across = Words("секунды", "seconds").in_language(language)
    down = Words("доля ответов не старше", "share of the answers that are no older").in_language(language)
    try:
        if plot.suffix.lower() == ".png":
            plot.write_bytes(png(found, title, across, down))
        else:
            plot.write_text(report.svg(found, title, across, down), encoding="utf-8")
    except OSError as error:
        _refuse(
            language,
            f"--plot {plot}: не записать ({error.strerror})",
            f"--plot {plot}: cannot be written ({error.strerror})",
        )


def _progress(language: Language) -> Callable[[float], None]:
    word = Words("просчитано", "simulated").in_language(language)

    def tell(share: float) -> None:
        typer.echo(f"\r{word} {share:.0%} ", err=True, nl=share >= 1.0)

    return tell


def _refuse(language: Language, russian: str, english: str) -> NoReturn:
    raise ConfigurationMistake([Words(russian, english).in_language(language)])
