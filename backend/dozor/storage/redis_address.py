"""Where Redis is, read from ``REDIS_URL``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Topology(Enum):
    """How the servers behind an address belong together."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Node:
    """One server: a host name or an address (IPv6 without brackets), and its port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server proves who it is. ``ca_file`` ``None``: by the authorities that this machine trusts."""

    ca_file: str | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis to connect to.

    ``nodes`` are where a client begins: the server itself, the sentinels, or some of a cluster's; none for a Unix
    socket, whose ``path`` is set instead. ``database`` is 0 in a cluster. ``master`` is the name that the sentinels
    know the servers by.
    """

    topology: Topology
    nodes: tuple[Node, ...]
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    master: str = ""
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
