"""``dozor cache``: look at the answers that are stored, and drop some. It works beside a running server."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.cache_keys import FAMILIES, Selection
from dozor.cli.cache_shelves import Shelves, TierName, open_shelves
from dozor.cli.cache_views import Statistics, content_json, entry_json, entry_line, facts_line, heading
from dozor.cli.loop import run_to_end
from dozor.clock import Clock, SystemClock
from dozor.settings import Settings
from dozor.storage.inspection import Content, Facts, ShelfAway
from dozor.telemetry.phrases import Language, Words

EXIT_FAILED = 1
EXIT_USAGE = 2

MEMORY = Words(
    "Память работающего Dozor отсюда не видна: её размер показывает /api/v1/status",
    "The memory of a running Dozor cannot be seen from here: /api/v1/status shows its size",
)
MEMORY_KEEPS = Words(
    "Работающий Dozor может ещё держать их в памяти: до обновления или перезапуска",
    "A running Dozor may still hold them in memory, until it refreshes them or is restarted",
)
WHAT_TO_DROP = Words(
    "Скажите, что удалить: КЛЮЧ, или --family, --coin, --match, или --all — одно из трёх",
    "Say what to drop: a KEY, or --family, --coin, --match, or --all: one of the three",
)
NOBODY_TO_ASK = Words(
    "Спросить некого: это не терминал. Чтобы удалить без вопроса, добавьте --yes",
    "There is nobody to ask: this is no terminal. To drop without a question, add --yes",
)

cache_cli = typer.Typer(name="cache", help="Look at the stored answers, and drop some.", no_args_is_help=True)

Tier = Annotated[TierName | None, typer.Option("--tier", help="Look into this tier only.")]
Family = Annotated[str | None, typer.Option("--family", help="Such as coin_details or get_crypto_list.")]
Coin = Annotated[str | None, typer.Option("--coin", help="A coin's id, such as bitcoin.")]
Match = Annotated[str | None, typer.Option("--match", help="A pattern for keys, as in a shell: 'v1:/coins/*'.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every command works with."""

    shelves: Shelves
    clock: Clock
    language: Language

    def say(self, words: Words) -> None:
        """Something beside the answer: on standard error, so that the answer can be piped on."""
        typer.echo(words.in_language(self.language), err=True)

    async def find(self, selection: Selection) -> tuple[list[Facts], dict[str, int]]:
        """The values that are meant, sorted by key, each once in its tier; and how many of a tier are not ours."""
        found: dict[tuple[str, str], Facts] = {}
        foreign: dict[str, int] = {}
        for shelf in self.shelves.there:
            foreign[shelf.name] = 0
            async for page in shelf.pages(selection.glob):
                foreign[shelf.name] += page.foreign
                for facts in page.values:
                    if selection.fits(facts.key):
                        found[facts.key, facts.tier] = facts
        return [found[place] for place in sorted(found)], foreign

    async def read(self, key: str) -> list[Content]:
        """The value of this key in each tier that has it."""
        return [content for shelf in self.shelves.there if (content := await shelf.read(key)) is not None]


@cache_cli.command("ls", help="List what is stored: tier, size, age, when it expires, key.")
def ls_command(
    tier: Tier = None,
    family: Family = None,
    coin: Coin = None,
    match: Match = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Show this many at most.")] = None,
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """List what is stored."""
    settings = settings_of_this_start()
    selection = _selection(family, coin, match, settings.language)

    async def ls(desk: Desk) -> None:
        found, _ = await desk.find(selection)
        now, shown = desk.clock.now(), found[:limit]
        if as_json:
            _print_json({"entries": [entry_json(facts, now) for facts in shown], "found": len(found)})
            return
        typer.echo(heading(desk.language))
        for facts in shown:
            typer.echo(entry_line(facts, now, desk.language))
        desk.say(Words(f"Показано {len(shown)} из {len(found)}", f"{len(shown)} of {len(found)} shown"))
        desk.say(MEMORY)

    _run(ls, settings, tier)


@cache_cli.command("get", help="Print the body of one stored answer, byte for byte; facts go to standard error.")
def get_command(
    key: Annotated[str, typer.Argument(help="As `cache ls` shows it, such as coin_details:bitcoin.")],
    tier: Tier = None,
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Print one body; where several tiers have it, the newest."""

    async def get(desk: Desk) -> None:
        found = await desk.read(key)
        if not found:
            desk.say(_none(key))
            raise typer.Exit(EXIT_FAILED)
        newest = max(found, key=lambda content: content.facts.fetched_at)
        if as_json:
            _print_bytes(content_json(newest, desk.clock.now()) + b"\n")
            return
        desk.say(facts_line(newest, desk.clock.now()))  # before the body, which need not end its line
        _print_bytes(newest.body)

    _run(get, settings_of_this_start(), tier)


@cache_cli.command("drop", help="Drop stored answers: one KEY, or those that fit, or --all.")
def drop_command(
    key: Annotated[str | None, typer.Argument(help="As `cache ls` shows it.")] = None,
    tier: Tier = None,
    family: Family = None,
    coin: Coin = None,
    match: Match = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,  # noqa: FBT002  # typer
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002  # typer
) -> None:
    """Drop values of ours; what is not ours stays."""
    settings = settings_of_this_start()
    is_narrowed = any(said is not None for said in (family, coin, match))
    if [key is not None, is_narrowed, everything].count(True) != 1:
        raise _wrong_usage(WHAT_TO_DROP, settings.language)
    if not yes and not sys.stdin.isatty():
        raise _wrong_usage(NOBODY_TO_ASK, settings.language)
    selection = _selection(family, coin, match, settings.language)

    async def drop(desk: Desk) -> None:
        found = (await desk.find(selection))[0] if key is None else [content.facts for content in await desk.read(key)]
        if key is not None and not found:
            desk.say(_none(key))
            raise typer.Exit(EXIT_FAILED)
        if found and not yes and not _agreed(found, desk.language):
            raise typer.Exit(EXIT_FAILED)
        dropped = 0
        for shelf in desk.shelves.there:
            dropped += await shelf.drop([facts.key for facts in found if facts.tier == shelf.name])
        typer.echo(Words(f"Удалено: {dropped}", f"Dropped: {dropped}").in_language(desk.language))
        if dropped:
            desk.say(MEMORY_KEEPS)

    _run(drop, settings, tier)


@cache_cli.command("stats", help="Sum up what is stored, by tier and family.")
def stats_command(tier: Tier = None, as_json: AsJson = False) -> None:  # noqa: FBT002  # typer
    """Sum up what is stored."""

    async def stats(desk: Desk) -> None:
        found, foreign = await desk.find(Selection())
        statistics = Statistics(found, desk.clock.now())
        if as_json:
            away = [name.value for name, _ in desk.shelves.away]
            _print_json({"tiers": statistics.as_json(), "foreign": foreign, "away": away})
            return
        for line in statistics.lines(desk.language):
            typer.echo(line)
        for name, count in foreign.items():
            if count:
                words = Words(f"{name}: чужих значений: {count}", f"{name}: values of others: {count}")
                typer.echo(words.in_language(desk.language))
        desk.say(MEMORY)

    _run(stats, settings_of_this_start(), tier)


def _run(command: Callable[[Desk], Awaitable[None]], settings: Settings, tier: TierName | None) -> None:
    clock = SystemClock()

    async def run() -> None:
        async with open_shelves(settings, clock, tier) as shelves:
            desk = Desk(shelves, clock, settings.language)
            for name, reason in shelves.away:
                desk.say(Words(f"{name.value}: {reason.ru}", f"{name.value}: {reason.en}"))
            if not shelves.there:
                raise typer.Exit(EXIT_FAILED)
            try:
                await command(desk)
            except ShelfAway as error:
                desk.say(Words(f"{error.tier}: {error.reason.ru}", f"{error.tier}: {error.reason.en}"))
                raise typer.Exit(EXIT_FAILED) from error

    run_to_end(run())


def _selection(family: str | None, coin: str | None, match: str | None, language: Language) -> Selection:
    if family is not None and family not in FAMILIES:
        listed = ", ".join(FAMILIES)
        words = Words(f"Семейства {family} нет; есть: {listed}", f"There is no family {family}; there are: {listed}")
        raise _wrong_usage(words, language)
    return Selection(family, coin, "*" if match is None else match)


def _wrong_usage(words: Words, language: Language) -> typer.Exit:
    typer.echo(words.in_language(language), err=True)
    return typer.Exit(EXIT_USAGE)


def _none(key: str) -> Words:
    return Words(f"{key}: такого нет", f"{key}: there is none")


def _agreed(found: list[Facts], language: Language) -> bool:
    tiers = ", ".join(sorted({facts.tier for facts in found}))
    question = Words(f"Удалить {len(found)} ({tiers})?", f"Drop {len(found)} ({tiers})?")
    return typer.confirm(question.in_language(language))


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _print_bytes(text: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
