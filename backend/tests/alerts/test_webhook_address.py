from __future__ import annotations

import pytest

from dozor.alerts.webhook_address import url_problems


def codes(url: str, *, allow_private: bool = False) -> list[str]:
    return [problem.code for problem in url_problems(url, allow_private=allow_private)]


@pytest.mark.parametrize("url", ["https://hooks.example/a?b=c", "http://hooks.example:8080", "https://[2606:4700::1]/"])
def test_an_ordinary_address_is_taken(url: str) -> None:
    assert codes(url) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example",
        "https://",
        "https://a b",
        "https://a\n",
        "https://a:99999",
        "https://[::1",
        "https://hooks.example/" + "a" * 2048,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert codes(url) == ["not-an-address"]


def test_a_password_has_no_place_in_an_address() -> None:
    assert codes("https://user:pass@hooks.example") == ["has-password"]
    assert codes("https://user@127.0.0.1") == ["has-password", "address-not-allowed"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1.", "[::1]", "[::ffff:10.0.0.1]", "192.168.0.1"])
def test_an_internal_address_needs_a_right(host: str) -> None:
    assert codes(f"http://{host}:8080/") == ["address-not-allowed"]
    assert codes(f"http://{host}:8080/", allow_private=True) == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_no_right_opens_a_link_local_address(host: str) -> None:
    assert codes(f"http://{host}/", allow_private=True) == ["address-not-allowed"]
