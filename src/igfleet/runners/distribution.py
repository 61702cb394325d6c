"""Which account publishes which video: pure functions over positions, so that a preview is what runs."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from igfleet.runners.bulk_upload import Distribution


class Placement(NamedTuple):
    """One post of a plan. All three count from 0."""

    account: int
    video: int
    round: int
    """How many posts of the same account come before it."""


def distribute(
    distribution: Distribution, accounts: int, videos: int, *, per_account: int = 1, rounds: bool = False
) -> list[Placement]:
    """The posts of a plan, in order. With `rounds` everybody's first comes before anybody's second.

    `from_csv` is not computed from counts: see `from_pairs`.
    """
    if not accounts or not videos:
        return []
    return in_order(_DISTRIBUTIONS[distribution](accounts, videos, per_account), rounds=rounds)


def from_pairs(pairs: Iterable[tuple[int, int]], *, rounds: bool = False) -> list[Placement]:
    """The posts of a plan whose (account, video) pairs are given, as in a CSV file."""
    had: dict[int, int] = {}
    placements = []
    for account, video in pairs:
        placements.append(Placement(account, video, had.get(account, 0)))
        had[account] = had.get(account, 0) + 1
    return in_order(placements, rounds=rounds)


def in_order(placements: Iterable[Placement], *, rounds: bool) -> list[Placement]:
    """Account by account, or round by round."""
    if rounds:
        return sorted(placements, key=lambda placement: (placement.round, placement.account))
    return sorted(placements, key=lambda placement: (placement.account, placement.round))


def even_split(accounts: int, videos: int) -> list[Placement]:
    """Each account gets a contiguous share, the first ones one more. Fewer videos than accounts: they are reused."""
    if videos < accounts:
        return [Placement(account, account % videos, 0) for account in range(accounts)]
    share, rest = divmod(videos, accounts)
    placements, video = [], 0
    for account in range(accounts):
        for turn in range(share + (account < rest)):
            placements.append(Placement(account, video, turn))
            video += 1
    return placements


def one_to_one(accounts: int, videos: int) -> list[Placement]:
    """The n-th video to the n-th account. What is left over on either side takes no part."""
    return [Placement(position, position, 0) for position in range(min(accounts, videos))]


def round_robin(accounts: int, videos: int, per_account: int) -> list[Placement]:
    """Videos are dealt like cards, `per_account` to each, from the start again when they run out.

    No account gets the same video twice, so nobody gets more than there are videos.
    """
    hands: list[set[int]] = [set() for _ in range(accounts)]
    placements, card = [], 0
    for turn in range(min(per_account, videos)):
        for account, hand in enumerate(hands):
            while card % videos in hand:
                card += 1
            hand.add(card % videos)
            placements.append(Placement(account, card % videos, turn))
            card += 1
    return placements


def every_video_to_every_account(accounts: int, videos: int) -> list[Placement]:
    """All pairs."""
    return [Placement(account, video, video) for account in range(accounts) for video in range(videos)]


_DISTRIBUTIONS: dict[Distribution, Callable[[int, int, int], list[Placement]]] = {
    Distribution.EVEN_SPLIT: lambda accounts, videos, _: even_split(accounts, videos),
    Distribution.ONE_TO_ONE: lambda accounts, videos, _: one_to_one(accounts, videos),
    Distribution.ROUND_ROBIN: round_robin,
    Distribution.EVERY_VIDEO_TO_EVERY_ACCOUNT: lambda accounts, videos, _: every_video_to_every_account(
        accounts, videos
    ),
    Distribution.FROM_CSV: lambda accounts, videos, _: [],
}
