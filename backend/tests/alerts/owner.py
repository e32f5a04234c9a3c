"""The owner of a running Dozor, by REST."""

from __future__ import annotations

from typing import Any

import aiohttp

from alerts.receiver import SECRET

TOKEN = "owner-token-of-the-tests"
ALERTING = {  # a Dozor that looks at prices every second, and lets its owner's webhooks go to this machine
    "DOZOR_OWNER_TOKEN": TOKEN,
    "DOZOR_ALLOW_PRIVATE_WEBHOOKS": "true",
    "DOZOR_WATCH_INTERVAL_S": "1",
    "DOZOR_PRICE_FRESH_S": "0.2",
    "COINGECKO_CALLS_PER_MINUTE": "0",
    "DOZOR_LANG": "en",
}


class Owner:
    """Asks for JSON, and gets it with its status."""

    def __init__(self, client: aiohttp.ClientSession, url: str, token: str = TOKEN) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self._client.request(method, f"{self._url}/api/v1{path}", json=body, headers=sent) as response:
            return response.status, (await response.json(content_type=None) if response.status != 204 else None)

    async def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        status, said = await self.ask(method, path, body, **headers)
        assert status < 300, (status, said)
        return said

    async def webhook(self, url: str) -> str:
        made = await self.ok("POST", "/channels", {"kind": "webhook", "url": url, "secret": SECRET})
        return str(made["id"])

    async def rule(self, channel: str, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        wanted = {
            "coin_id": "bitcoin",
            "quote": "usd",
            "condition": condition or {"type": "price_cross", "level": "110", "direction": "up"},
            "channels": [channel],
            "confirm_jumps": False,
            **more,
        }
        made: dict[str, Any] = await self.ok("POST", "/alerts", wanted)
        return made

    async def state_of(self, rule_id: str) -> str:
        return str((await self.ok("GET", f"/alerts/{rule_id}"))["state"])
