"""The posts of an order: distribution x captions x times, less what is left out. No database here."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from igfleet.contracts.tasks import Place
from igfleet.errors import Invalid
from igfleet.runners.bulk_upload import Distribution
from igfleet.runners.captions import CaptionError, CaptionRow
from igfleet.runners.distribution import Placement, distribute, from_pairs
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, Media, TaskMedia
from igfleet.ui.planning.caption_book import CaptionBook, Turn
from igfleet.ui.planning.exclusions import exclusion
from igfleet.ui.planning.history import History
from igfleet.ui.planning.notes import Finding, Note, NoteKind, grouped
from igfleet.ui.planning.order import Order
from igfleet.ui.planning.refusals import Candidate, refusal

MOST_POSTS = 100_000
_SECONDS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)\s*s?")


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """One post that will be made."""

    account: Account
    media: Media
    round: int
    caption: str
    place: Place | None
    mentions: tuple[str, ...]
    cover_media_id: int | None
    cover_at_s: float | None
    scheduled_at: datetime | None

    def facts(self) -> list[object]:
        """What the operator agreed to, for the plan's hash."""
        return [
            self.account.id,
            self.media.sha256,
            self.round,
            self.caption,
            self.place.model_dump(mode="json") if self.place else None,
            list(self.mentions),
            self.cover_media_id,
            self.cover_at_s,
            self.scheduled_at.timestamp() if self.scheduled_at else None,
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    posts: tuple[PlannedPost, ...]
    """Account by account or round by round, as the options say; within an account in the order of publishing."""
    notes: tuple[Note, ...]
    hash: str

    @property
    def count(self) -> int:
        """How many posts it makes."""
        return len(self.posts)


def posts_of(order: Order, history: History, settings: UiSettings) -> Plan:
    """The plan of an order. The same order, history and day give the same plan. Raises `Invalid`."""
    book = CaptionBook(order.captions, order.videos, order.accounts, order.task.seed)
    findings: list[Finding] = []
    taking_part = list(_taking_part(order, settings, findings))
    placements = _placements(order, book, taking_part)
    totals = Counter(placement.account for placement in placements)
    posts = []
    for placement in placements:
        account = order.accounts[taking_part[placement.account]]
        post, found = _post(order, book, settings, history, account, placement, totals[placement.account])
        findings.extend(found)
        if post is not None:
            posts.append(post)
    findings.extend(_idle(order, taking_part, totals))
    return Plan(tuple(posts), grouped(findings), _hash(order, posts))


def _taking_part(order: Order, settings: UiSettings, findings: list[Finding]) -> Iterator[int]:
    """Positions of the accounts that are not left out."""
    for position, account in enumerate(order.accounts):
        found = exclusion(account, settings, order.now.date(), order.options.driver)
        if found is None:
            yield position
        else:
            findings.append(found)


def _placements(order: Order, book: CaptionBook, taking_part: Sequence[int]) -> list[Placement]:
    options = order.upload
    if options.distribution is Distribution.FROM_CSV:
        if not book.pairs:
            raise Invalid("The distribution from_csv needs a captions file (CSV) with the column `account`.")
        places = {account: place for place, account in enumerate(taking_part)}
        pairs = ((places[account], video) for account, video in book.pairs if account in places)
        placements = from_pairs(pairs, rounds=options.rounds)
    else:
        placements = distribute(
            options.distribution,
            len(taking_part),
            len(order.media),
            per_account=options.per_account,
            rounds=options.rounds,
        )
    if len(placements) > MOST_POSTS:
        raise Invalid(f"The plan has {len(placements):,} posts; one task has at most {MOST_POSTS:,}. Split it.")
    return placements


def _post(
    order: Order,
    book: CaptionBook,
    settings: UiSettings,
    history: History,
    account: Account,
    placement: Placement,
    total: int,
) -> tuple[PlannedPost | None, list[Finding]]:
    medium = order.media[placement.video]
    row = book.row(account, placement.video)
    scheduled_at = row.publish_at if row else None
    at = max(scheduled_at, order.begins) if scheduled_at else order.begins
    caption = book.caption(Turn(account, placement.video, medium.file, placement.round + 1, total, at))
    refused = refusal(Candidate(account, medium.file, caption, at), history, settings)
    if refused is not None or caption is None:
        return None, [refused] if refused else []
    history.accept(account.id, medium.file.sha256, at)
    cover_id, cover_at_s = _cover(order, medium, row)
    post = PlannedPost(
        account,
        medium.file,
        placement.round,
        caption,
        _place(order, medium, row),
        _mentions(order, medium, row),
        cover_id,
        cover_at_s,
        scheduled_at,
    )
    return post, _warnings(post)


def _place(order: Order, medium: TaskMedia, row: CaptionRow | None) -> Place | None:
    """The nearest wins: the row of the file, the video, the task."""
    if row is not None and row.location is not None:
        return row.location
    return Place.model_validate(medium.location) if medium.location else order.upload.default_location


def _mentions(order: Order, medium: TaskMedia, row: CaptionRow | None) -> tuple[str, ...]:
    if row is not None and row.mentions:
        return row.mentions
    return tuple(medium.mentions) or order.upload.default_mentions


def _cover(order: Order, medium: TaskMedia, row: CaptionRow | None) -> tuple[int | None, float | None]:
    """A picture of the library, or a second of the video."""
    if row is None or not row.cover:
        return medium.cover_media_id, medium.cover_at_s
    second = _SECONDS.fullmatch(row.cover)
    if second is not None:
        return None, float(second[1])
    picture = order.covers.get(row.cover.lower())
    if picture is None:
        raise CaptionError(row.line, 1, f"No picture of the library is named {row.cover!r}; a second is written as 2.5")
    return picture.id, None


def _warnings(post: PlannedPost) -> list[Finding]:
    if post.caption.strip():
        return []
    subject = f"{post.account.username}: {post.media.name}"
    return [
        Finding(NoteKind.WARNING, "caption_empty", "The caption is empty", "Write one if that is not meant.", subject)
    ]


def _idle(order: Order, taking_part: Sequence[int], totals: Counter[int]) -> Iterator[Finding]:
    for place, position in enumerate(taking_part):
        if not totals[place]:
            username = order.accounts[position].username
            yield Finding(NoteKind.WARNING, "no_video", "The account gets no video", "Add videos.", username)


def _hash(order: Order, posts: Sequence[PlannedPost]) -> str:
    start_at = order.task.start_at
    options = order.upload.model_dump(mode="json", exclude={"confirm_many"})
    head = [order.task.kind, options, start_at.timestamp() if start_at else None]
    text = json.dumps([head, [post.facts() for post in posts]], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
