"""What can be told, in words: for whoever chooses, and counted in the subject of a mail."""

from igfleet.plurals import number
from igfleet.ui.models import WebhookEvent

_E = WebhookEvent
EVENTS = {
    _E.POST_PUBLISHED: "A post is published",
    _E.POST_FAILED: "A post failed",
    _E.POST_UNKNOWN: "A post may or may not be live",
    _E.POST_NEEDS_PERSON: "A post waits for a person",
    _E.CHALLENGE_OPENED: "Instagram asks something",
    _E.ACCOUNT_NEEDS_PERSON: "An account needs a person",
    _E.INCIDENT_OPENED: "Something is wrong with a published post",
    _E.TASK_ENDED: "A task is over",
    _E.TASK_FAILED: "A task ended with failures",
    _E.WORKER_LOST: "A worker is lost",
    _E.PROXY_FAILING: "A proxy fails",
    _E.BREAKER_OPENED: "Several accounts fail alike, and rest",
    _E.EVERYTHING_PAUSED: "Everything is paused",
}
_COUNTED = {
    _E.POST_PUBLISHED: ("post published", "posts published"),
    _E.POST_FAILED: ("post failed", "posts failed"),
    _E.POST_UNKNOWN: ("post may be live", "posts may be live"),
    _E.POST_NEEDS_PERSON: ("post waits for a person", "posts wait for a person"),
    _E.CHALLENGE_OPENED: ("question of Instagram", "questions of Instagram"),
    _E.ACCOUNT_NEEDS_PERSON: ("account needs a person", "accounts need a person"),
    _E.INCIDENT_OPENED: ("incident", "incidents"),
    _E.TASK_ENDED: ("task is over", "tasks are over"),
    _E.TASK_FAILED: ("task ended with failures", "tasks ended with failures"),
    _E.WORKER_LOST: ("worker lost", "workers lost"),
    _E.PROXY_FAILING: ("proxy fails", "proxies fail"),
    _E.BREAKER_OPENED: ("breaker opened", "breakers opened"),
    _E.EVERYTHING_PAUSED: ("pause of everything", "pauses of everything"),
    _E.TEST: ("test", "tests"),
}


def counted(event: WebhookEvent, count: int) -> str:
    """ "3 posts failed"."""
    return f"{number(count)} {_COUNTED[event][count != 1]}"
