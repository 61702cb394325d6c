"""The people of the simulated Instagram: accounts, devices and sessions."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from pydantic import JsonValue

_MARK = "%3A"


class AccountState(StrEnum):
    """What meets an account at every signed-in call and at sign-in. `ok` meets nothing."""

    OK = "ok"
    MAILED_CODE = "mailed_code"
    """The next sign-in wants a code that is mailed; sessions go on."""
    CHALLENGE_EMAIL = "challenge_email"
    """Every call is answered with a challenge that a mailed code settles."""
    CHALLENGE_SMS = "challenge_sms"
    CHALLENGE = "challenge_native"
    """To be approved in the app."""
    CHECKPOINT = "checkpoint_required"
    CONSENT = "consent_required"
    SUSPENDED = "suspended"
    DISABLED = "account_disabled"


@dataclass
class SimAccount:
    """One simulated account."""

    username: str
    password: str
    pk: int
    totp_secret: str | None = None
    state: str = AccountState.OK
    language: str = "en"
    """Of the web site after sign-in."""
    full_name: str = ""
    biography: str = ""
    external_url: str = ""
    link_id: str = ""
    """Of the link in the profile; empty without one."""
    avatar_id: str = ""
    """Changes with every new picture; empty without one."""
    avatar_sha256: str = ""
    is_private: bool = False
    refuses_follows: bool = False
    """Whoever asks to follow it is refused."""
    ignores_edits: bool = False
    """Changes of its profile are answered with a yes, and nothing changes."""
    email: str = ""
    email_password: str = ""
    """Of its mailbox, which the sandbox serves."""
    phone: str = ""
    sms_two_factor: bool = False
    """The second factor comes by SMS."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Session id → device."""
    devices: list[str] = field(default_factory=list)

    def short(self) -> dict[str, JsonValue]:
        """The account as it stands inside other things."""
        return {
            "pk": str(self.pk),
            "pk_id": str(self.pk),
            "username": self.username,
            "full_name": self.full_name or self.username,
            "is_private": self.is_private,
            "is_verified": False,
            **self._picture(),
        }

    def own(self) -> dict[str, JsonValue]:
        """The account as it sees itself."""
        return {
            **self.short(),
            "is_business": False,
            "biography": self.biography,
            "external_url": self.external_url,
            "bio_links": self._links(),
            "email": self.email,
            "phone_number": self.phone,
            "gender": 3,
        }

    def full(self, media_count: int) -> dict[str, JsonValue]:
        """The account as others see it."""
        return {**self.own(), "media_count": media_count, "follower_count": 0, "following_count": 0}

    def _picture(self) -> dict[str, JsonValue]:
        address = f"https://scontent.cdninstagram.com/avatars/{self.avatar_sha256 or 'anonymous'}.jpg"
        shown: dict[str, JsonValue] = {"profile_pic_url": address, "has_anonymous_profile_picture": not self.avatar_id}
        return shown | {"profile_pic_id": self.avatar_id} if self.avatar_id else shown

    def _links(self) -> list[JsonValue]:
        if not self.external_url:
            return []
        return [{"link_id": self.link_id, "url": self.external_url, "title": "", "link_type": "external"}]

    def public(self) -> dict[str, JsonValue]:
        """For the control API: no password, no session."""
        hidden = {"password", "email_password", "totp_secret", "sessions"}
        kept: dict[str, JsonValue] = {name: value for name, value in asdict(self).items() if name not in hidden}
        return {**kept, "sessions": len(self.sessions), "has_totp": self.totp_secret is not None}

    def open_session(self, device: str) -> str:
        """A new session id for this device."""
        session = _MARK.join((str(self.pk), secrets.token_urlsafe(16), str(secrets.randbelow(30))))
        self.sessions[session] = device
        if device and device not in self.devices:
            self.devices.append(device)
        return session


BROWSER = "browser"
"""How the device of a browser's session begins; the browser's own id follows."""


def is_browser(device: str) -> bool:
    return device.startswith(BROWSER)


def bearer(pk: int, session: str) -> str:
    """The value of `ig-set-authorization`."""
    told = {"ds_user_id": str(pk), "sessionid": session, "should_use_header_over_cookies": True}
    return "Bearer IGT:2:" + base64.b64encode(json.dumps(told).encode()).decode()


def owner_of(session: str) -> int | None:
    """The id of the account that a session id names; None when it names none."""
    begins = session.partition(_MARK)[0]
    return int(begins) if begins.isdecimal() else None


def session_of(headers: dict[str, str]) -> str | None:
    """The session id that a request shows, by header or cookie."""
    value = headers.get("authorization", "")
    if value.startswith("Bearer IGT:2:"):
        try:
            told = json.loads(base64.b64decode(value.removeprefix("Bearer IGT:2:")))
        except ValueError:
            return None
        return str(told.get("sessionid") or "") or None
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "sessionid":
            return value
    return None
