"""Errors, sorted by what happens next.

A `UserError` is shown to the person who asked. A `RunError` ends an attempt and says what follows.
A `SetupError` means the process must not start. Everything else is a bug.
"""

from datetime import timedelta
from typing import ClassVar

from igfleet.reasons import ReasonCode


class IgfleetError(Exception):
    """Root of all errors that igfleet raises on purpose."""


class SetupError(IgfleetError):
    """The process must not start. The message is one line for stderr; the exit code is 2."""


class UserError(IgfleetError):
    """The request cannot be done as asked. The message is shown as it stands."""

    status_code: ClassVar[int] = 400
    reason_code: ClassVar[str] = "bad_request"
    retryable: ClassVar[bool] = False


class NotSignedIn(UserError):
    status_code = 401
    reason_code = "not_signed_in"


class Forbidden(UserError):
    status_code = 403
    reason_code = "forbidden"


class SecondFactorNeeded(Forbidden):
    reason_code = "second_factor_needed"


class NotFound(UserError):
    status_code = 404
    reason_code = "not_found"


class Conflict(UserError):
    """The thing is not (or no longer) as the caller believes."""

    status_code = 409
    reason_code = "conflict"


class WrongState(Conflict):
    """A state table forbids the move."""

    reason_code = "wrong_state"


class NothingToDo(Conflict):
    """It is so already, as after the first click of two."""

    reason_code = "nothing_to_do"


class LeaseLost(Conflict):
    """The lease is not the row's present one: the caller must drop that run."""

    reason_code = "lease_lost"


class UnderWay(Conflict):
    """The same request, by its `Idempotency-Key`, is not answered yet: the repeat came too soon."""

    reason_code = "under_way"
    retryable = True


class SecretUnreadable(Conflict):
    """A sealed value does not open: moved, damaged, rolled back, or sealed under another master key."""

    reason_code = "secret_unreadable"


class TooLarge(UserError):
    status_code = 413
    reason_code = "too_large"


class Invalid(UserError):
    """The body or form is wrong. `fields` maps a field's name to what is wrong with it."""

    status_code = 422
    reason_code = "invalid"

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class KeyReused(Invalid):
    """An `Idempotency-Key` came back with another request."""

    reason_code = "idempotency_key_reused"


class Damaged(Invalid):
    """A file's bytes are not those that were announced: it is sent again from the beginning."""

    reason_code = "damaged"


class PermitRefused(UserError):
    """The commit permit is refused: cancelled, over budget, or the account is stopped."""

    status_code = 423
    reason_code = "permit_refused"

    def __init__(self, message: str, reason: ReasonCode, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class TooManyRequests(UserError):
    status_code = 429
    reason_code = "too_many_requests"
    retryable = True

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(UserError):
    """The server cannot answer now (database away, draining). The same request may be repeated."""

    status_code = 503
    reason_code = "unavailable"
    retryable = True


class RunError(IgfleetError):
    """Ends an attempt. `reason` is one of the closed list; `after` is the wait before the next try."""

    default_reason: ClassVar[ReasonCode] = ReasonCode.UNEXPECTED_ERROR

    def __init__(self, message: str, reason: ReasonCode | None = None, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.after = after


class RetryLater(RunError):
    """The attempt failed; another may succeed."""

    default_reason = ReasonCode.SERVER_TROUBLE


class RateLimited(RetryLater):
    default_reason = ReasonCode.RATE_LIMITED


class NetworkTrouble(RetryLater):
    default_reason = ReasonCode.NETWORK_TROUBLE


class ProxyTrouble(RetryLater):
    """The proxy is to blame, never the account."""

    default_reason = ReasonCode.PROXY_UNREACHABLE


class SessionOver(RetryLater):
    """Instagram ended the session; one sign-in with the same device may mend it."""

    default_reason = ReasonCode.SESSION_OVER


class NotNow(RunError):
    """Nothing is wrong, it is only too early. The attempt is not counted."""

    default_reason = ReasonCode.BUDGET_SPENT


class BudgetSpent(NotNow):
    pass


class ActionRests(NotNow):
    """Instagram blocked this action of the account not long ago: it is not tried before its rest is over."""

    default_reason = ReasonCode.ACTION_BLOCKED


class Paused(NotNow):
    """The task or everything is paused: what is not sent yet waits until a person resumes it."""

    default_reason = ReasonCode.PAUSED


class OutsideWindow(NotNow):
    default_reason = ReasonCode.OUTSIDE_WINDOW


class WorkerStopping(NotNow):
    """The worker was asked to stop; another takes over."""

    default_reason = ReasonCode.WORKER_STOPPING


class NeedsPerson(RunError):
    """Only a person can mend this. The account task is suspended until one does."""

    default_reason = ReasonCode.ACCOUNT_STOPPED


class ChallengeRequired(NeedsPerson):
    default_reason = ReasonCode.CHALLENGE_REQUIRED


class BadPassword(NeedsPerson):
    default_reason = ReasonCode.BAD_PASSWORD


class UnsureIfPublished(NeedsPerson):
    default_reason = ReasonCode.UNSURE_IF_PUBLISHED


class GiveUp(RunError):
    """No further try can succeed."""

    default_reason = ReasonCode.NOT_SUPPORTED


class AccountDisabled(GiveUp):
    default_reason = ReasonCode.ACCOUNT_DISABLED


class MediaRefused(GiveUp):
    default_reason = ReasonCode.MEDIA_REFUSED


class NotSupported(GiveUp):
    default_reason = ReasonCode.NOT_SUPPORTED


class Cancelled(RunError):
    """An operator cancelled the account task."""

    default_reason = ReasonCode.CANCELLED
