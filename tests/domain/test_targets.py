"""Lists of people to follow: what is read out of a text, and what is kept."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.runners.targets import TargetedOptions
from igfleet.ui import targets
from igfleet.ui.imports.target_names import names_in

pytestmark = pytest.mark.anyio
ANNA = "user:anna"


@pytest.mark.parametrize(
    "text",
    [
        "bar_01\nbar_02\n",
        "@Bar_01, @bar_02; BAR_01",
        "https://www.instagram.com/bar_01/ instagram.com/bar_02?hl=en",
        "username;city\nbar_01;Oslo\n@bar_02;Bergen\n",
        '"city","username"\n"Oslo, Norway","bar_01"\n"Bergen","bar_02"\n',
        "# people to follow\n\nbar_01\n# more\nbar_02",
    ],
    ids=["lines", "words", "addresses", "column", "quoted", "remarks"],
)
def test_names_are_found_in_any_form(text: str) -> None:
    assert names_in(text).good == ("bar_01", "bar_02")
    assert names_in(text).bad == ()


def test_what_is_no_name_is_told_with_its_line() -> None:
    found = names_in("bar_01\nnot-a-name\n" + "x" * 31)

    assert found.good == ("bar_01",)
    assert found.bad == ((2, "not-a-name"), (3, "x" * 31))


async def test_a_list_grows_and_nobody_stands_on_it_twice(session: AsyncSession) -> None:
    first = await targets.add(session, " bars ", ["bar_01", "bar_02"], ANNA)
    second = await targets.add(session, "bars", ["BAR_02", "bar_03"], ANNA)

    assert (first, second) == (2, 1)
    assert [one.username for one in await targets.of_list(session, "bars")] == ["bar_01", "bar_02", "bar_03"]
    [summary] = await targets.summaries(session)
    assert (summary.name, summary.targets, summary.looked_up) == ("bars", 3, 0)


async def test_a_list_is_removed_alone(session: AsyncSession) -> None:
    await targets.add(session, "bars", ["bar_01"], ANNA)
    await targets.add(session, "pubs", ["bar_01"], ANNA)

    assert await targets.remove(session, "bars", ANNA) == 1

    assert [one.name for one in await targets.summaries(session)] == ["pubs"]


async def test_a_list_that_is_not_there_is_said_to_be(session: AsyncSession) -> None:
    with pytest.raises(NotFound, match="'bars'"):
        await targets.wanted_by(session, TargetedOptions(target_list="bars"), ANNA)
    with pytest.raises(NotFound):
        await targets.remove(session, "bars", ANNA)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_a_list_needs_a_name(session: AsyncSession, name: str) -> None:
    with pytest.raises(Invalid):
        await targets.add(session, name, ["bar_01"], ANNA)


async def test_an_order_takes_each_of_its_people_once(session: AsyncSession) -> None:
    await targets.add(session, "bars", ["bar_01", "bar_02"], ANNA)
    options = TargetedOptions(target_list="bars", targets=("bar_02", "pub_01"))

    wanted = await targets.wanted_by(session, options, ANNA)
    again = await targets.wanted_by(session, options, ANNA)

    assert [(one.username, one.list_name) for one in wanted] == [("bar_01", "bars"), ("bar_02", "bars"), ("pub_01", "")]
    assert [one.id for one in wanted] == [one.id for one in again]
