"""The last look at an address before a connection to it, whatever a name has resolved to and however it was spelled."""

from __future__ import annotations

import socket

from aiohttp import AddrInfoType, SocketFactoryType

from dozor.domain.destinations import is_allowed


class AddressRefused(OSError):
    """A webhook leads to a place that it may not reach; nothing was sent there."""


def guarded_sockets(*, allow_private: bool) -> SocketFactoryType:
    """What makes the sockets of a session whose connections reach allowed addresses only.

    It is shown the very address that the socket is then connected to, so a name cannot resolve to another one between
    the check and the connection. Where a name has several, those that are allowed are tried.
    """

    def guarded(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]), allow_private=allow_private):
            raise AddressRefused("an internal address, which is not allowed")
        return socket.socket(family, kind, protocol)

    return guarded
