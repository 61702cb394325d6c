"""Which posts a plan refuses, and why: better now than when a worker runs them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from igfleet.contracts.states import MediaState
from igfleet.media.facts import MediaKind
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, Media
from igfleet.ui.planning.history import History
from igfleet.ui.planning.notes import Finding, NoteKind

_HASHTAG = re.compile(r"(?<![\w&])#\w+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that the distribution wants."""

    account: Account
    media: Media
    caption: str | None
    at: datetime

    @property
    def key(self) -> tuple[int, str]:
        return self.account.id, self.media.sha256


def refusal(candidate: Candidate, history: History, settings: UiSettings) -> Finding | None:
    """The first reason against the post; None when there is none."""
    subject = f"{candidate.account.username}: {candidate.media.name}"
    for code, sentence, todo in _reasons(candidate, history, settings):
        return Finding(NoteKind.REFUSAL, code, sentence, todo, subject)
    return None


type _Reasons = Iterator[tuple[str, str, str]]


def _reasons(candidate: Candidate, history: History, settings: UiSettings) -> _Reasons:
    yield from _media(candidate.media)
    yield from _repeats(candidate, history)
    yield from _caption(candidate.caption, settings)
    yield from _budget(candidate, history, settings)


def _media(media: Media) -> _Reasons:
    if media.state == MediaState.PROBING:
        yield "media_probing", f"{media.name} is still being looked at", "Plan again in a moment."
    elif media.state != MediaState.READY:
        worst = next((problem for problem in media.problems if not problem.get("is_warning")), {})
        sentence = str(worst.get("sentence", "It cannot be read."))
        yield "media_not_publishable", f"{media.name} cannot be published: {sentence}", str(worst.get("todo", ""))
    elif media.kind != MediaKind.VIDEO:
        yield "media_no_video", f"{media.name} is a picture, not a video", "Use it as a cover."


def _repeats(candidate: Candidate, history: History) -> _Reasons:
    if candidate.key in history.live:
        yield "already_published", "The account has published this video already, or may have", "Choose another video."
    elif candidate.key in history.here:
        yield "planned_twice", "The same video for the same account twice in this task", "Nothing: once is enough."
    elif candidate.key in history.planned:
        other = history.planned[candidate.key]
        yield "planned_elsewhere", f"Task {other} publishes this video on this account", f"Cancel it in task {other}."


def _caption(caption: str | None, settings: UiSettings) -> _Reasons:
    if caption is None:
        yield "no_caption", "The captions file has no row for this video", "Add a row for it."
        return
    if len(caption) > settings.caption_max_chars:
        sentence = f"The caption has {len(caption):,} characters; at most {settings.caption_max_chars:,} are allowed"
        yield "caption_too_long", sentence, "Shorten the caption."
    hashtags = len(_HASHTAG.findall(caption))
    if hashtags > settings.caption_max_hashtags:
        sentence = f"The caption has {hashtags} hashtags; at most {settings.caption_max_hashtags} are allowed"
        yield "too_many_hashtags", sentence, "Remove some."


def _budget(candidate: Candidate, history: History, settings: UiSettings) -> _Reasons:
    account_id, at = candidate.account.id, candidate.at
    if history.in_hour(account_id, at) >= settings.publish_budget_per_hour:
        sentence = f"More than {settings.publish_budget_per_hour} posts of the account within an hour"
        yield "budget_hour", sentence, "Give the posts times of their own, or use more accounts."
    elif history.in_day(account_id, at) >= settings.publish_budget_per_day:
        sentence = f"More than {settings.publish_budget_per_day} posts of the account within 24 hours"
        yield "budget_day", sentence, "Spread the posts over more days, or use more accounts."
