"""Secrets that we give out, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets

RANDOM_BYTES = 32


def new_secret() -> str:
    """A text of 256 random bits that stands in a URL as it is."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def hash_of(secret: str) -> str:
    """What is kept, and looked for."""
    return hashlib.sha256(secret.encode()).hexdigest()
