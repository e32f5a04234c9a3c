"""The port that Dozor is to serve: free, served by a Dozor already, or taken by something else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

from dozor.cli.checks.finding import Finding, failed, ok, skipped
from dozor.cli.checks.reach import in_brackets
from dozor.domain.errors import CannotRunHere
from dozor.supervise import bind
from dozor.telemetry.phrases import Language, Words

ANSWER_SECONDS = 3.0
THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, not listened on


async def check_port(host: str, port: int, language: Language) -> AsyncIterator[Finding]:
    """What is at ``port`` of ``host``. It is opened for a moment; nobody is answered meanwhile."""
    where = f"{in_brackets(host)}:{port}"
    if port == 0:
        yield skipped("port", Words("PORT=0: любой свободный", "PORT=0: any free one"))
        return
    try:
        sockets = bind(host, port, language)
    except CannotRunHere as refusal:
        if await _is_dozor(host, port):
            yield ok("port", Words(f"на {where} уже работает Dozor", f"a Dozor serves {where} already"))
            return
        yield failed("port", Words(f"{where} не открыть", f"{where} cannot be opened"), _both(str(refusal)))
        return
    for opened in sockets:
        opened.close()
    yield ok("port", Words(f"{where} свободен", f"{where} is free"))


def _both(text: str) -> Words:
    return Words(text, text)  # it is in the operator's language already


async def _is_dozor(host: str, port: int) -> bool:
    url = f"http://{in_brackets(THIS_MACHINE.get(host, host))}:{port}/readyz"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as client,
            client.get(url, allow_redirects=False) as reply,
        ):
            said = await reply.json()
    except (aiohttp.ClientError, OSError, ValueError):
        return False
    # "/livez" says "ok", as every other program's does; nobody else's readiness has these two members.
    return isinstance(said, dict) and said.keys() == {"ready", "missing"}
