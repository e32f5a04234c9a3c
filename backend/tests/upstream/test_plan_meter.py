"""What upstream says of the plan, and what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from scripted_server import ScriptedServer, answer
from structlog.testing import capture_logs

from dozor.upstream.admission import Admission
from dozor.upstream.breaker import Breaker
from dozor.upstream.client import UpstreamClient
from dozor.upstream.plan_meter import PlanMeter
from dozor.upstream.transport import Transport
from fakes import FakeClock
from till import Till

KEY_ANSWER = {
    "plan": "Other",
    "rate_limit_request_per_minute": 1000,
    "monthly_call_credit": 1_000_000,
    "current_total_monthly_calls": 320,
    "current_remaining_monthly_calls": 999_680,
    "api_key_rate_limit_request_per_minute": 500,
    "api_key_monthly_call_credit": 200_000,
    "api_key_current_total_monthly_calls": 80,
}


@contextlib.asynccontextmanager
async def a_meter(
    server: ScriptedServer, folder: Path, *, tells: bool = True, clock: FakeClock | None = None
) -> AsyncIterator[tuple[PlanMeter, Till]]:
    clock = clock or FakeClock()
    async with (
        Till(folder / "ledger.db", clock, per_minute=225, per_month=100_000) as till,
        Transport(f"{server.origin}/api/v3", key_header=("x-cg-pro-api-key", "secret")) as transport,
        asyncio.TaskGroup() as tasks,
    ):
        admission = Admission(till.accounts, tasks, clock)
        client = UpstreamClient(transport=transport, admission=admission, breaker=Breaker(), clock=clock)
        yield (
            PlanMeter(client, till.accounts, till.ledger, clock, tells_minute=tells, tells_month=tells),
            till,
        )


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


async def test_tightest_limits_hold_and_calls_made_elsewhere_are_counted_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script.append(answer(200, json.dumps(KEY_ANSWER).encode()))
    async with a_meter(server, tmp_path) as (meter, till):
        assert await meter.read()
        limits = till.accounts.limits
        assert (limits.start, limits.most, limits.per_month) == (450, 450, 200_000)
        assert await till.used() == 80, "its own call is in upstream's count"
        assert server.targets == ["/api/v3/key"]


async def test_count_of_ours_that_is_larger_stays(server: ScriptedServer, tmp_path: Path) -> None:
    server.script.append(answer(200, json.dumps(KEY_ANSWER).encode()))
    async with a_meter(server, tmp_path) as (meter, till):
        await till.ledger.set_used(500)
        assert await meter.read()
        assert await till.used() == 501


async def test_what_the_operator_has_set_stays(server: ScriptedServer, tmp_path: Path) -> None:
    server.script.append(answer(200, json.dumps(KEY_ANSWER).encode()))
    async with a_meter(server, tmp_path, tells=False) as (meter, till):
        assert await meter.read()
        assert (till.accounts.limits.most, till.accounts.limits.per_month) == (225, 100_000)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"monthly_call_credit":null,"rate_limit_request_per_minute":0}', b'{"plan":"Other"}']
)
async def test_answer_that_says_nothing_changes_nothing(server: ScriptedServer, tmp_path: Path, body: bytes) -> None:
    server.script.append(answer(200, body))
    async with a_meter(server, tmp_path) as (meter, till):
        assert await meter.read()
        assert (till.accounts.limits.most, till.accounts.limits.per_month) == (225, 100_000)


@pytest.mark.parametrize(
    "step", [answer(404, b"{}"), answer(401, b"{}"), answer(200, b'{"monthly_call_credit":"many"}'), answer(429)]
)
async def test_answer_that_cannot_be_had_changes_nothing_and_is_asked_for_again(
    server: ScriptedServer, tmp_path: Path, step: object
) -> None:
    clock = FakeClock()
    server.script.append(step)  # type: ignore[arg-type]
    async with a_meter(server, tmp_path, clock=clock) as (meter, till):
        running = asyncio.ensure_future(meter.run())
        await clock.has_sleepers(1)
        assert (till.accounts.limits.most, till.accounts.limits.per_month) == (225, 100_000)
        server.script.append(answer(200, json.dumps(KEY_ANSWER).encode()))
        await clock.advance(300)
        await server.has_been_asked(2)
        await clock.has_sleepers(1)
        assert till.accounts.limits.per_month == 200_000
        running.cancel()


async def test_log_says_once_that_the_plan_cannot_be_had(server: ScriptedServer, tmp_path: Path) -> None:
    good = answer(200, json.dumps(KEY_ANSWER).encode())
    server.script.extend([answer(404, b"{}"), answer(404, b"{}"), good, answer(404, b"{}")])
    async with a_meter(server, tmp_path) as (meter, _):
        with capture_logs() as logs:
            assert [await meter.read() for _ in range(4)] == [False, False, True, False]
    assert [line["event"] for line in logs if line["event"] == "plan.unknown"] == ["plan.unknown"] * 2


async def test_it_is_read_once_an_hour(server: ScriptedServer, tmp_path: Path) -> None:
    clock = FakeClock()
    async with a_meter(server, tmp_path, clock=clock) as (meter, _):
        running = asyncio.ensure_future(meter.run())
        for hour in range(3):
            await server.has_been_asked(hour + 1)
            await clock.has_sleepers(1)
            await clock.advance(3599)
            assert len(server.requests) == hour + 1
            await clock.advance(1)
        running.cancel()
