"""igfleet tasks: create, plan, start, show, list, wait, cancel, pause, go-on, retry, resume; the rest elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from igfleet.cli.afar import Server, Token, from_afar
from igfleet.cli.beginning import Beginning
from igfleet.cli.database import ACTOR, on_database, ui_settings
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.cli.task_results import add_to
from igfleet.plurals import counted

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.cli.ordering import Order
    from igfleet.ui.context import UiContext

type Json = dict[str, Any]
_USUAL = Beginning()
app = noun("Tasks: orders that workers carry out.")
add_to(app)
Id = Annotated[int, typer.Argument(min=1, help="The task's id.")]


@app.command("create")
def create(
    more_media: Annotated[list[str] | None, typer.Argument(metavar="[MEDIA]...", help="More media.")] = None,
    kind: Annotated[str, typer.Option(help="Kind of task.")] = "bulk_upload",
    name: Annotated[str | None, typer.Option(help="Name of the task.")] = None,
    accounts: Annotated[str, typer.Option(help="User names or ids, with commas between, in order.")] = "",
    tag: Annotated[str | None, typer.Option(help="All accounts with this tag.")] = None,
    media: Annotated[
        list[str] | None, typer.Option(help="Id, name or path of a file, or a folder of files; repeat for more.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(help="Captions: .csv, one per line, a template, or one for all.")
    ] = None,
    caption: Annotated[str | None, typer.Option(help="One caption for all, instead of a file.")] = None,
    captions_form: Annotated[str | None, typer.Option(help="one, lines, csv or template; else it is guessed.")] = None,
    options: Annotated[str, typer.Option(help="The kind's options as JSON, or @FILE.")] = "{}",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="One option, as the form takes it, or NAME=@FILE; repeat."),
    ] = None,
    start_at: Annotated[str | None, typer.Option(help="Not before this time, as in 2027-05-31T18:30.")] = None,
    timezone: Annotated[str, typer.Option(help="Of times that name no offset.")] = "UTC",
    seed: Annotated[
        int | None, typer.Option(help="Seed of all that is drawn; the same seed gives the same plan.")
    ] = None,
    start_now: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Make a task and plan it. Files that are not in the library yet are added to it."""
    from igfleet.cli.exits import plain_errors
    from igfleet.cli.ordering import Order
    from igfleet.errors import Invalid

    with plain_errors():
        if captions_form not in (None, "one", "lines", "csv", "template"):
            raise Invalid("--captions-form is one of one, lines, csv, template.")
        names = tuple(part for part in accounts.split(",") if part.strip())
        references = (*(media or ()), *(more_media or ()))
    order = Order(
        kind,
        name,
        names,
        tag,
        references,
        captions,
        caption,
        captions_form,
        options,
        start_at,
        timezone,
        seed,
        tuple(set_ or ()),
    )

    summary = _created(order, server, token)
    if start_now:
        summary = _start(summary["task_id"], summary["plan_hash"], server, token)
    print_plan(summary, json)


@app.command("plan")
def plan_(task: Id, json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """Plan a draft anew and show what will be published, what is left out, and why."""
    from igfleet.cli import tasks_afar

    async def work(ui: "UiContext") -> Json:
        from igfleet.ui.planning.plan import plan

        async with ui.database.sessions.begin() as session:
            return (await plan(session, ui.settings, task)).model_dump(mode="json")

    summary = from_afar(server, token, lambda ui: tasks_afar.planned(ui, task)) if server else on_database(work)
    print_plan(summary, json)


@app.command("start")
def start_(
    task: Id,
    plan_hash: Annotated[str | None, typer.Option(help="Start only this plan.")] = None,
    first: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Run so many account tasks; the others wait for `go-on`.")
    ] = None,
    goes_on: Annotated[
        bool, typer.Option(help="The others follow by themselves when all of the first were done.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Everything but what is written on Instagram.")] = False,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Start a planned task. Refused when the plan is no longer what would run."""
    print_plan(_start(task, plan_hash, server, token, Beginning(first, goes_on, dry_run)), json)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List tasks, the newest first."""
    from igfleet.cli import tasks_afar

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import select

        from igfleet.runners import KINDS
        from igfleet.ui.models import Task

        async with ui.database.sessions() as session:
            rows = await session.scalars(select(Task).where(Task.kind.in_(KINDS)).order_by(Task.id.desc()))
            return [{name: getattr(task, name) for name in tasks_afar.LIST_NAMES} for task in rows]

    rows = from_afar(server, token, tasks_afar.listed) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(("id", "name", "kind", "state", "mode", "created_at"), (_short(row) for row in rows))


@app.command("show")
def show(task: Id, json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """Show a task with its counts, account tasks and posts."""
    from igfleet.cli import task_view, tasks_afar

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.ui.planning.plan import find_task

        async with ui.database.sessions() as session:
            return await task_view.whole(session, await find_task(session, task))

    shown = from_afar(server, token, lambda ui: tasks_afar.whole(ui, task)) if server else on_database(work)
    if json:
        as_json(shown)
    else:
        task_view.print_whole(shown)


@app.command("wait")
def wait(
    task: Id,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 3600,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Wait until a task is over. The exit code is 0 only when all of it was done."""
    from igfleet.cli import tasks_afar
    from igfleet.cli.waiting import look, until_over

    async def work(ui: "UiContext") -> Json:
        return await until_over(lambda: look(ui, task), timeout, say)

    if server:
        found = from_afar(server, token, lambda ui: tasks_afar.waited_for(ui, task, timeout, say))
    else:
        found = on_database(work)
    if json:
        as_json(found)
    if not found["is_over"]:
        say(f"igfleet: task {task} is still {found['state']} after {timeout:g} s.")
        raise typer.Exit(Exit.TIMEOUT)
    if found["state"] != "completed":
        raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("cancel")
def cancel_(task: Id, server: Server = "", token: Token = "") -> None:
    """Cancel a task: what waits ends at once, what runs is asked to stop."""

    async def verb(session: "AsyncSession") -> str:
        from igfleet.ui.cancelling import cancel

        return (await cancel(session, task, ACTOR)).state

    if server:
        state = from_afar(server, token, lambda ui: ui.post(f"tasks/{task}/cancellation"))["state"]
    else:
        state = _changed(task, verb)
    print(f"Task {task} is {state}.")


@app.command("pause")
def pause_(
    task: Id,
    why: Annotated[str, typer.Option(help="For those who find it paused.")] = "",
    server: Server = "",
    token: Token = "",
) -> None:
    """Pause a task: nothing more of it is leased or sent; what has its permit is finished."""

    async def verb(session: "AsyncSession") -> None:
        from igfleet.ui.pausing import pause

        await pause(session, task, ACTOR, why)

    if server:
        from_afar(server, token, lambda ui: ui.post(f"tasks/{task}/pause", {"why": why}))
    else:
        _changed(task, verb)
    print(f"Task {task} is paused. It goes on with: igfleet tasks resume {task}")


@app.command("go-on")
def go_on_(task: Id, server: Server = "", token: Token = "") -> None:
    """Let go what `start --first` held behind the first account tasks."""

    async def verb(session: "AsyncSession") -> int:
        from igfleet.ui.planning.canary import go_on

        return await go_on(session, task, ACTOR)

    if server:
        count = from_afar(server, token, lambda ui: ui.post(f"tasks/{task}/canary/end", {}))["account_tasks"]
    else:
        count = _changed(task, verb)
    print(f"{count} account task(s) of task {task} go on.")


@app.command("retry")
def retry(
    task: Id,
    reason: Annotated[str, typer.Option(help="Only what failed with this reason code, as `tasks show` names it.")] = "",
    server: Server = "",
    token: Token = "",
) -> None:
    """Try what failed of a task again: all of it, or what failed for one reason."""

    async def verb(session: "AsyncSession") -> int:
        from igfleet.ui.retrying import retry_failed

        return await retry_failed(session, task, ACTOR, reason)

    if server:
        path = f"tasks/{task}/retry" + (f"?{urlencode({'reason_code': reason})}" if reason else "")
        count = from_afar(server, token, lambda ui: ui.post(path))["account_tasks"]
    else:
        count = _changed(task, verb)
    print(f"{count} account task(s) of task {task} run again.")


@app.command("resume")
def resume_(task: Id, server: Server = "", token: Token = "") -> None:
    """Go on with a task that is paused; with one that is not, go on with what waited for a person."""
    from igfleet.cli import tasks_afar

    async def verb(session: "AsyncSession") -> str:
        from igfleet.ui.pausing import end_pause
        from igfleet.ui.planning.plan import find_task
        from igfleet.ui.retrying import resume

        if (await find_task(session, task)).paused_at is not None:
            await end_pause(session, task, ACTOR)
            return f"Task {task} goes on."
        return f"{await resume(session, task, ACTOR)} account task(s) of task {task} go on."

    print(from_afar(server, token, lambda ui: tasks_afar.resumed(ui, task)) if server else _changed(task, verb))


def _changed[T](task: int, verb: "Callable[[AsyncSession], Awaitable[T]]") -> T:
    """Do something to a task in one transaction, and tell every ui and worker of it."""

    async def work(ui: "UiContext") -> T:
        from igfleet.ui.bus import Change, tell_after_commit

        async with ui.database.sessions.begin() as session:
            done = await verb(session)
            await tell_after_commit(session, Change("task", task), Change("work", 0))
        await ui.nudges.nudge(ui.database, task)
        return done

    return on_database(work)


def _created(order: "Order", server: str, token: str) -> Json:
    from igfleet.cli import tasks_afar

    async def work(ui: "UiContext") -> Json:
        from igfleet.cli.ordering import draft_of, media_of
        from igfleet.ui.planning.draft import create
        from igfleet.ui.planning.plan import plan

        found = await media_of(ui, order.kind, order.media)
        async with ui.database.sessions.begin() as session:
            task = await create(session, ui.settings, await draft_of(session, order, found), ACTOR)
            return (await plan(session, ui.settings, task.id)).model_dump(mode="json")

    return from_afar(server, token, lambda ui: tasks_afar.created(ui, order)) if server else on_database(work)


def _start(task: int, plan_hash: str | None, server: str, token: str, how: Beginning = _USUAL) -> Json:
    from igfleet.cli import tasks_afar

    async def verb(session: "AsyncSession") -> Json:
        from igfleet.ui.planning.canary import Canary
        from igfleet.ui.planning.plan import plan_summary
        from igfleet.ui.planning.start import start

        canary = Canary(how.first, how.goes_on) if how.first else None
        seen, dry = plan_hash, how.dry_run
        started = await start(session, ui_settings(), task, plan_hash=seen, actor=ACTOR, canary=canary, dry_run=dry)
        return (await plan_summary(session, started)).model_dump(mode="json")

    if server:
        return from_afar(server, token, lambda ui: tasks_afar.started(ui, task, plan_hash, how))
    return _changed(task, verb)


def print_plan(summary: Json, json: bool) -> None:
    """A plan in a line, and what it leaves out."""
    if json:
        as_json({"id": summary["task_id"], **{name: summary[name] for name in summary if name != "task_id"}})
        return
    on = f" on {counted(summary['accounts'], 'account')}" if summary["noun"] == "post" else ""
    print(f"Task {summary['task_id']} is {summary['state']}: {counted(summary['count'], summary['noun'])}{on}.")
    for note in summary["notes"]:
        examples = ", ".join(note["subjects"][:5]) + (", …" if note["count"] > 5 else "")
        say(f"{note['kind']} ({note['count']}): {note['sentence']}. {note['todo']} [{examples}]")


def _short(row: dict[str, object]) -> list[object]:
    return [row[column] for column in ("id", "name", "kind", "state", "mode", "created_at")]
