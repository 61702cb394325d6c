"""igfleet tasks results, clone, real, undo: what came of a task, and tasks made from it."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.output import AsJson, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.settings import UiSettings
    from igfleet.ui.context import UiContext
    from igfleet.ui.exports import Sheet
    from igfleet.ui.models import Task

_SHOWN_LESS = ("account_task", "attempt", "finished_at")
"""Columns that people seldom want at a terminal; the files have them."""
Id = Annotated[int, typer.Argument(min=1, help="The task's id.")]


def add_to(app: typer.Typer) -> None:
    """The commands that tell of a task's results or make a task from another."""
    for command in (results, clone, real, undo):
        app.command(command.__name__)(command)


def results(
    task: Id,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: AsJson = False,
    state: Annotated[str, typer.Option(help="Only account tasks in this state.")] = "",
) -> None:
    """Show what each account task came to: its share, its counters, its result."""

    async def work(ui: "UiContext") -> "Sheet":
        from igfleet.ui.results import results_of

        async with ui.database.sessions() as session:
            return await results_of(session, task, state)

    found = on_database(work)
    if json:
        print(found.json())
    elif csv:
        sys.stdout.write(found.csv())
    else:
        columns = [name for name in found.columns if name not in _SHOWN_LESS]
        places = [list(found.columns).index(name) for name in columns]
        table(columns, ([row[place] for place in places] for row in found.rows))


def clone(task: Id, json: AsJson = False) -> None:
    """Make a draft of the same order, planned, with a seed of its own."""
    from igfleet.ui.planning.cloning import clone

    _made(task, clone, json)


def real(task: Id, json: AsJson = False) -> None:
    """Make a draft of what a dry-run rehearsed, planned with the same seed. Refused when it was no dry-run."""
    from igfleet.ui.planning.cloning import real_one

    _made(task, real_one, json)


def undo(task: Id, json: AsJson = False) -> None:
    """Make a draft that sets back what the task changed. Refused when it changed nothing that can be set back."""
    from igfleet.ui.planning.cloning import undo

    _made(task, undo, json)


def _made(task: int, verb: "Callable[[AsyncSession, UiSettings, int, str], Awaitable[Task]]", json: bool) -> None:
    from igfleet.cli.tasks import print_plan

    async def work(ui: "UiContext") -> dict[str, Any]:
        from igfleet.ui.planning.plan import plan

        async with ui.database.sessions.begin() as session:
            made = await verb(session, ui.settings, task, ACTOR)
            return (await plan(session, ui.settings, made.id)).model_dump(mode="json")

    print_plan(on_database(work), json)
