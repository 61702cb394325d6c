"""What Instagram may say instead of yes: every refusal that the client library tells apart, as data."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer
from igfleet.sandbox.people import AccountState, SimAccount

_CHALLENGE = "/challenge/1/sandbox/"


@dataclass(frozen=True)
class Refusal:
    """A status and a body; `html` replaces the JSON body."""

    status: int
    body: dict[str, JsonValue] = field(default_factory=dict)
    html: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Answer:
        if self.html is not None:
            return Answer.html(self.html, self.status)
        answer = Answer.of({"status": "fail", **self.body}, self.status)
        answer.headers |= self.headers
        return answer


def _said(status: int, message: str, **more: JsonValue) -> Refusal:
    return Refusal(status, {"message": message, **more})


def _challenge(path: str, native: bool = False, url: str = "") -> Refusal:
    challenge: dict[str, JsonValue] = {
        "api_path": path,
        "url": url or f"https://i.instagram.com{path}",
        "native_flow": native,
        "lock": True,
        "logout": False,
    }
    return Refusal(400, {"message": "challenge_required", "challenge": challenge})


def standing_against(account: SimAccount) -> Answer | None:
    """What the account's state answers to a call that is signed in; None when nothing stands against it."""
    match account.state:
        case AccountState.OK | AccountState.MAILED_CODE:
            return None
        case AccountState.CHALLENGE_EMAIL | AccountState.CHALLENGE_SMS:
            return _challenge(f"/challenge/{account.pk}/sandbox/").answer()
    return REFUSALS[account.state].answer()


REFUSALS: dict[str, Refusal] = {
    "throttled_429": Refusal(429, {"message": ""}, headers={"retry-after": "60"}),
    "please_wait": _said(400, "Please wait a few minutes before you try again."),
    "rate_limit_error": _said(400, "rate limited", error_type="rate_limit_error"),
    "feedback_required": _said(
        400,
        "feedback_required",
        feedback_title="Try Again Later",
        feedback_message="We limit how often you can do certain things.",
        spam=True,
    ),
    "sentry_block": _said(400, "Sorry, there was a problem with your request.", error_type="sentry_block"),
    "login_detour": Refusal(
        200,
        {
            "layout": {"bloks_payload": {"data": [{"data": "CAA_LOGIN_FALLBACK:sandbox"}], "action": ""}},
            "status": "ok",
        },
    ),
    "login_required": _said(403, "login_required", logout_reason=8, error_title="You've been logged out"),
    "challenge_native": _challenge(_CHALLENGE, native=True),
    "challenge_platform": _challenge("/auth_platform/?apc=sandbox"),
    "suspended": _challenge(_CHALLENGE, url="https://www.instagram.com/accounts/suspended/"),
    "checkpoint_required": _said(
        400, "checkpoint_required", checkpoint_url="https://i.instagram.com/challenge/", lock=True
    ),
    "consent_required": _said(400, "consent_required", consent_data={"headline": "Updates to our terms"}),
    "account_disabled": _said(
        400, "Your account has been disabled for violating our terms.", error_type="inactive user"
    ),
    "ip_block": _said(400, "Your address is blocked.", error_type="ip_block"),
    "bad_password": _said(400, "The password you entered is incorrect.", error_type="bad_password"),
    "invalid_user": _said(
        400,
        "The username you entered doesn't appear to belong to an account. Please check your username and try again.",
        error_type="invalid_user",
    ),
    "two_factor_required": _said(
        400,
        "",
        error_type="two_factor_required",
        two_factor_info={"two_factor_identifier": "sandbox", "totp_two_factor_on": True},
    ),
    "needs_upgrade": _said(400, "Please update the app.", error_type="needs_upgrade"),
    "media_unavailable": _said(400, "Media is unavailable"),
    "not_found": _said(404, "Not found"),
    "masked_challenge": Refusal(404, html="Not Found"),
    "bad_request": Refusal(400),
    "other_message": _said(400, "Something went wrong."),
    "video_too_long": _said(400, "VideoTooLongException: the video is too long"),
    "unauthorized_401": _said(401, "unauthorized"),
    "forbidden_403": _said(403, "forbidden"),
    "timeout_408": _said(408, "request timeout"),
    "server_500": _said(500, "internal error"),
    "bad_gateway_502": Refusal(502, html="<html><body>Bad gateway</body></html>"),
    "unavailable_503": _said(503, "unavailable"),
    "html_200": Refusal(200, html="<html><body>Instagram</body></html>"),
    "empty_200": Refusal(200, html=""),
    "bad_json": Refusal(200, html='{"status": "ok", "media": {'),
    "media_needs_reupload": Refusal(
        200, {"message": "media_needs_reupload", "error_title": "Media needs reupload", "upload_id": "0"}
    ),
    "transcode_pending": Refusal(202, {"message": "Transcode not finished yet."}),
}
