from collections import Counter

from hypothesis import given
from hypothesis import strategies as some

from igfleet.runners.bulk_upload import Distribution
from igfleet.runners.distribution import Placement, distribute, even_split, from_pairs, one_to_one, round_robin

counts = some.integers(1, 40)
computed = some.sampled_from([each for each in Distribution if each is not Distribution.FROM_CSV])


def test_even_split_gives_contiguous_shares_and_the_rest_to_the_first() -> None:
    placements = even_split(3, 8)

    assert [(each.account, each.video) for each in placements] == [
        (0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (1, 5), (2, 6), (2, 7),
    ]  # fmt: skip


def test_even_split_reuses_videos_when_there_are_fewer_than_accounts() -> None:
    assert [each.video for each in even_split(5, 2)] == [0, 1, 0, 1, 0]


def test_one_to_one_leaves_the_surplus_out() -> None:
    assert one_to_one(2, 3) == [Placement(0, 0, 0), Placement(1, 1, 0)]


def test_round_robin_never_deals_an_account_the_same_video_twice() -> None:
    placements = round_robin(2, 2, 3)

    assert Counter((each.account, each.video) for each in placements) == {(0, 0): 1, (1, 1): 1, (0, 1): 1, (1, 0): 1}


def test_rounds_put_everybodys_first_before_anybodys_second() -> None:
    placements = distribute(Distribution.EVEN_SPLIT, 2, 4, rounds=True)

    assert placements == [Placement(0, 0, 0), Placement(1, 2, 0), Placement(0, 1, 1), Placement(1, 3, 1)]


def test_pairs_of_a_file_keep_their_order_within_an_account() -> None:
    placements = from_pairs([(1, 4), (0, 2), (1, 3)])

    assert placements == [Placement(0, 2, 0), Placement(1, 4, 0), Placement(1, 3, 1)]


@given(counts, counts)
def test_even_split_is_even_and_uses_every_video(accounts: int, videos: int) -> None:
    placements = even_split(accounts, videos)
    shares = Counter(each.account for each in placements)

    assert set(shares) == set(range(accounts))
    assert max(shares.values()) - min(shares.values()) <= 1
    assert {each.video for each in placements} == set(range(videos))
    assert len(placements) == max(accounts, videos)


@given(counts, counts, some.integers(1, 10))
def test_round_robin_fills_every_hand_evenly(accounts: int, videos: int, per_account: int) -> None:
    placements = round_robin(accounts, videos, per_account)
    hands = Counter(each.account for each in placements)

    assert set(hands.values()) == {min(per_account, videos)}


@given(computed, some.integers(0, 20), some.integers(0, 20), some.integers(1, 5), some.booleans())
def test_no_account_gets_a_video_twice_and_rounds_count_up(
    distribution: Distribution, accounts: int, videos: int, per_account: int, rounds: bool
) -> None:
    placements = distribute(distribution, accounts, videos, per_account=per_account, rounds=rounds)
    turns: dict[int, list[int]] = {}
    for each in placements:
        turns.setdefault(each.account, []).append(each.round)

    assert len({(each.account, each.video) for each in placements}) == len(placements)
    assert all(mine == list(range(len(mine))) for mine in turns.values())
    assert all(each.account < accounts and each.video < videos for each in placements)
