"""Which error ends a run after an outcome: it follows from the reason's own answer to "will it be tried again?"."""

from igfleet.contracts.posts import PostOutcome
from igfleet.errors import GiveUp, NeedsPerson, RetryLater, RunError
from igfleet.reasons import REASONS, ReasonCode, Retry

POST_REASONS = frozenset(
    {
        ReasonCode.MEDIA_REFUSED,
        ReasonCode.MEDIA_CORRUPT,
        ReasonCode.MEDIA_MISSING,
        ReasonCode.LOCATION_NOT_FOUND,
        ReasonCode.MENTION_NOT_FOUND,
    }
)
"""Reasons that lie in one post: the next one may still succeed."""
_ERRORS: dict[Retry, type[RunError]] = {
    Retry.AUTOMATIC: RetryLater,
    Retry.WHEN_RESUMED: NeedsPerson,
    Retry.NEVER: GiveUp,
}


def is_of_the_post(reason: ReasonCode | None) -> bool:
    """Whether the account can go on with its other posts."""
    return reason in POST_REASONS


def error_of(outcome: PostOutcome) -> RunError:
    """The error for an outcome whose reason lies in the account, its proxy or the network."""
    reason = outcome.reason or ReasonCode.UNEXPECTED_ERROR
    return _ERRORS[REASONS[reason].retry](outcome.message or REASONS[reason].happened, reason)
