"""igfleet tasks: create, plan, start, show, list, wait, cancel, pause, retry, resume; the rest elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.database import ACTOR, on_database, ui_settings
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.cli.task_results import add_to
from igfleet.plurals import counted

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext
    from igfleet.ui.planning.plan import PlanSummary

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

    async def work(ui: "UiContext") -> "PlanSummary":
        from igfleet.cli.ordering import draft_of, media_of
        from igfleet.ui.planning.draft import create
        from igfleet.ui.planning.plan import plan

        found = await media_of(ui, order.kind, order.media)
        async with ui.database.sessions.begin() as session:
            task = await create(session, ui.settings, await draft_of(session, order, found), ACTOR)
            return await plan(session, ui.settings, task.id)

    summary = on_database(work)
    if start_now:
        summary = _start(summary.task_id, summary.plan_hash)
    print_plan(summary, json)


@app.command("plan")
def plan_(task: Id, json: AsJson = False) -> None:
    """Plan a draft anew and show what will be published, what is left out, and why."""

    async def work(ui: "UiContext") -> "PlanSummary":
        from igfleet.ui.planning.plan import plan

        async with ui.database.sessions.begin() as session:
            return await plan(session, ui.settings, task)

    print_plan(on_database(work), json)


@app.command("start")
def start_(
    task: Id,
    plan_hash: Annotated[str | None, typer.Option(help="Start only this plan.")] = None,
    json: AsJson = False,
) -> None:
    """Start a planned task. Refused when the plan is no longer what would run."""
    print_plan(_start(task, plan_hash), json)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List tasks, the newest first."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import select

        from igfleet.runners import KINDS
        from igfleet.ui.models import Task

        columns = ("id", "name", "kind", "state", "mode", "created_by", "created_at", "started_at", "finished_at")
        async with ui.database.sessions() as session:
            rows = await session.scalars(select(Task).where(Task.kind.in_(KINDS)).order_by(Task.id.desc()))
            return [{column: getattr(task, column) for column in columns} for task in rows]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(("id", "name", "kind", "state", "mode", "created_at"), (_short(row) for row in rows))


@app.command("show")
def show(task: Id, json: AsJson = False) -> None:
    """Show a task with its counts, account tasks and posts."""
    from igfleet.cli import task_view

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.ui.planning.plan import find_task

        async with ui.database.sessions() as session:
            return await task_view.whole(session, await find_task(session, task))

    shown = on_database(work)
    if json:
        as_json(shown)
    else:
        task_view.print_whole(shown)


@app.command("wait")
def wait(
    task: Id,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 3600,
    json: AsJson = False,
) -> None:
    """Wait until a task is over. The exit code is 0 only when all of it was done."""
    from igfleet.cli.waiting import until_over

    async def work(ui: "UiContext") -> dict[str, object]:
        return await until_over(ui, task, timeout, say)

    found = on_database(work)
    if json:
        as_json(found)
    if not found["is_over"]:
        say(f"igfleet: task {task} is still {found['state']} after {timeout:g} s.")
        raise typer.Exit(Exit.TIMEOUT)
    if found["state"] != "completed":
        raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("cancel")
def cancel_(task: Id) -> None:
    """Cancel a task: what waits ends at once, what runs is asked to stop."""

    async def verb(session: "AsyncSession") -> str:
        from igfleet.ui.cancelling import cancel

        return (await cancel(session, task, ACTOR)).state

    print(f"Task {task} is {_changed(task, verb)}.")


@app.command("pause")
def pause_(task: Id, why: Annotated[str, typer.Option(help="For those who find it paused.")] = "") -> None:
    """Pause a task: nothing more of it is leased or sent; what has its permit is finished."""

    async def verb(session: "AsyncSession") -> None:
        from igfleet.ui.pausing import pause

        await pause(session, task, ACTOR, why)

    _changed(task, verb)
    print(f"Task {task} is paused. It goes on with: igfleet tasks resume {task}")


@app.command("retry")
def retry(task: Id) -> None:
    """Try what failed of a task again."""

    async def verb(session: "AsyncSession") -> int:
        from igfleet.ui.retrying import retry_failed

        return await retry_failed(session, task, ACTOR)

    print(f"{_changed(task, verb)} account task(s) of task {task} run again.")


@app.command("resume")
def resume_(task: Id) -> None:
    """Go on with a task that is paused; with one that is not, go on with what waited for a person."""

    async def verb(session: "AsyncSession") -> str:
        from igfleet.ui.pausing import end_pause
        from igfleet.ui.planning.plan import find_task
        from igfleet.ui.retrying import resume

        if (await find_task(session, task)).paused_at is not None:
            await end_pause(session, task, ACTOR)
            return f"Task {task} goes on."
        return f"{await resume(session, task, ACTOR)} account task(s) of task {task} go on."

    print(_changed(task, verb))


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


def _start(task: int, plan_hash: str | None) -> "PlanSummary":
    async def verb(session: "AsyncSession") -> "PlanSummary":
        from igfleet.ui.planning.plan import plan_summary
        from igfleet.ui.planning.start import start

        return await plan_summary(session, await start(session, ui_settings(), task, plan_hash=plan_hash, actor=ACTOR))

    return _changed(task, verb)


def print_plan(summary: "PlanSummary", json: bool) -> None:
    """A plan in a line, and what it leaves out."""
    if json:
        shown = summary.model_dump(mode="json")
        as_json({"id": shown.pop("task_id"), **shown})
        return
    on = f" on {counted(summary.accounts, 'account')}" if summary.noun == "post" else ""
    print(f"Task {summary.task_id} is {summary.state}: {counted(summary.count, summary.noun)}{on}.")
    for note in summary.notes:
        examples = ", ".join(note.subjects[:5]) + (", …" if note.count > 5 else "")
        say(f"{note.kind} ({note.count}): {note.sentence}. {note.todo} [{examples}]")


def _short(row: dict[str, object]) -> list[object]:
    return [row[column] for column in ("id", "name", "kind", "state", "mode", "created_at")]
