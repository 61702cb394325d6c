"""igfleet recurring: list, pause, resume, remove."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext

app = noun("Tasks that are made anew at each of their times.")
Id = Annotated[int, typer.Argument(min=1, help="The recurring task's id.")]
_COLUMNS = ("id", "name", "kind", "rule", "missed", "next", "state", "last")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List what repeats, the next due first."""

    async def work(ui: "UiContext") -> list[dict[str, Any]]:
        from igfleet.ui.schedule import recurring

        async with ui.database.sessions() as session:
            return [_row(one) for one in await recurring.listed(session)]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, (list(row.values()) for row in rows))


@app.command("pause")
def pause(recurring_id: Id) -> None:
    """Make nothing of it until it goes on."""
    from igfleet.ui.schedule import recurring

    _done(lambda session: recurring.pause(session, recurring_id, ACTOR))
    print("It is paused")


@app.command("resume")
def resume(recurring_id: Id) -> None:
    """Let it go on at its next time."""
    from igfleet.ui.schedule import recurring

    _done(lambda session: recurring.go_on(session, recurring_id, ACTOR))
    print("It goes on at its next time")


@app.command("remove")
def remove(recurring_id: Id) -> None:
    """Let it never happen again. The tasks that it made stay."""
    from igfleet.ui.schedule import recurring

    print(f"{_done(lambda session: recurring.remove(session, recurring_id, ACTOR))} repeats no more")


def _done[T](verb: "Callable[[AsyncSession], Awaitable[T]]") -> T:
    async def work(ui: "UiContext") -> T:
        async with ui.database.sessions.begin() as session:
            return await verb(session)

    return on_database(work)


def _row(one: Any) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "rule": str(one.rule),
        "missed": row.missed,
        "next": one.upcoming[0] if one.upcoming else None,
        "state": "paused" if row.paused_at else "on",
        "last": one.last.fate if one.last else None,
    }
