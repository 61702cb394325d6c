"""igfleet reports: posts."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar
from igfleet.cli.database import on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("What came of the posts of a period.")
_COLUMNS = (
    "name",
    "accounts",
    "planned",
    "published",
    "verified",
    "wrong",
    "failed",
    "in_doubt",
    "to_come",
    "cancelled",
)


@app.command("posts")
def posts(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    by: Annotated[str, typer.Option(help="client or tag.")] = "client",
    zone: Annotated[str, typer.Option(help="Whose days, as Europe/Berlin.")] = "UTC",
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Count them by client or tag: this month up to today, unless told otherwise. The last line is the total."""

    async def work(ui: "UiContext") -> dict[str, Any]:
        from igfleet.contracts.tasks import Mode
        from igfleet.ui.reports.posts import asked, report

        period, group = asked(first.date() if first else None, last.date() if last else None, zone, by)
        async with ui.database.sessions() as session:
            found = await report(session, period, group, Mode(ui.settings.mode))
        told = {"first": period.first, "last": period.last, "zone": zone, "by": group.value}
        return {**told, "rows": [asdict(row) for row in found.rows], "total": asdict(found.total)}

    def there(ui: Afar) -> Json:
        days = {"from": first and first.date().isoformat(), "to": last and last.date().isoformat()}
        told: Json = ui.get("reports/posts", by=by, zone=zone, **days)
        return told

    found = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(found)
    else:
        rows = [*found["rows"], {**found["total"], "name": "total"}]
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))
