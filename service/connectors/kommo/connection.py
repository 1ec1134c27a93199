"""Where an account is and what opens it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from service.errors import Unprocessable

BRANDS = ("kommo.com", "amocrm.com", "amocrm.ru")
"""An address elsewhere must never receive a token."""
_NOT_ACCOUNTS = {"www", "api", "support", "developers"}
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class Connection:
    """One account's address (`https://cursoexemplo.kommo.com`) and token. Showing it shows no token."""

    origin: str
    token: str = field(repr=False)


def connection_to(account: str, token: str) -> Connection:
    """The connection for what a person typed: `cursoexemplo`, `cursoexemplo.kommo.com` or an address of a page.

    Raises Unprocessable, `code` bad_address or bad_token, without repeating the token.
    """
    written = "".join(token.split())
    if not written or not written.isascii() or not written.isprintable():
        raise Unprocessable("This is not a token of Kommo", code="bad_token")
    return Connection(f"https://{host_of(account)}", written.removeprefix("Bearer"))


def host_of(account: str) -> str:
    """The account's host. Raises Unprocessable for anything that is not directly under one of Kommo's domains."""
    text = account.strip().lower()
    host = text
    if "/" in text:
        try:
            host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        except ValueError:
            host = ""
    subdomain, _, domain = host.partition(".")
    domain = domain or (BRANDS[0] if host == text else "")
    if not _SUBDOMAIN.fullmatch(subdomain) or domain not in BRANDS or subdomain in _NOT_ACCOUNTS:
        raise Unprocessable("Not the address of a Kommo account, such as cursoexemplo.kommo.com", code="bad_address")
    return f"{subdomain}.{domain}"


def expires_at(token: str) -> datetime | None:
    """When the token ends, read from its `exp` without verifying; None where it does not say.

    A long-lived token lives from a day to five years and has no refresh (reference 2.1).
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


WARN_DAYS = (30, 7, 1)


def warning_due(ends: datetime, now: datetime) -> int | None:
    """The tightest of 30, 7, 1 or 0 days that is left at most; None while there is more."""
    left = (ends - now).total_seconds() / 86400
    if left <= 0:
        return 0
    return min((days for days in WARN_DAYS if left <= days), default=None)
