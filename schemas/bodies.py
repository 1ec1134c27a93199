"""Postback bodies as they arrive: JSON or a form, found out from the bytes (Hotmart's Content-Type was never seen)."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

MAX_FORM_FIELDS = 1000


class NotABody(ValueError):
    """Neither JSON nor a form; `code` names the fault."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def parse(body: bytes) -> Any:
    """The body as JSON with exact decimals, or a form as a flat dict of text.

    Raises NotABody where it is neither: broken, nested too deep, not UTF-8, or with NaN in it.
    """
    try:
        return json.loads(body, parse_float=_exact, parse_constant=_refuse)
    except RecursionError as error:
        raise NotABody("The body is nested too deep.", "too_deep") from error
    except NotABody:
        raise
    except ValueError as error:
        form = form_of(body)
        if form is None:
            raise NotABody("The body is neither JSON nor a form. Send what Hotmart sends.", "malformed") from error
        return form


def _exact(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation:
        raise NotABody(f"A number with the exponent of {number[-12:]} is absurd.", "absurd_number") from None


def _refuse(constant: str) -> Any:
    raise NotABody(f"{constant} is not a JSON number.", "absurd_number")


def form_of(body: bytes) -> dict[str, str] | None:
    """The fields of a form body, the last of a repeated name; None where it is no form."""
    try:
        text = body.decode("utf-8").strip()
        if "=" not in text or text[0] in '{["<' or any(ord(sign) < 32 for sign in text):
            return None
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="strict"))
    except ValueError:
        return None
