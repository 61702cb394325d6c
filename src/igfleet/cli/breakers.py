"""igfleet breakers: list, close."""

from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Json, Server, Token, from_afar, picked, time_of
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.breaker_list import OpenBreaker
    from igfleet.ui.context import UiContext

app = noun("What rests because several failed alike.")
_OWN = ("id", "scope", "key", "rule", "opened_at", "until")
_WORDS = ("place", "happened", "todo")
_COLUMNS = ("id", "place", "happened", "until", "todo")


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the open breakers: what the failures share, what rests until when, and what to do."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.breaker_list import shown

        async with ui.database.sessions() as session:
            return [breaker_row(one, hold=ui.settings.breakers) for one in await shown(session)]

    if server:
        rows = from_afar(server, token, lambda ui: [breaker_row_afar(row) for row in ui.rows("breakers")])
    else:
        rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("close")
def close(
    breaker: Annotated[int, typer.Argument(min=1, help="The breaker's id.")], server: Server = "", token: Token = ""
) -> None:
    """Say that it is mended: what rested goes on at once."""

    async def work(ui: "UiContext") -> None:
        from igfleet.ui.breaker_list import close
        from igfleet.ui.bus import Change, tell_after_commit

        async with ui.database.sessions.begin() as session:
            await close(session, breaker, ACTOR)
            await tell_after_commit(session, Change("challenge", 0), Change("work", 0))

    if server:
        from_afar(server, token, lambda ui: ui.post(f"breakers/{breaker}/end"))
    else:
        on_database(work)
    say("It goes on.")


def breaker_row(one: "OpenBreaker", *, hold: bool) -> dict[str, object]:
    """As commands tell of it. `hold`: whether breakers hold anything back, or only tell."""
    return {
        **{name: getattr(one.breaker, name) for name in _OWN},
        **{name: getattr(one, name) for name in _WORDS},
        "rests": one.rests if hold else "",
        "met_by": list(one.names),
    }


def breaker_row_afar(row: Json) -> Json:
    """The same, as another ui tells of it."""
    until = {"until": time_of(row["until"])}
    return {**picked(row, (*_OWN, *_WORDS)), **until, "rests": row["rests"], "met_by": row["names"]}
