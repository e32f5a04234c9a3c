"""``dozor quota``: the calls that the month has had, and a way to correct them. It works beside a running server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.loop import run_to_end
from dozor.cli.quota_views import lines_of
from dozor.clock import SystemClock
from dozor.domain.budget import MonthCount
from dozor.domain.errors import CannotRunHere, ConfigurationMistake, UpstreamUnavailable
from dozor.market.meta import rfc3339
from dozor.settings import Settings
from dozor.telemetry.phrases import Language, Words
from dozor.upstream.accounts import Accounts
from dozor.upstream.ledger import Ledger
from dozor.upstream.ledger_file import find_damage
from dozor.upstream.usage import usage_of
from dozor.web.report import quota_as_json

EXIT_FAILED = 1
LARGEST = 1_000_000_000  # more calls than any plan sells

quota_cli = typer.Typer(
    name="quota", help="The month's calls: look at their count, or correct it.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]


@quota_cli.command("show")
def show_command(as_json: AsJson = False) -> None:  # noqa: FBT002  # typer
    """Calls of this month and minute, what is left, where it leads to, and what it went on. Changes nothing."""
    settings = settings_of_this_start()
    _with_ledger(settings, lambda ledger: _show(ledger, settings, as_json=as_json), may_make=False)


@quota_cli.command("set", context_settings={"ignore_unknown_options": True})  # so that -5 is a number
def set_command(
    used: Annotated[int, typer.Argument(help="The month's calls, as CoinGecko's own page shows them.")],
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Correct the month's count; a running server goes by it from its next call on."""
    settings = settings_of_this_start()
    if not 0 <= used <= LARGEST:
        words = Words(
            f"USED: {used} — не число запросов; допустимо: от 0 до {LARGEST}",
            f"USED: {used} is no number of calls; legal: 0 to {LARGEST}",
        )
        raise ConfigurationMistake([words.in_language(settings.language)])
    _with_ledger(settings, lambda ledger: _set(ledger, used, settings, as_json=as_json), may_make=True)


def _with_ledger(settings: Settings, work: Callable[[Ledger], Awaitable[None]], *, may_make: bool) -> None:
    """Raises CannotRunHere when the file cannot be used. Only who ``may_make`` one begins it, or sets one aside."""
    path = settings.data_dir / "ledger.db"
    if not path.exists():
        _say(Words(f"Счёта {path} ещё нет", f"There is no count in {path} yet"), settings.language)
        if not may_make:
            return
    elif not may_make and (damage := _damage(path)) is not None:
        words = Words(
            f"Счёт {path} повреждён ({damage}): при старте Dozor отложит его, и месяц будет считаться истраченным."
            " Число запросов есть в личном кабинете CoinGecko: python backend/run.py quota set ЧИСЛО",
            f"The count in {path} is damaged ({damage}): Dozor sets it aside at its next start, and the month will"
            " count as spent. CoinGecko's dashboard shows the number of calls: python backend/run.py quota set NUMBER",
        )
        _say(words, settings.language)
        raise typer.Exit(EXIT_FAILED)

    async def run() -> None:
        async with Ledger(path, resets_on=settings.month_resets_on, clock=SystemClock()) as ledger:
            try:
                await work(ledger)
            except UpstreamUnavailable as refusal:  # a full disk, say; the log has said so
                raise CannotRunHere(f"{path}: nothing is changed, for {refusal.reason}") from refusal

    run_to_end(run())


def _damage(path: Path) -> str | None:
    try:
        return find_damage(path)
    except (sqlite3.Error, OSError) as error:
        raise CannotRunHere(f"{path}: {error}. See that it is a file that can be read") from error


async def _show(ledger: Ledger, settings: Settings, *, as_json: bool) -> None:
    clock = SystemClock()
    usage = usage_of(await Accounts(ledger, settings.limits, clock, machines=settings.machines).spending(), clock)
    if as_json:
        _print_json(quota_as_json(usage))
        return
    for words in lines_of(usage):
        typer.echo(words.in_language(settings.language))


async def _set(ledger: Ledger, used: int, settings: Settings, *, as_json: bool) -> None:
    before, limit = await ledger.set_used(used), settings.calls_per_month or None
    after = MonthCount(before.period, used, is_known=True)
    if as_json:
        _print_json({"before": _as_object(before, limit), "after": _as_object(after, limit)})
        return
    unknown = Words("неизвестно", "unknown").in_language(settings.language)
    was = str(before.used) if before.is_known else unknown
    words = Words(f"Запросов за месяц: {was} → {used}", f"Calls this month: {was} → {used}")
    typer.echo(words.in_language(settings.language))


def _as_object(month: MonthCount, limit: int | None) -> dict[str, object]:
    return {
        "used": month.used,
        "limit": limit,
        "left": None if limit is None else _left(month, limit),
        "resets_at": rfc3339(month.period.resets_at),
        "is_known": month.is_known,
    }


def _left(month: MonthCount, limit: int) -> int:
    return max(limit - month.used, 0) if month.is_known else 0


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _say(words: Words, language: Language) -> None:
    """Something beside the answer: on standard error, so that the answer can be piped on."""
    typer.echo(words.in_language(language), err=True)
