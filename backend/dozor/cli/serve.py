"""``dozor serve``: the page, the APIs and, with ``--demo``, an invented market to show them with."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import structlog
import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.loop import run_to_end
from dozor.clock import SystemClock
from dozor.setting_values import Plan
from dozor.settings import Settings
from dozor.standin import server as standin
from dozor.supervise import serve

log = structlog.get_logger(__name__)


def serve_command(
    demo: Annotated[bool, typer.Option("--demo", help="Show an invented market; no network, no quota.")] = False,  # noqa: FBT002  # typer
) -> None:
    """Serve until stopped. Raises ConfigurationMistake and CannotRunHere."""
    settings = settings_of_this_start()
    run_to_end(_serve_demo(settings) if demo else serve(settings, SystemClock()))


async def _serve_demo(settings: Settings) -> None:
    # A data folder of its own, no Redis and no PostgreSQL: the demo must touch neither the real month's count nor real
    # prices and rules.
    stand_in = await standin.start()
    try:
        log.info("demo.started", upstream=stand_in.base_url)
        await serve(
            replace(
                settings,
                coingecko_base_url=stand_in.base_url,
                coingecko_plan=Plan.KEYLESS,
                coingecko_api_key=None,
                calls_per_minute=0,
                calls_per_month=0,
                data_dir=settings.data_dir / "demo",
                redis=None,
                postgres=None,
            ),
            SystemClock(),
        )
    finally:
        await stand_in.close()
