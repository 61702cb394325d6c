"""A challenge in answer to a call: whether a code settles it, and having that code sent.

The library's own resolver is not used: it would answer "It was me" and invent birthdays. Here only a code is asked
for; everything else is left to a person.
"""

from typing import Any

from instagrapi import exceptions as library

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.instagram.adapters.dialogue import Dialogue, Step
from igfleet.instagram.adapters.refusal import Phase

_SENT_BY_MAIL = ("verify_email", "verify_email_code")
_SENT_BY_SMS = ("verify_phone", "verify_phone_code", "verify_sms", "verify_sms_code")
_CHOICES = (("email", "1", ChallengeKind.EMAIL_CODE), ("phone_number", "0", ChallengeKind.SMS_CODE))


def behind(client: Any, error: BaseException | None, phase: Phase) -> Dialogue | None:
    """The dialogue behind a challenge, with its code on the way; None when no code settles it.

    At most two requests: one asks what is wanted, one has the code sent.
    """
    path = _path(error)
    if path is None:
        return None
    begun_at = clock.now()
    told = client.private_request(path, params={"guid": client.uuid, "device_id": client.android_device_id})
    step = str(told.get("step_name", ""))
    data = told.get("step_data") or {}
    facts = {"path": path} | ({"signs_in": "yes"} if phase is Phase.LOGIN else {})
    found = _offered(step, data)
    if found is None:
        return None
    kind, destination, choice = found
    if choice:
        client.private_request(path, {"choice": choice})
    return Dialogue(Step.CHALLENGE, kind, facts, destination, begun_at)


def _offered(step: str, data: dict[str, Any]) -> tuple[ChallengeKind, str, str] | None:
    """By which way a code comes, where to, and the choice that has it sent (empty when it is sent already)."""
    if step in _SENT_BY_MAIL:
        return ChallengeKind.EMAIL_CODE, _text(data, "email", "contact_point"), ""
    if step in _SENT_BY_SMS:
        return ChallengeKind.SMS_CODE, _text(data, "phone_number", "contact_point"), ""
    if step != "select_verify_method":
        return None
    return next(((kind, str(data[name]), choice) for name, choice, kind in _CHOICES if data.get(name)), None)


def _path(error: BaseException | None) -> str | None:
    """Where the dialogue is to be had; None for one that only the app or the site can lead."""
    challenge = getattr(error, "challenge", None)
    if not isinstance(error, library.ChallengeRequired) or not isinstance(challenge, dict):
        return None
    path = str(challenge.get("api_path") or "")
    if challenge.get("native_flow") or not path.removeprefix("/api").removeprefix("/v1").startswith("/challenge/"):
        return None
    return path.removeprefix("/api").removeprefix("/v1").lstrip("/")


def _text(data: dict[str, Any], *names: str) -> str:
    return next((str(data[name]) for name in names if data.get(name)), "")
