"""The owner's way in: a one-time link in the log, and the cookie that it gives the page."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from itsdangerous import BadSignature, TimestampSigner

COOKIE = "dozor_session"
SESSION_FOR = timedelta(days=30)


class OwnerLogin:
    """One login link for this start, and the sessions that it and earlier ones opened.

    Sessions are signed, not stored, so they outlive a restart as long as ``secret`` does.
    """

    def __init__(self, secret: bytes) -> None:
        self._signer = TimestampSigner(secret, salt="dozor.session")
        self._code: str | None = secrets.token_urlsafe(24)

    @property
    def link_path(self) -> str | None:
        """Path and query of the link, ``None`` once it was used."""
        return None if self._code is None else f"/login?code={self._code}"

    def redeem(self, code: str) -> str | None:
        """The cookie for a right code, which is spent by it; ``None`` for any other."""
        if self._code is None or not hmac.compare_digest(code.encode(), self._code.encode()):
            return None
        self._code = None
        return self._signer.sign(f"owner.{secrets.token_urlsafe(8)}").decode()

    def is_valid(self, cookie: str) -> bool:
        """Whether this cookie is one of ours and not too old."""
        try:
            self._signer.unsign(cookie, max_age=int(SESSION_FOR.total_seconds()))
        except BadSignature:
            return False
        return True
