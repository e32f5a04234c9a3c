"""Which stored values are meant: what a key says about its family and its coins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, unquote

from dozor.market.endpoints import ENDPOINTS, Endpoint, FamilyName, match
from dozor.market.question import KEY_FORMAT

DETAILS = "coin_details"
NAMED = (DETAILS, "coins_list", "coin_chart")
OTHER = "other"
LOTS = {"simple_price": "get_prices", "coins_markets": "get_crypto_list"}  # what calls for many coins are kept under
FAMILIES = (*NAMED, *(endpoint.function for endpoint in ENDPOINTS if endpoint.family is not FamilyName.DETAILS))
"""What ``--family`` may be: the kinds of keys with a name of their own, and the functions of the gateway."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Values that fit all that was said; what was not said fits every value. ``glob`` is shell-style, on the key."""

    family: str | None = None
    coin: str | None = None
    glob: str = "*"

    def fits(self, key: str) -> bool:
        """Whether this key is meant."""
        return (
            (self.family is None or family_of(key) == self.family)
            and (self.coin is None or self.coin.lower() in coins_of(key))
            and fnmatchcase(key, self.glob)
        )


def family_of(key: str) -> str:
    """The family of a key, ``other`` for one that no endpoint of today makes."""
    name, _, rest = key.partition(":")
    if name in NAMED:
        return name
    if name == KEY_FORMAT and (lot := rest.partition(":")[0]) in LOTS:
        return LOTS[lot]
    found = _endpoint_of(key)
    return OTHER if found is None else found[0].function


def coins_of(key: str) -> Sequence[str]:
    """The ids of the coins that the key names; none where it names them by symbol, or not at all."""
    name, _, rest = key.partition(":")
    if name in {DETAILS, "coin_chart"}:
        return (rest.split(":")[0],)
    found = _endpoint_of(key)
    if found is None:
        return ()
    endpoint, path_params = found
    if endpoint.path.startswith("/coins/{id}") and "/contract/" not in endpoint.path:  # there it is a network's id
        return (path_params["id"],)
    if endpoint.path.startswith(("/simple/", "/coins/")):
        query = parse_qs(key.partition("?")[2])
        return tuple(coin for ids in query.get("ids", ()) for coin in ids.split(","))
    return ()


def _endpoint_of(key: str) -> tuple[Endpoint, dict[str, str]] | None:
    version, _, rest = key.partition(":")
    path = rest.partition("?")[0]
    if version != KEY_FORMAT or not path.startswith("/"):
        return None
    return match([unquote(segment) for segment in path[1:].split("/")])
