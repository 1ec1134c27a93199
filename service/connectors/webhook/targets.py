"""A URL somebody typed, taken apart once and strictly, so that what is checked is what is called."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address
from typing import NamedTuple

import httpx2

from service.errors import Unprocessable

LONGEST_URL = 2000
USUAL_PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT, LAST_PORT = 1024, 65535
"""Below lie mail, shells and name servers; above, what people run themselves."""
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
USER = re.compile(r"[^:]*://[^/?#]*@")


class Target(NamedTuple):
    """Where messages go. `host` is a lower-case name in ASCII without its last dot, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The host as the other side expects to be called."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == USUAL_PORTS[self.scheme] else f"{name}:{self.port}"


def target_of(url: str) -> Target:
    """Take a URL apart.

    Raises Unprocessable (code `bad_url`, a word for what is wrong in `facts["reason"]`) for anything that two readers
    could understand differently. Whether its address may be reached is asked at the moment of connecting.
    """
    if len(url) > LONGEST_URL or not url.isprintable() or any(sign in url for sign in " \\"):
        raise _bad("signs", "has signs that belong in no address, or is too long")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").lower()
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise _bad("signs", "cannot be read") from None
    if parsed.scheme not in USUAL_PORTS:
        raise _bad("scheme", "must begin with https://")
    if parsed.userinfo or USER.match(url):
        raise _bad("user", "must not hold a user or password")
    port = USUAL_PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if port != USUAL_PORTS[parsed.scheme] and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise _bad("port", "names a port that is not for the web")
    return Target(parsed.scheme, _host(host), port, parsed.raw_path.decode("ascii"))


def _host(host: str) -> str:
    name = host.removesuffix(".").strip("[]")
    if not name or name.endswith(".") or "%" in name:
        raise _bad("host", "names no host")
    if ":" not in name and NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        _check_plain(name)
    return name


def _check_plain(name: str) -> None:
    """127.1, 0x7f000001, 017700000001 and 2130706433 are one address to some readers and a name to others."""
    try:
        IPv4Address(name)
    except AddressValueError:
        raise _bad("unusual", "writes an address in an unusual way") from None


def _bad(reason: str, what: str) -> Unprocessable:
    return Unprocessable(f"The address {what}.", code="bad_url", facts={"reason": reason})
