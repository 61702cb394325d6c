"""Dialogues that wait for a code: what is needed to go on with each, and how the code is handed in.

A dialogue is made of plain texts, so that it can be put aside and taken up by another process, with the same device
and without signing in again: a second sign-in would have another code sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from instagrapi import exceptions as library
from instagrapi.mixins.bloks import AP_2SV_CODE_ENTRY_ASYNC, CAA_API_DOMAIN

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.leases import LeasedAccount
from igfleet.instagram.gateway import CodeWanted

_KINDS_OF_METHOD = {"sms": ChallengeKind.SMS_CODE, "totp": ChallengeKind.TOTP_CODE}
_LEGACY_METHODS = {"sms": "1", "totp": "3"}
_REFUSED = (library.ChallengeError, library.UnknownError, library.ClientBadRequestError, library.TwoFactorRequired)
"""What the library makes of an answer to a wrong code."""


class Step(StrEnum):
    """Which dialogue it is."""

    MAILED = "mailed"
    """At the sign-in: a code was mailed."""
    TWO_FACTOR = "two_factor"
    """At the sign-in: a second factor, by the newer dialogue."""
    LEGACY_TWO_FACTOR = "legacy_two_factor"
    CHALLENGE = "challenge"
    """In answer to any call: a code was mailed, or sent by SMS."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One that waits for a code. `facts` are what its next request needs."""

    step: Step
    kind: ChallengeKind
    facts: Mapping[str, str]
    destination: str = ""
    begun_at: datetime = field(default_factory=clock.now)

    @property
    def gives_session(self) -> bool:
        """Whether the right code ends a sign-in; else the session is there already and goes on."""
        return self.step is not Step.CHALLENGE or bool(self.facts.get("signs_in"))

    def wanted(self) -> CodeWanted:
        return CodeWanted(self.kind, self.begun_at, self.destination, self.written())

    def written(self) -> str:
        """As text, to be taken up later. A secret."""
        told = asdict(self) | {"facts": dict(self.facts), "begun_at": self.begun_at.isoformat()}
        return json.dumps(told, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "Dialogue":
        """What `written` made. Raises ValueError for anything else."""
        try:
            told = json.loads(text)
            begun_at = datetime.fromisoformat(told["begun_at"])
            return cls(Step(told["step"]), ChallengeKind(told["kind"]), told["facts"], told["destination"], begun_at)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no dialogue: {error}") from error

    def enter(self, client: Any, code: str) -> bool:  # instagrapi's client has no types
        """Hand in the code, once; whether it was right."""
        try:
            return _ENTER[self.step](client, self.facts, code)
        except _REFUSED as error:
            if _is_about_something_else(error):
                raise
            return False


def pending_dialogue(account: LeasedAccount) -> Dialogue | None:
    """The dialogue of an earlier run, when somebody has entered its code."""
    known = account.challenge
    if known is None or known.resume is None or known.code is None:
        return None
    try:
        return Dialogue.read(known.resume.get_secret_value())
    except ValueError:
        return None  # of another version: a new sign-in asks for a new code


class CodeNeeded(Exception):
    """Leaves the library's sign-in where it would ask the keyboard for a code."""

    def __init__(self, dialogue: Dialogue) -> None:
        super().__init__(f"a code is needed ({dialogue.kind})")
        self.dialogue = dialogue


def mailed(client: Any) -> Dialogue | None:
    """The dialogue that the library is in when it asks for a mailed code at the sign-in: its last answer holds it."""
    context = client.bloks_extract_context_data(client.last_json, AP_2SV_CODE_ENTRY_ASYNC)
    if not context:
        return None
    return Dialogue(Step.MAILED, ChallengeKind.EMAIL_CODE, {"context": context, "aac": client.caa_aac or ""})


def two_factor(client: Any, wanted: library.TwoFactorRequired) -> Dialogue:
    """The dialogue behind a demanded second factor. An SMS is sent only when the account has no other one."""
    context = getattr(wanted, "two_step_verification_context", "") or ""
    told = client.last_json if isinstance(client.last_json, dict) else {}
    info = told.get("two_factor_info") or {}
    has_app = _is_on(wanted, info, "totp_two_factor_on")
    method = "sms" if _is_on(wanted, info, "sms_two_factor_on") and not has_app else "totp"
    phone = str(info.get("obfuscated_phone_number") or _found(vars(wanted), "obfuscated_phone_number") or "")
    facts = {"method": method}
    if context:
        _choose(client, context, method)
        facts["context"] = context
    else:
        facts["identifier"] = str(info.get("two_factor_identifier") or "")
    step = Step.TWO_FACTOR if context else Step.LEGACY_TWO_FACTOR
    return Dialogue(step, _KINDS_OF_METHOD[method], facts, phone if method == "sms" else "")


def _choose(client: Any, context: str, method: str) -> None:
    client.bloks_two_step_verification_entrypoint(context)
    client.bloks_two_step_verification_method_picker(context)
    client.bloks_two_step_verification_select_method(context, selected_method=method)


def _enter_mailed(client: Any, facts: Mapping[str, str], code: str) -> bool:
    client.caa_aac = facts["aac"]
    answer = client.bloks_ap_two_step_verification_submit_code(facts["context"], code, domain=CAA_API_DOMAIN)
    return bool(client.bloks_apply_login_response(answer))


def _enter_two_factor(client: Any, facts: Mapping[str, str], code: str) -> bool:
    answer = client.bloks_two_step_verification_verify_code(facts["context"], code, challenge=facts["method"])
    return bool(client.bloks_apply_login_response(answer))


def _enter_legacy_two_factor(client: Any, facts: Mapping[str, str], code: str) -> bool:
    data = {
        "verification_code": code,
        "phone_id": client.phone_id,
        "_csrftoken": client.token,
        "two_factor_identifier": facts["identifier"],
        "username": client.username,
        "trust_this_device": "1",
        "guid": client.uuid,
        "device_id": client.android_device_id,
        "verification_method": _LEGACY_METHODS[facts["method"]],
    }
    client.private_request("accounts/two_factor_login/", data, login=True)
    return _take_session(client)


def _enter_challenge(client: Any, facts: Mapping[str, str], code: str) -> bool:
    answer = client.private_request(facts["path"], {"security_code": code})
    if answer.get("action") != "close":
        return False
    return _take_session(client) if facts.get("signs_in") else True


def _take_session(client: Any) -> bool:
    """The session that came with the last answer's headers."""
    authorization = client.last_response.headers.get("ig-set-authorization")
    if authorization:
        client.authorization_data = client.parse_authorization(authorization)
    return bool(authorization)


_ENTER: dict[Step, Callable[[Any, Mapping[str, str], str], bool]] = {
    Step.MAILED: _enter_mailed,
    Step.TWO_FACTOR: _enter_two_factor,
    Step.LEGACY_TWO_FACTOR: _enter_legacy_two_factor,
    Step.CHALLENGE: _enter_challenge,
}


def _is_about_something_else(error: Exception) -> bool:
    """The bag of unknown errors also holds locked and disabled accounts."""
    said = f"{getattr(error, 'message', '')} {getattr(error, 'error_type', '')}".lower()
    about = ("checkpoint_required", "consent_required", "disabled", "inactive user", "ip_block", "needs_upgrade")
    return any(word in said for word in about) or isinstance(error, library.ChallengeRequired)


def _is_on(wanted: Exception, info: Mapping[str, Any], name: str) -> bool:
    value = info.get(name, _found(vars(wanted), name))
    return str(value).strip().lower() in ("1", "true", "yes")


def _found(told: object, name: str) -> object:
    """The first value of that name at any depth."""
    if isinstance(told, Mapping):
        if told.get(name):
            return told[name]
        told = list(told.values())
    if isinstance(told, list | tuple):
        return next((value for value in (_found(part, name) for part in told) if value), None)
    return None
