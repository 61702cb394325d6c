"""igfleet workers: list, token, revoke."""

from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Workers and their tokens.")
_COLUMNS = ("id", "name", "state", "running", "slots", "kinds", "version", "seen_at")
_NAMES = ("id", "name", "base_url", "version", "slots", "running", "kinds", "methods", "labels", "seen_at")


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List workers, as their last heartbeat says."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import func, select

        from igfleet.ui.models import Worker

        async with ui.database.sessions() as session:
            age = func.extract("epoch", func.now() - Worker.seen_at)
            rows = (await session.execute(select(Worker, age).order_by(Worker.name))).all()
        return [
            {name: getattr(worker, name) for name in _NAMES}
            | {"state": _state(float(silent_s), is_draining=worker.draining_since is not None)}
            for worker, silent_s in rows
        ]

    def there(ui: Afar) -> list[dict[str, object]]:
        return sorted((picked(row, (*_NAMES, "state")) for row in ui.rows("workers")), key=lambda row: str(row["name"]))

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("token")
def token_(
    name: Annotated[str, typer.Argument(help="The worker's name (WORKER_NAME).")],
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Make a token for one worker and print it. It is shown only now; give it to the worker as UI_API_TOKEN."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui import tokens

        async with ui.database.sessions.begin() as session:
            return await tokens.make(session, name, ACTOR)

    def there(ui: Afar) -> str:
        return str(ui.post("worker-tokens", {"worker": name})["token"])

    made = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json({"worker": name, "token": made})
    else:
        print(made)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The worker's name.")], server: Server = "", token: Token = ""
) -> None:
    """Revoke all tokens of a worker. It loses access within a second."""

    async def work(ui: "UiContext") -> int:
        from igfleet.ui import tokens

        async with ui.database.sessions.begin() as session:
            return await tokens.revoke(session, name, ACTOR)

    def there(ui: Afar) -> int:
        return int(ui.delete("worker-tokens", worker=name)["revoked"])

    print(f"{from_afar(server, token, there) if server else on_database(work)} token(s) of {name} revoked.")


def _state(silent_s: float, *, is_draining: bool) -> str:
    from igfleet.contracts.states import WorkerState

    if silent_s >= 60:
        return WorkerState.LOST
    if is_draining:
        return WorkerState.DRAINING
    return WorkerState.LATE if silent_s >= 15 else WorkerState.ONLINE
