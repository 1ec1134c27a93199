"""How to reach a client, as people write and click it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from service.web import locale

E164 = re.compile(r"\+([1-9]\d{6,14})")
CPF = re.compile(r"(\d{3})(\d{3})(\d{3})(\d{2})")
CNPJ = re.compile(r"([0-9A-Z]{2})([0-9A-Z]{3})([0-9A-Z]{3})([0-9A-Z]{4})(\d{2})")
CEP = re.compile(r"(\d{5})(\d{3})")
INSTAGRAM = re.compile(r"@?([A-Za-z0-9._]{1,30})")
Client = Mapping[str, Any]


def whatsapp(phone: str | None) -> str | None:
    """The address of a WhatsApp chat; None for a number that is no E.164, which WhatsApp would not find."""
    found = E164.fullmatch(phone or "")
    return f"https://wa.me/{found[1]}" if found else None


def mailto(email: str) -> str:
    """The address that begins a letter; nothing in it can add a receiver or a subject."""
    return f"mailto:{quote(email, safe='@')}"


def telephone(client: Client) -> str | None:
    """The number to show: E.164 where it is known, else as the buyer wrote it."""
    number: str | None = client["phone"] or client["phone_text"]
    return number


def document(client: Client) -> tuple[str, str] | None:
    """(kind, number as people write it): CPF and CNPJ with their dots, others as they are."""
    number, kind = client["document"], (client["document_type"] or "").upper()
    if not number:
        return None
    if kind in ("", "CPF") and (found := CPF.fullmatch(number)):
        return "CPF", "{}.{}.{}-{}".format(*found.groups())
    if kind in ("", "CNPJ") and (found := CNPJ.fullmatch(number.upper())):
        return "CNPJ", "{}.{}.{}/{}-{}".format(*found.groups())
    return kind, number


def address(client: Client) -> list[str]:
    """The lines of a postal address; empty where nothing of it is known."""
    brazilian = CEP.fullmatch(client["postcode"] or "") if client["country"] in (None, "BR") else None
    postcode = "{}-{}".format(*brazilian.groups()) if brazilian else client["postcode"]
    lines = (
        _joined(", ", client["address"], client["address_number"], client["address_complement"]),
        client["district"],
        _joined(" ", postcode, _joined(" - ", client["city"], client["state"])),
        locale.country_name(client["country"]) if client["country"] else None,
    )
    return [line for line in lines if line]


def instagram(client: Client) -> str | None:
    """The address of the client's Instagram page; None for what is no name there."""
    found = INSTAGRAM.fullmatch((client["instagram"] or "").strip())
    return f"https://www.instagram.com/{found[1]}/" if found else None


def _joined(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)
