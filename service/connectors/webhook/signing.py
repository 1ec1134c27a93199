"""Signatures by the Standard Webhooks specification 1.0.0: symmetric, `v1`, HMAC with SHA-256.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from service.errors import Unprocessable

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""Bytes, as the specification asks."""
LIVE_SECRETS = 2
"""The one in use and, while the receiver changes over, the one before or after it."""


def new_secret() -> str:
    """A secret nobody has seen, as it is shown to the receiver."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes to sign with. Raises Unprocessable for a text that is no such secret; never repeats it."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise Unprocessable("A signing secret is 24 to 64 bytes in base64 after 'whsec_'.", code="bad_secret")
    return key


def unsigned(message_id: str, at: datetime) -> dict[str, str]:
    """The same three headers for people to look at: with a mask where the signature would be."""
    return {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": "v1,•••"}


def signed(message_id: str, at: datetime, body: bytes, secrets_live: Sequence[str]) -> dict[str, str]:
    """The three headers of one attempt: the id stays with the message, the time is that of the attempt.

    A receiver takes the message if any signature fits, so either of two live secrets may be taken out of use.
    Raises Unprocessable for a secret or an id that cannot be signed with.
    """
    if not message_id or "." in message_id or not (message_id.isascii() and message_id.isprintable()):
        raise Unprocessable("A message id is visible ASCII without a dot.", code="bad_message_id")
    if not 1 <= len(secrets_live) <= LIVE_SECRETS:
        raise Unprocessable("A webhook has one or two live secrets.", code="bad_secret")
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (hmac.new(key_of(secret), content, sha256).digest() for secret in secrets_live)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{b64encode(signature).decode()}" for signature in signatures),
    }
