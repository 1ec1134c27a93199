"""How to reach a person: e-mail, phone, document, country and postcode in one spelling each.

Postbacks and spreadsheets share these, so that the same buyer looks the same from both. A function
answers None where it cannot be sure; the caller keeps the text as it came.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers
from babel import Locale
from email_validator import EmailNotValidError, validate_email
from stdnum.br import cnpj, cpf

from service.sources.spelling import plain

BRAZIL = "BR"

_INVISIBLE = dict.fromkeys(map(ord, "\x00\ufeff\u200b\u200c\u200d\u2060"))
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.ASCII
)
_NOT_DIGITS = re.compile(r"\D+", re.ASCII)
# Every Brazilian mobile number has nine digits that begin with 9, after one of the area codes in use.
_BRAZILIAN_MOBILE = re.compile(
    r"(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])9\d{8}", re.ASCII
)
_OTHER_COUNTRY_NAMES = {
    "eua": "US",
    "usa": "US",
    "estados unidos da america": "US",
    "estados unidos de america": "US",
    "united states of america": "US",
    "uk": "GB",
    "inglaterra": "GB",
    "england": "GB",
    "great britain": "GB",
    "holanda": "NL",
    "holland": "NL",
    "cabo verde": "CV",
    "republica checa": "CZ",
    "czech republic": "CZ",
    "coreia sul": "KR",
    "south korea": "KR",
    "timor leste": "TL",
}


def email_of(text: str) -> str | None:
    """The address as clients are told apart by it: trimmed, lower case, international domains readable.

    None when it is no e-mail address. Whether the domain exists is never asked.
    """
    address = text.strip().lower()
    if len(address) <= 254 and _PLAIN_EMAIL.fullmatch(address) and "xn--" not in address:
        return address
    return _unusual_email(address)


@lru_cache(maxsize=2048)
def _unusual_email(address: str) -> str | None:
    try:
        found = validate_email(address.translate(_INVISIBLE).strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def phone_of(text: str, area: str | None = None, country: str | None = None) -> str | None:
    """The number as E.164, None when it is not certainly one.

    `area` is Brazil's area code (DDD), which the number may or may not repeat; `country` a name or ISO code.
    Without country and area only an international number, or an unmistakable Brazilian mobile, is read.
    """
    code = country_of(country) if country else None
    if code == BRAZIL and not area and _BRAZILIAN_MOBILE.fullmatch(text):
        return f"+55{text}"
    return _phone(text.strip(), (area or "").strip(), code)


@lru_cache(maxsize=8192)
def _phone(text: str, area: str, country: str | None) -> str | None:
    if text.startswith(("+", "00")):
        return _valid("+" + _digits(text).lstrip("0"), None)
    digits = with_area(_digits(text), _digits(area).lstrip("0"))
    if country in (None, BRAZIL) and _BRAZILIAN_MOBILE.fullmatch(digits):
        return f"+55{digits}" if country or _is_area(area) or not _valid(f"+{digits}", None) else None
    if country is None and digits.startswith("55") and _BRAZILIAN_MOBILE.fullmatch(digits[2:]):
        return f"+{digits}"
    if country is None:
        return _valid(digits, BRAZIL) if _is_area(area) else None
    return _of_country(digits, country)


def _of_country(digits: str, country: str) -> str | None:
    """Abroad the country code is part of the number, mostly; both readings must not differ."""
    international = _valid(f"+{digits}", None)
    code = str(phonenumbers.country_code_for_region(country))
    if international is not None and international.startswith(f"+{code}"):
        return international
    return _valid(digits, country)


def with_area(digits: str, area: str) -> str:
    """The digits with the area code in front, unless they have it already (webhook reference 6.3)."""
    if not 2 <= len(area) <= 3:
        return digits
    has_area = digits.startswith(area) and 10 <= len(digits) <= 11
    has_country = digits.startswith(f"55{area}") and len(digits) >= 12
    return digits if has_area or has_country or len(digits) > 11 else area + digits


def _is_area(area: str) -> bool:
    return len(_digits(area).lstrip("0")) == 2


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


def _valid(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def document_of(text: str | None, country: str | None = None) -> str | None:
    """An identity document in one spelling: without points and dashes where it has digits only.

    A CPF or CNPJ gets back the leading zeros a spreadsheet took, but only where its check digits prove
    them and the buyer is not from elsewhere. None where there is nothing.
    """
    written = (text or "").strip()
    return _document(written, country_of(country) if country else None) if written else None


@lru_cache(maxsize=8192)
def _document(written: str, country: str | None) -> str:
    digits = written if written.isdigit() else re.sub(r"[\s./-]", "", written)
    if not digits.isascii() or not digits.isdigit():
        return written.upper()
    if country not in (None, BRAZIL):
        return digits
    return _restored(digits)


def _restored(digits: str) -> str:
    if 8 <= len(digits) < 11 and cpf.is_valid(digits.zfill(11)):
        return digits.zfill(11)
    if 11 < len(digits) < 14 and cnpj.is_valid(digits.zfill(14)):
        return digits.zfill(14)
    return digits


def postcode_of(text: str, country: str | None = None) -> str:
    """A postcode; a Brazilian one (CEP) as eight digits, with the leading zero a spreadsheet took."""
    written = text.strip()
    digits = written if written.isdigit() else re.sub(r"[\s.-]", "", written)
    if not (digits.isascii() and digits.isdigit()):
        return written
    if len(digits) == 7 and country is not None and country_of(country) == BRAZIL:
        return digits.zfill(8)
    return digits if len(digits) == 8 else written


@lru_cache(maxsize=2048)
def country_of(text: str) -> str | None:
    """The ISO 3166 alpha-2 code of a country named in Portuguese, English or Spanish, or given as that code."""
    names = _country_names()
    word = text.strip()
    if len(word) == 2 and word.upper() in set(names.values()):
        return word.upper()
    return names.get(plain(word))


@cache
def _country_names() -> dict[str, str]:
    names = {
        plain(name): code
        for language in ("en", "es", "pt_PT", "pt")
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in {"ZZ", "EU", "UN", "EZ", "XA", "XB", "QO"}
    }
    return names | _OTHER_COUNTRY_NAMES
