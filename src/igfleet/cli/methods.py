"""igfleet methods: which methods may run live."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Methods, and whether they may run live.")
RISK = (
    "Unofficial clients can break Instagram's terms and cost the account. Say that you know it with --i-know-the-risk."
)
_BY = ("enabled_by", "enabled_at")


class Named(StrEnum):
    """The methods by name."""

    INSTAGRAPI = "instagrapi"
    PLAYWRIGHT = "playwright"
    DOLPHIN = "playwright+dolphin"


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the methods that may run live, and who allowed it."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.live_methods import allowed

        async with ui.database.sessions() as session:
            found = await allowed(session)
        return [
            {"method": name.value, "live": name in found}
            | {column: getattr(found.get(name), column, None) for column in _BY}
            for name in Named
        ]

    def there(ui: Afar) -> list[dict[str, object]]:
        found = ui.get("methods")["items"]
        return [{"method": row["method"], "live": row["is_live"], **picked(row, _BY)} for row in found]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(("method", "live", "enabled_by", "enabled_at"), (list(row.values()) for row in rows))


@app.command("enable")
def enable(
    method: Named,
    i_know_the_risk: Annotated[bool, typer.Option("--i-know-the-risk", help="You know what it can cost.")] = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Allow live use of a method."""
    if not i_know_the_risk:
        say(f"igfleet: {RISK}")
        raise typer.Exit(Exit.REFUSED)
    _switch(method, server, token, on=True)


@app.command("disable")
def disable(method: Named, server: Server = "", token: Token = "") -> None:
    """Forbid live use of a method. What runs ends by itself, nothing new is begun."""
    _switch(method, server, token, on=False)


def _switch(method: Named, server: str, token: str, *, on: bool) -> None:
    async def work(ui: "UiContext") -> None:
        from igfleet.ui.live_methods import switch

        async with ui.database.sessions.begin() as session:
            await switch(session, method, ACTOR, on=on, knows_the_risk=on)

    if server:
        wanted = {"is_live": on, "knows_the_risk": on}
        from_afar(server, token, lambda ui: ui.put(f"methods/{method.value}", wanted))
    else:
        on_database(work)
    print(f"Live use of {method} is {'on' if on else 'off'}.")
