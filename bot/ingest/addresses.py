"""Which addresses may be fetched: the rules for a URL, and a guard on every connected socket.

String checks cannot know what a name or an odd spelling of an address resolves to, so the last
word is the socket's: it sees the final address of every connection, each redirect included.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

from yarl import URL

from bot.errors import FetchError

FEED_PORTS = frozenset({80, 443, 8080, 8443})
LONGEST_URL = 4096

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]
]

# ipaddress (3.11) calls several of these global; newer Pythons disagree with older ones.
_REFUSED = tuple(
    ipaddress.ip_network(net)
    for net in ("100.64.0.0/10", "192.88.99.0/24", "240.0.0.0/4", "fec0::/10", "2001::/32")
)
# IPv6 networks that carry an IPv4 address, and the bits it is shifted by.
_EMBEDDING = tuple(
    (ipaddress.IPv6Network(net), shift)
    for net, shift in (
        ("::ffff:0:0/96", 0),
        ("::ffff:0:0:0/96", 0),
        ("::/96", 0),
        ("64:ff9b::/96", 0),
        ("2002::/16", 80),
    )
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_PRINTABLE = re.compile(r"[!-~]+")
_SCHEME = re.compile(r"(?i)([a-z][a-z0-9+.-]*):(?!\d)")


class RefusedAddressError(OSError):
    """A connection was refused before it was tried. Says nothing of what might listen there."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "address refused")


def is_public(address: str) -> bool:
    """Whether an IP address in any written form lies on the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public(ip)


def _is_public(ip: IpAddress) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _EMBEDDING:
            if ip in network:
                return _is_public(ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF))
        if ip in _LOCAL_NAT64:
            return False
    if any(ip.version == net.version and ip in net for net in _REFUSED):
        return False
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules on addresses. `allow_private` lifts those on IP addresses and ports, no other."""

    allow_private: bool = False
    ports: frozenset[int] = FEED_PORTS

    def checked(self, address: str) -> URL:
        """Return the address as a URL that may be asked for. Raises FetchError naming the rule."""
        url = as_url(address)
        host = url.host or ""
        if url.scheme not in ("http", "https"):
            raise FetchError("ingest.fetch_scheme", scheme=url.scheme or address[:40])
        if not host:
            raise FetchError("ingest.fetch_address", address=address[:100])
        if url.user is not None or url.password is not None:
            raise FetchError("ingest.fetch_userinfo", host=host)
        if not self.allow_private and url.port not in self.ports:
            raise FetchError("ingest.fetch_port", host=host, port=url.port or 0)
        return url

    @property
    def socket_factory(self) -> Callable[[AddressInfo], socket.socket]:
        """What opens sockets for aiohttp's connector; RefusedAddressError for private ones."""
        return self._open

    def _open(self, info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, where = info
        if not self.allow_private and not is_public(str(where[0])):
            raise RefusedAddressError
        return socket.socket(family=family, type=kind, proto=protocol)


def as_url(address: str) -> URL:
    """Return a written address as a URL without fragment. Raises FetchError when it is none."""
    try:
        if len(address) > LONGEST_URL:
            raise ValueError
        # Quoted anew only where needed: some servers sign or compare the exact spelling.
        url = URL(address, encoded=_PRINTABLE.fullmatch(address) is not None)
        url.port  # noqa: B018  yarl checks the port only when it is asked for
        return url.with_fragment(None)
    except ValueError:
        raise FetchError("ingest.fetch_address", address=address[:100]) from None


def completed(text: str) -> str:
    """Return what a person typed as a full address: feed:// is http, a bare host is https."""
    address = text.strip().strip("<>")
    if address.lower().startswith("feed://"):
        return "http://" + address[len("feed://") :]
    if address.lower().startswith(("feed:http://", "feed:https://")):
        return address[len("feed:") :]
    if address.startswith("//"):
        return "https:" + address
    return address if _SCHEME.match(address) else "https://" + address
