"""The ``dozor`` command: what each word does, and which exit code an ending has.

0: done. 1: failed. 2: the command or the settings are wrong. 3: this machine refuses a port or a folder.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed_version
from typing import Annotated, TextIO

import typer

from dozor.cli.alerts import alerts_cli
from dozor.cli.backup import backup_command, restore_command
from dozor.cli.cache import cache_cli
from dozor.cli.doctor import doctor_command
from dozor.cli.plan import plan_command
from dozor.cli.quota import quota_cli
from dozor.cli.quota_machines import add_machines_commands
from dozor.cli.serve import serve_command
from dozor.cli.simulate import simulate_command
from dozor.domain.errors import CannotRunHere, ConfigurationMistake
from dozor.telemetry.logging import make_printable

EXIT_CONFIGURATION = 2
EXIT_CANNOT_RUN_HERE = 3

cli = typer.Typer(
    name="dozor",
    help="A self-hosted crypto market watch: CoinGecko's data from a cache.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
cli.command("serve", help="Serve the page and the APIs. This is what happens without a command.")(serve_command)
cli.command("simulate", help="Serve a CoinGecko stand-in on this machine, for tests and demos.")(simulate_command)
cli.command("doctor", help="Check everything that Dozor needs, step by step, and say what to do.")(doctor_command)
cli.command("plan", help="What a workload would cost, and how fresh its answers would be. Costs no call.")(plan_command)
cli.command("backup", help="Copy the database and the secrets to one file, and read it back.")(backup_command)
cli.command("restore", help="Put back what a backup holds, while no Dozor runs.")(restore_command)
cli.add_typer(alerts_cli)
cli.add_typer(cache_cli)
add_machines_commands(quota_cli)
cli.add_typer(quota_cli)


@cli.callback(invoke_without_command=True)
def default_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False,  # noqa: FBT002  # typer
) -> None:
    """A self-hosted crypto market watch: CoinGecko's data from a cache."""
    if version:
        typer.echo(installed_version("dozor"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        serve_command()


def run() -> None:
    """Run the command line; every expected failure is plain sentences and an exit code."""
    make_printable(sys.stdout)
    make_printable(sys.stderr)
    try:
        cli()
    except ConfigurationMistake as mistake:
        for sentence in mistake.mistakes:
            typer.echo(sentence, err=True)
        sys.exit(EXIT_CONFIGURATION)
    except CannotRunHere as refusal:
        typer.echo(str(refusal), err=True)
        sys.exit(EXIT_CANNOT_RUN_HERE)
    finally:
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Drop what could not be written, or Python would try again at its end and turn the exit code into 120."""
    try:
        stream.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
