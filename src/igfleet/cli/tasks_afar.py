"""Tasks of another ui, as the commands here print them."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

from igfleet.cli.afar import Afar, Json, picked
from igfleet.cli.beginning import Beginning
from igfleet.cli.ordering import Order, caption_of, options_of, paths_of, start_of
from igfleet.cli.task_view import POST_NAMES, ROW_NAMES, TASK_NAMES
from igfleet.cli.waiting import seen_of, until_over

LIST_NAMES = ("id", "name", "kind", "state", "mode", "created_by", "created_at", "started_at", "finished_at")


def created(ui: Afar, order: Order) -> Json:
    """Make and plan it. Files of this machine are uploaded first."""
    media = _media(ui, order)
    form, text = caption_of(order, len(media))
    start_at = start_of(order)
    body: Json = {
        "kind": order.kind,
        "name": order.name or f"{order.kind} from the command line",
        "options": options_of(order),
        "accounts": [name.strip() for name in order.accounts],
        "tag": order.tag,
        "media": [{"media_id": one} for one in media],
        "captions": {"form": form, "text": text, "timezone": order.timezone},
        "start_at": start_at.isoformat() if start_at else None,
        "seed": order.seed,
    }
    made: Json = ui.post("tasks", body)
    return made


def started(ui: Afar, task: int, plan_hash: str | None, how: Beginning) -> Json:
    made: Json = ui.post(f"tasks/{task}/start", {"plan_hash": plan_hash, **asdict(how)})
    return made


def planned(ui: Afar, task: int) -> Json:
    made: Json = ui.post(f"tasks/{task}/plan")
    return made


def listed(ui: Afar) -> list[Json]:
    """The newest first."""
    return [picked(row, LIST_NAMES) for row in ui.rows("tasks")]


def whole(ui: Afar, task: int) -> Json:
    """A task with its counts, account tasks, posts and the plan's notes."""
    found = ui.get(f"tasks/{task}")
    rows = [picked(row, (*ROW_NAMES, "account")) for row in ui.rows(f"tasks/{task}/rows")]
    posts = [picked(post, (*POST_NAMES, "account", "video")) for post in ui.rows("posts", task_id=task)]
    told = {"counts": found["counts"], "notes": found["notes"], "account_tasks": rows, "posts": posts}
    return {**picked(found, TASK_NAMES), **told}


def waited_for(ui: Afar, task: int, timeout_s: float, progress: Callable[[str], None]) -> Json:
    """Look at it until it is over or the time is up."""

    async def look() -> Json:
        return looked_at(ui, task)

    return asyncio.run(until_over(look, timeout_s, progress))


def looked_at(ui: Afar, task: int) -> Json:
    """Where it stands. Raises `Conflict` for a draft."""
    found = ui.get(f"tasks/{task}")
    return seen_of(task, found["state"], found["counts"])


def resumed(ui: Afar, task: int) -> str:
    """Go on with a paused task, else with what waits for a person; what was done, in words."""
    if ui.get(f"tasks/{task}")["paused_at"] is not None:
        ui.post(f"tasks/{task}/pause/end")
        return f"Task {task} goes on."
    count = ui.post(f"tasks/{task}/resumption", {})["account_tasks"]
    return f"{count} account task(s) of task {task} go on."


def _media(ui: Afar, order: Order) -> list[int]:
    found = []
    for reference in order.media:
        paths = paths_of(order.kind, reference)
        if paths:
            found += [ui.upload(path) for path in paths]
        else:
            found.append(int(ui.get("media", reference=reference)["items"][0]["id"]))
    return found
