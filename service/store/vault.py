"""Secrets of others at rest: encrypted under the newest of our keys, readable under every one of them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from service.errors import Misconfigured
from service.settings import Settings


class Vault(NamedTuple):
    """Seals and opens. Without its keys what lies in the database is noise."""

    keys: MultiFernet

    def seal(self, secret: str) -> bytes:
        """What is stored of a secret."""
        return self.keys.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret again. Raises Misconfigured where none of the keys is the one it was sealed with."""
        try:
            return self.keys.decrypt(bytes(sealed)).decode()
        except InvalidToken:
            raise Misconfigured(
                "A kept secret was sealed with a key that is no longer known. Put the old key back at the end of"
                " SECRETS_KEYS, or connect anew.",
                code="secret_unreadable",
            ) from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret under the newest key. Raises Misconfigured like `open`."""
        return self.seal(self.open(sealed))


def vault_of(settings: Settings) -> Vault:
    """The vault of these settings: SECRETS_KEYS, the newest first, and behind them the key made of SECRET_KEY."""
    written = [key.strip() for key in settings.secrets_keys.split(",")]
    texts = [key for key in written if key] + [settings.secret_key]
    return Vault(MultiFernet([Fernet(_derived(text)) for text in texts]))


def _derived(text: str) -> bytes:
    # The texts are long and random, so one digest is enough; the prefix keeps it apart from every other use of them.
    return urlsafe_b64encode(sha256(b"marco secrets at rest\0" + text.encode()).digest())
