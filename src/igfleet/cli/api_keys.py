"""igfleet api-keys: add, list, revoke."""

from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.cli.users import RoleName

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Keys of the operator API.")
_COLUMNS = ("id", "name", "user", "role", "may_write", "kinds", "tags", "clients", "last_used_at", "expires_at")
Words = list[str] | None


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    user: Annotated[str, typer.Option(help="The person in whose name it acts.")],
    role: Annotated[RoleName, typer.Option(help="Not above the person's.")] = RoleName.OPERATOR,
    write: Annotated[bool, typer.Option("--write", help="It may change things, not only read.")] = False,
    kind: Annotated[Words, typer.Option(help="Only tasks of this kind; repeat for more.")] = None,
    tag: Annotated[Words, typer.Option(help="Only accounts with this tag; repeat for more.")] = None,
    client: Annotated[Words, typer.Option(help="Only accounts of this client; repeat for more.")] = None,
    days: Annotated[int, typer.Option(min=0, help="It works so long; 0 for ever.")] = 90,
    json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown only now."""

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.ui.keys import verbs
        from igfleet.ui.models import Role

        wanted = verbs.NewKey(
            name=name,
            role=Role(role.value),
            may_write=write,
            kinds=kind or (),
            tags=tag or (),
            clients=client or (),
            days=days or None,
        )
        async with ui.database.sessions.begin() as session:
            made = await verbs.make(session, await verbs.user_named(session, user), wanted, ACTOR)
            return {"id": made.key.id, "name": made.key.name, "token": made.token, "expires_at": made.key.expires_at}

    made = on_database(work)
    if json:
        as_json(made)
        return
    say(f"Key {made['id']} acts in the name of {user}.")
    print(made["token"])


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the keys that work."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.keys import verbs

        names = [name for name in _COLUMNS if name != "user"]
        async with ui.database.sessions() as session:
            keys = await verbs.listed(session)
            return [{name: getattr(key, name) for name in names} | {"user": key.user.name} for key in keys]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("revoke")
def revoke(key: Annotated[int, typer.Argument(min=1, help="The key's id.")]) -> None:
    """Revoke a key. It stops working within a second."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui.keys import verbs

        async with ui.database.sessions.begin() as session:
            return (await verbs.revoke(session, key, ACTOR)).name

    print(f"Key {key} ({on_database(work)}) is revoked.")
