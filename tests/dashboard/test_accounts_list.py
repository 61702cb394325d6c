"""The list of accounts and one account's page, read and used without a script."""

import pytest
from tests.dashboard.conftest import Visitor
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import Account

pytestmark = pytest.mark.anyio


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_a_selection_is_confirmed_done_in_the_background_and_told(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 60, client="Fjord")

    page = await visitor.read("/accounts?client=Fjord")
    question = "/bulk/new/accounts?act=tag&all=60&client=Fjord"
    asked = await visitor.read(question)
    drifted = await visitor.send(question, "/bulk/new/accounts", act="tag", all="59", client="Fjord", option="north")
    answer = await visitor.send(question, "/bulk/new/accounts", act="tag", all="60", client="Fjord", option="north")

    assert 'value="60"' in page
    assert "Select all 60 that match" in page
    assert "and 40 more" in asked
    assert (drifted.status_code, "59 matched when you chose them, now it is 60" in drifted.text) == (409, True)
    assert answer.url.path == "/bulk/1"
    assert "60 accounts tagged" in await visitor.until("/bulk/1", "60 accounts tagged")
    assert "60 accounts tagged" in await visitor.read("/bulk")
    async with ui.context.database.sessions() as session:
        assert (await session.get_one(Account, 60)).tags == ["north"]


async def test_a_selection_is_taken_along_into_a_new_task(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 3)

    question = "/bulk/new/accounts?act=order&row=1&row=3"
    answer = await visitor.send(question, "/bulk/new/accounts", act="order", row=["1", "3"], option="warmup")

    assert answer.url.path == "/tasks/new/warmup"
    assert "nord_01\nnord_03</textarea>" in answer.text


async def test_what_does_not_match_and_what_is_empty_say_what_to_do(visitor: Visitor, ui: Served) -> None:
    assert "There are no accounts yet." in await visitor.read("/accounts")
    empty = await visitor.read("/accounts?health=poor")
    assert ("No account matches." in empty, "Clear filters" in empty) == (True, True)


async def test_one_account_is_edited_noted_and_its_next_post_skipped(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)
    form = {"client": "Fjord", "timezone": "UTC", "locale": "en_US", "authorised_by": "contract"}

    refused = await visitor.send("/accounts/1/edit", "/accounts/1/edit", **{**form, "timezone": "Atlantis"})
    await visitor.send("/accounts/1/edit", "/accounts/1/edit", **form)
    noted = await visitor.send("/accounts/1", "/accounts/1/notes", note="<b>Ask its owner</b>")
    skipped = await visitor.send("/accounts/1", "/accounts/1/posts/1/omission")
    runs = await visitor.read("/accounts/1?only=runs")

    assert (refused.status_code, "is no time zone" in refused.text) == (422, True)
    assert "&lt;b&gt;Ask its owner&lt;/b&gt;" in noted.text
    assert '<del class="text-secondary">–</del> → <span class="strong">Fjord</span>' in noted.text
    assert "The post is skipped" in skipped.text
    assert ("May reels" in runs, "Ask its owner" in runs) == (True, False)


async def test_a_view_is_saved_shown_as_a_tab_and_deleted(visitor: Visitor, ui: Served) -> None:
    saved = await visitor.send("/accounts?tag=a", "/views", list="/accounts", name="All <a>", query="tag=a")
    again = await visitor.read("/accounts")
    deleted = await visitor.send("/accounts?tag=a", "/views/1/deletion")

    assert saved.url.query == b"tag=a"
    assert 'href="/accounts?tag=a">All &lt;a&gt;</a>' in again
    assert "All &lt;a&gt;" not in deleted.text


async def test_the_search_answers_as_a_page_and_as_rows(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 1)

    page = await visitor.read("/find?q=nord")
    rows = (await visitor.client.get("/find?q=nord", headers={"hx-request": "true"})).text

    assert 'href="/accounts/1"' in page
    assert 'href="/accounts/1"' in rows
    assert "<html" not in rows
