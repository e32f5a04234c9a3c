"""What the log says of machines that share the budget: each change once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger(__name__)


class SharingLog:
    """Remembers what was said. One instance per loop."""

    def __init__(self) -> None:
        self._silent: frozenset[str] = frozenset()
        self._is_alone = False

    def silent(self, machines: Iterable[str]) -> None:
        """These are the machines that are not heard of now."""
        silent = frozenset(machines)
        for machine in sorted(silent - self._silent):
            log.warning("sharing.machine_silent", machine=machine)
        for machine in sorted(self._silent - silent):
            log.info("sharing.machine_heard", machine=machine)
        self._silent = silent

    def alone(self) -> None:
        """This machine spends its own part, for the others cannot be reached."""
        if not self._is_alone:
            self._is_alone = True
            log.warning("sharing.alone")

    def together(self) -> None:
        """They can."""
        if self._is_alone:
            self._is_alone = False
            log.info("sharing.together")

    def broken(self, bug: Exception) -> None:
        """Telling the others failed as it never should."""
        log.error("sharing.broken", exc_info=bug)
