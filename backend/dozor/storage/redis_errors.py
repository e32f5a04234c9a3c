"""What can go wrong between us and Redis, split by what a caller does about it.

A reader takes both as a miss. They differ in what is said of the server: nothing was heard of it, or it refused.
"""

from __future__ import annotations

import re

from redis.exceptions import RedisError, ResponseError

from dozor.storage.redis_address import Node

WRITE_REFUSALS = frozenset({"READONLY", "OOM", "MISCONF", "NOPERM", "NOREPLICAS"})
"""Replies that stop writing and leave reading as it is."""

_FROM_A_SCRIPT = re.compile(r"(?:: |^)-([A-Z]{3,})\b")  # before Redis 7 a script's errors were wrapped in one of ERR


class RedisUnreachable(Exception):
    """No answer: the server is away, hangs, or is not asked now. Whether a write was done is not known."""


class RedisRefusal(Exception):
    """The server's answer is an error; ``code`` is its first word (``OOM``, ``WRONGTYPE``)."""

    def __init__(self, error: RedisError) -> None:
        super().__init__(code_of(error))
        self.code = code_of(error)
        self.error = error


class RedisRedirection(Exception):
    """In a cluster: ``node`` has this key, or (``asking``) will have it once its slot has moved there."""

    def __init__(self, node: Node, *, asking: bool) -> None:
        super().__init__(f"{node.host}:{node.port}")
        self.node = node
        self.asking = asking


class Unfit(Exception):
    """A server that answers, and still is none that we can use."""


class TooSlow(Unfit):
    """It answers later than a reader waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"answers in {seconds:.3f} s")
        self.seconds = seconds


class SlowReads(Unfit):
    """Reads go unanswered again and again, while probes are answered."""


class NotMaster(Unfit):
    """The sentinels name a server that does not call itself a master."""


class UnknownMaster(Unfit):
    """The sentinels know no master of the name we were given."""


class NoSentinel(Unfit):
    """No sentinel could be asked; ``__cause__`` is the failure of one of them."""


class NoMap(Unfit):
    """No server of a cluster could be asked who has which keys; ``__cause__`` is the failure of one of them."""


def code_of(error: RedisError) -> str:
    """The first word of the server's reply, ``ERR`` when it has none of its own, "" for what is no reply."""
    text = str(error)
    code = error.status_code or (text.split(" ", 1)[0] if isinstance(error, ResponseError) else "")
    if not re.fullmatch(r"[A-Z]{2,}", code):
        code = "ERR" if isinstance(error, ResponseError) else ""
    if code == "ERR" and (wrapped := _FROM_A_SCRIPT.search(text)):
        return wrapped[1]
    return code
