"""What each refusal means for the operator: one table, read from the top, the first row that fits.

Names are of instagrapi 3.2.2, requests and Python. `UnknownError` is a bag that only message and error type tell
apart; `ProxyAddressIsBlocked` is what the library calls an unknown user name.
"""

from dataclasses import dataclass
from datetime import timedelta

from igfleet import errors
from igfleet.errors import RunError
from igfleet.instagram.adapters.refusal import Phase, Refusal
from igfleet.reasons import ReasonCode

_R = ReasonCode
_A_WHILE = timedelta(minutes=15)
_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits when every condition that is given holds."""

    error: type[RunError]
    reason: ReasonCode
    says: str
    names: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    """Any of these parts."""
    error_type: tuple[str, ...] = ()
    status: tuple[int, ...] = ()
    phases: tuple[Phase, ...] = ()
    after: timedelta | None = None

    def fits(self, refusal: Refusal) -> bool:
        return (
            (not self.names or not refusal.names.isdisjoint(self.names))
            and (not self.message or any(part in refusal.message for part in self.message))
            and (not self.error_type or refusal.error_type in self.error_type)
            and (not self.status or refusal.status in self.status)
            and (not self.phases or refusal.phase in self.phases)
        )


_PROXY_ERRORS = ("ProxyError", "ClientConnectionError")
_SERVER_STATUS = (500, 502, 503, 504, 520, 521, 522, 523, 524)
_CHALLENGES = (
    "ChallengeError",
    "CaptchaChallengeRequired",
    "ReloginAttemptExceeded",
    "AccountContactPointRequired",
)
_BROKEN_CONNECTION = (
    "ClientConnectionError",
    "ConnectionError",
    "Timeout",
    "RetryError",
    "ChunkedEncodingError",
    "ContentDecodingError",
    "ClientIncompleteReadError",
    "TimeIsOver",
)
_SOON = (Phase.READ, Phase.UPLOAD, Phase.LOGIN, Phase.ACT, Phase.EDIT)

RULES: tuple[Rule, ...] = (
    # The way out: proxy and network. The proxy's own refusal stands in the message of the failed tunnel.
    Rule(errors.NeedsPerson, _R.PROXY_AUTH_FAILED, "The proxy refuses its user or password",
         names=_PROXY_ERRORS, message=("failed: 407", "proxy authentication")),
    Rule(errors.NeedsPerson, _R.EGRESS_REFUSED, "The way out of this machine is closed for that host",
         names=_PROXY_ERRORS, message=("tunnel connection failed: 403",)),
    Rule(errors.ProxyTrouble, _R.PROXY_UNREACHABLE, "The account's proxy does not answer",
         names=_PROXY_ERRORS, message=("proxyerror", "tunnel connection failed", "unable to connect to proxy")),
    Rule(errors.ProxyTrouble, _R.PROXY_UNREACHABLE, "The account's proxy does not answer",
         names=("ProxyError", "ConnectTimeout")),
    Rule(errors.ProxyTrouble, _R.PROXY_UNREACHABLE, "The account's proxy does not answer",
         names=("ClientConnectionError",), message=("connecttimeout",)),
    Rule(errors.NeedsPerson, _R.PROXY_INTERCEPTS, "Instagram's certificate cannot be verified: somebody opens TLS",
         message=("certificate verify failed", "certificate_verify_failed")),
    Rule(errors.NeedsPerson, _R.PROXY_BLOCKED, "Instagram refuses the proxy's address", error_type=("ip_block",)),
    Rule(errors.NetworkTrouble, _R.NETWORK_TROUBLE, "The connection to Instagram failed",
         names=_BROKEN_CONNECTION, phases=_SOON),
    # Slow down.
    Rule(errors.RateLimited, _R.RATE_LIMITED, "Instagram asks to wait a few minutes",
         names=("PleaseWaitFewMinutes", "RateLimitError", "ClientThrottledError"), after=_A_WHILE),
    Rule(errors.RateLimited, _R.RATE_LIMITED, "Instagram asks to wait a few minutes",
         message=("please wait a few minutes",), after=_A_WHILE),
    Rule(errors.RateLimited, _R.RATE_LIMITED, "Instagram asks to wait a few minutes", status=(429,), after=_A_WHILE),
    Rule(errors.RateLimited, _R.RATE_LIMITED, "Instagram asks to wait a few minutes",
         error_type=("rate_limit_error",), after=_A_WHILE),
    Rule(errors.RetryLater, _R.ACTION_BLOCKED, "Instagram blocks this action for now",
         names=("FeedbackRequired", "SentryBlock"), after=_HALF_A_DAY),
    Rule(errors.RetryLater, _R.ACTION_BLOCKED, "Instagram blocks this action for now",
         message=("feedback_required",), after=_HALF_A_DAY),
    Rule(errors.RetryLater, _R.ACTION_BLOCKED, "Instagram blocks this action for now",
         error_type=("sentry_block",), after=_HALF_A_DAY),
    # The account and its sign-in.
    Rule(errors.AccountDisabled, _R.ACCOUNT_SUSPENDED, "Instagram suspended the account", names=("AccountSuspended",)),
    Rule(errors.AccountDisabled, _R.ACCOUNT_SUSPENDED, "Instagram suspended the account", message=("/suspended/",)),
    Rule(errors.AccountDisabled, _R.ACCOUNT_DISABLED, "Instagram disabled the account", error_type=("inactive user",)),
    Rule(errors.AccountDisabled, _R.ACCOUNT_DISABLED, "Instagram disabled the account",
         message=("account has been disabled",)),
    Rule(errors.BadPassword, _R.BAD_PASSWORD, "Instagram refuses the password, or distrusts the proxy's address",
         names=("BadPassword",)),
    Rule(errors.BadPassword, _R.BAD_PASSWORD, "Instagram refuses the password, or distrusts the proxy's address",
         error_type=("bad_password",)),
    Rule(errors.BadPassword, _R.BAD_PASSWORD,
         "Instagram does not know the user name (check it first), or it refuses the proxy's address",
         names=("ProxyAddressIsBlocked",)),
    Rule(errors.NeedsPerson, _R.CREDENTIALS_MISSING, "No password is stored", names=("BadCredentials",)),
    Rule(errors.NeedsPerson, _R.TWO_FACTOR_REQUIRED, "A second factor is needed, or it was refused",
         names=("TwoFactorRequired",)),
    Rule(errors.NeedsPerson, _R.TWO_FACTOR_REQUIRED, "A second factor is needed, or it was refused",
         error_type=("two_factor_required",)),
    Rule(errors.NeedsPerson, _R.TWO_FACTOR_REQUIRED, "The second factor was refused",
         message=("check the security code",), phases=(Phase.LOGIN,)),
    Rule(errors.NeedsPerson, _R.CHECKPOINT_REQUIRED, "Instagram locked the account behind a checkpoint",
         message=("checkpoint_required",)),
    Rule(errors.NeedsPerson, _R.CONSENT_REQUIRED, "Instagram wants its terms accepted", message=("consent_required",)),
    Rule(errors.ChallengeRequired, _R.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed", names=_CHALLENGES),
    Rule(errors.ChallengeRequired, _R.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed",
         message=("challenge_required",)),
    Rule(errors.ChallengeRequired, _R.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed",
         names=("KeyError",), message=("challenge",)),
    Rule(errors.ChallengeRequired, _R.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed",
         names=("AssertionError",), phases=(Phase.LOGIN,)),
    Rule(errors.SessionOver, _R.SESSION_OVER, "Instagram ended the session",
         names=("LoginRequired", "ClientLoginRequired", "ClientUnauthorizedError")),
    Rule(errors.SessionOver, _R.SESSION_OVER, "Instagram ended the session", message=("login_required",)),
    # The client.
    Rule(errors.NeedsPerson, _R.CLIENT_OUTDATED, "Instagram no longer understands this client",
         names=("ClientNeedsUpgradeError",)),
    Rule(errors.NeedsPerson, _R.CLIENT_OUTDATED, "Instagram no longer understands this client",
         error_type=("needs_upgrade",)),
    Rule(errors.NeedsPerson, _R.CLIENT_OUTDATED, "Instagram answered the sign-in in a way this client does not know",
         message=("did not return a session", "preflight did not return"), phases=(Phase.LOGIN,)),
    # Other people.
    Rule(errors.GiveUp, _R.MENTION_NOT_FOUND, "A mentioned user does not exist or may not be mentioned",
         names=("UserNotFound", "PrivateAccount", "InvalidTargetUser"), phases=(Phase.UPLOAD,)),
    Rule(errors.GiveUp, _R.USER_NOT_FOUND, "Nobody has that user name", names=("UserNotFound",)),
    Rule(errors.GiveUp, _R.TARGET_REFUSED, "They do not let this account do that",
         names=("PrivateAccount", "InvalidTargetUser")),
    # What is published.
    Rule(errors.GiveUp, _R.LOCATION_NOT_FOUND, "No place of that name was found", names=("LocationNotFound",)),
    Rule(errors.GiveUp, _R.MEDIA_MISSING, "The medium is not on Instagram any more",
         names=("MediaUnavailable", "MediaNotFound", "InvalidMediaId")),
    Rule(errors.MediaRefused, _R.MEDIA_REFUSED, "Instagram refuses the video: it is too long",
         message=("videotoolongexception",)),
    Rule(errors.NeedsPerson, _R.CLIENT_OUTDATED, "Instagram no longer knows an address that this client uses",
         names=("ClientNotFoundError",)),
    Rule(errors.RetryLater, _R.SERVER_TROUBLE, "Instagram answered with an error of its own",
         status=_SERVER_STATUS, phases=_SOON),
    Rule(errors.RetryLater, _R.SERVER_TROUBLE, "Instagram answered with something unreadable",
         names=("ClientJSONDecodeError", "ClientRequestTimeout"), phases=_SOON),
    Rule(errors.RetryLater, _R.SERVER_TROUBLE, "Instagram is not ready yet", status=(202,), phases=_SOON),
    Rule(errors.MediaRefused, _R.MEDIA_REFUSED, "Instagram refuses the media or its caption",
         names=("VideoTooLongException", "ClipNotUpload", "VideoNotUpload", "PhotoNotUpload"), status=(400, 413, 415)),
    Rule(errors.MediaRefused, _R.MEDIA_REFUSED, "Instagram refuses the media or its caption",
         status=(400, 413, 415), phases=(Phase.UPLOAD, Phase.COMMIT)),
    Rule(errors.GiveUp, _R.PROFILE_REFUSED, "Instagram refuses this for the profile",
         status=(400,), phases=(Phase.EDIT,)),
    Rule(errors.GiveUp, _R.PROFILE_REFUSED, "Instagram refuses this for the profile",
         names=("UnknownError",), message=("link", "url", "biography", "characters"), phases=(Phase.EDIT,)),
    Rule(errors.MediaRefused, _R.MEDIA_REFUSED, "The media cannot be used as it is",
         names=("ValueError", "RuntimeError", "AssertionError"), phases=(Phase.UPLOAD,)),
)  # fmt: skip

UNKNOWN = Rule(
    errors.NeedsPerson,
    _R.UNEXPECTED_ERROR,
    "Instagram or its client failed in a way that igfleet does not know",
)
"""For every other combination: a person looks, nothing is tried again by itself."""


def rule_for(refusal: Refusal) -> Rule:
    """The first rule that fits."""
    return next((rule for rule in RULES if rule.fits(refusal)), UNKNOWN)
