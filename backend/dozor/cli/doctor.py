"""``dozor doctor``: look at everything that Dozor needs, step by step, and say what to do where it is not well.

It works whether a server is running or not, and spends at most one upstream call; that one is counted, and nothing
else is changed.
"""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from dozor.cli.checks.database import LEDGER, check_databases
from dozor.cli.checks.disk import check_disk
from dozor.cli.checks.finding import Finding, Part, State, skipped
from dozor.cli.checks.port import check_port
from dozor.cli.checks.redis import check_redis
from dozor.cli.checks.settings import check_mistakes, check_settings
from dozor.cli.checks.upstream import check_key, check_way
from dozor.cli.home import Home, find_home
from dozor.cli.loop import run_to_end
from dozor.clock import Clock, SystemClock
from dozor.domain.errors import ConfigurationMistake
from dozor.env_file import Mistakes, read_env_file
from dozor.settings import Settings, read_settings, unknown_variables
from dozor.telemetry.logging import set_up_logging
from dozor.telemetry.phrases import Language, Words

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2
MIB = 1024 * 1024

TITLES = {
    Part.SETTINGS: Words("Настройки", "Settings"),
    Part.DISK: Words("Диск", "Disk"),
    Part.DATABASE: Words("База данных", "Database"),
    Part.REDIS: Words("Redis", "Redis"),
    Part.UPSTREAM: Words("CoinGecko", "CoinGecko"),
    Part.PORT: Words("Порт", "Port"),
}
STEPS = {  # those whose name is no name of a file, a protocol or a variable
    "address": Words("адрес", "address"),
    "allowed": Words("команды", "commands"),
    "auth": Words("вход", "auth"),
    "clock": Words("часы", "clock"),
    "database": Words("номер базы", "database"),
    "file": Words("файл", "file"),
    "folder": Words("папка", "folder"),
    "key": Words("ключ", "key"),
    "latency": Words("задержка", "latency"),
    "master": Words("главный", "master"),
    "memory_policy": Words("память", "memory policy"),
    "mode": Words("режим", "mode"),
    "permissions": Words("права", "permissions"),
    "port": Words("порт", "port"),
    "quota": Words("квота", "quota"),
    "role": Words("роль", "role"),
    "slots": Words("слоты", "slots"),
    "socket": Words("сокет", "socket"),
    "space": Words("место", "space"),
    "all": Words("всё", "all of it"),
    "values": Words("значения", "values"),
    "version": Words("версия", "version"),
    "write": Words("запись", "write"),
}
ABBREVIATIONS = {"dns", "tcp", "tls", "ping"}
MARKS = {
    State.OK: Words("хорошо", "ok"),
    State.WARNING: Words("ВНИМАНИЕ", "WARNING"),
    State.FAILED: Words("ОШИБКА", "FAILED"),
    State.SKIPPED: Words("пропущено", "skipped"),
}


class Report:
    """Prints findings as they come, or keeps them for ``--json``."""

    def __init__(self, language: Language, *, as_json: bool) -> None:
        self.found: list[tuple[Part, Finding]] = []
        self._language = language
        self._as_json = as_json

    def add(self, part: Part, finding: Finding) -> None:
        """One more."""
        if not self._as_json:
            if part not in {known for known, _ in self.found}:
                typer.echo(f"{TITLES[part].in_language(self._language)}")
            self._print(finding)
        self.found.append((part, finding))

    def has(self, state: State, part: Part | None = None) -> bool:
        """Whether a step, of this part if one is named, ended so."""
        return any(finding.state is state and part in {None, where} for where, finding in self.found)

    def end(self) -> None:
        """The last line, or all of it as JSON."""
        if self._as_json:
            typer.echo(json.dumps(self._as_object(), ensure_ascii=False, indent=2))
        else:
            typer.echo(self._verdict().in_language(self._language))

    def _print(self, finding: Finding) -> None:
        mark = MARKS[finding.state].in_language(self._language)
        typer.echo(f"  {mark:<9}  {self._name(finding.step):<14}  {finding.seen.in_language(self._language)}")
        if finding.fix is not None:
            do = Words("Что делать", "What to do").in_language(self._language)
            typer.echo(f"{'':29}{do}: {finding.fix.in_language(self._language)}")

    def _name(self, step: str) -> str:
        if step in ABBREVIATIONS:
            return step.upper()
        return STEPS[step].in_language(self._language) if step in STEPS else step

    def _verdict(self) -> Words:
        if self.has(State.FAILED):
            return Words("Есть ошибки, см. выше.", "Something failed, see above.")
        if self.has(State.WARNING):
            return Words("Dozor может работать; предупреждения выше.", "Dozor can work; the warnings are above.")
        return Words("Всё хорошо.", "All is well.")

    def _as_object(self) -> dict[str, object]:
        return {
            "ok": not self.has(State.FAILED),
            "checks": [
                {
                    "part": part.value,
                    "step": finding.step,
                    "state": finding.state.value,
                    "seen": finding.seen.in_language(self._language),
                    "fix": None if finding.fix is None else finding.fix.in_language(self._language),
                }
                for part, finding in self.found
            ],
        }


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,  # noqa: FBT002  # typer
    no_call: Annotated[bool, typer.Option("--no-call", help="Spend no upstream call on trying the key.")] = False,  # noqa: FBT002  # typer
    offline: Annotated[bool, typer.Option("--offline", help="Leave upstream alone altogether.")] = False,  # noqa: FBT002  # typer
) -> None:
    """Look at settings, disk, database, Redis, upstream and port. Exits with 1 or 2 when something failed."""
    home = find_home()
    language = _language(home)
    set_up_logging(language)
    report = Report(language, as_json=as_json)
    try:
        settings = read_settings(os.environ, home.env_file, default_data_dir=home.data_dir)
    except ConfigurationMistake as mistake:
        for finding in check_mistakes(mistake.mistakes, home.env_file):
            report.add(Part.SETTINGS, finding)
        _skip_the_rest(report)
        report.end()
        raise typer.Exit(EXIT_CONFIGURATION) from None
    run_to_end(_examine(settings, home, report, SystemClock(), may_ask=not offline, may_call=not no_call))
    report.end()
    if report.has(State.FAILED):
        raise typer.Exit(EXIT_FAILED)


def _language(home: Home) -> Language:
    """The operator's language, which is to be known where the settings cannot be read."""
    asked = {**read_env_file(home.env_file, Mistakes(Language.EN)), **os.environ}.get("DOZOR_LANG", "")
    return Language.EN if asked.strip().lower() == Language.EN.value else Language.RU


def _skip_the_rest(report: Report) -> None:
    for part in Part:
        if part is not Part.SETTINGS:
            seen = Words("сначала исправьте настройки", "mend the settings first")
            report.add(part, skipped("all", seen))


async def _examine(
    settings: Settings, home: Home, report: Report, clock: Clock, *, may_ask: bool, may_call: bool
) -> None:
    for finding in check_settings(settings, home.env_file, unknown_variables(home.env_file)):
        report.add(Part.SETTINGS, finding)
    for finding in check_disk(settings.data_dir, settings.disk_cache_mib * MIB):
        report.add(Part.DISK, finding)
    for finding in check_databases(settings.data_dir, clock):
        report.add(Part.DATABASE, finding)
    async for finding in check_redis(settings.redis, clock):
        report.add(Part.REDIS, finding)
    await _examine_upstream(settings, report, clock, may_ask=may_ask, may_call=may_call)
    async for finding in check_port(settings.host, settings.port, settings.language):
        report.add(Part.PORT, finding)


async def _examine_upstream(settings: Settings, report: Report, clock: Clock, *, may_ask: bool, may_call: bool) -> None:
    if not may_ask:
        report.add(Part.UPSTREAM, skipped("all", Words("--offline: не спрашивали", "--offline: not asked")))
        return
    async for finding in check_way(settings):
        report.add(Part.UPSTREAM, finding)
    if any(part is Part.DATABASE and f.step == LEDGER.name and f.state is State.FAILED for part, f in report.found):
        # Opening it would set a damaged ledger aside: that is for a start to do, not for a look.
        seen = Words(f"сначала {LEDGER.name}: запрос без счёта не делаем", f"{LEDGER.name} first: no uncounted call")
        report.add(Part.UPSTREAM, skipped("key", seen))
        return
    if report.has(State.FAILED, Part.UPSTREAM):
        report.add(Part.UPSTREAM, skipped("key", Words("до CoinGecko не дойти", "it cannot be reached")))
    elif not may_call:
        report.add(Part.UPSTREAM, skipped("key", Words("--no-call: не проверяли", "--no-call: not tried")))
    may_call = may_call and not report.has(State.FAILED, Part.UPSTREAM)
    async for finding in check_key(settings, clock, may_call=may_call):
        report.add(Part.UPSTREAM, finding)
