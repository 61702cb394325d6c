"""What is known after the publish request: an allow-list, and unknown for all the rest."""

import json
from dataclasses import dataclass

from pydantic import JsonValue

from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.instagram.adapters.media_shape import permalink, seen_media
from igfleet.instagram.adapters.refusal import Phase, Refusal, of_exception
from igfleet.instagram.adapters.rules import UNKNOWN, rule_for
from igfleet.reasons import ReasonCode

_EXCERPT = 300
_NOT_FINISHED = "transcode not finished"
_REUPLOAD = "media_needs_reupload"
_UNCERTAIN = ("please wait a few minutes", "conflicting upload id", "rate_limit_error")
"""Definite words that do not say whether the post exists."""
_SESSION = "login_required"


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came back. Without a status nothing did."""

    status: int | None
    body: bytes
    error: Exception | None = None
    has_left: bool = True
    """Whether a byte of the request may have left."""
    is_late: bool = False

    @property
    def json(self) -> dict[str, JsonValue] | None:
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


def outcome_of(answer: Answer) -> PostOutcome:
    """The outcome with its evidence."""
    if answer.status is None:
        return _nothing_came(answer)
    body = answer.json
    if body is None:
        return _outcome(CommitKind.UNKNOWN, answer, "The answer is not what Instagram sends")
    if answer.status == 200:
        return _accepted(answer, body)
    return _refused(answer, body)


def _nothing_came(answer: Answer) -> PostOutcome:
    if answer.has_left:
        says = "No answer came in time" if answer.is_late else "The connection broke before the answer"
        return _outcome(CommitKind.UNKNOWN, answer, says)
    if answer.error is None:
        return _outcome(CommitKind.NOT_SENT, answer, "Nothing was sent", ReasonCode.NETWORK_TROUBLE)
    rule = rule_for(of_exception(answer.error, Phase.READ))
    reason = ReasonCode.NETWORK_TROUBLE if rule is UNKNOWN else rule.reason
    return _outcome(CommitKind.NOT_SENT, answer, "Nothing was sent: the connection could not be made", reason)


def _accepted(answer: Answer, body: dict[str, JsonValue]) -> PostOutcome:
    message = str(body.get("message") or "").lower()
    media = seen_media(body.get("media"))
    if body.get("status") == "ok" and media is not None:
        return _outcome(CommitKind.PUBLISHED, answer, "").model_copy(
            update={"media": media, "permalink": permalink(media)}
        )
    if _REUPLOAD in message:
        return _outcome(CommitKind.NOT_READY, answer, "Instagram wants the video uploaded again", reupload=True)
    if _NOT_FINISHED in message:
        return _outcome(CommitKind.NOT_READY, answer, "Instagram is still working on the video")
    return _outcome(CommitKind.UNKNOWN, answer, "The answer does not say whether it was published")


def _refused(answer: Answer, body: dict[str, JsonValue]) -> PostOutcome:
    message = str(body.get("message") or "").lower()
    error_type = str(body.get("error_type") or "").lower()
    if _REUPLOAD in message and answer.status in (202, 400):
        return _outcome(CommitKind.NOT_READY, answer, "Instagram wants the video uploaded again", reupload=True)
    if _is_unfinished(answer, body, message):
        return _outcome(CommitKind.NOT_READY, answer, "Instagram is still working on the video")
    if any(word in message or word in error_type for word in _UNCERTAIN):
        return _outcome(CommitKind.UNKNOWN, answer, "The answer does not say whether it was published")
    if answer.status == 400 and (message or error_type):
        refusal = Refusal(Phase.COMMIT, frozenset(), f"{message} {_challenge_url(body)}", error_type, answer.status)
        return _definite(answer, refusal, body)
    if answer.status == 403 and message == _SESSION:
        return _definite(answer, Refusal(Phase.COMMIT, frozenset(), message, error_type, answer.status), body)
    return _outcome(CommitKind.UNKNOWN, answer, "The answer does not say whether it was published")


def _is_unfinished(answer: Answer, body: dict[str, JsonValue], message: str) -> bool:
    if answer.status == 202:
        return body.get("status") == "fail" or _NOT_FINISHED in message
    return answer.status == 400 and _NOT_FINISHED in message


def _definite(answer: Answer, refusal: Refusal, body: dict[str, JsonValue]) -> PostOutcome:
    rule = rule_for(refusal)
    said = str(body.get("feedback_message") or body.get("message") or "")[:_EXCERPT]
    says = f"{rule.says}: {said}" if rule.reason is ReasonCode.MEDIA_REFUSED and said else rule.says
    return _outcome(CommitKind.REFUSED, answer, says, rule.reason)


def _challenge_url(body: dict[str, JsonValue]) -> str:
    challenge = body.get("challenge")
    return str(challenge.get("url") or "").lower() if isinstance(challenge, dict) else ""


def _outcome(
    kind: CommitKind, answer: Answer, message: str, reason: ReasonCode | None = None, *, reupload: bool = False
) -> PostOutcome:
    evidence: dict[str, JsonValue] = {
        "http_status": answer.status,
        "has_left": answer.has_left,
        "is_late": answer.is_late,
        "excerpt": answer.body[:_EXCERPT].decode(errors="replace").replace("\x00", ""),
    }
    if answer.error is not None:
        evidence["exception"] = type(answer.error).__name__
    if reupload:
        evidence["reupload"] = True
    return PostOutcome(kind=kind, reason=reason, message=message, evidence=evidence)
