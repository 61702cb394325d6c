"""Settings: every one with its value and source, and those that may be changed while igfleet runs."""

from datetime import datetime
from typing import Annotated

from litestar import Response, delete, get, put
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, JSONBody
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import Body, Page, View
from igfleet.ui.configuration import edits, effective
from igfleet.ui.configuration.book import TOPIC
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui


class SettingView(View):
    """One setting; of a secret one only whether it is set."""

    name: str
    value: str
    default: str
    source: str
    """environment, file, .env, start, database or default."""
    where: str
    """The variable or file that gives it, or who changed it."""
    meaning: str
    may_change: bool
    """While igfleet runs. What was given at the start is changed there."""
    changed_at: datetime | None


class NewValue(Body):
    """As it would be written in the environment."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "30"}]})
    value: Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]


@get("/settings", opt=ADMINS, tags=["Settings"])
async def list_settings(caller: Caller, session: Session, ui: Ui) -> Page[SettingView]:
    """List every setting of the ui. There is one page."""
    return Page[SettingView](items=[SettingView.model_validate(row) for row in await effective.every(session, ui.book)])


@put("/settings/{name:str}", opt=ADMINS, tags=["Settings"])
async def change_setting(
    name: FromPath[str], data: JSONBody[NewValue], caller: Caller, session: Session, ui: Ui
) -> Response[SettingView]:
    """Let a setting have another value, from now on and in every process."""
    await edits.change(session, ui.book, name, data.value, caller.actor)
    return await _changed(session, ui, name)


@delete("/settings/{name:str}", opt=ADMINS, status_code=200, tags=["Settings"])
async def reset_setting(name: FromPath[str], caller: Caller, session: Session, ui: Ui) -> Response[SettingView]:
    """Let a setting have its default again."""
    await edits.take_back(session, ui.book, name, caller.actor)
    return await _changed(session, ui, name)


async def _changed(session: AsyncSession, ui: UiContext, name: str) -> Response[SettingView]:
    await session.flush()
    row = next(row for row in await effective.every(session, ui.book) if row.name == name)
    return Response(SettingView.model_validate(row), background=BackgroundTask(ui.bus.tell, TOPIC))


HANDLERS = [list_settings, change_setting, reset_setting]
