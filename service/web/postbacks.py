"""Opens a postback at the door: finds its token, its key and its digest, and takes the token out."""

from __future__ import annotations

import json
import re
from datetime import date
from hashlib import blake2b, sha256
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson

from schemas.bodies import NotABody, form_of, parse
from service.errors import Malformed

DEEPEST = 64
LONGEST_KEY = 200
SHORTEST_SCRUBBED = 12
ABSURD_EXPONENT = re.compile(rb"[0-9]e[+-]?[0-9]{4}")
HOTTOK = re.compile(rb',\s*"hottok"\s*:\s*"(?:[^"\\]|\\.)*"|"hottok"\s*:\s*"(?:[^"\\]|\\.)*"\s*,?')


class Opened(NamedTuple):
    """A postback without its token. `token` is what the body carried, `digest` that of the canonical body."""

    token: str | None
    key: str
    event: str | None
    digest: bytes
    body: bytes


def open_body(body: bytes, today: date) -> Opened:
    """Read a body as Hotmart sends it, JSON or form, whatever its Content-Type. Raises Malformed."""
    content, is_form = _content(body)
    token = content.pop("hottok", None) if isinstance(content, dict) else None
    if token is not None:
        body = _form_without_token(body) if is_form else _without_token(body, content)
    canonical = _canonical(content)
    key, event = _key_of(content, canonical, today)
    return Opened(
        token if isinstance(token, str) else None,
        storable_key(key),
        storable_key(event) if event else None,
        blake2b(canonical, digest_size=16).digest(),
        body,
    )


def scrubbed(body: bytes, token: str) -> bytes:
    """The body with every other occurrence of the token blotted out."""
    written = token.encode("utf-8", "surrogatepass")
    return body.replace(written, b"[hottok]") if len(written) >= SHORTEST_SCRUBBED and written in body else body


def _content(body: bytes) -> tuple[Any, bool]:
    try:
        if ABSURD_EXPONENT.search(body.lower()):
            parse(body)  # orjson reads such a number as 0.0 where exact decimals refuse it
        content = orjson.loads(body)
    except NotABody as fault:
        raise Malformed(str(fault), code=fault.code) from None
    except orjson.JSONDecodeError:
        # A form, or JSON only the standard library takes: half surrogate pairs, integers above 64 bits.
        form = form_of(body)
        if form is not None:
            return dict(form), True
        try:
            content = parse(body)
        except NotABody as fault:
            raise Malformed(str(fault), code=fault.code) from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(content) > DEEPEST:
        raise Malformed("The body is nested too deep.", code="too_deep")
    return content, False


def _depth(content: Any) -> int:
    depth, level = 0, [content]
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return depth


def _canonical(content: Any) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(content, sort_keys=True, default=str, separators=(",", ":")).encode()


def _without_token(body: bytes, content: dict[str, Any]) -> bytes:
    """The bytes as they came, less the token's member; written anew only where it cannot be cut out cleanly."""
    cut = HOTTOK.sub(b"", body, count=1)
    try:
        if _canonical(orjson.loads(cut)) == _canonical(content):
            return cut
    except orjson.JSONDecodeError:
        pass
    return json.dumps(content, default=str, separators=(",", ":")).encode()


def _form_without_token(body: bytes) -> bytes:
    pairs = body.strip().split(b"&")
    return b"&".join(pair for pair in pairs if unquote_plus(pair.split(b"=")[0].decode("latin-1")) != "hottok")


def _key_of(content: Any, canonical: bytes, today: date) -> tuple[str, str | None]:
    """(delivery key, event): the envelope's id, for 1.0.0 what tells one post from another (reference 14.2)."""
    unnamed = f"body:{sha256(canonical).hexdigest()}"
    if not isinstance(content, dict):
        return unnamed, None
    event, number = content.get("event"), content.get("id")
    if isinstance(event, str):
        return (str(number) if isinstance(number, (str, int)) and str(number).strip() else unnamed), event
    if "transaction" in content and "status" in content:
        when = content.get("confirmation_purchase_date") or content.get("purchase_date")
        parts = [content["transaction"], str(content["status"]).lower(), when, content.get("recurrency")]
        return _derived("purchase", parts), f"v1:{str(content['status']).lower()}"
    if "cancellationDate" in content:
        parts = [content.get("subscriberCode"), content.get("subscriptionId"), content["cancellationDate"]]
        return _derived("cancellation", parts), "v1:subscription_cancellation"
    if "switchPlanDate" in content:
        return _derived("switch", [content.get("subscription"), content["switchPlanDate"]]), "v1:switch_plan"
    if "buyerVO" in content:
        # Nothing in it tells today's cart from last week's: the day does.
        return f"{unnamed}:{today.isoformat()}", "v1:cart_abandonment"
    return unnamed, None


def _derived(kind: str, parts: list[Any]) -> str:
    told = json.dumps([kind, *parts], sort_keys=True, default=str)
    return f"v1:{sha256(told.encode()).hexdigest()}"


def storable_key(key: str) -> str:
    """The key itself, or its hash where it is too long or no text a database keeps."""
    try:
        storable = len(key.encode()) <= LONGEST_KEY and "\x00" not in key
    except UnicodeEncodeError:
        storable = False
    return key if storable else f"sha256:{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
