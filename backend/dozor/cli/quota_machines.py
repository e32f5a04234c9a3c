"""``dozor quota machines`` and ``forget``: who shares the quota through Redis, and letting go of who is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated

import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.loop import run_to_end
from dozor.clock import SystemClock
from dozor.domain.budget import MonthPeriod
from dozor.domain.errors import CannotRunHere, ConfigurationMistake
from dozor.domain.machines import Rules
from dozor.market.meta import rfc3339
from dozor.settings import Settings
from dozor.storage.machine_id import machine_id
from dozor.storage.redis_book import RedisBook
from dozor.storage.redis_link import RedisLink
from dozor.supervise import tasks_until_exit
from dozor.telemetry.phrases import Words
from dozor.upstream.book_desk import BookDesk, Reading, Unreachable

REACHED_WITHIN_SECONDS = 5.0

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]


def add_machines_commands(quota_cli: typer.Typer) -> None:
    """Put the commands beside ``quota show`` and ``set``."""
    quota_cli.command("machines")(machines_command)
    quota_cli.command("forget")(forget_command)


def machines_command(as_json: AsJson = False) -> None:  # noqa: FBT002  # typer
    """The machines that share the quota through Redis: what each may spend alone, and when it was last heard of."""
    settings = settings_of_this_start()
    run_to_end(_show(settings, as_json=as_json))


def forget_command(
    machine: Annotated[str, typer.Argument(help="Its name, or how it begins, as `quota machines` shows it.")],
) -> None:
    """Give the others what is kept for a machine that is gone for good. What it has used stays counted."""
    settings = settings_of_this_start()
    run_to_end(_forget(settings, machine))


async def _show(settings: Settings, *, as_json: bool) -> None:
    async with _desk(settings) as desk:
        reading = await _look(desk, settings)
    rows = _rows(reading, settings)
    if as_json:
        typer.echo(json.dumps({"machines": rows}, ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo(Words("Машин ещё не было", "There were no machines yet").in_language(settings.language))
    for row in rows:
        here = Words(" (эта)", " (this one)").in_language(settings.language) if row["is_this"] else ""
        words = Words(
            f"{row['machine']}{here}: доля {row['part']}, за месяц {row['used']}, слышно {row['heard_at']}",
            f"{row['machine']}{here}: part {row['part']}, {row['used']} this month, last heard {row['heard_at']}",
        )
        typer.echo(words.in_language(settings.language))


def _rows(reading: Reading, settings: Settings) -> list[dict[str, object]]:
    now, book = SystemClock().now(), reading.book
    month = book.months.get(MonthPeriod.around(now, settings.month_resets_on).start.isoformat(), {})
    file = settings.data_dir / "machine.id"
    this = machine_id(file) if file.exists() else None
    return [
        {
            "machine": name,
            "is_this": name == this,
            "heard_at": rfc3339(now - timedelta(seconds=reading.now - member.seen_at)),
            "part": round(member.part, 3),
            "used": month[name].calls if name in month else 0,
        }
        for name, member in sorted(book.members.items())
    ]


async def _forget(settings: Settings, beginning: str) -> None:
    async with _desk(settings) as desk:
        reading = await _look(desk, settings)
        meant = [name for name in reading.book.members if name.startswith(beginning)] if beginning else []
        if len(meant) != 1:
            words = Words(
                f"{beginning!r} — не имя одной машины; их показывает python backend/run.py quota machines",
                f"{beginning!r} names no single machine; python backend/run.py quota machines shows them",
            )
            raise ConfigurationMistake([words.in_language(settings.language)])
        try:
            await desk.forget(meant[0])
        except Unreachable as error:
            raise _away(settings) from error
    words = Words(f"Забыта: {meant[0]}", f"Forgotten: {meant[0]}")
    typer.echo(words.in_language(settings.language))


async def _look(desk: BookDesk, settings: Settings) -> Reading:
    try:
        return await desk.look()
    except Unreachable as error:
        raise _away(settings) from error


def _away(settings: Settings) -> CannotRunHere:
    words = Words(
        "Redis недоступен; подробности: python backend/run.py doctor",
        "Redis cannot be reached; for details: python backend/run.py doctor",
    )
    return CannotRunHere(words.in_language(settings.language))


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[BookDesk]:
    """Raises CannotRunHere when there is no Redis."""
    if settings.redis is None:
        words = Words("REDIS_URL пуст: машины не делят квоту", "REDIS_URL is empty: no machines share the quota")
        raise CannotRunHere(words.in_language(settings.language))
    clock = SystemClock()
    link = RedisLink(settings.redis, clock, key_prefix=settings.redis_key_prefix)
    async with tasks_until_exit() as tasks:
        link.start(tasks)
        try:
            async with asyncio.timeout(REACHED_WITHIN_SECONDS):
                await link.wait_until_tried()
            yield BookDesk(RedisBook(link, settings.quota_name, settings.redis_key_prefix), clock, Rules())
        except TimeoutError as error:
            raise _away(settings) from error
        finally:
            await link.close()
