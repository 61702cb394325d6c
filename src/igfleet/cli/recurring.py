"""igfleet recurring: list, pause, resume, remove."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, time_of
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
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List what repeats, the next due first."""

    async def work(ui: "UiContext") -> list[dict[str, Any]]:
        from igfleet.ui.schedule import recurring

        async with ui.database.sessions() as session:
            return [_row(one) for one in await recurring.listed(session)]

    def there(ui: Afar) -> list[dict[str, Any]]:
        return [_row_there(one) for one in ui.get("recurring")["items"]]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, (list(row.values()) for row in rows))


@app.command("pause")
def pause(recurring_id: Id, server: Server = "", token: Token = "") -> None:
    """Make nothing of it until it goes on."""

    async def verb(session: "AsyncSession") -> None:
        from igfleet.ui.schedule import recurring

        await recurring.pause(session, recurring_id, ACTOR)

    _done(verb, lambda ui: ui.post(f"recurring/{recurring_id}/pause"), server, token)
    print("It is paused")


@app.command("resume")
def resume(recurring_id: Id, server: Server = "", token: Token = "") -> None:
    """Let it go on at its next time."""

    async def verb(session: "AsyncSession") -> None:
        from igfleet.ui.schedule import recurring

        await recurring.go_on(session, recurring_id, ACTOR)

    _done(verb, lambda ui: ui.post(f"recurring/{recurring_id}/pause/end"), server, token)
    print("It goes on at its next time")


@app.command("remove")
def remove(recurring_id: Id, server: Server = "", token: Token = "") -> None:
    """Let it never happen again. The tasks that it made stay."""

    async def verb(session: "AsyncSession") -> str:
        from igfleet.ui.schedule import recurring

        return await recurring.remove(session, recurring_id, ACTOR)

    name = _done(verb, lambda ui: str(ui.delete(f"recurring/{recurring_id}")["name"]), server, token)
    print(f"{name} repeats no more")


def _done[T](verb: "Callable[[AsyncSession], Awaitable[T]]", there: Callable[[Afar], T], server: str, token: str) -> T:
    """Here in one transaction, or on another ui."""
    if server:
        return from_afar(server, token, there)

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


def _row_there(row: Json) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "name", "kind", "rule", "missed")},
        "next": time_of(row["upcoming"][0]) if row["upcoming"] else None,
        "state": "paused" if row["paused_at"] else "on",
        "last": row["last"]["fate"] if row["last"] else None,
    }
