"""The signature of a delivery: HMAC-SHA-256 over the time and the body, with the webhook's secret."""

import hashlib
import hmac

SIGNATURE, TIMESTAMP = "Igfleet-Signature", "Igfleet-Timestamp"
DELIVERY, EVENT = "Igfleet-Delivery", "Igfleet-Event"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`v1=<hex>`, over `<timestamp>.<body>`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def headers(secret: str, timestamp: int, body: bytes, delivery_id: int, event: str) -> dict[str, str]:
    """What a receiver needs to know who sent it, when, and whether it had it before."""
    return {
        "Content-Type": "application/json",
        TIMESTAMP: str(timestamp),
        SIGNATURE: signature(secret, timestamp, body),
        DELIVERY: str(delivery_id),
        EVENT: event,
    }
