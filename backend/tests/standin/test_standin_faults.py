"""Everything that can be ordered to go wrong."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest
from standin_caller import Caller, until

from dozor.standin import faults
from dozor.standin.faults import Fault, Faults, Kind, RetryAfterForm
from fakes import FakeClock, settle

BITCOIN = "/simple/price?ids=bitcoin&vs_currencies=usd"

ANSWERS = {  # kind: status, beginning of the body
    Kind.HTTP_500: (500, '{"status":500,"error":"Internal Server Error"}'),
    Kind.HTTP_500_HTML: (500, "<!DOCTYPE html>"),
    Kind.HTTP_502: (502, "<!DOCTYPE html>"),
    Kind.HTTP_503: (503, "<!DOCTYPE html>"),
    Kind.HTTP_504: (504, "<!DOCTYPE html>"),
    Kind.HTTP_408: (408, "<!DOCTYPE html>"),
    Kind.RATE_LIMITED: (429, '{"status":{"error_code":429,'),
    Kind.RATE_LIMITED_HTML: (429, "<!DOCTYPE html>"),
    Kind.RATE_LIMITED_TEXT: (429, "Throttled"),
    Kind.ERROR_1015: (429, "error code: 1015"),
    Kind.FORBIDDEN_HTML: (403, "<!DOCTYPE html>"),
    Kind.USER_AGENT_REFUSED: (403, "Please add a descriptive User-Agent"),
    Kind.KEY_MISSING: (401, '{"status":{"timestamp":"2026-11-22T12:00:00.000+00:00","error_code":10002,'),
    Kind.PAID_ONLY: (401, '{"status":{"error_code":10005,'),
    Kind.PAID_KEY_ON_PUBLIC: (400, '{"status":{"error_code":10010,'),
    Kind.DEMO_KEY_ON_PAID: (400, '{"status":{"error_code":10011,'),
    Kind.TIME_RANGE: (401, '{"error":{"status":{"timestamp":'),
    Kind.NOT_FOUND: (404, '{"error":"coin not found"}'),
    Kind.GARBAGE: (200, '{"bitcoin":'),
    Kind.HTML: (200, "<!DOCTYPE html>"),
    Kind.EMPTY: (200, ""),
    Kind.WRONG_SHAPE: (200, "["),
    Kind.NULL: (200, "null"),
    Kind.ERROR_IN_200: (200, '{"status":{"error_code":429,'),
}
CONNECTION = {Kind.CUT_BODY, Kind.RESET, Kind.NOTHING, Kind.HANG, Kind.SLOW, Kind.DRIP}


def test_every_kind_is_documented_and_tested():
    assert set(ANSWERS) | CONNECTION == set(Kind)
    assert faults.__doc__ is not None
    assert not [kind.value for kind in Kind if kind.value not in faults.__doc__]


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_ordered_answer_comes_instead_of_the_true_one(caller: Caller, kind: Kind):
    caller.stand_in.fail(Fault(kind, count=1))
    reply = await caller.get(BITCOIN)
    status, beginning = ANSWERS[kind]
    assert reply.status == status
    assert reply.text.startswith(beginning)
    if reply.headers["content-type"].startswith("application/json") and kind not in {Kind.GARBAGE, Kind.EMPTY}:
        reply.json()
    assert (await caller.json(BITCOIN))["bitcoin"]["usd"] > 0


async def test_garbage_is_not_json(caller: Caller):
    caller.stand_in.fail(Fault(Kind.GARBAGE))
    with pytest.raises(msgspec.DecodeError):
        await caller.json(BITCOIN)


async def test_a_cut_body_promises_more_than_it_sends(caller: Caller):
    caller.stand_in.fail(Fault(Kind.CUT_BODY, count=1))
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.get("/coins/list")
    assert caller.stand_in.calls.by_status == {"cut_body": 1}


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.NOTHING])
async def test_a_connection_ends_without_an_answer(caller: Caller, kind: Kind):
    caller.stand_in.fail(Fault(kind, count=2))  # aiohttp repeats a GET once, on its own, when it loses the connection
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.get(BITCOIN)
    assert caller.stand_in.calls.by_status == {kind.value: 2}
    assert (await caller.get(BITCOIN)).status == 200


async def test_a_reset_is_a_reset_on_the_wire(caller: Caller):
    caller.stand_in.fail(Fault(Kind.RESET, count=1))
    host, port = caller.stand_in.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nUser-Agent: dozor-tests/1\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_call_that_hangs_lasts_until_the_caller_goes(caller: Caller):
    caller.stand_in.fail(Fault(Kind.HANG, count=1))
    hanging = asyncio.create_task(caller.get(BITCOIN))
    await until(lambda: caller.stand_in.calls.total)
    await settle()
    assert not hanging.done()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    await until(lambda: caller.stand_in.calls.by_status)
    assert caller.stand_in.calls.by_status == {"left": 1}


async def test_a_stand_in_closes_although_a_call_hangs(caller: Caller):
    caller.stand_in.fail(Fault(Kind.HANG))
    hanging = asyncio.create_task(caller.get(BITCOIN))
    await until(lambda: caller.stand_in.calls.total)
    await caller.stand_in.close()
    with pytest.raises(aiohttp.ClientConnectionError):
        await hanging


@pytest.mark.parametrize(("kind", "sleeps"), [(Kind.SLOW, 1), (Kind.DRIP, 9)])
async def test_a_slow_answer_is_whole_in_the_end(caller: Caller, clock: FakeClock, kind: Kind, sleeps: int):
    caller.stand_in.fail(Fault(kind, count=1, seconds=10))
    coming = asyncio.create_task(caller.get("/simple/supported_vs_currencies"))
    for _ in range(sleeps):
        await until(lambda: clock.sleepers)
        assert not coming.done()
        await clock.advance(10 if kind is Kind.SLOW else 1)
    assert len((await coming).json()) >= 60


@pytest.mark.parametrize(
    ("fault", "header", "value"),
    [
        (Fault(Kind.RATE_LIMITED, retry_after=119), "retry-after", "119"),
        (Fault(Kind.RATE_LIMITED, retry_after="soon"), "retry-after", "soon"),
        (Fault(Kind.HTTP_503, retry_after=-1), "retry-after", "-1"),
        (
            Fault(Kind.RATE_LIMITED_TEXT, retry_after=60, retry_after_form=RetryAfterForm.DATE),
            "retry-after",
            "Sun, 22 Nov 2026 12:01:00 GMT",
        ),
        (
            Fault(Kind.RATE_LIMITED_HTML, retry_after=2, retry_after_form=RetryAfterForm.MILLISECONDS),
            "retry-after-ms",
            "2000",
        ),
    ],
)
async def test_retry_after_comes_in_the_form_that_was_ordered(caller: Caller, fault: Fault, header: str, value: str):
    caller.stand_in.fail(fault)
    assert (await caller.get("/ping")).headers[header] == value


async def test_without_a_wait_there_is_no_such_header(caller: Caller):
    caller.stand_in.fail(Fault(Kind.RATE_LIMITED))
    assert "retry-after" not in (await caller.get("/ping")).headers


async def test_a_fault_hits_only_the_paths_it_names(caller: Caller):
    caller.stand_in.fail(Fault(Kind.HTTP_500, path="/coins/*"))
    statuses = [(await caller.get(path)).status for path in ("/coins/list", "/ping", "/coins/bitcoin/ohlc")]
    assert statuses == [500, 200, 500]


async def test_a_fault_can_let_some_pass_first_and_ends_after_its_count(caller: Caller):
    caller.stand_in.fail(Fault(Kind.HTTP_500, skip=1, count=2))
    assert [(await caller.get("/ping")).status for _ in range(4)] == [200, 500, 500, 200]
    assert caller.stand_in.faults == []


async def test_faults_wait_for_each_other(caller: Caller):
    caller.stand_in.fail(Fault(Kind.HTTP_500, count=1), Fault(Kind.HTTP_503, count=1))
    assert [(await caller.get("/ping")).status for _ in range(3)] == [500, 503, 200]


def test_a_chance_falls_about_as_often_as_it_should_and_the_same_way_again():
    def falls() -> list[bool]:
        rules = Faults(seed=5)
        rules.add(Fault(Kind.HTTP_500, probability=0.3))
        return [rules.hit("/ping") is not None for _ in range(1_000)]

    assert 250 < sum(falls()) < 350
    assert falls() == falls()
