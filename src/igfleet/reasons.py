"""Why an attempt ended: one closed list, the same on the screen, in the API, in CSV files and in exit codes.

Each code answers four questions: is it live, what happened, will igfleet try again, and what must a person do.
"""

from dataclasses import dataclass
from enum import StrEnum


class Live(StrEnum):
    """Whether the thing the attempt was about may be visible on Instagram."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class Retry(StrEnum):
    """What igfleet does next by itself."""

    AUTOMATIC = "automatic"
    WHEN_RESUMED = "when resumed"
    NEVER = "never"


class ReasonCode(StrEnum):
    """The stable name of a reason. Never renamed, only added to."""

    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_AGAIN = "rate_limited_again"
    ACTION_BLOCKED = "action_blocked"
    ACTION_BLOCKED_AGAIN = "action_blocked_again"
    NETWORK_TROUBLE = "network_trouble"
    SERVER_TROUBLE = "server_trouble"
    SESSION_OVER = "session_over"
    SESSION_OVER_AGAIN = "session_over_again"
    PROXY_UNREACHABLE = "proxy_unreachable"
    PROXY_AUTH_FAILED = "proxy_auth_failed"
    PROXY_BLOCKED = "proxy_blocked"
    PROXY_INTERCEPTS = "proxy_intercepts"
    PROXY_MISSING = "proxy_missing"
    EGRESS_REFUSED = "egress_refused"
    WORKER_STOPPING = "worker_stopping"
    WORKER_LOST = "worker_lost"
    WORKER_DISK = "worker_disk"
    RUNNER_DIED = "runner_died"
    BROWSER_CRASHED = "browser_crashed"
    PAGE_UNEXPECTED = "page_unexpected"
    DOLPHIN_TROUBLE = "dolphin_trouble"
    DOLPHIN_REFUSED = "dolphin_refused"
    DEADLINE_PASSED = "deadline_passed"
    QUARANTINED = "quarantined"
    BUDGET_SPENT = "budget_spent"
    OUTSIDE_WINDOW = "outside_window"
    PAUSED = "paused"
    CHALLENGE_REQUIRED = "challenge_required"
    CODE_REQUIRED = "code_required"
    CHECKPOINT_REQUIRED = "checkpoint_required"
    CONSENT_REQUIRED = "consent_required"
    TWO_FACTOR_REQUIRED = "two_factor_required"
    BAD_PASSWORD = "bad_password"
    CREDENTIALS_MISSING = "credentials_missing"
    SECRET_UNREADABLE = "secret_unreadable"
    UNSURE_IF_PUBLISHED = "unsure_if_published"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_STOPPED = "account_stopped"
    NOT_AUTHORISED = "not_authorised"
    MEDIA_REFUSED = "media_refused"
    MEDIA_CORRUPT = "media_corrupt"
    MEDIA_MISSING = "media_missing"
    LIBRARY_FULL = "library_full"
    LOCATION_NOT_FOUND = "location_not_found"
    MENTION_NOT_FOUND = "mention_not_found"
    USER_NOT_FOUND = "user_not_found"
    TARGET_REFUSED = "target_refused"
    POSTS_FAILED = "posts_failed"
    WRITE_NOT_APPLIED = "write_not_applied"
    PROFILE_REFUSED = "profile_refused"
    RENDER_FAILED = "render_failed"
    CLIENT_OUTDATED = "client_outdated"
    METHOD_OFF = "method_off"
    NOT_SUPPORTED = "not_supported"
    TOOL_MISSING = "tool_missing"
    CANCELLED = "cancelled"
    DRY_RUN = "dry_run"
    UNEXPECTED_ERROR = "unexpected_error"


@dataclass(frozen=True, slots=True)
class Reason:
    """The four answers for one code, in words for the person who reads them."""

    happened: str
    live: Live
    retry: Retry
    todo: str


def _automatic(happened: str, todo: str = "Nothing: igfleet tries again by itself.", live: Live = Live.NO) -> Reason:
    return Reason(happened, live, Retry.AUTOMATIC, todo)


def _person(happened: str, todo: str, live: Live = Live.NO) -> Reason:
    return Reason(happened, live, Retry.WHEN_RESUMED, todo)


def _final(happened: str, todo: str) -> Reason:
    return Reason(happened, Live.NO, Retry.NEVER, todo)


_R = ReasonCode
REASONS: dict[ReasonCode, Reason] = {
    _R.RATE_LIMITED: _automatic("Instagram asks this account to slow down"),
    _R.ACTION_BLOCKED: _automatic(
        "Instagram blocks this action for now", "Let the account rest; if it happens again, look at it in the app."
    ),
    _R.RATE_LIMITED_AGAIN: _person(
        "Instagram asked this account to slow down three times within a day",
        "Let it rest, look at it in the app, then resume it.",
    ),
    _R.ACTION_BLOCKED_AGAIN: _person(
        "Instagram blocked actions of this account three times within three days",
        "Look at the account in the app, do less with it, then resume it.",
    ),
    _R.NETWORK_TROUBLE: _automatic("The connection to Instagram failed"),
    _R.SERVER_TROUBLE: _automatic("Instagram answered with an error of its own"),
    _R.SESSION_OVER: _automatic("Instagram ended the account's session"),
    _R.SESSION_OVER_AGAIN: _person(
        "Instagram ended the account's session twice within a day",
        "See in the app who else signs in or out; then resume the account.",
    ),
    _R.PROXY_UNREACHABLE: _automatic("The account's proxy does not answer", "Check or replace the proxy."),
    _R.PROXY_AUTH_FAILED: _person("The proxy refuses the user or password", "Correct the proxy, then press Retry."),
    _R.PROXY_BLOCKED: _person("Instagram refuses the proxy's address", "Give the account another proxy."),
    _R.PROXY_INTERCEPTS: _person(
        "Somebody on the way opens TLS: Instagram's certificate cannot be verified",
        "Give the account another proxy; in the sandbox, see that EGRESS_CA_FILE is set.",
    ),
    _R.PROXY_MISSING: _person("The account has no proxy and REQUIRE_PROXY is on", "Assign a proxy, then press Retry."),
    _R.EGRESS_REFUSED: _person(
        "The sandbox refused to connect outside this machine", "Use a loopback proxy, or run in live mode."
    ),
    _R.WORKER_STOPPING: _automatic("The worker was asked to stop"),
    _R.WORKER_LOST: _automatic("The worker stopped answering", "Look at the Workers page if it does not come back."),
    _R.WORKER_DISK: _automatic("The worker's disk is full", "Free space on the worker."),
    _R.RUNNER_DIED: _automatic("The process that ran it died"),
    _R.BROWSER_CRASHED: _automatic("The browser crashed"),
    _R.PAGE_UNEXPECTED: _automatic(
        "The web site did not look as expected",
        "Look at the picture of the page; if the site has changed, update igfleet.",
    ),
    _R.DOLPHIN_TROUBLE: _automatic(
        "Dolphin Anty does not answer, or could not start the profile",
        "See that Dolphin Anty runs on the worker and that DOLPHIN_API_HOST is its address.",
    ),
    _R.DOLPHIN_REFUSED: _person(
        "Dolphin Anty refuses to open the account's profile",
        "Mend what the message names (token, plan or profile), then press Retry.",
    ),
    _R.DEADLINE_PASSED: _automatic("It took longer than allowed and was stopped"),
    _R.QUARANTINED: _final(
        "It killed its process again and again", "Read the log; retry by hand when it is clear why."
    ),
    _R.BUDGET_SPENT: _automatic("The account's budget for this action is used up"),
    _R.OUTSIDE_WINDOW: _automatic("Outside the hours of the task"),
    _R.PAUSED: Reason(
        "The task, or everything, is paused", Live.NO, Retry.WHEN_RESUMED, "Resume it; nothing of it is lost."
    ),
    _R.CHALLENGE_REQUIRED: _person(
        "Instagram wants this sign-in confirmed", "Confirm it in the Instagram app, then say so on the page Inbox."
    ),
    _R.CODE_REQUIRED: _person("Instagram has sent a code and wants it entered", "Enter the code on the page Inbox."),
    _R.CHECKPOINT_REQUIRED: _person(
        "Instagram locked the account behind a checkpoint", "Answer it in the app, then say so on the page Inbox."
    ),
    _R.CONSENT_REQUIRED: _person(
        "Instagram wants its terms accepted", "Accept them in the app, then say so on the page Inbox."
    ),
    _R.TWO_FACTOR_REQUIRED: _person(
        "A second factor is needed and none is stored, or it was refused",
        "Enter its code on the page Inbox, or store the TOTP secret and press Resume.",
    ),
    _R.BAD_PASSWORD: _person(
        "Instagram refuses the password (or distrusts the proxy's address)",
        "Import the right password, then press Resume. It is never retried by itself.",
    ),
    _R.CREDENTIALS_MISSING: _person("No password and no session are stored", "Import the password, then press Resume."),
    _R.SECRET_UNREADABLE: _person(
        "A stored secret of the account or its proxy does not open",
        "Import account and proxy again, then press Resume.",
    ),
    _R.UNSURE_IF_PUBLISHED: _person(
        "It is not known whether the post was published",
        "Look at the profile, then mark the post published or not published.",
        Live.MAYBE,
    ),
    _R.ACCOUNT_DISABLED: _final("Instagram disabled the account", "Appeal in the app; remove the account from tasks."),
    _R.ACCOUNT_SUSPENDED: _final("Instagram suspended the account", "Appeal in the app; remove it from tasks."),
    _R.ACCOUNT_STOPPED: _person("The account was stopped by a person or a rule", "Resume the account."),
    _R.NOT_AUTHORISED: _person("There is no valid authorisation record", "Record who authorised its management."),
    _R.MEDIA_REFUSED: _final("Instagram refused the media or its caption", "Change the video or the caption."),
    _R.MEDIA_CORRUPT: _final("The media arrived damaged three times", "Upload the file again."),
    _R.MEDIA_MISSING: _final("The media file is gone from the library", "Upload the file again."),
    _R.LIBRARY_FULL: _person(
        "The library takes no more files of that size",
        "Delete what is no longer needed, or raise MEDIA_QUOTA_BYTES, then press Resume.",
    ),
    _R.LOCATION_NOT_FOUND: _final("No place of that name was found", "Correct the location, then press Retry."),
    _R.MENTION_NOT_FOUND: _final("A mentioned user does not exist", "Correct the mention, then press Retry."),
    _R.USER_NOT_FOUND: _final("Nobody has that user name", "Correct the name, then press Retry."),
    _R.TARGET_REFUSED: _final("They do not let this account do that", "Leave them out of the list."),
    _R.PROFILE_REFUSED: _final("Instagram refuses this for the profile", "Change the link, the text or the picture."),
    _R.WRITE_NOT_APPLIED: _person(
        "Instagram said yes, but the profile did not change", "Look at the profile in the app, then press Retry."
    ),
    _R.RENDER_FAILED: _final("The variant could not be rendered", "Read the log; change the recipe or the video."),
    _R.POSTS_FAILED: _final("None of its posts could be published", "Open the posts: each tells why."),
    _R.CLIENT_OUTDATED: _person("Instagram no longer understands this client", "Update igfleet, then press Resume."),
    _R.METHOD_OFF: _person("Live use of this method is off", "An admin switches it on in Settings."),
    _R.NOT_SUPPORTED: _final("This method cannot do that", "Choose another method."),
    _R.TOOL_MISSING: _person("A program is missing on the worker", "Run `igfleet doctor` on the worker."),
    _R.DRY_RUN: _final("It is a dry-run: nothing is written on Instagram", "Make the real one on its page."),
    _R.CANCELLED: _final("Cancelled by a person", "Nothing."),
    _R.UNEXPECTED_ERROR: _automatic("An error that igfleet did not expect", "If it stays, report it with the log."),
}
