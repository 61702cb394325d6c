"""bio: what is planned for each account, and what a run does to its profile."""

from pathlib import Path

import pytest
from tests.runners.social import MemoryInstagram, a_run, an_order

from igfleet.contracts.tasks import Action
from igfleet.errors import Invalid, NeedsPerson, NetworkTrouble, RetryLater
from igfleet.instagram.gateway import Profile
from igfleet.reasons import ReasonCode
from igfleet.runners import options_of
from igfleet.runners.bio import Bio, BioOptions
from igfleet.runners.shares import Done

pytestmark = pytest.mark.anyio
LINK, OTHER = "https://example.org/one", "https://example.org/two"


def shares(options: BioOptions, accounts: int = 3) -> dict[str, dict[str, object]]:
    return {share.title: dict(share.facts) for share in Bio.plan(an_order(accounts), options) if not share.is_left_out}


def left_out(options: BioOptions, accounts: int = 3) -> dict[str, str]:
    return {share.title: share.note for share in Bio.plan(an_order(accounts), options) if share.is_left_out}


def test_one_link_for_all_goes_to_all() -> None:
    assert shares(BioOptions(link_url=LINK), 2) == {"nord_01": {"link_url": LINK}, "nord_02": {"link_url": LINK}}


def test_its_own_line_goes_before_what_is_said_for_all() -> None:
    lines = f'account,link_url,biography\n@Nord_02,{OTHER},"Sea,\nsand"\nnord_03,(empty),\n'

    planned = shares(BioOptions(link_url=LINK, links=lines))

    assert planned == {
        "nord_01": {"link_url": LINK},
        "nord_02": {"link_url": OTHER, "biography": "Sea,\nsand"},
        "nord_03": {"link_url": ""},
    }


def test_who_is_not_named_and_who_takes_no_part_is_said() -> None:
    options = BioOptions(links=f"nord_01,{LINK}\nhill_09,{LINK}\n")

    assert set(left_out(options, 2)) == {"nord_02", "hill_09"}
    assert "takes no part" in left_out(options, 2)["hill_09"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"link_url": "example.org"}, "must begin with http:// or https://"),
        ({"link_url": "https://nowhere"}, "is not a web address"),
        ({"link_url": "javascript:alert(1)"}, "must begin with"),
        ({"link_url": "https://me:secret@example.org"}, "password"),
        ({"biography": "x" * 151}, "150 are allowed"),
        ({"links": "nord_01,ftp://example.org"}, "line 1, column 9: 'ftp://example.org' must begin"),
        ({"links": "account,website\nnord_01,https://example.org"}, "no column 'website'"),
        ({"links": "nord_01,https://a.org\nNORD_01,https://b.org"}, "line 2: nord_01 stands here twice"),
        ({"links": '"nord_01'}, "never closed"),
        ({"link_url": LINK, "delay_min_s": 9, "delay_max_s": 8}, "must not be smaller"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(given: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        options_of("bio", given)  # type: ignore[arg-type]


def test_an_order_that_says_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="Say what is to be changed"):
        shares(BioOptions())


async def test_what_differs_is_written_once_and_read_back(tmp_path: Path) -> None:
    driven = MemoryInstagram(own=Profile("1", "nord_01", external_url=OTHER, biography="Sea"))
    run = a_run(tmp_path, driven, link_url=LINK, biography="Sea")

    await Bio().run(run, BioOptions(link_url=LINK))

    assert (driven.own.external_url, driven.own.biography) == (LINK, "Sea")
    assert driven.acts == {"profile": 2, "set_bio": 1}
    assert run.spent == [Action.PROFILE_EDIT]
    assert run.counters == {"changed": 1}
    assert run.result["outcome"] == "changed"
    assert (run.result["link_before"], run.result["link_after"]) == (OTHER, LINK)


@pytest.mark.parametrize("present", [LINK, "https://EXAMPLE.org/one"])
async def test_what_is_so_already_is_not_written(tmp_path: Path, present: str) -> None:
    driven = MemoryInstagram(own=Profile("1", "nord_01", external_url=present))
    run = a_run(tmp_path, driven, link_url=LINK)

    await Bio().run(run, BioOptions(link_url=LINK))

    assert driven.acts == {"profile": 1}
    assert (run.counters, run.result["outcome"], run.spent) == ({"unchanged": 1}, "unchanged", [])


async def test_a_yes_that_changed_nothing_goes_to_a_person(tmp_path: Path) -> None:
    driven = MemoryInstagram(ignores_edits=True)
    run = a_run(tmp_path, driven, link_url=LINK)

    with pytest.raises(NeedsPerson) as raised:
        await Bio().run(run, BioOptions(link_url=LINK))

    assert raised.value.reason is ReasonCode.WRITE_NOT_APPLIED
    assert (run.counters, run.result["outcome"]) == ({}, "not_applied")
    assert driven.acts["profile"] == 4


async def test_a_profile_that_is_slow_to_change_is_looked_at_again(tmp_path: Path) -> None:
    driven = MemoryInstagram(slow_edits=2)
    run = a_run(tmp_path, driven, link_url=LINK)

    await Bio().run(run, BioOptions(link_url=LINK))

    assert run.counters == {"changed": 1}


async def test_a_lost_answer_is_settled_by_reading_and_counted_once(tmp_path: Path) -> None:
    driven = MemoryInstagram(losing={"edit"})
    first = a_run(tmp_path, driven, link_url=LINK)

    with pytest.raises(NetworkTrouble):
        await Bio().run(first, BioOptions(link_url=LINK))
    second = first.again()
    await Bio().run(second, BioOptions(link_url=LINK))
    third = second.again()
    await Bio().run(third, BioOptions(link_url=LINK))

    assert driven.acts["set_bio"] == 1
    assert third.counters == {"changed": 1}
    assert (second.result["outcome"], second.result["link_before"]) == ("changed", "")


async def test_a_block_is_told_so_that_the_account_rests_from_it(tmp_path: Path) -> None:
    driven = MemoryInstagram(failing={"set_bio": [RetryLater("blocked", ReasonCode.ACTION_BLOCKED)]})
    run = a_run(tmp_path, driven, link_url=LINK)

    with pytest.raises(RetryLater):
        await Bio().run(run, BioOptions(link_url=LINK))

    assert run.result["blocked"] == ["profile_edit"]


def test_undoing_sets_back_what_was_changed_and_nothing_else() -> None:
    changed = {"outcome": "changed", "link_before": "", "link_after": LINK}
    both = {**changed, "link_before": OTHER, "biography_before": 'Sea, "sand"\nand more', "biography_after": "New"}
    same = {"outcome": "unchanged", "link_before": LINK, "link_after": LINK}
    done = [Done(1, "nord_01", {}, changed), Done(2, "nord_02", {}, both), Done(3, "nord_03", {}, same)]

    undoing = Bio.undo(done, BioOptions(link_url=LINK))

    assert undoing is not None
    assert undoing.account_ids == (1, 2)
    options = options_of("bio", {"link_url": LINK, "biography": "New", **undoing.options})
    assert isinstance(options, BioOptions)
    assert shares(options) == {
        "nord_01": {"link_url": ""},
        "nord_02": {"link_url": OTHER, "biography": 'Sea, "sand"\nand more'},
    }


def test_nothing_changed_is_nothing_to_undo() -> None:
    assert Bio.undo([Done(1, "nord_01", {}, {"outcome": "unchanged"})], BioOptions(link_url=LINK)) is None
