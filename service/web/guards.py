"""Who may come in. Every blueprint stands behind one of these."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import current_app, g, redirect, request, url_for
from werkzeug import Response

from service.domain.roles import Role
from service.errors import Malformed, NotFound, Refused, TooLarge, Unauthorized
from service.store import memberships, users
from service.store.accounts import TOKEN_MARK, Account, digest_of
from service.store.engine import transaction
from service.store.memberships import Membership
from service.store.tokens import Kind
from service.store.users import User
from service.web.rooms import rooms
from service.web.sessions import signed_in_user

WEBHOOK_LIMIT = 1024 * 1024
JSON_LIMIT = 4 * 1024 * 1024
"""Of a body of the API that is JSON; the largest automation has half of it."""
HOTTOK_HEADER = "X-HOTMART-HOTTOK"
ACCOUNT_COOKIE = "account"
"""The account somebody looked at last."""
SAFE = {"GET", "HEAD", "OPTIONS"}
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
API_TOKEN = re.compile(rf"{TOKEN_MARK}_([0-9a-f]{{16}})_[\w-]{{20,100}}")


def webhook_account(account_key: str) -> Account:
    """The account a postback is for. Raises NotFound, or TooLarge before a byte of the body is read."""
    admission = rooms().directory.find(account_key)
    if admission is None:
        raise NotFound("No account has this webhook address. Copy it again from Marco.")
    if (request.content_length or 0) > WEBHOOK_LIMIT:
        raise TooLarge("A postback may have 1 MiB at most.")
    return admission.account


def webhook_body() -> bytes:
    """The body of a postback, read to its end. Raises TooLarge."""
    # One byte more than may come: a chunked body is cut off at this limit without a word.
    request.max_content_length = WEBHOOK_LIMIT + 1
    body = request.get_data(cache=False)
    if len(body) > WEBHOOK_LIMIT:
        raise TooLarge("A postback may have 1 MiB at most.")
    return body


def check_hottok(account: Account, token: str | None) -> None:
    """Raises Unauthorized unless this is one of the account's webhook tokens."""
    if not token or not rooms().directory.admits_hottok(account.key, token):
        raise Unauthorized("The hottok is missing or wrong. Add the one shown in Hotmart under Tools, Webhook.")
    g.used_token = (account.id, Kind.HOTTOK, digest_of(token))


def crm_account(account_key: str, secret: str) -> Account:
    """The account a CRM's hook is for. Raises NotFound for a wrong account and a wrong secret alike, or TooLarge."""
    admission = rooms().directory.find(account_key)
    if admission is None or not rooms().directory.admits_crm_hook(account_key, secret):
        raise NotFound("No account has this webhook address.")
    if (request.content_length or 0) > WEBHOOK_LIMIT:
        raise TooLarge("A hook may have 1 MiB at most.")
    return admission.account


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
    g.used_token = (admission.account.id, Kind.API, digest_of(token.strip()))
    if request.is_json:
        _check_json()


def _check_json() -> None:
    """Raises TooLarge, and Malformed for JSON that readers stumble over, or with texts that are none.

    What is no JSON at all is told by whoever reads it.
    """
    request.max_content_length = JSON_LIMIT
    try:
        json.dumps(json.loads(request.get_data()), ensure_ascii=False).encode()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return
    except (ValueError, RecursionError) as fault:
        said = "This JSON is nested too deeply, or has a number of thousands of digits or half a surrogate pair."
        raise Malformed(said) from fault


def current_account() -> Account:
    """The account whose token the request carries, or whose page it asks for."""
    return cast(Account, g.account)


def visitor() -> None:
    """Pages for whoever comes; their forms carry a token of ours."""
    _check_form()


def while_setup_is_open() -> None:
    """Pages there are only before the first user. Raises NotFound for good afterwards."""
    with transaction(rooms().engine) as tx:
        if not users.setup_is_open(tx):
            raise NotFound("This Marco is already set up.")
    _check_form()


def signed_in() -> Response | None:
    """Pages of a person, whatever the account; others are asked to sign in."""
    if (elsewhere := _recognise()) is not None:
        return elsewhere
    last = request.cookies.get(ACCOUNT_COOKIE)
    at_hand = next((one for one in g.memberships if one.account.key == last), next(iter(g.memberships), None))
    if at_hand is not None:
        # Only so that the navigation leads back to where they came from: these pages are about no account.
        g.account, g.role = at_hand.account, at_hand.role
    _check_form()
    return None


def member() -> Response | None:
    """Pages of the account whose key is in the URL.

    Raises NotFound for those who do not belong to it, as if it were not there, and Refused for readers who want
    to change something.
    """
    if (elsewhere := _recognise()) is not None:
        return elsewhere
    found = next((one for one in g.memberships if one.account.key == g.account_key), None)
    if found is None:
        raise NotFound("There is no such account.")
    g.account, g.role = found.account, found.role
    if request.method not in SAFE and not found.role.may_change:
        raise Refused("Readers cannot change anything.", code="only_reading")
    _check_form()
    return None


def for_owners(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """A view for owners of the account only; stands behind `member`."""

    @wraps(view)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        if not current_role().may_manage:
            raise Refused("Only owners of the account may do this.", code="only_owners")
        return view(*args, **kwargs)

    guarded.__owners__ = True  # type: ignore[attr-defined]  # read by the test that tries every view as an operator
    return guarded


def _recognise() -> Response | None:
    """Find out who asks and where they belong; an answer for those who must sign in first."""
    user = signed_in_user()
    if user is None:
        wanted = request.full_path.rstrip("?") if request.method in SAFE else None
        return redirect(url_for("session.enter", next=wanted))
    g.person = user
    with transaction(rooms().engine) as tx:
        g.memberships = memberships.of_user(tx, user.id)
    return None


def _check_form() -> None:
    current_app.extensions["csrf"].protect()


def current_person() -> User:
    """Who is signed in."""
    return cast(User, g.person)


def current_role() -> Role:
    """What they are in the account of the page."""
    return cast(Role, g.role)


def current_memberships() -> list[Membership]:
    """Every account they belong to."""
    return cast(list[Membership], g.memberships)
