"""``dozor simulate``: a CoinGecko of one's own, for tests and demos."""


def simulate_command() -> None:
    """Serve the stand-in until stopped."""
