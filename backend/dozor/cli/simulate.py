"""``dozor simulate``: a CoinGecko of one's own, for tests, demos and other people's programs."""

from __future__ import annotations

import asyncio
from typing import Annotated

import structlog
import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.loop import run_to_end
from dozor.domain.errors import CannotRunHere
from dozor.standin import server
from dozor.supervise import stop_signals
from dozor.telemetry.phrases import Language, sentence

log = structlog.get_logger(__name__)


def simulate_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = any free one.")] = 8700,
    per_minute: Annotated[int | None, typer.Option(min=1, help="Calls allowed in 60 s; then true 429s.")] = None,
    per_month: Annotated[int | None, typer.Option(min=1, help="Calls allowed in a month.")] = None,
    latency: Annotated[float, typer.Option(min=0, max=60, help="Seconds that every answer takes.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Varies what nobody has published: key order, ties, rounding.")] = 0,
    coins: Annotated[int, typer.Option(min=100, max=30_000, help="How many coins there are.")] = 18_000,
    any_user_agent: Annotated[bool, typer.Option("--any-user-agent", help="Refuse no User-Agent.")] = False,  # noqa: FBT002  # typer
) -> None:
    """Serve the stand-in until stopped. Raises ConfigurationMistake and CannotRunHere."""
    settings = settings_of_this_start()

    async def simulate() -> None:
        stopped = asyncio.Event()
        try:
            stand_in = await server.start(
                host,
                port,
                per_minute=per_minute,
                per_month=per_month,
                latency_seconds=latency,
                seed=seed,
                coins=coins,
                check_user_agent=not any_user_agent,
            )
        except OSError as error:
            raise _refused(error, host, port, settings.language) from error
        try:
            log.info("simulate.started", base_url=stand_in.base_url, control_url=stand_in.control_url)
            with stop_signals(stopped.set):
                await stopped.wait()
        finally:
            await stand_in.close()
        log.info("server.stopped")

    run_to_end(simulate())


def _refused(error: OSError, host: str, port: int, language: Language) -> CannotRunHere:
    reason = error.strerror or str(error)
    return CannotRunHere(sentence("simulate.port_refused", language, host=host, port=port, reason=reason))
