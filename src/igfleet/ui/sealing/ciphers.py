"""AES-256-GCM with what a sealed value is bound to, and how a key is written."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from igfleet.errors import SecretUnreadable, SetupError

KEY_BYTES = 32
_NONCE = 12


def seal(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound)


def unseal(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """Raises `SecretUnreadable`."""
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise SecretUnreadable(
            "A stored secret does not open: it was moved or damaged, or the master key is wrong"
        ) from None


def written() -> str:
    """A fresh key, as it is written in a file or a setting."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def read(key: str, setting: str) -> bytes:
    """The bytes of a key. Raises `SetupError`, in which `setting` says where it stands."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise SetupError(f"{setting}: is not base64. Make one with: igfleet keys generate") from None
    if len(raw) != KEY_BYTES:
        raise SetupError(f"{setting}: must be 32 bytes in base64. Make one with: igfleet keys generate")
    return raw
