"""Pictures from CoinGecko's hosts, and from nowhere else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from scripted_server import ScriptedServer, after, answer, cut_off, no_http, reset, silence
from yarl import URL

from dozor.market.ports import Image
from dozor.upstream.images import MAX_IMAGE_BYTES, ImageClient, may_be_asked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scripted_server import Step

PNG = b"\x89PNG\r\n\x1a\n..."


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def images(server: ScriptedServer) -> AsyncIterator[ImageClient]:
    async with ImageClient(f"{server.origin}/api/v3", seconds=2.0) as images:
        yield images


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp", "image/gif", "Image/PNG; x=y"])
async def test_picture_comes_back_with_its_type(server: ScriptedServer, images: ImageClient, content_type: str) -> None:
    server.script.append(answer(200, PNG, content_type=content_type))
    image = await images.fetch_image(f"{server.origin}/coins/images/1/large/bitcoin.png?1696501400")
    assert image == Image(PNG, content_type.split(";")[0].lower())
    assert server.targets == ["/coins/images/1/large/bitcoin.png?1696501400"]
    assert "api-key" not in server.requests[0]


@pytest.mark.parametrize(
    "step",
    [
        answer(200, b"<svg onload='run()'/>", content_type="image/svg+xml"),
        answer(200, b"<html>", content_type="text/html"),
        answer(200, b"", content_type="image/png"),
        answer(404, PNG, content_type="image/png"),
        answer(200, b"x" * (MAX_IMAGE_BYTES + 1), content_type="image/png"),
        cut_off,
        no_http,
    ],
    ids=["svg", "html", "empty", "404", "too-large", "cut-off", "no-http"],
)
async def test_what_is_no_small_picture_is_none_at_all(server: ScriptedServer, images: ImageClient, step: Step) -> None:
    server.script.append(step)
    assert await images.fetch_image(f"{server.origin}/x.png") is None


async def test_lost_connection_and_impatience_are_no_picture_either(server: ScriptedServer) -> None:
    async with ImageClient(server.origin, seconds=0.1) as images:
        for step in (reset, reset, silence):
            server.script.append(step)
        assert await images.fetch_image(f"{server.origin}/x.png") is None
        assert await images.fetch_image(f"{server.origin}/x.png") is None


async def test_redirect_is_followed_only_to_where_pictures_may_come_from(
    server: ScriptedServer, images: ImageClient
) -> None:
    server.script.append(answer(301, b"", location="/moved.png"))
    server.script.append(answer(200, PNG, content_type="image/png"))
    assert await images.fetch_image(f"{server.origin}/x.png") == Image(PNG, "image/png")
    async with ScriptedServer() as elsewhere:
        server.script.append(answer(302, b"", location=f"{elsewhere.origin}/secret.png"))
        assert await images.fetch_image(f"{server.origin}/x.png") is None
        assert elsewhere.requests == []


async def test_redirects_in_a_circle_end(server: ScriptedServer, images: ImageClient) -> None:
    server.script.extend([answer(302, b"", location="/x.png")] * 50)
    assert await images.fetch_image(f"{server.origin}/x.png") is None
    assert len(server.requests) == 3


async def test_no_more_than_four_are_fetched_at_once(server: ScriptedServer, images: ImageClient) -> None:
    go_on = asyncio.Event()
    server.script.extend([after(go_on.wait, answer(200, PNG, content_type="image/png"))] * 6)
    asked = [asyncio.ensure_future(images.fetch_image(f"{server.origin}/{number}.png")) for number in range(6)]
    await server.has_been_asked(4)
    assert server.at_once == 4
    go_on.set()
    assert await asyncio.gather(*asked) == [Image(PNG, "image/png")] * 6
    assert server.most_at_once == 4


STAND_IN = URL("http://127.0.0.1:8801")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://coin-images.coingecko.com/coins/images/1/large/bitcoin.png", True),
        ("https://assets.coingecko.com/x.png", True),
        ("https://coingecko.com/x.png", True),
        ("https://COIN-IMAGES.CoinGecko.com/x.png", True),
        ("http://127.0.0.1:8801/x.png", True),  # the stand-in, as it was configured
        ("http://coin-images.coingecko.com/x.png", False),  # anybody on the way could answer
        ("https://coin-images.coingecko.com:8443/x.png", False),
        ("https://evilcoingecko.com/x.png", False),
        ("https://coingecko.com.evil.example/x.png", False),
        ("https://evil.example/?coingecko.com", False),
        ("https://coingecko.com@evil.example/x.png", False),
        ("https://somebody:secret@assets.coingecko.com/x.png", False),
        ("http://127.0.0.1:8802/x.png", False),
        ("https://127.0.0.1:8801/x.png", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://[::1]:8801/x.png", False),
        ("file:///etc/passwd", False),
        ("data:image/png;base64,AAAA", False),
        ("/x.png", False),
        ("//assets.coingecko.com/x.png", False),
        ("", False),
    ],
)
def test_only_coingeckos_hosts_and_the_configured_one_are_ever_asked(url: str, *, allowed: bool) -> None:
    assert may_be_asked(URL(url), STAND_IN) is allowed


@pytest.mark.parametrize("url", ["", "missing_large.png", "https://", "http://[", "https://x:99999999/a.png", "\x00"])
async def test_what_is_no_address_is_no_picture(images: ImageClient, url: str) -> None:
    assert await images.fetch_image(url) is None
