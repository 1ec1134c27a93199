"""Which network addresses a stranger's URL may lead us to: those of the public internet, nothing else.

A name is judged by the addresses it has at the moment of connecting, and the connection goes to the address that was
judged. A name that answers differently the second time is never asked a second time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from service.errors import Refused, Unavailable

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host as text, in the order to try them. Raises OSError where there are none."""

# IANA's special-purpose registries, written out: what the standard library calls global changes between releases.
CLOSED_IPV4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own, public by its number alone
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
OPEN_IPV6 = ip_network("2000::/3")
"""All that is given out. Mapped, compatible, translated (NAT64), unique local, link-local and multicast lie outside."""
CLOSED_IPV6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far messages may go. `loopback` opens this very machine, for tests and for those who host both ends."""

    loopback: bool = False

    def covers(self, address: str) -> bool:
        """Whether a message may go to this address, written as a resolver gives it."""
        found = _read(address)
        if found is None:
            return False
        return is_public(found) or (self.loopback and found.is_loopback)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet and to nobody in particular."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_IPV4)
    return address in OPEN_IPV6 and not any(address in network for network in CLOSED_IPV6)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine itself."""
    found = _read(address)
    return found is not None and found.is_loopback


def resolved(host: str, port: int) -> list[str]:
    """The addresses the system's resolver has for a host, each once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def judged(host: str, port: int, reach: Reach, resolve: Resolve) -> list[str]:
    """The addresses of a host that a message may go to; the host is asked for once.

    Raises Unavailable where the name has none, Refused where it has only forbidden ones.
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as fault:
        raise Unavailable("The name of this address is not known.", code="unknown_host") from fault
    allowed = [address for address in addresses if reach.covers(address)]
    if not allowed:
        raise Refused("This address leads into a closed network.", code="forbidden_address")
    return allowed


def _read(address: str) -> Address | None:
    """None for what is no address, and for one with a zone: a zone is a link of this machine."""
    try:
        return None if "%" in address else ip_address(address)
    except ValueError:
        return None
