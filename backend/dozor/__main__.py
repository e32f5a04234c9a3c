"""Run Dozor: ``python -m dozor`` is the ``dozor`` command."""


def main() -> None:
    """Hand over to the command line."""
    from dozor.cli.main import run  # imported late, so that the console is set up before a word is printed

    run()


if __name__ == "__main__":
    main()
