from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dozor.domain.destinations import Reach, is_allowed, reach_of

PUBLIC = ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
PUBLIC += ["64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]
PRIVATE += ["100.64.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.19.0.1", "192.0.0.1", "192.88.99.1"]
PRIVATE += ["::1", "fc00::1", "fd12:3456::1", "2001:db8::1", "3fff::1", "fec0::1", "100::1", "5f00::1"]
PRIVATE += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"]
PRIVATE += ["64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"]  # the last is Teredo
NEVER = ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254"]
NEVER += ["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254", "fd00:ec2::254", "168.63.129.16"]
NEVER += ["100.100.100.200", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_network_is_open_to_everybody(address: str) -> None:
    assert reach_of(address) is Reach.PUBLIC
    assert is_allowed(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_behind_our_own_door_needs_a_right(address: str) -> None:
    assert reach_of(address) is Reach.PRIVATE
    assert not is_allowed(address, allow_private=False)
    assert is_allowed(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_what_is_link_local_or_no_single_machine_is_open_to_nobody(address: str) -> None:
    assert reach_of(address) is Reach.NEVER
    assert not is_allowed(address, allow_private=True)


@given(st.ip_addresses(v=4))
def test_nothing_is_open_that_the_standard_library_knows_to_be_closed(address: IPv4Address) -> None:
    if reach_of(str(address)) is Reach.PUBLIC:
        assert address.is_global


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_stays_what_it_is(address: IPv4Address) -> None:
    for clothes in ("::ffff:{}", "::ffff:0:{}", "64:ff9b::{}"):
        assert reach_of(clothes.format(address)) is reach_of(str(address))
    assert reach_of(str(IPv6Address(0x2002 << 112 | int(address) << 80 | 1))) is reach_of(str(address))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "2130706433", "1.2.3.4.5", "[::1]"])
def test_what_is_no_address_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError):
        reach_of(text)
