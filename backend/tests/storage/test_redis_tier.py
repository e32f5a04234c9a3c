"""What a tier in Redis promises, against real servers of both makes."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta

import pytest
import structlog

from dozor.caching.lease import Lease, Taken, Verdict
from dozor.domain.freshness import FreshnessPolicy
from dozor.storage.redis_leases import lease_key
from redis_servers import Server
from running_dozor import MovableClock
from storage.linked import POLICY, Shelf, ShiftedClock, own_prefix, policy_of, shelf

LARGE = b'"' + b"x" * 300_000 + b'"'


async def leased(at: Shelf, holder: str = "one", key: str = "k") -> Lease:
    lease = await at.tier.take(key, holder, 12)
    assert isinstance(lease, Lease)
    return lease


async def test_an_entry_comes_back_as_it_was_put(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        entry = at.entry(b'{"price":1.054e-05}', age=5, headers=(("etag", '"x"'), ("link", "a"), ("link", "b")))
        await at.tier.put(entry)
        found = await at.get()
    assert found is not None
    assert (found.body, found.headers, found.hash, found.policy) == (entry.body, entry.headers, entry.hash, POLICY)
    assert abs(found.fetched_at - entry.fetched_at) <= timedelta(milliseconds=1)


async def test_what_is_not_there_is_a_miss(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        assert await at.get() is None
        assert await at.tier.arriving("k", policy_of) is None


async def test_people_find_the_documented_text(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        entry = at.entry(b'{"id":"bitcoin"}', key="coin_details:bitcoin")
        await at.tier.put(entry)
        text = redis_server.ask("GET", f"{at.key_prefix}coin_details:bitcoin")
    shown = json.loads(text)
    assert list(shown) == ["v", "fetched_at", "hash", "body"]
    assert (shown["v"], shown["hash"], shown["body"]) == (1, entry.hash, {"id": "bitcoin"})
    assert abs(shown["fetched_at"] / 1000 - entry.fetched_at.timestamp()) < 0.5


@pytest.mark.parametrize("age", [0, 30, 86_000])
async def test_a_key_lives_as_long_as_its_entry_is_of_use(redis_server: Server, age: int) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(age=age))
        left = redis_server.ask("PTTL", f"{at.key_prefix}k") / 1000
    assert POLICY.usable_for.total_seconds() - age - 5 < left <= POLICY.usable_for.total_seconds() - age


async def test_every_key_expires(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        at.tier.keep(at.entry(), await leased(at))
        at.tier.release(await leased(at, key="failed"), b"why")
        await leased(at, key="taken")
        at.tier.copy("coins_list:100:1", b"[]", at.clock.now(), timedelta(hours=1))
        await at.written()
        keys = redis_server.ask("KEYS", f"{at.key_prefix}*")
        lives = {key: redis_server.ask("PTTL", key) for key in keys}
    assert len(lives) == 5
    assert all(left > 0 for left in lives.values()), lives


async def test_what_has_expired_is_not_kept(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(age=90_000))
        at.tier.copy("copy", b"[]", at.clock.now() - timedelta(hours=2), timedelta(hours=1))
        await at.written()
        assert redis_server.ask("KEYS", f"{at.key_prefix}*") == []


async def test_an_entry_of_another_status_is_not_kept_and_its_lease_ends(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        at.tier.keep(at.entry(status=404), await leased(at))
        await at.written()
        assert await at.get() is None
        assert await at.tier.look("k") is None


async def test_an_older_entry_never_replaces_a_newer_one(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(b"2", age=10))
        await at.tier.put(at.entry(b"1", age=20))
        assert await at.body() == b"2"
        await at.tier.put(at.entry(b"3", age=5))
        assert await at.body() == b"3"


async def test_whoever_loaded_under_an_ended_lease_comes_too_late(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        first = await leased(at)
        at.tier.release(first)
        await at.written()
        second = await leased(at, "two")
        assert second.number > first.number
        at.tier.keep(at.entry(b"second", age=10), second)
        at.tier.keep(at.entry(b"late", age=0), first)
        await at.written()
        assert await at.body() == b"second"


async def test_a_later_lease_wins_whatever_the_clocks_say(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(b"newer by a wrong clock"))
        at.tier.keep(at.entry(b"loaded under the lease", age=10), await leased(at))
        await at.written()
        assert await at.body() == b"loaded under the lease"


async def test_under_one_lease_the_newer_entry_wins(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        lease = await leased(at)
        at.tier.keep(at.entry(b"2", age=1), lease)
        at.tier.keep(at.entry(b"1", age=2), lease)
        await at.written()
        assert await at.body() == b"2"


async def test_a_lease_is_one_holder_s_until_it_ends(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        lease = await leased(at)
        other = await at.tier.take("k", "two", 12)
        assert isinstance(other, Taken)
        assert 11 < other.for_seconds <= 12
        assert await leased(at) == lease, "the same holder renews"
        seen = await at.tier.look("k")
        assert isinstance(seen, Taken)
        assert 11 < seen.for_seconds <= 12.1
        at.tier.release(lease)
        await at.written()
        assert await at.tier.look("k") is None
        assert (await leased(at, "two")).number > lease.number


async def test_a_lease_runs_out_by_itself(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        lease = await at.tier.take("k", "one", 0.05)
        assert isinstance(lease, Lease)
        while not isinstance(other := await at.tier.take("k", "two", 12), Lease):  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.01)
        assert other.number > lease.number
        at.tier.release(lease)  # which is somebody else's now
        await at.written()
        assert isinstance(await at.tier.look("k"), Taken)


async def test_of_many_takers_at_once_one_gets_the_lease(redis_server: Server) -> None:
    prefix = own_prefix()
    async with shelf(redis_server.url, key_prefix=prefix) as one, shelf(redis_server.url, key_prefix=prefix) as other:
        takes = [at.tier.take("k", f"{id(at)} {turn}", 12) for at in (one, other) for turn in range(10)]
        answers = await asyncio.gather(*takes)
        standing = [await at.tier.look("k") for at in (one, other)]
    assert sum(isinstance(answer, Lease) for answer in answers) <= 1, "on a busy machine an answer may come too late"
    assert not any(standing) or any(isinstance(answer, Taken) for answer in standing)
    assert any(isinstance(answer, Lease | Taken) for answer in answers)


async def test_an_entry_lands_in_the_same_step_in_which_its_lease_ends(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        for round_ in range(50):
            key = f"k{round_}"
            at.tier.keep(at.entry(key=key), await leased(at, key=key))
            while isinstance(await at.tier.look(key), Taken):
                pass
            assert await at.body(key) is not None
    assert at.tier.name == "redis"


async def test_a_verdict_waits_for_those_who_ask_and_goes_with_the_next_lease(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        at.tier.release(await leased(at), b"\x00why")
        await at.written()
        assert await at.tier.look("k") == Verdict(b"\x00why")
        at.tier.release(await leased(at, "two"))
        await at.written()
        assert await at.tier.look("k") is None


async def test_numbers_grow_even_after_a_flush(redis_binary: object) -> None:
    with Server(redis_binary) as server:  # type: ignore[arg-type]
        async with shelf(server.url) as at:
            before = await leased(at)
            server.ask("FLUSHALL")
            after = await leased(at, "two")
            assert after.number > before.number
            at.tier.keep(at.entry(b"second"), after)
            at.tier.keep(at.entry(b"late"), before)
            await at.written()
            assert await at.body() == b"second"


async def test_scripts_that_were_flushed_are_sent_again(redis_binary: object) -> None:
    with Server(redis_binary) as server:  # type: ignore[arg-type]
        async with shelf(server.url) as at:
            with structlog.testing.capture_logs() as lines:
                for _ in range(2):
                    lease = await leased(at)
                    server.ask("SCRIPT", "FLUSH")
                    at.tier.keep(at.entry(), lease)
                    await at.written()
                    server.ask("SCRIPT", "FLUSH")
                    assert await at.body() is not None
            assert lines == []
            await at.tier.drop("k")
            assert await at.get() is None


async def test_a_large_value_is_a_miss_and_loaded_behind(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(LARGE))
        assert await at.get() is None
        found = await at.tier.arriving("k", policy_of)
        assert found is not None
        assert found.body == LARGE
        assert await at.tier.arriving("k", policy_of) is None, "it is not kept for ever"


async def test_a_value_of_just_the_bound_is_read_at_once(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(b"x"))
        head = len(redis_server.ask("GET", f"{at.key_prefix}k")) - 1
        for length, is_read in ((256 * 1024 - head, True), (256 * 1024 - head + 1, False)):
            body = b"y" * length
            await at.tier.put(at.entry(body))
            assert (await at.body() == body) is is_read
            await at.tier.arriving("k", policy_of)


async def test_everybody_who_found_a_large_value_gets_it(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(LARGE))

        async def ask() -> object:
            return await at.get() or await at.tier.arriving("k", policy_of)

        assert all(await asyncio.gather(*(ask() for _ in range(20))))


async def test_foreign_and_damaged_values_are_misses_and_stay_unless_overwritten(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        for foreign in ("", "{}", '{"v":2,"fetched_at":1,"hash":"","body":1}', "\x80\x04pickle"):
            redis_server.ask("SET", f"{at.key_prefix}k", foreign)
            assert await at.get() is None
            await at.tier.drop("k")
            assert redis_server.ask("GET", f"{at.key_prefix}k") == foreign
        await at.tier.put(at.entry())
        assert await at.body() is not None


async def test_another_program_s_list_is_left_alone_and_reported_once(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        redis_server.ask("RPUSH", f"{at.key_prefix}k", "1", "2")
        with structlog.testing.capture_logs() as lines:
            for _ in range(3):
                assert await at.get() is None
                at.tier.keep(at.entry(), await leased(at))
                await at.written()
                await at.tier.drop("k")
        assert redis_server.ask("LRANGE", f"{at.key_prefix}k", 0, -1) == ["1", "2"]
        assert [line["event"] for line in lines] == ["redis.foreign_value"]
        assert lines[0]["key"] == f"{at.key_prefix}k"
        assert await at.tier.look("k") is None, "the lease ends all the same"
        assert at.link.up


async def test_drop_forgets_what_is_ours(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry())
        await at.tier.drop("k")
        await at.tier.drop("k")
        assert redis_server.ask("EXISTS", f"{at.key_prefix}k") == 0


async def test_a_copy_is_written_for_people_unless_a_newer_one_is_there(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        now = at.clock.now()
        at.tier.copy("coins_list:100:1", b'{"n":2}', now, timedelta(hours=1))
        at.tier.copy("coins_list:100:1", b'{"n":1}', now - timedelta(seconds=9), timedelta(hours=1))
        await at.written()
        text = redis_server.ask("GET", f"{at.key_prefix}coins_list:100:1")
    assert json.loads(text)["body"] == {"n": 2}
    assert 3500 < redis_server.ask("TTL", f"{at.key_prefix}coins_list:100:1") <= 3600


async def test_machines_whose_clocks_differ_see_the_same_age(redis_server: Server) -> None:
    prefix = own_prefix()
    fast, slow = ShiftedClock(30), ShiftedClock(-30)
    async with (
        shelf(redis_server.url, clock=fast, key_prefix=prefix) as ahead,
        shelf(redis_server.url, clock=slow, key_prefix=prefix) as behind,
    ):
        for writer, reader in ((ahead, behind), (behind, ahead)):
            await writer.tier.put(writer.entry(b"from one", age=20))
            found = await reader.get()
            assert found is not None
            assert abs(found.age(reader.clock.now()) - timedelta(seconds=20)) < timedelta(seconds=1)
            await writer.tier.drop("k")
        # Neither the fast clock's stamps nor the slow one's let an older entry win.
        await ahead.tier.put(ahead.entry(b"older", age=10))
        await behind.tier.put(behind.entry(b"newer", age=5))
        assert await ahead.body() == b"newer"
        await ahead.tier.put(ahead.entry(b"older", age=10))
        assert await behind.body() == b"newer"
        lease = await leased(ahead)
        seen = await behind.tier.look("k")
        assert isinstance(seen, Taken)
        assert 11 < seen.for_seconds < 12.5, lease


async def test_an_entry_from_the_future_counts_as_of_now_and_blocks_nobody(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        await at.tier.put(at.entry(b"future", age=-3600))
        found = await at.get()
        assert found is not None
        assert found.fetched_at <= at.clock.now()
        await at.tier.put(at.entry(b"now"))
        assert await at.body() == b"now"


async def test_an_entry_from_the_future_grows_old_however_often_it_is_read(redis_server: Server) -> None:
    clock = MovableClock()
    async with shelf(redis_server.url, clock=clock) as at:
        await at.tier.put(at.entry(b"future", age=-3600))
        for seconds in (0, 40, 80):
            found = await at.get()
            assert found is not None
            assert abs(found.age(clock.now()).total_seconds() - seconds) < 5
            clock.advance(40)


async def test_a_cancelled_read_leaves_no_answer_to_anybody(redis_server: Server) -> None:
    """Each reader gets the value of its own key or none, however many others leave while theirs is under way."""
    chance = random.Random(7)
    async with shelf(redis_server.url) as at:
        for number in range(20):
            await at.tier.put(at.entry(f'"{number}"'.encode() * 50, key=f"k{number}"))

        async def read(number: int) -> int:
            body = await at.body(f"k{number}")
            assert body in {None, f'"{number}"'.encode() * 50}
            return body is not None

        answered = cancelled = 0
        for _ in range(200):
            readers = [asyncio.ensure_future(read(number)) for number in range(20)]
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            for reader in readers:
                if chance.random() < 0.3:
                    reader.cancel()
            outcomes = await asyncio.gather(*readers, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, asyncio.CancelledError):
                    cancelled += 1
                else:
                    assert not isinstance(outcome, BaseException), outcome
                    answered += outcome
        assert cancelled > 500
        assert answered > 500
        assert at.link.up


async def test_a_short_life_is_a_short_life_in_redis_too(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        short = FreshnessPolicy(timedelta(seconds=1), timedelta(0), timedelta(seconds=1))
        await at.tier.put(at.entry(policy=short))
        assert 0 < redis_server.ask("PTTL", f"{at.key_prefix}k") <= 2000


async def test_what_is_queued_is_written_before_the_tier_closes(redis_server: Server) -> None:
    async with shelf(redis_server.url) as at:
        lease = await leased(at)
        for number in range(100):
            at.tier.keep(at.entry(key=f"k{number}"))
        at.tier.release(lease, b"why")
        prefix = at.key_prefix
    assert redis_server.ask("EXISTS", *(f"{prefix}k{number}" for number in range(100))) == 100
    assert redis_server.ask("HGET", lease_key(prefix, "k"), "verdict") == "why"
