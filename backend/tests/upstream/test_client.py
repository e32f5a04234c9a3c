"""Calls to a real server on localhost that does to us what upstream does, and worse."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from scripted_server import ScriptedServer, after, answer, closed, cut_off, no_http, raw, reset, silence
from structlog.testing import capture_logs

from dozor.domain.errors import (
    BudgetExhausted,
    KeyRejected,
    QuestionRejected,
    TryLater,
    UpstreamLimited,
    UpstreamTimedOut,
    UpstreamUnavailable,
)
from dozor.domain.lanes import Asker, Lane
from dozor.domain.machines import Rules
from dozor.market.ports import BodyShape, Call, Fetched
from dozor.upstream.admission import Admission
from dozor.upstream.breaker import Breaker
from dozor.upstream.client import UpstreamClient
from dozor.upstream.transport import Transport
from fakes import FakeClock
from till import Till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from scripted_server import Step

KEY = "CG-do-not-tell-anybody"
SOMEBODY = Asker(Lane.PERSON, "app")
PARAMS = (("ids", "bitcoin,ethereum"), ("vs_currencies", "usd"))
PRICE = Call("/simple/price", PARAMS, BodyShape.OBJECT)
BODY = b'{"bitcoin":{"usd":1.054e-05}}'
LIMITED = b'{"status":{"error_code":429,"error_message":"Too many."}}'
KEY_MISSING = b'{"status":{"error_code":10002,"error_message":"API Key Missing."}}'


class HurriedClock(FakeClock):
    """Whoever sleeps on it wakes at once, and that much later."""

    async def sleep(self, seconds: float) -> None:
        await self.advance(max(0.0, seconds))


class Bench:
    """A client, the server that it calls, and everything between them."""

    def __init__(self, server: ScriptedServer, clock: FakeClock, till: Till, client: UpstreamClient) -> None:
        self.server = server
        self.clock = clock
        self.till = till
        self.client = client

    async def charged(self) -> int:
        return await self.till.used()

    async def fetch(self, call: Call = PRICE) -> Fetched:
        """What ``call`` brings."""

        async def depart() -> Call:
            return call

        return await self.client.fetch(SOMEBODY, "get_prices", depart)

    async def fails(self, call: Call = PRICE) -> Exception:
        """What ``fetch`` raises."""
        with pytest.raises((TryLater, QuestionRejected)) as raised:
            await self.fetch(call)
        return raised.value


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@contextlib.asynccontextmanager
async def a_bench(
    server: ScriptedServer,
    folder: Path,
    *,
    clock: FakeClock | None = None,
    per_minute: int = 0,
    per_month: int = 0,
    rules: Rules | None = None,
    count_only_successes: bool = False,
    **transport: object,
) -> AsyncIterator[Bench]:
    clock = clock or HurriedClock()
    options = {"base_url": f"{server.origin}/api/v3", "key_header": ("x-cg-demo-api-key", KEY)} | transport
    async with (
        Till(folder / "ledger.db", clock, per_minute=per_minute, per_month=per_month, rules=rules) as till,
        Transport(**options) as transport_,  # type: ignore[arg-type]
        asyncio.TaskGroup() as tasks,
    ):
        admission = Admission(till.accounts, tasks, clock, count_only_successes=count_only_successes)
        client = UpstreamClient(transport=transport_, admission=admission, breaker=Breaker(), clock=clock)
        yield Bench(server, clock, till, client)


@pytest.fixture
async def bench(server: ScriptedServer, tmp_path: Path) -> AsyncIterator[Bench]:
    async with a_bench(server, tmp_path) as bench:
        yield bench


# What is sent


async def test_answer_comes_back_to_the_byte_with_its_paging_headers_and_the_time_of_the_fetch(bench: Bench) -> None:
    bench.server.script.append(answer(200, BODY, total="230", Per_Page="100", etag='W/"x"'))
    fetched = await bench.fetch()
    assert fetched.body == BODY
    assert fetched.headers == (("per-page", "100"), ("total", "230"))
    assert fetched.fetched_at == bench.clock.now()


async def test_commas_stay_raw_and_everything_else_is_encoded_once(bench: Bench) -> None:
    params = (("ids", "a,b"), ("q", "x y&z=ё+%2C"), ("empty", ""))
    call = Call("/coins/a%20b", params, BodyShape.OBJECT)
    await bench.fetch(call)
    assert bench.server.targets == ["/api/v3/coins/a%20b?ids=a,b&q=x%20y%26z%3D%D1%91%2B%252C&empty="]


async def test_call_without_parameters_has_no_question_mark(bench: Bench) -> None:
    await bench.fetch(Call("/ping", (), BodyShape.OBJECT))
    assert bench.server.targets == ["/api/v3/ping"]


async def test_key_goes_into_its_header_and_nowhere_else(bench: Bench) -> None:
    await bench.fetch()
    assert bench.server.header("x-cg-demo-api-key") == KEY
    assert bench.server.requests[0].count(KEY) == 1
    assert KEY not in bench.server.targets[0]


async def test_without_a_key_no_key_header_is_sent(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, key_header=None) as bench:
        await bench.fetch()
        assert "api-key" not in server.requests[0]


async def test_we_say_who_we_are_because_library_names_are_answered_403(bench: Bench) -> None:
    await bench.fetch()
    user_agent = bench.server.header("user-agent") or ""
    assert "Dozor" in user_agent
    assert "aiohttp" not in user_agent
    assert bench.server.header("accept-encoding") == "gzip"


async def test_compressed_answer_is_unpacked(bench: Bench) -> None:
    bench.server.script.append(answer(200, gzip.compress(BODY), content_encoding="gzip"))
    assert (await bench.fetch()).body == BODY


async def test_cookies_are_not_kept(server: ScriptedServer, tmp_path: Path) -> None:
    # By name: for an address the library keeps none anyway.
    async with a_bench(server, tmp_path, base_url=f"http://localhost:{server.port}") as bench:
        server.script.append(answer(200, BODY, set_cookie="__cf_bm=1; Path=/"))
        await bench.fetch()
        await bench.fetch()
        assert server.header("cookie") is None


# What comes back


@pytest.mark.parametrize("status", [404, 422])
async def test_refused_question_is_ours_to_pass_on_and_no_failure_of_upstream(bench: Bench, status: int) -> None:
    body = b'{"error":"coin not found"}'
    bench.server.script.extend([answer(status, body)] * 25)
    for _ in range(25):
        error = await bench.fails()
        assert isinstance(error, QuestionRejected)
        assert (error.status, error.body) == (status, body)
    assert (await bench.client.status()).state == "closed"
    assert bench.client.calls == {"refused": 25}


async def test_redirect_is_not_followed_because_the_key_would_go_with_it(bench: Bench) -> None:
    bench.server.script.append(answer(302, b"", location=f"{bench.server.origin}/elsewhere"))
    assert isinstance(await bench.fails(), UpstreamUnavailable)
    assert len(bench.server.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        answer(200, b"<html>maintenance</html>"),
        answer(200, b"[]"),
        answer(200, b""),
        answer(200, b"not gzip", content_encoding="gzip"),
        answer(408, b""),
        cut_off,
        no_http,
    ],
    ids=["html", "array", "empty", "broken-gzip", "408", "cut-off", "no-http"],
)
async def test_bad_answer_is_a_failure_and_not_worth_a_second_try(bench: Bench, step: Step) -> None:
    bench.server.script.append(step)
    error = await bench.fails()
    assert type(error) is UpstreamUnavailable
    assert error.retry_at == bench.clock.now() + timedelta(seconds=5)
    assert len(bench.server.requests) == 1
    assert bench.client.calls == {"failed": 1}


async def test_answer_is_never_read_beyond_its_bound(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, max_body_bytes=1000) as bench:
        server.script.append(answer(200, b'{"a":"' + b"x" * 2000 + b'"}'))
        bomb = gzip.compress(b"[" * 50_000_000)
        server.script.append(answer(200, bomb, content_encoding="gzip"))
        for _ in range(2):
            assert "larger than 1000 bytes" in str(await bench.fails())


async def test_silent_upstream_times_out_and_is_not_asked_again(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, total_seconds=0.1) as bench:
        server.script.append(silence)
        assert isinstance(await bench.fails(), UpstreamTimedOut)
        assert len(server.requests) == 1
        assert bench.client.calls == {"timed_out": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses where Linux lets a connection wait")
async def test_connection_that_does_not_come_about_is_a_timeout(server: ScriptedServer, tmp_path: Path) -> None:
    with socket.socket() as overrun, contextlib.ExitStack() as waiting:
        overrun.bind(("127.0.0.1", 0))
        overrun.listen(0)
        for _ in range(4):  # nobody accepts, so the queue is full and the next connection hangs
            visitor = waiting.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(overrun.getsockname())
        base_url = f"http://127.0.0.1:{overrun.getsockname()[1]}"
        async with a_bench(server, tmp_path, base_url=base_url, connect_seconds=0.1) as bench:
            error = await bench.fails()
            assert isinstance(error, UpstreamTimedOut)
            assert "no connection within 0.1 s" in str(error)
            assert bench.client.calls == {"timed_out": 1}


async def test_answer_that_trickles_in_counts_as_one_that_never_came(server: ScriptedServer, tmp_path: Path) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
        await silence(writer)

    async with a_bench(server, tmp_path, total_seconds=0.1) as bench:
        server.script.append(trickle)
        assert isinstance(await bench.fails(), UpstreamTimedOut)


# A second try


@pytest.mark.parametrize(
    "first", [answer(500, b"oops"), answer(503, b""), reset, closed], ids=["500", "503", "reset", "closed"]
)
async def test_failing_server_and_lost_connection_are_tried_once_more_and_both_are_charged(
    bench: Bench, first: Step
) -> None:
    bench.server.script.extend([first, answer(200, BODY)])
    assert (await bench.fetch()).body == BODY
    assert len(bench.server.requests) == await bench.charged() == 2


@pytest.mark.parametrize("step", [answer(500, b"oops"), reset, closed])
async def test_there_is_never_a_third_try_nor_one_that_is_not_charged(bench: Bench, step: Step) -> None:
    await bench.fetch()  # leaves a connection open, whose loss the library would hide by sending twice
    bench.server.script.extend([step] * 10)
    assert isinstance(await bench.fails(), UpstreamUnavailable)
    assert len(bench.server.requests) == await bench.charged() == 3


async def test_unreachable_upstream_is_tried_twice(server: ScriptedServer, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound but not listening: refuses
        base_url = f"http://127.0.0.1:{nobody.getsockname()[1]}/api/v3"
        for count_only_successes, charged in ((False, 2), (True, 0)):
            folder = tmp_path / str(charged)
            options = {"base_url": base_url, "count_only_successes": count_only_successes}
            async with a_bench(server, folder, **options) as bench:
                error = await bench.fails()
                assert type(error) is UpstreamUnavailable
                assert "no connection" in str(error)
                assert bench.client.calls == {"failed": 2}
                assert await bench.charged() == charged


async def test_second_try_that_the_budget_refuses_leaves_the_first_error(
    server: ScriptedServer, tmp_path: Path
) -> None:
    for limits in ({"per_minute": 1}, {"per_month": 1}):
        folder = tmp_path / next(iter(limits))
        async with a_bench(server, folder, **limits) as bench:
            server.script.append(answer(500, b"oops"))
            error = await bench.fails()
            assert isinstance(error, UpstreamUnavailable)
            assert "500" in error.reason
    assert len(server.requests) == 2


async def test_second_try_does_not_wait_for_a_turn(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, per_minute=1, rules=Rules(span=3.0)) as bench:
        server.script.append(answer(500, b"oops"))
        assert isinstance(await bench.fails(), UpstreamUnavailable)
        assert len(server.requests) == 1


async def test_second_try_gets_only_the_time_that_is_left(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, total_seconds=60.0) as bench:
        server.script.append(after(lambda: bench.clock.advance(24.3), answer(500, b"")))
        server.script.append(silence)
        assert isinstance(await bench.fails(), UpstreamTimedOut)
        assert len(server.requests) == 2


# Leaving upstream alone


async def test_after_a_429_nobody_calls_for_as_long_as_was_asked_and_then_one_probe(bench: Bench) -> None:
    bench.server.script.append(answer(429, LIMITED, retry_after="119"))
    error = await bench.fails()
    assert isinstance(error, UpstreamLimited)
    free_at = bench.clock.now() + timedelta(seconds=119)
    assert error.retry_at == free_at
    await bench.clock.advance(118)
    error = await bench.fails()
    assert isinstance(error, UpstreamLimited)
    assert error.retry_at == free_at
    assert len(bench.server.requests) == await bench.charged() == 1
    await bench.clock.advance(1)

    answered = asyncio.Event()
    bench.server.script.append(after(answered.wait, answer(200, BODY)))
    calls = [asyncio.ensure_future(bench.fetch()) for _ in range(5)]
    await bench.server.has_been_asked(2)
    while sum(call.done() for call in calls) < 4:
        await asyncio.wait([call for call in calls if not call.done()], return_when=asyncio.FIRST_COMPLETED)
    answered.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result).__name__ for result in results].count("UpstreamLimited") == 4
    assert len(bench.server.requests) == 2
    assert (await bench.client.status()).state == "closed"


async def test_cdn_limit_without_retry_after_pauses_a_minute(bench: Bench) -> None:
    bench.server.script.append(answer(429, b"error code: 1015"))
    error = await bench.fails()
    assert isinstance(error, UpstreamLimited)
    assert error.retry_at == bench.clock.now() + timedelta(seconds=60)


async def test_rejected_key_is_named_and_probed_once_in_five_minutes(bench: Bench) -> None:
    bench.server.script.extend([answer(401, KEY_MISSING)] * 3)
    with capture_logs() as logs:
        for _ in range(3):
            error = await bench.fails()
            assert isinstance(error, KeyRejected)
            assert error.retry_at == bench.clock.now() + timedelta(minutes=5)
            assert "COINGECKO_API_KEY" in str(error)
            assert isinstance(await bench.fails(), KeyRejected)
            await bench.clock.advance(300)
    assert len(bench.server.requests) == 3
    assert (await bench.client.status()).reason == "key_rejected"
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("upstream.key_rejected", "error")]


async def test_failing_upstream_is_left_alone_and_the_log_tells_each_change_once(bench: Bench) -> None:
    bench.server.script.extend([answer(500, b"oops")] * 5)
    with capture_logs() as logs:
        for _ in range(3):
            await bench.fails()
        error = await bench.fails()  # the third fetch's second try was never sent
        assert isinstance(error, UpstreamUnavailable)
        assert "500" in error.reason
        status = await bench.client.status()
        assert (status.state, status.reason) == ("open", "failing")
        assert status.retry_at == error.retry_at
        await bench.clock.advance(30)
        assert (await bench.client.status()).state == "half_open"
        await bench.fetch()
    changes = [(entry["event"], entry["log_level"]) for entry in logs if entry["log_level"] != "debug"]
    assert changes == [("upstream.opened", "warning"), ("upstream.closed", "info")]
    assert len(bench.server.requests) == 6


async def test_call_that_waited_for_its_turn_is_not_sent_after_upstream_asked_for_a_pause(
    server: ScriptedServer, tmp_path: Path
) -> None:
    clock = FakeClock()
    async with a_bench(server, tmp_path, clock=clock, per_minute=1, rules=Rules(span=3.0)) as bench:
        asked = asyncio.Event()
        server.script.append(after(asked.wait, answer(429, LIMITED)))
        first = asyncio.ensure_future(bench.fetch())
        await server.has_been_asked(1)
        second = asyncio.ensure_future(bench.fetch())
        await clock.has_sleepers(1)  # it waits for the slot that the first one holds
        asked.set()
        await asyncio.wait([first])
        await clock.advance(3)
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(result) for result in results] == [UpstreamLimited, UpstreamLimited]
        assert len(server.requests) == await bench.charged() == 1


# Leaving early, and being looked at


async def test_cancelled_call_stays_charged_and_a_cancelled_probe_leaves_its_place(bench: Bench) -> None:
    bench.server.script.append(answer(429, LIMITED, retry_after="10"))
    await bench.fails()
    await bench.clock.advance(10)
    bench.server.script.append(silence)
    probe = asyncio.ensure_future(bench.fetch())
    await bench.server.has_been_asked(2)
    probe.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await probe
    assert await bench.charged() == 2
    assert (await bench.fetch()).body == b"{}"
    assert bench.client.calls == {"limited": 1, "abandoned": 1, "ok": 1}


async def test_only_answers_cost_the_month_where_only_successes_count(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, count_only_successes=True) as bench:
        server.script.extend([answer(404), answer(500), answer(200, BODY), answer(200, b"garbage")])
        assert isinstance(await bench.fails(), QuestionRejected)
        await bench.fetch()
        assert await bench.charged() == 1
        await bench.fails()
        assert len(server.requests) == 4
        assert await bench.charged() == 2  # a 200 that we cannot read is one that upstream counts
        server.script.append(cut_off)
        await bench.fails()
        assert await bench.charged() == 3  # so is one of which only a part arrived


async def test_spent_month_is_refused_without_a_call(server: ScriptedServer, tmp_path: Path) -> None:
    async with a_bench(server, tmp_path, per_month=1) as bench:
        await bench.fetch()
        assert isinstance(await bench.fails(), BudgetExhausted)
        assert len(server.requests) == 1
        month = (await bench.client.status()).quota.month
        assert (month.used, month.limit) == (1, 1)


@pytest.mark.parametrize("first", [answer(200, b"{}"), answer(404, b"{}"), answer(401, b""), reset])
async def test_first_attempt_is_over_however_it_ended(bench: Bench, first: Step) -> None:
    assert not (await bench.client.status()).first_attempt_ended
    bench.server.script.append(first)
    with contextlib.suppress(TryLater, QuestionRejected):
        await bench.fetch()
    assert (await bench.client.status()).first_attempt_ended
    assert bench.client.first_attempt_ended.is_set()


async def test_status_tells_what_was_spent_and_when_upstream_last_answered(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with a_bench(server, tmp_path, per_minute=5, per_month=100) as bench:
        assert (await bench.client.status()).last_success_at is None
        await bench.fetch()
        fetched_at = bench.clock.now()
        await bench.clock.advance(10)
        status = await bench.client.status()
        assert status.last_success_at == fetched_at
        assert (status.state, status.reason, status.retry_at) == ("closed", None, None)
        assert (status.quota.minute.used, status.quota.minute.limit) == (1, 5)
        assert (status.quota.month.used, status.quota.month.limit) == (1, 100)


@pytest.mark.parametrize(
    "step", [answer(401, KEY.encode()), answer(500, KEY.encode()), answer(429, KEY.encode()), cut_off, reset, no_http]
)
async def test_no_log_and_no_error_ever_holds_the_key(bench: Bench, step: Step) -> None:
    bench.server.script.extend([step] * 20)
    with capture_logs() as logs:
        errors = [await bench.fails() for _ in range(10)]
    told = repr(logs) + "".join(repr(error) + str(error) + repr(error.__cause__) for error in errors)
    assert KEY not in told
    assert KEY not in repr(await bench.client.status())


async def test_status_line_alone_is_an_answer_without_a_body(bench: Bench) -> None:
    bench.server.script.append(raw(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"))
    assert "empty" in str(await bench.fails())


# Who may send, and what


class TakenElsewhere(Exception):
    """What the cache raises when another process holds the lease."""


async def test_whoever_finds_the_lease_taken_gives_the_slot_back_unspent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with a_bench(server, tmp_path, per_minute=1) as bench:

        async def refuse() -> Call:
            assert (await bench.till.spending()).minute_used == 1, "asked once a slot is had"
            raise TakenElsewhere

        for _ in range(3):
            with pytest.raises(TakenElsewhere):
                await bench.client.fetch(SOMEBODY, "get_prices", refuse)
        assert (await bench.charged(), bench.server.targets) == (0, [])
        bench.server.script.append(answer(200, BODY))
        assert (await bench.fetch()).body == BODY, "the only slot of the minute is free"


async def test_what_is_sent_is_decided_when_it_can_be_sent_and_anew_for_a_second_attempt(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with a_bench(server, tmp_path, clock=FakeClock(), per_minute=2) as bench:
        wanted: list[str] = []

        async def depart() -> Call:
            return Call("/simple/price", (("ids", ",".join(wanted)),), BodyShape.OBJECT)

        bench.server.script += [answer(200, BODY), answer(200, BODY), answer(503, b""), answer(200, BODY)]
        for _ in range(2):
            await bench.fetch()
        await bench.clock.advance(55)
        waiting = asyncio.ensure_future(bench.client.fetch(SOMEBODY, "get_prices", depart))
        await bench.clock.has_sleepers(1)
        wanted.append("bitcoin")
        await bench.clock.advance(5)
        await bench.clock.has_sleepers(1)
        wanted.append("ethereum")
        await bench.clock.advance(1)
        await waiting
        assert bench.server.targets[2:] == [
            "/api/v3/simple/price?ids=bitcoin",
            "/api/v3/simple/price?ids=bitcoin,ethereum",
        ]


async def test_call_of_a_process_that_was_held_up_is_not_sent(bench: Bench) -> None:
    async def held_up() -> Call:
        await bench.clock.advance(5)
        return PRICE

    with pytest.raises(BudgetExhausted):
        await bench.client.fetch(SOMEBODY, "get_prices", held_up)
    assert (await bench.charged(), bench.server.targets) == (0, [])
