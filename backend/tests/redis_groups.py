"""Redis servers that belong together: a master watched by sentinels, and a cluster. Made with plain commands."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import redis

from redis_binaries import Binary
from redis_servers import Server, wait_until

SLOTS = 16_384
NOTICED_DOWN_MS = 500


class Sentinel(Server):
    """A sentinel: the same program, with a file of its own in which it keeps what it has learnt."""

    def watch(self, name: str, master: Server, quorum: int) -> None:
        """Before the start: what it is to watch."""
        lines = [
            f"sentinel monitor {name} 127.0.0.1 {master.port} {quorum}",
            f"sentinel down-after-milliseconds {name} {NOTICED_DOWN_MS}",
            # Shorter, and it gives up a failover on a busy machine, half-way: then nobody is asked to finish it.
            f"sentinel failover-timeout {name} 5000",
        ]
        if master.password:
            lines.append(f"sentinel auth-pass {name} {master.password}")
        (self.folder / "sentinel.conf").write_text("\n".join(lines) + "\n")

    def _command_line(self) -> list[str]:
        return [str(self.folder / "sentinel.conf"), "--sentinel", *super()._command_line()]


class SentinelServers:
    """A master, its replicas, and the sentinels that say which of them is the master now."""

    def __init__(self, name: str, data: list[Server], sentinels: list[Sentinel]) -> None:
        self.name = name
        self.data = data
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        """A REDIS_URL that asks the sentinels. With ``sentinel_password`` in its query when they have one."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        password = self.sentinels[0].password
        query = f"?sentinel_password={password}" if password else ""
        credentials = f":{self.data[0].password}@" if self.data[0].password else ""
        return f"redis+sentinel://{credentials}{hosts}/{self.name}/0{query}"

    @property
    def master(self) -> Server:
        """Who the first sentinel says it is."""
        port = self._master_port(self.sentinels[0])
        return next(server for server in self.data if server.port == port)

    def failover(self) -> Server:
        """Have a replica become the master; returns it once every sentinel names it.

        The old master goes on running, and takes writes, until the sentinels notice after some ten seconds that it
        calls itself a master still: that is how Sentinel is. (To have it die instead, ``master.kill()``.)
        """
        old = self.master
        for server in self.data:  # the master before this one, if that has not been noticed yet
            if server is not old and server.ask("ROLE")[0] == "master":
                server.ask("REPLICAOF", "127.0.0.1", old.port)
        wait_until(self._is_replicated, "the replicas to follow the master")
        wait_until(self._failover_is_accepted, "a sentinel to accept the failover", self._said)
        wait_until(lambda: old.port not in self._named_masters(), "another master", self._said)
        return self.master

    def wait_until_ready(self) -> None:
        """Wait until the replicas follow and every sentinel knows of them and of the other sentinels."""
        wait_until(lambda: self._is_replicated() and self._is_known(), "the sentinels to agree", self._said)

    def _failover_is_accepted(self) -> bool:
        # Refused while the one before is being finished.
        with contextlib.suppress(redis.ResponseError):
            return bool(self.sentinels[0].ask("SENTINEL", "FAILOVER", self.name))
        return False

    def _named_masters(self) -> set[int]:
        return {self._master_port(sentinel) for sentinel in self.sentinels}

    def _master_port(self, sentinel: Sentinel) -> int:
        return int(sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)[1])

    def _is_replicated(self) -> bool:
        port = self.master.port
        roles = [server.ask("ROLE") for server in self.data if server.port != port]
        return all(role[0] == "slave" and role[2:4] == [port, "connected"] for role in roles)

    def _is_known(self) -> bool:
        watched = [_fields(sentinel.ask("SENTINEL", "MASTER", self.name)) for sentinel in self.sentinels]
        wanted = (str(len(self.data) - 1), str(len(self.sentinels) - 1))
        return all((found["num-slaves"], found["num-other-sentinels"]) == wanted for found in watched)

    def _said(self) -> str:
        return "\n".join(sentinel.log() for sentinel in self.sentinels)


@contextlib.contextmanager
def sentinel(
    binary: Binary, *, name: str = "mymaster", sentinels: int = 3, password: str = "", sentinel_password: str = ""
) -> Iterator[SentinelServers]:
    """A master with one replica, and sentinels over them, ready. Takes about two seconds."""
    with contextlib.ExitStack() as stack:
        of_peers = ["--masterauth", password] if password else []
        master = stack.enter_context(Server(binary, *of_peers, password=password))
        follows = ["--replicaof", "127.0.0.1", str(master.port)]
        replica = stack.enter_context(Server(binary, *of_peers, *follows, password=password))
        watching = []
        for _ in range(sentinels):
            one = Sentinel(binary, password=sentinel_password)
            one.watch(name, master, quorum=sentinels // 2 + 1)
            watching.append(stack.enter_context(one))
        servers = SentinelServers(name, [master, replica], watching)
        servers.wait_until_ready()
        yield servers


class ClusterServers:
    """The servers of a cluster: the masters first, each owning a range of slots, then the replicas."""

    def __init__(self, nodes: list[Server], masters: int) -> None:
        self.nodes = nodes
        self.masters = nodes[:masters]

    @property
    def url(self) -> str:
        credentials = f":{self.nodes[0].password}@" if self.nodes[0].password else ""
        return f"redis+cluster://{credentials}" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def slot_of(self, key: str) -> int:
        return int(self.nodes[0].ask("CLUSTER", "KEYSLOT", key))

    def owner(self, slot: int) -> Server:
        """Who owns the slot, as that server itself says."""
        return next(node for node in self.masters if slot in self._slots_of(node))

    def move_slot(self, slot: int, to: Server) -> None:
        """Give a slot and its keys to another master, as resharding does: clients meet ASK, then MOVED."""
        with self.moving_slot(slot, to):
            pass

    @contextlib.contextmanager
    def moving_slot(self, slot: int, to: Server) -> Iterator[None]:
        """The same, stopping half-way: inside, the slot is on its way and its keys are there already."""
        source = self.owner(slot)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", _identity(source))
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", _identity(to))
        credentials = ["AUTH", to.password] if to.password else []
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, *credentials, "KEYS", *keys)
        try:
            yield
        finally:
            # The new owner first: between the two answers each would otherwise send clients to the other.
            for node in [to, source, *(node for node in self.masters if node not in {to, source})]:
                node.ask("CLUSTER", "SETSLOT", slot, "NODE", _identity(to))

    def _slots_of(self, node: Server) -> set[int]:
        own = _identity(node)
        return {
            slot
            for first, last, master, *_ in node.ask("CLUSTER", "SLOTS")
            if master[2] == own
            for slot in range(first, last + 1)
        }


@contextlib.contextmanager
def cluster(binary: Binary, *, masters: int = 3, replicas: int = 0, password: str = "") -> Iterator[ClusterServers]:
    """A cluster of so many masters, each with so many replicas, ready. Takes about two seconds."""
    options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf"]
    if password:
        options += ["--masterauth", password]
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(Server(binary, *options, password=password)) for _ in range(masters * (1 + replicas))
        ]
        servers = ClusterServers(nodes, masters)
        for place, node in enumerate(servers.masters):
            node.ask("CLUSTER", "ADDSLOTSRANGE", place * SLOTS // masters, (place + 1) * SLOTS // masters - 1)
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
        for node in nodes[1:]:
            nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port)
        wait_until(
            lambda: all(f"cluster_known_nodes:{len(nodes)}" in _state(node) for node in nodes), "the nodes to meet"
        )
        for place, node in enumerate(nodes[masters:]):
            follow = _identity(servers.masters[place % masters])
            wait_until(functools.partial(_follows, node, follow), "a replica to find its master")
        wait_until(lambda: all("cluster_state:ok" in _state(node) for node in nodes), "the cluster to be whole")
        yield servers


def _follows(node: Server, master: str) -> bool:
    # Refused until the news of who the master is has come round.
    with contextlib.suppress(redis.ResponseError):
        return bool(node.ask("CLUSTER", "REPLICATE", master))
    return False


def _state(node: Server) -> set[str]:
    return set(node.ask("CLUSTER", "INFO").split())


def _identity(node: Server) -> str:
    return str(node.ask("CLUSTER", "MYID"))


def _fields(flat: list[str]) -> dict[str, str]:
    """Name, value, name, value … as RESP2 gives a map."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
