"""Names for what people and programs refer to: ``alr_01KB…``. They sort by the time they were made.

26 characters as in ULID (https://github.com/ulid/spec): 48 bits of milliseconds and 80 random ones, in Crockford's
base 32. Two that are made in the same millisecond sort by chance.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
RANDOM_BITS = 80
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_SHAPE = re.compile(rf"[0-7][{ALPHABET}]{{{LENGTH - 1}}}")


class Named(Enum):
    """What has such a name, with what it begins."""

    USER = "usr"
    TOKEN = "tok"  # noqa: S105  # no secret
    INVITATION = "inv"
    CHANNEL = "chn"
    ALERT = "alr"
    EVENT = "evt"
    DELIVERY = "dlv"


def new_id(named: Named, now: datetime) -> str:
    """A name that nothing else has."""
    return f"{named.value}_{_in_base_32(((now - EPOCH) // MILLISECOND << RANDOM_BITS) | secrets.randbits(RANDOM_BITS))}"


def is_id(named: Named, text: str) -> bool:
    """Whether this can be such a name, in its only spelling."""
    prefix, _, rest = text.partition("_")
    return prefix == named.value and _SHAPE.fullmatch(rest) is not None


def _in_base_32(number: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
