"""The key with which clients hide a password, and its opening."""

import base64
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_ID = 205


class PasswordKey:
    """An RSA key pair; all of a process are the same one, as Instagram has one for everybody."""

    def __init__(self) -> None:
        self._private = _private_key()

    def headers(self) -> dict[str, str]:
        """The headers by which clients learn the public key."""
        pem = self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "ig-set-password-encryption-key-id": str(_KEY_ID),
            "ig-set-password-encryption-pub-key": base64.b64encode(pem).decode(),
        }

    def open(self, sealed: str) -> str | None:
        """The password inside `#PWD_INSTAGRAM:4:…`; None when it is not one of ours."""
        parts = sealed.split(":")
        if len(parts) != 4 or parts[0] != "#PWD_INSTAGRAM":
            return None
        try:
            return self._open(parts[2], base64.b64decode(parts[3]))
        except (ValueError, InvalidTag):
            return None

    def _open(self, stamp: str, payload: bytes) -> str:
        iv, size = payload[2:14], int.from_bytes(payload[14:16], "little")
        wrapped, rest = payload[16 : 16 + size], payload[16 + size :]
        tag, hidden = rest[:16], rest[16:]
        key = self._private.decrypt(wrapped, padding.PKCS1v15())
        return AESGCM(key).decrypt(iv, hidden + tag, stamp.encode()).decode()


@cache
def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
