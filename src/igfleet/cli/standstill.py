"""igfleet pause, igfleet resume: everything at once."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import EPILOG, Exit
from igfleet.cli.output import AsJson, as_json, say

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.standstill import Scene

_LOOK_S = 0.5


def add_to(app: typer.Typer) -> None:
    app.command("pause", epilog=EPILOG)(pause)
    app.command("resume", epilog=EPILOG)(resume)


def pause(
    why: Annotated[str, typer.Option(help="Everybody sees it.")] = "",
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until all workers that are online have acknowledged it.")
    ] = 0,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Pause everything: nothing is leased, permitted or sent any more. Again is harmless, and tells how far it is."""

    async def work(ui: "UiContext") -> dict[str, object]:
        import asyncio

        from igfleet.ui import standstill
        from igfleet.ui.bus import Change, tell_after_commit

        async with ui.database.sessions.begin() as session:
            await standstill.begin(session, why, ACTOR)
            await tell_after_commit(session, Change("worker", 0))
        until = time.monotonic() + wait
        while True:
            async with ui.database.sessions() as session:
                told = _told(await standstill.gather(session))
            if not told["waiting_for"] or time.monotonic() >= until:
                return told
            await asyncio.sleep(_LOOK_S)

    def there(ui: Afar) -> dict[str, object]:
        scene = ui.post("standstill", {"why": why})
        until = time.monotonic() + wait
        while scene["waiting_for"] and time.monotonic() < until:
            time.sleep(_LOOK_S)
            scene = ui.get("standstill")
        return _told_afar(scene)

    told = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(told)
    else:
        past, now = told["past_permit"], told["under_way"]
        say(f"Everything is paused. Commits that were past their permit: {past}, still under way: {now}.")
        say(f"Acknowledged by {told['acknowledged']} of {told['workers']} workers. It goes on with: igfleet resume")
    if wait and told["waiting_for"]:
        raise typer.Exit(Exit.TIMEOUT)


def resume(server: Server = "", token: Token = "") -> None:
    """Let everything go on from where it was."""

    async def work(ui: "UiContext") -> None:
        from igfleet.ui import standstill
        from igfleet.ui.bus import Change, tell_after_commit

        async with ui.database.sessions.begin() as session:
            await standstill.end(session, ACTOR)
            await tell_after_commit(session, Change("worker", 0), Change("work", 0))

    if server:
        from_afar(server, token, lambda ui: ui.post("standstill/end"))
    else:
        on_database(work)
    say("Everything goes on.")


def _told(scene: "Scene") -> dict[str, object]:
    return {
        "why": scene.standstill.why if scene.standstill else "",
        "past_permit": scene.standstill.past_permit if scene.standstill else 0,
        "under_way": scene.past_permit,
        "workers": len(scene.workers),
        "acknowledged": scene.acknowledged,
        "waiting_for": scene.waiting_for,
    }


def _told_afar(scene: Json) -> dict[str, object]:
    same = {name: scene[name] for name in ("workers", "acknowledged", "waiting_for")}
    return {"why": scene["why"], "past_permit": scene["past_permit_then"], "under_way": scene["past_permit"], **same}
