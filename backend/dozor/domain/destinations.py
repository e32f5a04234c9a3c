"""Which addresses of the network a person's webhook may reach: not the machines behind our own door.

Somebody who names a host chooses where we connect to (https://owasp.org/www-community/attacks/Server_Side_Request_Forgery).
The networks are spelled out because the standard library's ``is_global`` differs between the Pythons that we run on.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


class Reach(Enum):
    """Whose an address is."""

    PUBLIC = "public"
    PRIVATE = "private"  # this machine, a local network, or set aside for no machine of the public one
    NEVER = "never"  # link-local, where clouds keep their machines' credentials, or no single machine at all


_NEVER_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # on Linux it reaches this machine
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        # What clouds keep elsewhere: Azure's, Alibaba's, Oracle's metadata.
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
    )
)
_PRIVATE_4 = tuple(  # https://www.iana.org/assignments/iana-ipv4-special-registry
    IPv4Network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)
_NEVER_6 = tuple(
    IPv6Network(text)
    for text in (
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",  # Amazon's metadata
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")  # all that is given out to the public network
_PRIVATE_6 = tuple(  # https://www.iana.org/assignments/iana-ipv6-special-registry
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20")
)
# Networks whose addresses stand for IPv4 ones, with how many bits follow those.
_STAND_FOR_4 = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


def reach_of(address: str) -> Reach:
    """Whose this address is, which a resolver or a literal gave. Raises ValueError when it is none."""
    found = ip_address(address.partition("%")[0])  # a zone says by which interface, not whose it is
    return _of_4(found) if isinstance(found, IPv4Address) else _of_6(found)


def _of_4(address: IPv4Address) -> Reach:
    if any(address in network for network in _NEVER_4):
        return Reach.NEVER
    return Reach.PRIVATE if any(address in network for network in _PRIVATE_4) else Reach.PUBLIC


def _of_6(address: IPv6Address) -> Reach:
    if any(address in network for network in _NEVER_6):
        return Reach.NEVER
    if address == IPv6Address("::1"):
        return Reach.PRIVATE
    for network, bits_behind in _STAND_FOR_4:
        if address in network:
            return _of_4(IPv4Address(int(address) >> bits_behind & 0xFFFF_FFFF))
    if address not in _PUBLIC_6 or any(address in network for network in _PRIVATE_6):
        return Reach.PRIVATE
    return Reach.PUBLIC


def is_allowed(address: str, *, allow_private: bool) -> bool:
    """Whether a webhook may connect to this address. Raises ValueError when it is none."""
    reach = reach_of(address)
    return reach is Reach.PUBLIC or (allow_private and reach is Reach.PRIVATE)
