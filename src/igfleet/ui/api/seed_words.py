"""The bodies of the first HTTP contract."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import WithJsonSchema

from igfleet.contracts.base import Contract, Text
from igfleet.errors import Invalid

_MOST = 2**31
_LONGEST_KEY = 200
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,49}"

type Json = dict[str, Any]
Counts = Annotated[
    Json,
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{_NAME}$"},
            "properties": {"seq": {"type": ["integer", "string"], "maxLength": 100, "pattern": r"^[^\x00]*$"}},
            "additionalProperties": {"type": "integer", "minimum": 0, "maximum": _MOST},
        }
    ),
]
"""`POST …/accounts/{account_task_id}/counters`: amounts by name, and `seq`, by which a repeat is known."""


class SeedWord(StrEnum):
    """The status words of the first contract."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"
    PHONE_VERIFICATION_REQUIRED = "PHONE_VERIFICATION_REQUIRED"
    HUMAN_VERIFICATION_REQUIRED = "HUMAN_VERIFICATION_REQUIRED"
    SUSPENDED = "SUSPENDED"


class Advice(Contract):
    """`POST /api/{kind}/{task_id}/status`"""

    status: SeedWord | None = None
    log: Text | None = None
    log_append: Text | None = None


class AccountAdvice(Contract):
    """`POST …/accounts/{account_task_id}/status`"""

    status: SeedWord | None = None
    log_append: Text | None = None


def counters_of(body: dict[str, Any], header: str | None) -> tuple[str | None, dict[str, int]]:
    """The key of a repeat, and the amounts. Raises `Invalid` with one entry per field."""
    key = header or (f"seq:{body['seq']}" if "seq" in body else None)
    wrong, amounts = {}, dict[str, int]()
    if key is not None and (len(key) > _LONGEST_KEY or "\x00" in key):
        wrong["seq"] = f"must be at most {_LONGEST_KEY} characters, without a zero byte"
    for name, given in body.items():
        if name == "seq":
            continue
        value = int(given) if isinstance(given, float) and given.is_integer() else given
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
            wrong[name[:50]] = "must be a whole number, not negative"
        elif not re.fullmatch(_NAME, name):
            wrong[name[:50]] = "is not a name"
        else:
            amounts[name] = value
    if wrong:
        raise Invalid("Counters are whole numbers that are added.", wrong)
    return key, amounts
