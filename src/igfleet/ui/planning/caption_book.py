"""The captions of an order, ready to be asked for each post."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from igfleet.runners.captions import (
    CaptionError,
    CaptionRow,
    Template,
    one_for_all,
    one_per_line,
    parse_csv,
    parse_template,
    seeded,
)
from igfleet.ui.models import Account, Media
from igfleet.ui.planning.draft import CaptionForm, Captions


@dataclass(frozen=True, slots=True)
class Turn:
    """Which post is asked for: the n-th of `total` of an account, on a video, at a time."""

    account: Account
    video: int
    media: Media
    number: int
    total: int
    at: datetime


class CaptionBook:
    """Captions by post. For a CSV file also its rows, which may name place, mentions, cover, account and time."""

    def __init__(self, captions: Captions, videos: Sequence[Media], accounts: Sequence[Account], seed: int) -> None:
        """Read all captions. Raises `CaptionError` with line and column for what cannot be read or resolved."""
        self._seed = seed
        self._plain: Sequence[str] = ()
        self._template: Template | None = None
        self._rows: dict[tuple[str, int], CaptionRow] = {}
        self.pairs: list[tuple[int, int]] = []
        """(account, video) of the rows that name an account, by position: the distribution `from_csv`."""
        match captions.form:
            case CaptionForm.ONE:
                self._plain = one_for_all(captions.text, len(videos))
            case CaptionForm.LINES:
                self._plain = one_per_line(captions.text, len(videos))
            case CaptionForm.TEMPLATE:
                self._template = parse_template(captions.text.replace("\r\n", "\n").replace("\r", "\n"))
            case CaptionForm.CSV:
                self._read(parse_csv(captions.text, ZoneInfo(captions.timezone)), videos, accounts)

    def row(self, account: Account, video: int) -> CaptionRow | None:
        """The row of a CSV file that speaks of this post: the account's own, else the one for all."""
        return self._rows.get((account.username.lower(), video)) or self._rows.get(("", video))

    def caption(self, turn: Turn) -> str | None:
        """The caption of a post; None when a CSV file has no row for it."""
        if self._template is not None:
            return self._template.render(self._draw(turn), **_variables(turn))
        if self._plain:
            return self._plain[turn.video]
        row = self.row(turn.account, turn.video)
        return row.caption if row else None

    def _draw(self, turn: Turn) -> random.Random:
        return seeded(self._seed, "caption", turn.account.username.lower(), turn.media.sha256, turn.number)

    def _read(self, rows: Sequence[CaptionRow], videos: Sequence[Media], accounts: Sequence[Account]) -> None:
        by_name = _positions(videos)
        known = {account.username.lower(): position for position, account in enumerate(accounts)}
        for row in rows:
            video = by_name.get(row.video.lower())
            if video is None:
                raise CaptionError(row.line, 1, f"No video of this task is named {row.video!r}")
            name = (row.account or "").lower()
            if name and name not in known:
                raise CaptionError(row.line, 1, f"The account {row.account!r} is not among the chosen ones")
            if name:
                self.pairs.append((known[name], video))
            elif ("", video) in self._rows:
                raise CaptionError(row.line, 1, f"A second caption for {row.video!r}: name the account of each")
            self._rows.setdefault((name, video), row)


def _positions(videos: Sequence[Media]) -> dict[str, int]:
    """Videos by file name, by the name without its ending, and by id; a name that two share means the first."""
    found: dict[str, int] = {}
    for of in (
        lambda media: media.name.lower(),
        lambda media: PurePath(media.name.lower()).stem,
        lambda media: str(media.id),
    ):
        for position, media in enumerate(videos):
            found.setdefault(of(media), position)
    return found


def _variables(turn: Turn) -> dict[str, object]:
    local = turn.at.astimezone(ZoneInfo(turn.account.timezone))
    return {
        "username": turn.account.username,
        "n": turn.number,
        "total": turn.total,
        "video": PurePath(turn.media.name).stem,
        "date": local.date().isoformat(),
    }
