"""Time-based one-time passwords, RFC 6238: SHA-1, 6 digits, 30 seconds."""

import base64
import binascii
import hmac
import struct
import time

STEP_S = 30


def key_of(secret: str) -> bytes:
    """The key of a base32 seed as services show it (spaces, lower case and missing padding are fine).

    Raises ValueError when it is not base32.
    """
    text = secret.replace(" ", "").replace("-", "").upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise ValueError("a TOTP secret is base32: letters A-Z and digits 2-7") from None
    if not key:
        raise ValueError("the TOTP secret is empty")
    return key


def code_at(secret: str, *, at: float | None = None, drift: int = 0) -> str:
    """The code at a time (seconds of Unix time; now when None), moved by `drift` seconds."""
    moment = (time.time() if at is None else at) + drift
    digest = hmac.digest(key_of(secret), struct.pack(">Q", int(moment) // STEP_S), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def seconds_left(at: float | None = None) -> float:
    """How long the present code stays valid."""
    moment = time.time() if at is None else at
    return STEP_S - moment % STEP_S
