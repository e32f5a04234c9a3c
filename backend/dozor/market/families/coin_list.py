"""``/coins/list``: fetched once with the contract addresses, which are dropped for whoever does not ask for them.

What is left is what upstream sends without ``include_platform``: the same rows in the same order, without one member.
The list of inactive coins is another one.
"""

from __future__ import annotations

from dozor.market import rawjson
from dozor.market.endpoints import BY_PATH
from dozor.market.families import plain
from dozor.market.families.family import Unit
from dozor.market.question import Question, canonical

PLATFORMS = "include_platform"
ALL_COINS = canonical(BY_PATH["/coins/list"], {}, [(PLATFORMS, "true")], full_history=False)


def wanted(question: Question) -> Unit:
    """The list of active coins, whole or cut; a question of another status, or an odd one, as it was asked."""
    whole = plain.wanted(ALL_COINS)
    if question == ALL_COINS:
        return whole
    if dict(question.params) != {**dict(ALL_COINS.params), PLATFORMS: "false"}:
        return plain.wanted(question)
    # Read rather than cut: what was read is kept beside the body, and 18,000 rows take 10 ms.
    return Unit(whole.key, ALL_COINS, whole.call, read=without_platforms, cut=bytes)


def without_platforms(body: bytes) -> bytes:
    """The list without contract addresses. Raises msgspec.DecodeError when it is no list of objects."""
    rows = rawjson.split_rows(body)
    for row in rows:
        row.pop("platforms", None)
    return rawjson.encode(rows)
