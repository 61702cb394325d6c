"""igfleet webhooks: list, add, edit, quiet, remove, test, deliveries, replay."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import plain_errors
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext
    from igfleet.ui.models import WebhookEvent

app = noun("Addresses that are told what happens.")
Id = Annotated[int, typer.Argument(min=1, help="The webhook's id.")]
Named = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
Events = Annotated[list[str], typer.Option("--event", help="What it is told, as post_failed; repeat for more.")]
_COLUMNS = ("id", "name", "host", "format", "events", "created_by", "created_at")
_TOLD = ("id", "webhook_id", "event", "subject_id", "state", "attempts", "status", "answer", "created_at")
_AS_FILE = "@"


class Format(StrEnum):
    """What is sent."""

    JSON = "json"
    TELEGRAM = "telegram"


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the webhooks. Of each address only the host is shown."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> list[Json]:
        from igfleet.ui.webhooks import verbs

        return [{name: getattr(row, name) for name in _COLUMNS} for row in await verbs.webhooks(session)]

    def there(ui: Afar) -> list[Json]:
        return [picked(row, _COLUMNS) for row in ui.get("webhooks")["items"]]

    _print(_COLUMNS, _done(verb, there, server, token), json)


@app.command("add")
def add(
    name: Named,
    address: Annotated[str, typer.Argument(help="Where to, as https://hooks.example/igfleet; @FILE: it stands there.")],
    event: Events,
    form: Annotated[Format, typer.Option("--format", help="What is sent.")] = Format.JSON,
    chat: Annotated[str, typer.Option(help="Telegram's chat id.")] = "",
    server: Server = "",
    token: Token = "",
) -> None:
    """Tell an address from now on, and print the secret that signs what is sent. It is shown only now."""
    with plain_errors():
        where = _address(address)

    async def verb(session: "AsyncSession", ui: "UiContext") -> Json:
        from igfleet.ui.models import WebhookFormat
        from igfleet.ui.webhooks import verbs

        new = verbs.NewWebhook(name, where, WebhookFormat(form.value), _events(event), chat)
        made = await verbs.make(session, ui.vault, ui.settings, new, ACTOR)
        return {"id": made.webhook.id, "secret": made.secret}

    def there(ui: Afar) -> Json:
        body = {"name": name, "address": where, "format": form.value, "events": event, "chat": chat}
        made: Json = ui.post("webhooks", body)
        return made

    made = _done(verb, there, server, token)
    say(f"Webhook {made['id']} is told. Its secret:")
    print(made["secret"])


@app.command("edit")
def edit(webhook: Id, name: Named, event: Events, server: Server = "", token: Token = "") -> None:
    """Call a webhook so, and tell it these events from now on. Address and secret stay."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> None:
        from igfleet.ui.webhooks import verbs

        await verbs.change(session, webhook, name, _events(event), ACTOR)

    _done(verb, lambda ui: ui.put(f"webhooks/{webhook}", {"name": name, "events": event}), server, token)
    print(f"Webhook {webhook} is changed.")


@app.command("quiet")
def quiet(
    webhook: Id,
    begin: Annotated[str, typer.Option("--from", help="As 22:00; without both times there are none any more.")] = "",
    end: Annotated[str, typer.Option("--until", help="As 07:00.")] = "",
    timezone: Annotated[str, typer.Option(help="By whose clock, as Europe/Berlin.")] = "UTC",
    urgent: Annotated[list[str] | None, typer.Option(help="An event told all the same; repeat for more.")] = None,
    server: Server = "",
    token: Token = "",
) -> None:
    """Set the hours in which a webhook is told only what is urgent; the rest is told when they end."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> None:
        from igfleet.ui.quiet_hours import QuietHours
        from igfleet.ui.webhooks import verbs

        wanted = QuietHours(begin, end, timezone)
        await verbs.set_quiet_hours(session, webhook, wanted, _events(urgent or []), ACTOR)

    body = {"quiet_from": begin, "quiet_until": end, "timezone": timezone, "urgent": urgent or []}
    _done(verb, lambda ui: ui.put(f"webhooks/{webhook}/quiet-hours", body), server, token)
    print(f"Webhook {webhook} is changed.")


@app.command("remove")
def remove(webhook: Id, server: Server = "", token: Token = "") -> None:
    """Tell nothing more there, and forget what was told."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> str:
        from igfleet.ui.webhooks import verbs

        return await verbs.remove(session, webhook, ACTOR)

    def there(ui: Afar) -> str:
        return str(ui.delete(f"webhooks/{webhook}")["name"])

    print(f"Webhook {webhook} ({_done(verb, there, server, token)}) is removed.")


@app.command("test")
def try_(webhook: Id, server: Server = "", token: Token = "") -> None:
    """Send something harmless; `deliveries` tells what came of it."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> int:
        from igfleet.ui.webhooks import verbs

        return (await verbs.test(session, webhook)).id

    def there(ui: Afar) -> int:
        return int(ui.post(f"webhooks/{webhook}/tests")["id"])

    print(f"Delivery {_done(verb, there, server, token)} is on its way.")


@app.command("deliveries")
def deliveries(
    webhook: Annotated[int | None, typer.Option(min=1, help="Only to this webhook.")] = None,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """List what was told, the newest 200."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> list[Json]:
        from igfleet.ui.webhooks import verbs

        return [{name: getattr(row, name) for name in _TOLD} for row in await verbs.deliveries(session, webhook)]

    def there(ui: Afar) -> list[Json]:
        return [picked(row, _TOLD) for row in ui.get("webhooks/deliveries", webhook_id=webhook, limit=200)["items"]]

    _print(_TOLD, _done(verb, there, server, token), json)


@app.command("replay")
def replay(
    delivery: Annotated[int, typer.Argument(min=1, help="The delivery's id.")], server: Server = "", token: Token = ""
) -> None:
    """Send the same once more, now, and try as often as the first time."""

    async def verb(session: "AsyncSession", _ui: "UiContext") -> None:
        from igfleet.ui.webhooks import verbs

        await verbs.replay(session, delivery, ACTOR)

    _done(verb, lambda ui: ui.post(f"webhooks/deliveries/{delivery}/replay"), server, token)
    print(f"Delivery {delivery} is sent again.")


def _done[T](
    verb: "Callable[[AsyncSession, UiContext], Awaitable[T]]", there: Callable[[Afar], T], server: str, token: str
) -> T:
    """Here in one transaction, or on another ui."""

    async def work(ui: "UiContext") -> T:
        async with ui.database.sessions.begin() as session:
            return await verb(session, ui)

    return from_afar(server, token, there) if server else on_database(work)


def _address(text: str) -> str:
    """It may hold a secret, which need not stand in the history of a shell. Raises `Invalid`."""
    if not text.startswith(_AS_FILE):
        return text
    try:
        return Path(text.removeprefix(_AS_FILE)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"Cannot read {text.removeprefix(_AS_FILE)}: {error}") from error


def _events(words: list[str]) -> "list[WebhookEvent]":
    """Raises `Invalid`."""
    from igfleet.ui.models import WebhookEvent
    from igfleet.ui.webhooks.events import EVENTS

    unknown = [word for word in words if word not in set(EVENTS)]
    if unknown:
        raise Invalid(f"{unknown[0]!r} is no event. There are: {', '.join(EVENTS)}.")
    return [WebhookEvent(word) for word in words]


def _print(columns: tuple[str, ...], rows: list[Json], json: bool) -> None:
    if json:
        as_json(rows)
    else:
        table(columns, ([row[column] for column in columns] for row in rows))
