"""Redis: each step of reaching it, each server behind it, and how they belong together.

It is optional: one that cannot be reached is a warning. One that answers and refuses us is a mistake that only the
operator can mend, and a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

from redis.exceptions import RedisError, ResponseError

from dozor.cli.checks.finding import Finding, State, failed, ok, skipped, warning
from dozor.cli.checks.reach import in_brackets
from dozor.cli.checks.redis_server import ask, check_server
from dozor.cli.checks.redis_way import let_in, look_for, optional, passed
from dozor.clock import Clock
from dozor.storage.redis_address import Node, RedisAddress, Topology
from dozor.storage.redis_dial import dialer_of, sentinel_dialer_of
from dozor.storage.redis_reasons import SENTINEL_AUTH, reason_for
from dozor.storage.redis_wire import Wire
from dozor.telemetry.phrases import Words

SLOTS = 16_384
THE_SOCKET = Node("unix", 0)  # what a Unix socket is dialled by; its path is the address's


async def check_redis(address: RedisAddress | None, clock: Clock) -> AsyncIterator[Finding]:
    """Findings about the Redis at ``address``; ``None`` is one that the operator does not want."""
    if address is None:
        yield skipped("address", Words("REDIS_URL пуст: работаем без Redis", "REDIS_URL is empty: no Redis is wanted"))
        return
    yield ok("address", Words(address.shown, address.shown))
    match address.topology:
        case Topology.SINGLE:
            checks = _check_holder(address, None if address.path else address.nodes[0], clock)
        case Topology.SENTINEL:
            checks = _check_sentinels(address, clock)
        case Topology.CLUSTER:
            checks = _check_cluster(address, clock)
    async for finding in checks:
        yield finding


async def _check_holder(address: RedisAddress, node: Node | None, clock: Clock) -> AsyncIterator[Finding]:
    """Findings about a server that is to hold our values, at ``node`` or behind the Unix socket."""
    async for finding in look_for(address, node):
        yield finding
        if finding.state is not State.OK:
            return
    wire = await let_in(address, dialer_of(address), node or THE_SOCKET)
    if isinstance(wire, Finding):
        for finding in passed(address, until=wire.step):
            yield finding
        yield wire
        return
    try:
        for finding in passed(address):
            yield finding
        async for finding in check_server(wire, clock, in_cluster=address.topology is Topology.CLUSTER):
            yield finding
    except (OSError, RedisError) as error:
        yield _silent(error, address)
    finally:
        wire.abort()


async def _check_sentinels(address: RedisAddress, clock: Clock) -> AsyncIterator[Finding]:
    named: Counter[Node] = Counter()
    for sentinel in address.nodes:
        async for finding in _ask_sentinel(address, sentinel, named):
            yield _of(sentinel, finding)
    if not named:
        yield skipped("master", Words("ни один sentinel его не назвал", "no sentinel has named it"))
        return
    [(master, votes)] = named.most_common(1)
    all_of_them = len(address.nodes)
    seen = Words(
        f"{_shown(master)}: так говорят {votes} из {all_of_them} sentinel",
        f"{_shown(master)}, say {votes} of {all_of_them} sentinels",
    )
    if len(named) == 1:
        yield ok("master", seen)
    else:
        fix = Words("Повторите позже: главный меняется", "Try again later: the master is being changed")
        yield warning("master", seen, fix)
    async for finding in _check_holder(address, master, clock):
        yield finding


async def _ask_sentinel(address: RedisAddress, sentinel: Node, named: Counter[Node]) -> AsyncIterator[Finding]:
    """Findings about one sentinel; the master that it names is counted in ``named``."""
    async for finding in look_for(address, sentinel):
        yield finding
        if finding.state is not State.OK:
            return
    wire = await let_in(address, sentinel_dialer_of(address), sentinel)
    if isinstance(wire, Finding):
        yield replace(wire, fix=SENTINEL_AUTH) if wire.step == "auth" else wire
        return
    try:
        yield _named(await ask(wire, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.master), address, sentinel, named)
    except ResponseError:
        seen = Words("это не sentinel", "no sentinel")
        yield failed("sentinel", seen, Words("Для самого Redis пишите redis://", "For Redis itself write redis://"))
    except (OSError, RedisError) as error:
        yield _silent(error, address)
    finally:
        wire.abort()


def _named(answer: list[bytes] | None, address: RedisAddress, sentinel: Node, named: Counter[Node]) -> Finding:
    if answer is None:
        show = f"redis-cli -h {sentinel.host} -p {sentinel.port} SENTINEL MASTERS"
        return failed(
            "sentinel",
            Words(f"имени {address.master} он не знает", f"it does not know the name {address.master}"),
            Words(f"Исправьте имя в REDIS_URL; имена покажет {show}", f"Mend the name in REDIS_URL; {show} shows them"),
        )
    master = Node(answer[0].decode(), int(answer[1]))
    named[master] += 1
    return ok("sentinel", Words(f"называет главным {_shown(master)}", f"names {_shown(master)} the master"))


async def _check_cluster(address: RedisAddress, clock: Clock) -> AsyncIterator[Finding]:
    masters: list[Node] = []
    for seed in address.nodes:
        async for finding in _ask_seed(address, seed, masters):
            yield _of(seed, finding)
        if masters:
            break  # every other seed would say the same
    for master in masters:
        async for finding in _check_holder(address, master, clock):
            yield _of(master, finding)


async def _ask_seed(address: RedisAddress, seed: Node, masters: list[Node]) -> AsyncIterator[Finding]:
    """Findings about the cluster as ``seed`` sees it; its masters are added to ``masters``."""
    async for finding in look_for(address, seed):
        yield finding
        if finding.state is not State.OK:
            return
    wire = await let_in(address, dialer_of(address), seed)
    if isinstance(wire, Finding):
        yield wire
        return
    try:
        yield await _slots(wire, seed, masters)
    except ResponseError as error:
        yield failed("slots", Words("слотов не назвал", "it names no slots"), reason_for(error, address))
    except (OSError, RedisError) as error:
        yield _silent(error, address)
    finally:
        wire.abort()


async def _slots(wire: Wire, seed: Node, masters: list[Node]) -> Finding:
    covered = 0
    for first, last, owner, *_ in await ask(wire, "CLUSTER", "SLOTS"):
        covered += last - first + 1
        # A server that does not know its own name leaves it empty: it is the one that was asked.
        master = Node((owner[0] or b"").decode() or seed.host, int(owner[1]))
        if master not in masters:
            masters.append(master)
    listed = ", ".join(_shown(master) for master in masters)
    seen = Words(f"слотов {covered} из {SLOTS}, главные: {listed}", f"{covered} of {SLOTS} slots, masters: {listed}")
    if covered == SLOTS:
        return ok("slots", seen)
    repair = f"redis-cli --cluster fix {_shown(seed)}"
    return failed("slots", seen, Words(f"Раздайте остальные слоты: {repair}", f"Assign the other slots: {repair}"))


def _silent(error: OSError | RedisError, address: RedisAddress) -> Finding:
    fix = optional(reason_for(error, address))
    return warning("ping", Words("перестал отвечать", "it stopped answering"), fix)


def _of(node: Node, finding: Finding) -> Finding:
    """The finding with the server that it is about, where there are several."""
    if finding.step in {"dns", "tcp"}:  # they name it themselves
        return finding
    return replace(finding, seen=Words(f"{_shown(node)}: {finding.seen.ru}", f"{_shown(node)}: {finding.seen.en}"))


def _shown(node: Node) -> str:
    return f"{in_brackets(node.host)}:{node.port}"
