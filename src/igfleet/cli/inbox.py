"""igfleet inbox: list, answer, approve, skip, close."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.breakers import breaker_row, breaker_row_afar
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.challenges.inbox import Question
    from igfleet.ui.context import UiContext
    from igfleet.ui.models import PostIncident

app = noun("What waits for a person: codes, approvals, posts in doubt, incidents.")
Id = Annotated[int, typer.Argument(min=1, help="The challenge's id.")]
_OWN = ("id", "kind", "destination", "state", "asked_at", "expires_at")
_OF_INCIDENT = ("account", "video", "opened_at", "happened", "todo", "known")
_COLUMNS = ("id", "account", "kind", "destination", "state", "asked_at", "expires_at", "todo")


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List what waits: challenges, the oldest deadline first, posts that need a person, incidents, and what rests."""

    async def work(ui: "UiContext") -> dict[str, list[dict[str, object]]]:
        from igfleet.ui.challenges.inbox import gather

        async with ui.database.sessions() as session:
            found = await gather(session)
        posts = [{"id": post.id, "account": post.account.username, "video": post.file.name} for post in found.posts]
        return {
            "challenges": [_row(one) for one in [*found.questions, *found.checked]],
            "posts": posts,
            "incidents": [_incident(one) for one in found.incidents],
            "breakers": [breaker_row(one, hold=ui.settings.breakers) for one in found.breakers],
        }

    found = from_afar(server, token, _found_afar) if server else on_database(work)
    if json:
        as_json(found)
        return
    table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in found["challenges"]))
    for post in found["posts"]:
        say(f"Post {post['id']} ({post['account']}: {post['video']}): look at the profile, then say on its page.")
    for one in found["incidents"]:
        text = f"{one['account']}: {one['video']} (post {one['post']}). {one['happened']} {one['todo']} {one['known']}"
        say(f"Incident {one['id']}, {one['kind']}: {text}".rstrip())
    for one in found["breakers"]:
        what = f"Breaker {one['id']}: {one['happened']} ({one['place']})."
        rests = f"{one['rests']} until {one['until']}." if one["rests"] else "Nothing is held back: BREAKERS is off."
        say(f"{what} {rests} {one['todo']}")


@app.command("answer")
def answer(
    challenge: Id,
    code: Annotated[str, typer.Argument(help="As it came; spaces and dashes do not matter.")],
    server: Server = "",
    token: Token = "",
) -> None:
    """Hand in a code. The run that asked for it enters it, or the next one does, without signing in again."""

    async def act(ui: "UiContext", session: "AsyncSession") -> None:
        from igfleet.ui.challenges import verbs

        await verbs.answer(session, ui.vault, challenge, code, ACTOR)

    _done(challenge, act, lambda ui: ui.post(f"challenges/{challenge}/answer", {"code": code}), server, token)
    say("The code is handed in.")


@app.command("approve")
def approve(challenge: Id, server: Server = "", token: Token = "") -> None:
    """Say that it is settled in the app; for a code: ask for a new one. One run checks whether that holds."""

    async def act(ui: "UiContext", session: "AsyncSession") -> None:
        from igfleet.ui.challenges import verbs

        await verbs.approve(session, ui.settings, challenge, ACTOR)

    _done(challenge, act, lambda ui: ui.post(f"challenges/{challenge}/approval"), server, token)
    say("One run now sees whether it holds.")


@app.command("skip")
def skip(challenge: Id, server: Server = "", token: Token = "") -> None:
    """Cancel the share of the account that met it. The account stays stopped."""

    async def act(_ui: "UiContext", session: "AsyncSession") -> None:
        from igfleet.ui.challenges import verbs

        await verbs.skip(session, challenge, ACTOR)

    _done(challenge, act, lambda ui: ui.post(f"challenges/{challenge}/omission"), server, token)
    say("The account's share is cancelled.")


@app.command("close")
def close(
    incident: Annotated[int, typer.Argument(min=1, help="The incident's id.")], server: Server = "", token: Token = ""
) -> None:
    """Say that you have looked at an incident of a published post."""

    async def act(_ui: "UiContext", session: "AsyncSession") -> None:
        from igfleet.ui.verification import incidents

        await incidents.close(session, incident, ACTOR)

    _done(0, act, lambda ui: ui.post(f"incidents/{incident}/closing"), server, token)
    say("The incident is closed.")


def _done(
    challenge: int,
    act: "Callable[[UiContext, AsyncSession], Awaitable[None]]",
    there: Callable[[Afar], None],
    server: str,
    token: str,
) -> None:
    """Here in one transaction, of which every ui hears; or on another ui. No challenge (0): it is about a post."""

    async def work(ui: "UiContext") -> None:
        from igfleet.ui.bus import Change, tell_after_commit

        further = (Change("work", 0), Change("task", 0)) if challenge else ()
        async with ui.database.sessions.begin() as session:
            await act(ui, session)
            await tell_after_commit(session, Change("challenge", challenge), *further)

    if server:
        from_afar(server, token, there)
    else:
        on_database(work)


def _row(question: "Question") -> dict[str, object]:
    one = question.challenge
    return {
        **{name: getattr(one, name) for name in _OWN},
        "account": one.account.username,
        "task": one.account_task.task_id if one.account_task else None,
        "takes_code": question.takes_code,
        "todo": question.asked.todo,
    }


def _incident(one: "PostIncident") -> dict[str, object]:
    from igfleet.ui.verification.incidents import in_words

    told = {**in_words(one), "opened_at": one.opened_at}
    return {"id": one.id, "kind": one.kind, "post": one.post_id, **{name: told[name] for name in _OF_INCIDENT}}


def _found_afar(ui: Afar) -> dict[str, list[dict[str, object]]]:
    """The same from another ui, all of it and not only the first hundred of each."""
    asked = [
        {**picked(row, (*_OWN, "account")), "task": row["task_id"], **picked(row, ("takes_code", "todo"))}
        for state in ("open", "answered")
        for row in sorted(ui.rows("challenges", state=state), key=_deadline)
    ]
    return {
        "challenges": asked,
        "posts": [picked(row, ("id", "account", "video")) for row in ui.rows("posts", state="needs_person")],
        "incidents": [_incident_afar(row) for row in ui.rows("incidents")],
        "breakers": [breaker_row_afar(row) for row in ui.rows("breakers")],
    }


def _incident_afar(row: Json) -> Json:
    return {**picked(row, ("id", "kind")), "post": row["post_id"], **picked(row, _OF_INCIDENT)}


def _deadline(row: Json) -> tuple[datetime, int]:
    """What has none comes last."""
    expires_at = row["expires_at"]
    return datetime.fromisoformat(expires_at) if expires_at else datetime.max.replace(tzinfo=UTC), row["id"]
