"""Whatever the description allows to be asked is answered as the description says: schemathesis, over a real port.

Upstream is the stand-in, so that every path has real-looking answers. 502 to 504 are described answers; 500 is a bug.
Two of schemathesis' checks do not fit a gateway that must pass over what CoinGecko passes over: that every value
outside the description is refused, and that every value inside it is accepted.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from dozor.standin import server as standin
from running_dozor import running_dozor

OTHERS = "^/api/v1/(alerts|channels|events|deliveries|me|invitations|stream)"
"""What needs a user, which ``test_alerts_api`` has, and a stream that never ends."""
CHECKS = "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"


@pytest.mark.timeout(300)
async def test_every_described_operation_answers_as_described(tmp_path: Path) -> None:
    stand_in = await standin.start(coins=500)
    try:
        async with running_dozor(stand_in.base_url, tmp_path) as dozor:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from schemathesis.cli import schemathesis as run; run()",
                "run",
                f"{dozor.url}/openapi.json",
                f"--checks={CHECKS}",
                f"--exclude-path-regex={OTHERS}",
                "--phases=examples,coverage,fuzzing",
                "--max-examples=12",
                "--generation-deterministic",
                "--no-color",
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
            assert (await dozor.get("/livez")).status == 200
    finally:
        await stand_in.close()
    assert process.returncode == 0, said.decode("utf-8", "replace")[-6000:]
