"""Codes by which a chat becomes a channel of whoever asked for one.

A code is ``p``, the user's id without its prefix, when it ends, and a signature: nothing has to be kept of it. It fits
into a link to a bot, which carries 64 characters (https://core.telegram.org/bots/features#deep-linking).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from dozor.domain.ids import LENGTH, Named

LASTS = timedelta(minutes=15)
SIGNATURE_LETTERS = 26  # of base 16: 104 bits
_SHAPE = re.compile(rf"p(?P<user>\w{{{LENGTH}}})(?P<until>[0-9a-f]{{8}})(?P<signature>[0-9a-f]{{{SIGNATURE_LETTERS}}})")


class PairingCodes:
    """Makes and reads codes. ``secret`` signs them."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, user_id: str, now: datetime) -> tuple[str, datetime]:
        """A code for this user, and when it ends."""
        until = int((now + LASTS).timestamp())
        signed = f"p{user_id.partition('_')[2]}{until:08x}"
        return signed + self._signature(signed), datetime.fromtimestamp(until, UTC)

    def user_of(self, code: str, now: datetime) -> str | None:
        """Whose code this is; ``None`` for one that is none of ours, or too old."""
        found = _SHAPE.fullmatch(code)
        if found is None:
            return None
        signed = code[: -len(found["signature"])]
        if not hmac.compare_digest(self._signature(signed), found["signature"]):
            return None
        return None if int(found["until"], 16) <= now.timestamp() else f"{Named.USER.value}_{found['user']}"

    def _signature(self, signed: str) -> str:
        return hmac.new(self._secret, b"dozor.pairing " + signed.encode(), hashlib.sha256).hexdigest()[
            :SIGNATURE_LETTERS
        ]
