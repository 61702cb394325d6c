"""One thing that went wrong, described by all that tells kinds of trouble apart."""

from dataclasses import dataclass
from enum import StrEnum

import requests

_LONGEST_REST_S = 7 * 86400


class Phase(StrEnum):
    """What was being done. The same answer means different things in different phases."""

    LOGIN = "login"
    READ = "read"
    UPLOAD = "upload"
    """All that prepares a post and may be repeated."""
    COMMIT = "commit"
    ACT = "act"
    """A like, a follow, a story seen: small, and read before it is repeated."""
    EDIT = "edit"
    """A change of the profile, with values that an operator chose."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An exception or an answer, seen the same way."""

    phase: Phase
    names: frozenset[str] = frozenset()
    """The exception's class and its base classes; empty for an answer that raised nothing."""
    message: str = ""
    """Lower case."""
    error_type: str = ""
    status: int | None = None
    retry_after_s: int | None = None


def of_exception(error: BaseException, phase: Phase) -> Refusal:
    """The refusal behind an exception. It asks the exception itself, never the client's last answer."""
    response = getattr(error, "response", None)
    own = getattr(error, "message", None)
    text = own if isinstance(own, str) and own else str(error)
    return Refusal(
        phase=phase,
        names=frozenset(base.__name__ for base in type(error).__mro__),
        message=f"{text} {_more(error)}".lower(),
        error_type=str(getattr(error, "error_type", "") or "").lower(),
        status=response.status_code if isinstance(response, requests.Response) else _code(error),
        retry_after_s=_retry_after(response),
    )


def of_answer(answer: requests.Response, phase: Phase) -> Refusal:
    """The refusal in an answer of the upload servers, which the library does not look at."""
    body = json_of(answer)
    message = body.get("message")
    return Refusal(
        phase=phase,
        message=str(message if message is not None else answer.text[:500]).lower(),
        error_type=str(body.get("error_type") or "").lower(),
        status=answer.status_code,
        retry_after_s=_retry_after(answer),
    )


def json_of(answer: requests.Response) -> dict[str, object]:
    """The answer's JSON object; an empty one when it is anything else."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _more(error: BaseException) -> str:
    """What the library keeps beside the message: a challenge's address, a step's markers."""
    challenge = getattr(error, "challenge", None)
    address = challenge.get("url") if isinstance(challenge, dict) else None
    return " ".join(str(part) for part in (address, getattr(error, "caa_actions", None)) if part)


def _code(error: BaseException) -> int | None:
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def _retry_after(response: object) -> int | None:
    if not isinstance(response, requests.Response):
        return None
    value = response.headers.get("Retry-After", "")
    if not value.isdecimal() or not value.isascii():
        return None
    return min(int(value[:9]), _LONGEST_REST_S)
