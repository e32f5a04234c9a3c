"""The stand-in as a server on localhost: starts, answers, counts, stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import unquote

import msgspec
from aiohttp import web

from dozor.clock import Clock, SystemClock
from dozor.standin.api import ROOT, Api, refusal
from dozor.standin.calls import Calls
from dozor.standin.catalogue import catalogue
from dozor.standin.control import BadOrder, Settings, read_order, state
from dozor.standin.delivery import Answer, deliver
from dozor.standin.faults import Fault, canned
from dozor.standin.limits import WINDOW_SECONDS
from dozor.standin.nft_collections import COLLECTIONS
from dozor.standin.pictures import SIZES, picture
from dozor.standin.platforms import PLATFORMS
from dozor.standin.venues import DERIVATIVES, EXCHANGES

CONTROL = "/_control"
_PICTURES = "/img/"
_ALSO_DRAWN = frozenset(named.id for named in (*EXCHANGES, *DERIVATIVES, *PLATFORMS, *COLLECTIONS))
_CLOSE_SECONDS = 1.0
_LONGEST_URL = 16_384  # upstream's limit is unknown; 515 ids, which it is known to take, need about 9,000


async def start(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    per_minute: int | None = None,
    per_month: int | None = None,
    latency_seconds: float = 0.0,
    seed: int = 0,
    coins: int = 18_000,
    check_user_agent: bool = True,
    window_seconds: float = WINDOW_SECONDS,
    clock: Clock | None = None,
) -> StandIn:
    """Start a stand-in inside the running loop; ``port`` 0 takes a free one. Close it when done.

    ``per_minute`` and ``per_month`` are its limits (None: none), and a minute lasts ``window_seconds``. ``clock`` moves
    its prices, ages and limits. Raises OSError when the port is taken.
    """
    settings = Settings(per_minute, per_month, latency_seconds, seed, check_user_agent, window_seconds)
    stand_in = StandIn(settings, coins, clock or SystemClock())
    await stand_in.listen(host, port)
    return stand_in


async def serve_forever(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    per_minute: int | None = None,
    per_month: int | None = None,
    latency_seconds: float = 0.0,
    seed: int = 0,
    coins: int = 18_000,
    check_user_agent: bool = True,
    ready: Callable[[StandIn], None] = lambda _: None,
) -> None:
    """Serve until cancelled; ``ready`` is called once it listens. Arguments and errors are those of ``start``."""
    stand_in = await start(
        host,
        port,
        per_minute=per_minute,
        per_month=per_month,
        latency_seconds=latency_seconds,
        seed=seed,
        coins=coins,
        check_user_agent=check_user_agent,
    )
    try:
        ready(stand_in)
        await asyncio.Event().wait()
    finally:
        await stand_in.close()


class StandIn:
    """A CoinGecko of one's own. One per port; everything about it may be read and changed from its own loop."""

    def __init__(self, settings: Settings, coins: int, clock: Clock) -> None:
        self.origin = ""
        self._started_with = settings
        self._catalogue = catalogue(coins)
        self._clock = clock
        self._in_flight: set[asyncio.Task[object]] = set()
        self._runner: web.ServerRunner | None = None
        self._api = Api(settings, self._catalogue, self.origin, clock)

    @property
    def base_url(self) -> str:
        """What to use instead of ``https://api.coingecko.com/api/v3``."""
        return self.origin + ROOT

    @property
    def control_url(self) -> str:
        """Where it is told what to do; see ``dozor.standin.control``."""
        return self.origin + CONTROL

    @property
    def calls(self) -> Calls:
        """Counts since the start, or since the last ``reset``."""
        return self._api.calls

    @property
    def settings(self) -> Settings:
        """What is in force now; ``configure`` changes it."""
        return self._api.settings

    @property
    def faults(self) -> list[Fault]:
        """The faults that may still hit, with the counts they have left."""
        return self._api.faults.in_force()

    def fail(self, *faults: Fault) -> None:
        """Let the coming calls meet these faults, after those that are in force already."""
        for fault in faults:
            self._api.faults.add(fault)

    def configure(self, settings: Settings) -> None:
        """Change limits, latency, seed; counts and faults stay."""
        self._api.configure(settings)

    def reset(self) -> None:
        """Go back to how it was started: no counts, no faults, no snapshots, the first settings."""
        self._api = Api(self._started_with, self._catalogue, self.origin, self._clock)

    async def listen(self, host: str, port: int) -> None:
        """Begin to answer. Raises OSError when the port is taken."""
        server = web.Server(self._handle, handler_cancellation=True, access_log=None, max_line_size=_LONGEST_URL)
        self._runner = web.ServerRunner(server, shutdown_timeout=_CLOSE_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.origin = f"http://{host}:{self._runner.addresses[0][1]}"
        self.reset()

    async def close(self) -> None:
        """Break off what is being answered and free the port."""
        for task in self._in_flight:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            raw_path = request.rel_url.raw_path
            if raw_path == CONTROL:
                return await self._control(request)
            if raw_path.startswith(_PICTURES):
                return await self._picture(request, raw_path)
            return await self._api.call(request)
        finally:
            self._in_flight.discard(task)

    async def _picture(self, request: web.BaseRequest, raw_path: str) -> web.StreamResponse:
        self.calls.pictures += 1
        fault = self._api.faults.hit(raw_path)
        now = self._clock.now().timestamp()
        instead = canned(fault, now) if fault else None
        return await deliver(request, refusal(instead, now) if instead else self._drawn(raw_path), fault, self._clock)

    def _drawn(self, raw_path: str) -> Answer:
        match raw_path.removeprefix(_PICTURES).split("/"):
            case [raw_id, file] if (size := file.removesuffix(".png")) in SIZES:
                id_ = unquote(raw_id)
                coin = self._catalogue.by_id.get(id_)
                if coin.has_picture if coin else id_ in _ALSO_DRAWN:
                    headers = {"content-type": "image/png", "cache-control": "public, max-age=2592000"}
                    return Answer(200, picture(id_, size), headers)
        return Answer(404, b"", {"content-type": "image/png"})

    async def _control(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.method:
            case "POST":
                try:
                    order = read_order(await request.read())
                except BadOrder as error:
                    return _json(msgspec.json.encode({"error": str(error)}), 400)
                if isinstance(order, list):
                    self.fail(*order)
                else:
                    self.configure(order.applied_to(self.settings))
            case "DELETE":
                self.reset()
            case "GET":
                pass
            case _:
                return _json(b'{"error":"use GET, POST or DELETE"}', 405)
        recent = request.query.get("recent", "")
        shown = {"recent": int(recent)} if recent.isdecimal() else {}
        return _json(state(self.calls, self.faults, self.settings, len(self._catalogue.coins), **shown))


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
