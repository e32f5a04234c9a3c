"""Names for the coins nobody knows: thousands of them, each different, the same in every run."""

from __future__ import annotations

from typing import NamedTuple

_FIRST_WORDS = """
amber arctic astral atomic azure binary bitter blazing bold brave bright bronze calm cedar chrome clever coral
cosmic crimson crystal cyber daring desert digital distant dusty eager echo electric ember endless fabled feral first
flying frozen gentle giant gilded golden happy hidden hollow hyper icy inner iron jade jolly jumping kind laser lazy
little lucky lunar magic marble meta midnight misty modern neon noble nova omega
"""
_SECOND_WORDS = """
acorn anchor arrow badger beacon bear beetle bishop bison bridge bull canyon castle cat chain clover comet
compass coyote crane crown delta dingo dolphin dragon drum eagle falcon ferret fjord forest forge fox frog garden gate
gecko goose harbor hare hawk heron hippo horizon hound island jackal jaguar kite kiwi ladder lantern leaf lemur leopard
lion lizard llama lynx magpie maple meadow mill mole monkey moose moth mouse oak orbit orca
"""
_FIRST, _SECOND = _FIRST_WORDS.split(), _SECOND_WORDS.split()
_THIRD = ("", "Finance", "Protocol", "Inu", "AI", "DAO", "Labs")
MOST = len(_FIRST) * len(_SECOND) * len(_THIRD)
"""How many names there are; the three lengths share no divisor, so counting through all three meets each once."""

_STRIDE = 7_919  # shares no divisor with MOST either: neighbours in rank do not begin alike
_COPIED = (("usdc", "USDC"), ("usdt", "USDT"), ("weth", "WETH"), ("wbtc", "WBTC"), ("link", "Chainlink"))
_COPY_EVERY = 90


class Invented(NamedTuple):
    """What an invented coin is called."""

    id: str
    symbol: str
    name: str


def invented(number: int) -> Invented:
    """Name the coin ``number``, below ``MOST``. Every 90th is a bridged copy, which shares a famous coin's symbol."""
    at = number * _STRIDE % MOST
    first, second, third = _FIRST[at % len(_FIRST)], _SECOND[at % len(_SECOND)], _THIRD[at % len(_THIRD)]
    if number % _COPY_EVERY == _COPY_EVERY - 1:
        symbol, name = _COPIED[number // _COPY_EVERY % len(_COPIED)]
        chain = f"{first} {second} {third}".title().strip()
        return Invented(f"bridged-{symbol}-{_slug(chain)}", symbol, f"Bridged {name} ({chain})")
    name = f"{first} {second} {third}".strip()
    symbol = first[:2] + second[:2] + third[:1].lower()
    return Invented(_slug(name), symbol, " ".join(word if word.isupper() else word.title() for word in name.split()))


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
