"""Several real processes that want far more than the plan allows, against a stand-in that counts what arrives.

Windows, pauses and leases are a twentieth of their length, or a little more where processes that share two cores may be
held up for longer; ``bench/quota.py`` runs the same at full length.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dozor.domain.machines import Rules
from redis_binaries import Binary
from redis_servers import Server
from saturated import USED, a_scene

LENGTHS = Rules(span=3.0, longest=2.0, heard_every=0.2, silent_after=1.2, valid_for=0.5, forgotten_after=300.0)


@pytest.fixture
def redis(redis_itself: Binary) -> Server:
    return Server(redis_itself)


async def test_four_machines_on_one_redis_that_is_killed_and_returns_empty(tmp_path: Path, redis: Server) -> None:
    with redis:
        async with a_scene(LENGTHS, redis.url) as scene:
            for name in "abcd":
                await scene.start(tmp_path / name)
            await scene.calls_more(2 * USED, 30)  # together they use the plan
            redis.kill()
            await scene.calls_more(4, LENGTHS.alone_after + 20)  # and then each its own part
            await scene.calls_more(10, 30)
            redis.start()
            await scene.calls_more(USED, 30)
            killed = scene.workers[0]
            killed.process.kill()
            await killed.process.communicate()
            await scene.calls_more(USED, 30)
            await scene.start(killed.folder)
            await scene.calls_more(2 * USED, 30)
            for worker in scene.workers[1:]:
                await worker.stop()
            scene.is_within_the_plan()
            assert 0 <= scene.on_record() - scene.stand_in.calls.total <= 6, "but for what the killed one had under way"


@pytest.mark.parametrize("shared", [False, True])
async def test_four_processes_on_one_data_folder(tmp_path: Path, redis: Server, *, shared: bool) -> None:
    with redis:
        async with a_scene(LENGTHS, redis.url if shared else "") as scene:
            for _ in range(4):
                await scene.start(tmp_path)
            await scene.calls_more(2 * USED, 30)
            killed = scene.workers[0]
            killed.process.kill()
            await killed.process.communicate()
            if shared:
                redis.kill()
            await scene.calls_more(USED, 30)  # there is no other machine: nothing is waited for
            await scene.start(tmp_path)
            if shared:
                redis.start()
            await scene.calls_more(2 * USED, 30)
            for worker in scene.workers[1:]:
                await worker.stop()
            scene.is_within_the_plan()
            assert 0 <= scene.on_record() - scene.stand_in.calls.total <= 6, "but for what the killed one had under way"
