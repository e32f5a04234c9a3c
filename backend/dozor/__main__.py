"""Run Dozor: ``python -m dozor`` is the ``dozor`` command."""

import signal
import sys


def main() -> None:
    """Hand over to the command line. A stop that comes before there is anything to drain is a clean end too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    from dozor.cli.main import run  # imported late: it takes most of a second, in which a stop must find us ready

    run()


if __name__ == "__main__":
    main()
