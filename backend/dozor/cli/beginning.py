"""How every command begins: read the settings, set up the log, say what looks like a typing mistake."""

from __future__ import annotations

import os

import structlog

from dozor.cli.home import find_home
from dozor.settings import Settings, read_settings, unknown_variables
from dozor.telemetry.logging import set_up_logging

log = structlog.get_logger(__name__)


def settings_of_this_start() -> Settings:
    """The settings of this process, with the log set up as they say. Raises ConfigurationMistake."""
    home = find_home()
    settings = read_settings(os.environ, home.env_file, default_data_dir=home.data_dir)
    set_up_logging(settings.language, as_json=settings.log_json)
    for variable in unknown_variables(home.env_file):
        log.warning("settings.unknown", variable=variable, source=str(home.env_file))
    return settings
