"""Who may come in. Every blueprint stands behind one of these."""

from __future__ import annotations

import re
from typing import cast

from flask import g, request

from service.errors import NotFound, TooLarge, Unauthorized
from service.store.accounts import TOKEN_MARK, Account
from service.web.rooms import rooms

WEBHOOK_LIMIT = 1024 * 1024
HOTTOK_HEADER = "X-HOTMART-HOTTOK"
API_TOKEN = re.compile(rf"{TOKEN_MARK}_([0-9a-f]{{16}})_[\w-]{{20,100}}")


def webhook_account(account_key: str) -> Account:
    """The account a postback is for. Raises NotFound, or TooLarge before a byte of the body is read."""
    admission = rooms().directory.find(account_key)
    if admission is None:
        raise NotFound("No account has this webhook address. Copy it again from Marco.")
    request.max_content_length = WEBHOOK_LIMIT
    if (request.content_length or 0) > WEBHOOK_LIMIT:
        raise TooLarge("A postback may have 1 MiB at most.")
    return admission.account


def check_hottok(account: Account, token: str | None) -> None:
    """Raises Unauthorized unless this is one of the account's webhook tokens."""
    if not token or not rooms().directory.admits_hottok(account.key, token):
        raise Unauthorized("The hottok is missing or wrong. Add the one shown in Hotmart under Tools, Webhook.")


def api_account() -> None:
    """Lets a bearer token of an account in; the account is `current_account()` from then on."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    match = API_TOKEN.fullmatch(token.strip())
    if scheme.lower() != "bearer" or match is None or not rooms().directory.admits_api_token(match[1], token.strip()):
        raise Unauthorized("Send a valid API token: 'Authorization: Bearer marco_...'.")
    admission = rooms().directory.find(match[1])
    if admission is None:
        raise Unauthorized("This account is gone.")
    g.account = admission.account


def current_account() -> Account:
    """The account whose token the request carries."""
    return cast(Account, g.account)
