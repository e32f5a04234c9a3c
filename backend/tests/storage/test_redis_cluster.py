"""A cluster: who has which key, while slots move and servers come and go."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from dozor.caching.lease import Lease, Taken
from dozor.storage.redis_slots import slot_of
from redis_binaries import Binary
from redis_groups import ClusterServers, cluster
from redis_servers import free_port
from storage.linked import linked, shelf, until


async def test_keys_are_spread_and_found(cluster_servers: ClusterServers) -> None:
    async with shelf(cluster_servers.url) as at:
        assert len(at.link.nodes()) == 3
        for number in range(60):
            entry = at.entry(str(number).encode(), key=f"k{number}")
            lease = await at.tier.take(entry.key, "one", 12)
            assert isinstance(lease, Lease)
            assert isinstance(await at.tier.take(entry.key, "two", 12), Taken)
            at.tier.keep(entry, lease)
        await at.written()
        for number in range(60):
            assert await at.body(f"k{number}") == str(number).encode()
            assert await at.tier.look(f"k{number}") is None
        counts = [len(await at.link.on_node(node, "KEYS", f"{at.key_prefix}*")) for node in at.link.nodes()]
    assert sum(counts) == 120
    assert all(counts)


async def test_keys_with_braces_in_them_work_in_a_cluster(cluster_servers: ClusterServers) -> None:
    async with shelf(cluster_servers.url) as at:
        for key in ("a{b}c", "a}b", "{}", "}{"):
            lease = await at.tier.take(key, "one", 12)
            assert isinstance(lease, Lease), key
            at.tier.keep(at.entry(key=key), lease)
            await at.written()
            assert await at.body(key) is not None


async def test_one_living_server_is_enough_to_find_the_others(cluster_servers: ClusterServers) -> None:
    url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{cluster_servers.masters[1].port}"
    async with linked(url) as link:
        assert link.up
        assert len(link.nodes()) == 3


async def test_no_server_of_the_cluster_answers() -> None:
    async with linked(f"redis+cluster://127.0.0.1:{free_port()}") as link:
        assert link.state.reason is not None
        assert "refused" in link.state.reason.en


async def test_a_slot_moves_under_readers_and_writers_without_a_loss(cluster_servers: ClusterServers) -> None:
    async with shelf(cluster_servers.url) as at:
        keys = [f"{{one slot}}{number}" for number in range(50)]
        slot = slot_of(at.key_prefix + keys[0])
        for key in keys:
            await at.tier.put(at.entry(key.encode(), key=key))
        source = cluster_servers.owner(slot)
        target = next(master for master in cluster_servers.masters if master is not source)
        wrong: list[bytes] = []
        longest, reads = 0.0, 0

        async def read() -> None:
            nonlocal longest, reads
            while True:
                for key in keys:
                    await asyncio.sleep(0)  # a server that counts as away answers at once, and nobody else would run
                    began = time.monotonic()
                    body = await at.body(key)
                    longest = max(longest, time.monotonic() - began)
                    reads += 1
                    if body not in {None, key.encode()}:
                        wrong.append(body or b"")

        with structlog.testing.capture_logs() as lines:
            readers = [asyncio.ensure_future(read()) for _ in range(3)]
            await asyncio.to_thread(cluster_servers.move_slot, slot, target)
            await asyncio.to_thread(cluster_servers.move_slot, slot, source)
            await asyncio.to_thread(cluster_servers.move_slot, slot, target)
            for reader in readers:
                reader.cancel()
                with suppress(asyncio.CancelledError):
                    await reader
            for key in keys:
                assert await at.body(key) == key.encode(), "every key has moved with its slot"
        assert wrong == []
        assert reads > 100
        assert longest < 0.3
        assert lines == []
        cluster_servers.move_slot(slot, source)


async def test_a_key_whose_slot_is_on_its_way_is_asked_for_where_it_goes(cluster_servers: ClusterServers) -> None:
    async with shelf(cluster_servers.url) as at:
        key = "{moving}1"
        await at.tier.put(at.entry(key=key))
        slot = slot_of(at.key_prefix + key)
        source = cluster_servers.owner(slot)
        target = next(master for master in cluster_servers.masters if master is not source)
        with cluster_servers.moving_slot(slot, target):
            assert await at.body(key) is not None
            await at.tier.put(at.entry(b"2", key=key))
            assert await at.body(key) == b"2"
            lease = await at.tier.take(key, "one", 12)
            assert isinstance(lease, Lease)
            at.tier.keep(at.entry(b"3", key=key), lease)
            await at.written()
            assert await at.body(key) == b"3"
            assert await at.tier.look(key) is None
        cluster_servers.move_slot(slot, source)


async def test_a_lost_master_costs_its_own_keys_until_its_replica_takes_over(valkey: Binary) -> None:
    with cluster(valkey, masters=3, replicas=1) as servers:
        async with shelf(servers.url) as at:
            lost = servers.masters[0]
            key = next(
                f"k{number}" for number in range(100) if servers.owner(slot_of(f"{at.key_prefix}k{number}")) is lost
            )
            await at.tier.put(at.entry(key=key))
            for replica in servers.nodes[3:]:  # one that has never been in step does not take over
                await until(lambda one=replica: one.ask("ROLE")[3] == "connected", "the replica to be in step")
            lost.kill()
            began = time.monotonic()
            while await at.body(key) != b"2":
                assert time.monotonic() - began < 30
                await at.tier.put(at.entry(b"2", key=key))
                await asyncio.sleep(0.05)
            assert lost.port not in {node.port for node in at.link.nodes()}
            await until(lambda: at.link.up, "the link")
