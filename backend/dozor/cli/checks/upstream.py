"""CoinGecko: its name, a connection, TLS, one real call with the operator's key, and what is left of the quota.

The call is counted before it is sent, in the same ledger as every other, and it is never tried twice.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import assert_never

from yarl import URL

from dozor.cli.checks.finding import Finding, failed, ok, skipped, warning
from dozor.cli.checks.reach import CONNECT_SECONDS, DNS_SECONDS, addresses_of, agree_on_tls, try_all, why
from dozor.clock import Clock
from dozor.domain.allowance import Wait
from dozor.domain.errors import CannotRunHere, TryLater
from dozor.domain.lanes import Lane
from dozor.market.ports import BodyShape, Call
from dozor.settings import KEY_HEADER, Settings
from dozor.telemetry.phrases import Words
from dozor.upstream.accounts import Accounts, Spending
from dozor.upstream.admission import Permit
from dozor.upstream.ledger import Ledger
from dozor.upstream.payloads import Answer, Failing, Good, Limited, Refusal, Rejected, read_answer
from dozor.upstream.transport import Transport

PING = Call("/ping", (), BodyShape.OBJECT)
CALL_SECONDS = 5.0

CHECK_NETWORK = Words(
    "Проверьте сеть, файрвол и DNS этой машины; до тех пор ответы даются из кэша",
    "Check this machine's network, firewall and DNS; until then answers come from the cache",
)
CHECK_TLS = Words(
    "Проверьте часы этой машины и не подменяет ли сертификаты прокси или антивирус",
    "Check this machine's clock, and whether a proxy or an antivirus puts its own certificates in between",
)
CHECK_KEY = Words(
    "Проверьте COINGECKO_API_KEY и COINGECKO_PLAN: ключу demo нужен demo, платному — pro, без ключа — keyless",
    "Check COINGECKO_API_KEY and COINGECKO_PLAN: a demo key goes with demo, a paid one with pro, none with keyless",
)
CHECK_URL = Words(
    "Проверьте COINGECKO_BASE_URL; пустой значит CoinGecko", "Check COINGECKO_BASE_URL; empty means CoinGecko"
)
WAIT = Words("Ничего не нужно: Dozor ждёт сам и пока отвечает из кэша", "Nothing: Dozor waits, and answers from cache")


async def check_way(settings: Settings) -> AsyncIterator[Finding]:
    """The steps to upstream without a call; it can be reached when none of them has failed."""
    url = URL(settings.coingecko_base_url)
    host, port = url.host, url.port
    assert host is not None
    assert port is not None
    try:
        addresses = await addresses_of(host, port)
    except OSError as error:
        reason = why(error, DNS_SECONDS)
        yield failed("dns", Words(f"{host}: {reason.ru}", f"{host}: {reason.en}"), CHECK_NETWORK)
        return
    listed = ", ".join(addresses)
    yield ok("dns", Words(f"{host}: {listed}", f"{host}: {listed}"))
    tried = await try_all(addresses, port)
    if not tried.open:
        yield failed("tcp", tried.seen, CHECK_NETWORK)
        return
    yield ok("tcp", tried.seen)
    if url.scheme == "https":
        try:
            agreed = await agree_on_tls(tried.open[0], port, ssl.create_default_context(), host)
        except OSError as error:
            yield failed("tls", why(error, CONNECT_SECONDS), CHECK_TLS)
            return
        yield ok("tls", Words(f"{agreed}, сертификат годится", f"{agreed}, the certificate is good"))


async def check_key(settings: Settings, clock: Clock, *, may_call: bool) -> AsyncIterator[Finding]:
    """The key, by one real call with ``may_call``, and the quota. The ledger must be sound, or not there yet."""
    path = settings.data_dir / "ledger.db"
    if not may_call and not path.exists():
        yield skipped("quota", Words("ещё ничего не считано", "nothing is counted yet"))  # and nothing is made
        return
    try:
        async with Ledger(path, resets_on=settings.month_resets_on, clock=clock) as ledger:
            accounts = Accounts(ledger, settings.limits, clock, machines=settings.machines)
            if may_call:
                yield await _try_key(settings, accounts, clock)
            yield _quota(await accounts.spending())
    except CannotRunHere as refusal:
        yield failed("quota", Words(str(refusal), str(refusal)), CHECK_LEDGER)


CHECK_LEDGER = Words("См. выше о диске и базе данных", "See above on the disk and the database")


async def _try_key(settings: Settings, accounts: Accounts, clock: Clock) -> Finding:
    key = settings.coingecko_api_key
    header = (KEY_HEADER[settings.coingecko_plan], key.reveal()) if key else None
    try:
        charge = await accounts.charge(Lane.PERSON, "ping")
    except TryLater as refusal:
        return failed("key", Words(str(refusal), str(refusal)), CHECK_LEDGER)
    if isinstance(charge, Wait):
        until = f"{clock.now() + timedelta(seconds=charge.chance() - clock.monotonic()):%d.%m %H:%M:%S} UTC"
        return warning("key", Words(f"не проверен: квота до {until}", f"not tried: no quota until {until}"), WAIT)
    permit = Permit(accounts, charge, clock, count_only_successes=settings.count_only_successes)
    try:
        async with Transport(settings.coingecko_base_url, key_header=header, total_seconds=CALL_SECONDS) as transport:
            permit.spend()
            reply = await transport.get(PING, seconds=CALL_SECONDS)
            answer = reply if isinstance(reply, Failing) else _read(reply.status, reply.headers, reply.body)
        await permit.settle(succeeded=isinstance(answer, Good))
    finally:
        await accounts.end(charge)
    return _said(answer, settings)


def _read(status: int, headers: dict[str, str], body: bytes) -> Answer:
    return read_answer(status, headers, body, PING.shape)


def _said(answer: Answer, settings: Settings) -> Finding:
    plan = settings.coingecko_plan.value
    match answer:
        case Good() if settings.coingecko_api_key is None:
            return ok("key", Words(f"отвечает без ключа, тариф {plan}", f"it answers without a key, plan {plan}"))
        case Good():
            return ok("key", Words(f"ключ принят, тариф {plan}", f"the key is accepted, plan {plan}"))
        case Rejected(detail):
            return failed("key", Words(f"ключ не принят: {detail}", f"the key is rejected: {detail}"), CHECK_KEY)
        case Limited(detail):
            return warning("key", Words(f"просит подождать: {detail}", f"it asks us to wait: {detail}"), WAIT)
        case Refusal(status):
            seen = Words(f"на /ping отвечает {status}: это не CoinGecko", f"it answers {status} to /ping: no CoinGecko")
            return failed("key", seen, CHECK_URL)
        case Failing(detail):
            return failed("key", Words(f"не ответил: {detail}", f"it did not answer: {detail}"), CHECK_NETWORK)
        case _:
            assert_never(answer)


def _quota(spending: Spending) -> Finding:
    used, limit = spending.month_used, spending.month_limit
    if limit is None:
        return ok("quota", Words(f"за месяц {used}, предела нет", f"{used} this month, without a limit"))
    left = max(limit - used, 0)
    until = f"{spending.month.resets_at:%d.%m %H:%M} UTC"
    seen = Words(
        f"за месяц {used} из {limit}, осталось {left}; новый счёт {until}",
        f"{used} of {limit} this month, {left} left; it begins anew {until}",
    )
    if left == 0:
        fix = Words(
            "До нового счёта ответы из кэша. Если счёт неверен: python backend/run.py quota set ЧИСЛО",
            "Until then answers come from the cache. If the count is wrong: python backend/run.py quota set NUMBER",
        )
        return warning("quota", seen, fix)
    return ok("quota", seen)
