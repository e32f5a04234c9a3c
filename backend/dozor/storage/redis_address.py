"""Where Redis is, read from ``REDIS_URL``.

Not by ``urllib``: people paste a password as it is, with ``@ # % / : ?`` in it, and a URL parser then sees another
host, or loses half of the password without a word.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote, unquote

from dozor.telemetry.phrases import Words


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

    @property
    def shown(self) -> str:
        """The address for logs and people: a URL with stars in place of a password."""
        named = self.username is not None or self.password is not None
        credentials = f"{quote(self.username or '', safe='')}:***@" if named else ""
        if self.path is not None:
            return f"unix://{credentials}{self.path}?db={self.database}"
        scheme = "rediss" if self.tls else "redis"
        nodes = ",".join(_shown_node(node) for node in self.nodes)
        match self.topology:
            case Topology.SINGLE:
                return f"{scheme}://{credentials}{nodes}/{self.database}"
            case Topology.SENTINEL:
                return f"{scheme}+sentinel://{credentials}{nodes}/{self.master}/{self.database}"
            case Topology.CLUSTER:
                return f"{scheme}+cluster://{credentials}{nodes}"


class Misread(Enum):
    """Why a text is no address of a Redis. None shows any of the text, which may hold a password wherever it is cut."""

    NO_SCHEME = Words(
        "адрес начинается не со схемы; пишите redis://localhost:6379/0",
        "the address does not begin with a scheme; write redis://localhost:6379/0",
    )
    UNKNOWN_SCHEME = Words(
        "неизвестная схема; есть redis://, rediss:// (TLS), unix://, redis+sentinel://, redis+cluster://",
        "unknown scheme; there are redis://, rediss:// (TLS), unix://, redis+sentinel://, redis+cluster://",
    )
    NO_HOST = Words(
        "не указан сервер; пишите redis://localhost:6379/0", "the host is missing; write redis://localhost:6379/0"
    )
    HOST = Words(
        "в имени сервера лишние знаки; IPv6 пишется в скобках: redis://[::1]:6379/0",
        "the host has characters that no host has; IPv6 stands in brackets: redis://[::1]:6379/0",
    )
    PORT = Words("порт — число от 1 до 65535", "a port is a number from 1 to 65535")
    SEVERAL_HOSTS = Words(
        "несколько серверов через запятую бывают только у redis+sentinel:// и redis+cluster://",
        "several hosts, comma-separated, are for redis+sentinel:// and redis+cluster:// only",
    )
    NO_COLON = Words(
        "перед @ нет двоеточия; пароль пишется после него: redis://:ПАРОЛЬ@localhost:6379/0",
        "there is no colon before the @; a password stands behind one: redis://:PASSWORD@localhost:6379/0",
    )
    DATABASE = Words(
        "после сервера стоит номер базы, целое число от 0: redis://localhost:6379/0",
        "behind the host stands the number of a database, a whole number from 0: redis://localhost:6379/0",
    )
    DATABASE_TWICE = Words(
        "база указана дважды: в пути и в ?db=", "the database is given twice: in the path and in ?db="
    )
    DATABASE_IN_CLUSTER = Words("в кластере есть только база 0", "a cluster has database 0 only")
    NO_MASTER = Words(
        "не указано имя мастера; пишите redis+sentinel://host1:26379,host2:26379/mymaster/0",
        "the master's name is missing; write redis+sentinel://host1:26379,host2:26379/mymaster/0",
    )
    NO_PATH = Words(
        "не указан путь к сокету от корня; пишите unix:///run/redis/redis.sock?db=0",
        "the socket's path from the root is missing; write unix:///run/redis/redis.sock?db=0",
    )
    OPTION = Words(
        "неизвестный или повторный параметр после «?»; есть db, ssl_ca_certs, ssl_cert_reqs, sentinel_username,"
        " sentinel_password",
        "an option behind the “?” is unknown or repeated; there are db, ssl_ca_certs, ssl_cert_reqs, sentinel_username,"
        " sentinel_password",
    )
    OPTION_OUT_OF_PLACE = Words(
        "параметры ssl_… действуют только с TLS (rediss://), sentinel_… только с redis+sentinel://",
        "options ssl_… are for TLS (rediss://) only, sentinel_… for redis+sentinel:// only",
    )
    CERT_REQS = Words("ssl_cert_reqs бывает none или required", "ssl_cert_reqs is none or required")


class RedisUrlMistake(ValueError):
    """The text is no address of a Redis, for this ``reason``."""

    def __init__(self, reason: Misread) -> None:
        super().__init__(reason.value.en)
        self.reason = reason


_PORT = {Topology.SINGLE: 6379, Topology.SENTINEL: 26379, Topology.CLUSTER: 6379}
_SCHEMES = {
    name + suffix: (topology, tls)
    for name, tls in (("redis", False), ("rediss", True), ("valkey", False), ("valkeys", True))
    for suffix, topology in (("", Topology.SINGLE), ("+sentinel", Topology.SENTINEL), ("+cluster", Topology.CLUSTER))
}
_OPTIONS = {"db", "ssl_ca_certs", "ssl_cert_reqs", "sentinel_username", "sentinel_password"}
_KNOWN_OPTION = re.compile(rf"\?(?=(?:{'|'.join(sorted(_OPTIONS))})=)")


def parse_redis_url(text: str) -> RedisAddress:
    """The address that a ``REDIS_URL`` names; blanks and quotes around it do no harm.

    User and password may be percent-encoded (as UTF-8) or stand as they are: the last ``@`` ends them, the first colon
    parts them, ``#`` begins nothing, and a ``%`` that begins no code is itself. Raises RedisUrlMistake.
    """
    scheme, separator, rest = _unwrapped(text).partition("://")
    if not separator:
        raise RedisUrlMistake(Misread.NO_SCHEME)
    rest, options = _split_options(rest)
    if scheme.lower() == "unix":
        return _unix_address(rest, options)
    if scheme.lower() not in _SCHEMES:
        raise RedisUrlMistake(Misread.UNKNOWN_SCHEME)
    topology, has_tls = _SCHEMES[scheme.lower()]
    _check_places(options, has_tls=has_tls, has_sentinels=topology is Topology.SENTINEL)
    credentials, at, places = rest.rpartition("@")
    username, password = _credentials(credentials) if at else (None, None)
    hosts, _, path = places.partition("/")
    nodes = tuple(_node(host.strip(), _PORT[topology]) for host in hosts.split(","))
    if topology is Topology.SINGLE and len(nodes) > 1:
        raise RedisUrlMistake(Misread.SEVERAL_HOSTS)
    master = ""
    if topology is Topology.SENTINEL:
        name, _, path = path.partition("/")
        master = _decoded(name)
        if not master:
            raise RedisUrlMistake(Misread.NO_MASTER)
    database = _database(path, options)
    if topology is Topology.CLUSTER and database:
        raise RedisUrlMistake(Misread.DATABASE_IN_CLUSTER)
    return RedisAddress(
        topology,
        nodes,
        database=database,
        username=username,
        password=password,
        tls=_tls(options) if has_tls else None,
        master=master,
        sentinel_username=options.get("sentinel_username") or None,
        sentinel_password=options.get("sentinel_password") or None,
    )


def _unwrapped(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if quoted else text


def _split_options(rest: str) -> tuple[str, dict[str, str]]:
    # A "?" may belong to the password, an "@" to the password that is an option: what is a known option decides.
    known = _KNOWN_OPTION.search(rest)
    start = known.start() if known else rest.find("?", rest.rfind("@") + 1)
    if start < 0:
        return rest, {}
    options: dict[str, str] = {}
    for part in rest[start + 1 :].split("&"):
        name, _, value = part.partition("=")
        if name not in _OPTIONS or name in options:
            raise RedisUrlMistake(Misread.OPTION)
        options[name] = _decoded(value)
    return rest[:start], options


def _check_places(options: dict[str, str], *, has_tls: bool, has_sentinels: bool) -> None:
    for name in options:
        if (name.startswith("ssl_") and not has_tls) or (name.startswith("sentinel_") and not has_sentinels):
            raise RedisUrlMistake(Misread.OPTION_OUT_OF_PLACE)


def _unix_address(rest: str, options: dict[str, str]) -> RedisAddress:
    _check_places(options, has_tls=False, has_sentinels=False)
    # A path may hold an "@" too; what parts it from the credentials is the one before its root.
    credentials, at, path = ("", "", rest) if rest.startswith("/") else rest.rpartition("@/")
    username, password = _credentials(credentials) if at else (None, None)
    path = f"/{path}" if at else path
    if not path.strip("/") or not path.startswith("/"):
        raise RedisUrlMistake(Misread.NO_PATH)
    database = _database("", options)
    return RedisAddress(
        Topology.SINGLE, (), path=_decoded(path), database=database, username=username, password=password
    )


def _credentials(text: str) -> tuple[str | None, str | None]:
    username, colon, password = text.partition(":")
    if not colon:
        raise RedisUrlMistake(Misread.NO_COLON)
    return _decoded(username) or None, _decoded(password) or None


def _node(text: str, default_port: int) -> Node:
    parts = re.fullmatch(r"(?:\[(?P<ipv6>.*)\]|(?P<host>[^\[\]]*?))(?::(?P<port>[^:]*))?", text)
    if parts is None:
        raise RedisUrlMistake(Misread.HOST)
    ipv6, host, port = parts.group("ipv6", "host", "port")
    if not ipv6 and not host:
        raise RedisUrlMistake(Misread.NO_HOST)
    if not _is_ipv6(ipv6) if ipv6 else re.search(r"[\s:?#%]", host):
        raise RedisUrlMistake(Misread.HOST)
    return Node(ipv6 or host, _port(port) if port else default_port)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65_536:
        raise RedisUrlMistake(Misread.PORT)
    return int(text)


def _database(path: str, options: dict[str, str]) -> int:
    path = path.removesuffix("/")
    if path and "db" in options:
        raise RedisUrlMistake(Misread.DATABASE_TWICE)
    text = path or options.get("db", "0")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise RedisUrlMistake(Misread.DATABASE)
    return int(text)


def _tls(options: dict[str, str]) -> Tls:
    proof = options.get("ssl_cert_reqs", "required").lower()
    if proof not in {"none", "required"}:
        raise RedisUrlMistake(Misread.CERT_REQS)
    return Tls(options.get("ssl_ca_certs") or None, verify=proof == "required")


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:  # no UTF-8: then nothing was encoded, and these are per cent signs
        return text


def _shown_node(node: Node) -> str:
    return f"[{node.host}]:{node.port}" if ":" in node.host else f"{node.host}:{node.port}"
