"""Lists of people to follow, from the pages."""

import json

import pytest
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import Served

pytestmark = pytest.mark.anyio


async def test_people_are_put_on_a_list_and_the_rest_is_told(visitor: Visitor) -> None:
    shown = await visitor.send("/targets", "/targets", list="Neighbours", text="@west_01 west_02\nno!name")

    assert "2 added to Neighbours, 1 word left out: no user name" in shown.text
    assert "@west_02" in shown.text
    people = json.loads((await visitor.client.get("/targets.json?list=Neighbours")).text)
    assert [one["username"] for one in people] == ["west_01", "west_02"]


async def test_what_is_no_list_comes_back_as_it_was_written(visitor: Visitor) -> None:
    shown = await visitor.send("/targets", "/targets", list="Neighbours", text="!! ??")

    assert shown.status_code == 422
    assert "None of this is a user name." in shown.text
    assert "!! ??</textarea>" in shown.text


async def test_a_list_is_offered_by_the_form_and_can_be_removed(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 1)
    await visitor.send("/targets", "/targets", list="Neighbours", text="west_01")

    form = await visitor.read("/tasks/new/follow")
    shown = await visitor.send("/targets", "/targets/removal", list="Neighbours")

    assert '<option value="Neighbours">' in form
    assert "The list is removed, 1 were on it" in shown.text
    assert (await visitor.client.get("/targets?list=Neighbours")).status_code == 404
