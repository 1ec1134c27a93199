"""When two phone numbers are one: E.164, and Brazil's ninth digit."""

from __future__ import annotations

import re

import phonenumbers

_NOT_DIGITS = re.compile(r"\D+", re.ASCII)
_BRAZIL = 55
# A mobile number with its ninth digit: the area, the 9, and eight that began with 6 to 9 before 2016.
_WITH_NINTH = re.compile(r"([1-9]\d)9([6-9]\d{7})", re.ASCII)


def phone_key(text: str, country: str) -> str | None:
    """One text per number: E.164, a Brazilian mobile always without its ninth digit. None where it is no number.

    `country` (ISO code) is where a number without country code is from. CRMs are full of Brazilian mobiles of
    before 2016: they are the same line as the one with the 9 in front. A landline plus a 9 is another line.
    """
    parsed = _parsed(text, country)
    if parsed is None:
        return None
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code == _BRAZIL and (found := _WITH_NINTH.fullmatch(national)):
        national = found[1] + found[2]
    return f"+{parsed.country_code}{national}"


def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    digits = _NOT_DIGITS.sub("", text)
    # Typed without the plus, as Brazilians often do: 55 31 98765-4321.
    written = f"+{digits}" if country == "BR" and digits.startswith("55") and len(digits) in (12, 13) else text
    try:
        parsed = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    # "Possible", not "valid": an old mobile without its ninth digit is no longer valid, and still the same person's.
    return parsed if phonenumbers.is_possible_number(parsed) else None


def searches(phone: str, country: str) -> tuple[str, ...]:
    """What to ask Kommo for, most telling first: national digits only, country codes are other text to it.

    Kommo compares the last seven, so whoever is found must be compared with `phone_key`.
    """
    parsed = _parsed(phone, country)
    if parsed is None:
        return ()
    national = phonenumbers.national_significant_number(parsed)
    return (national[-8:],)
