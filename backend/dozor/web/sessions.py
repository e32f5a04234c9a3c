"""Ways in: the owner's one-time link in the log, and the cookies that it and invitations give the page."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner

from dozor.domain.errors import CannotRunHere

COOKIE = "dozor_session"
OWNER = "owner"  # in a cookie, and for budgets; other users stand there by their ids
SESSION_FOR = timedelta(days=30)
SECRET_BYTES = 32


class OwnerLogin:
    """One login link for this start, and the sessions that it and earlier ones opened.

    Sessions are signed, not stored, so they outlive a restart as long as ``secret`` does. Raises ValueError for a
    secret that is too short: with an empty one anybody could sign.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError("the secret is too short to sign with")
        self._secret = secret
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
        return self.cookie_for(OWNER)

    def cookie_for(self, who: str) -> str:
        """A new session of ``OWNER`` or of the user with this id."""
        return self._signer.sign(f"{who}.{secrets.token_urlsafe(8)}").decode()

    def who(self, cookie: str) -> str | None:
        """Whose session this is; ``None`` for a cookie that is none of ours, or too old."""
        try:
            signed = self._signer.unsign(cookie, max_age=int(SESSION_FOR.total_seconds()))
        except BadSignature:
            return None
        return signed.decode().partition(".")[0]

    def csrf_token(self, cookie: str) -> str:
        """What a page with this cookie has to send with everything that changes something.

        Another site can have the browser send the cookie, but cannot read this.
        """
        return hmac.new(self._secret, b"dozor.csrf " + cookie.encode(), hashlib.sha256).hexdigest()


def session_secret(file: Path) -> bytes:
    """The secret in ``file``, made at the first start for this user alone. Safe with several processes at once.

    A file that is too short, as a full disk or a kill could once have left it, is replaced: that ends the sessions.
    Raises CannotRunHere when the file cannot be used.
    """
    try:
        if not file.exists() or file.stat().st_size < SECRET_BYTES:
            _write_whole(file, secrets.token_bytes(SECRET_BYTES))
        return file.read_bytes()
    except OSError as error:
        raise CannotRunHere(
            f"{file}: {error.strerror or error}. Mend or delete it: it signs the owner's session, no data is lost"
        ) from error


def _write_whole(file: Path, content: bytes) -> None:
    """Write under another name and rename: whoever reads ``file`` finds all of it or nothing."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
