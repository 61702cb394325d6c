"""igfleet inbox: list, answer, approve, skip, close."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.breakers import breaker_row
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.challenges.inbox import Question
    from igfleet.ui.context import UiContext
    from igfleet.ui.models import Challenge, PostIncident

app = noun("What waits for a person: codes, approvals, posts in doubt, incidents.")
Id = Annotated[int, typer.Argument(min=1, help="The challenge's id.")]
_COLUMNS = ("id", "account", "kind", "destination", "state", "asked_at", "expires_at", "todo")


@app.command("list")
def list_(json: AsJson = False) -> None:
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

    found = on_database(work)
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
    challenge: Id, code: Annotated[str, typer.Argument(help="As it came; spaces and dashes do not matter.")]
) -> None:
    """Hand in a code. The run that asked for it enters it, or the next one does, without signing in again."""
    from igfleet.ui.challenges import verbs

    _done(
        challenge, lambda ui, session: verbs.answer(session, ui.vault, challenge, code, ACTOR), "The code is handed in."
    )


@app.command("approve")
def approve(challenge: Id) -> None:
    """Say that it is settled in the app; for a code: ask for a new one. One run checks whether that holds."""
    from igfleet.ui.challenges import verbs

    said = "One run now sees whether it holds."
    _done(challenge, lambda ui, session: verbs.approve(session, ui.settings, challenge, ACTOR), said)


@app.command("skip")
def skip(challenge: Id) -> None:
    """Cancel the share of the account that met it. The account stays stopped."""
    from igfleet.ui.challenges import verbs

    _done(challenge, lambda _, session: verbs.skip(session, challenge, ACTOR), "The account's share is cancelled.")


@app.command("close")
def close(incident: Annotated[int, typer.Argument(min=1, help="The incident's id.")]) -> None:
    """Say that you have looked at an incident of a published post."""

    async def work(ui: "UiContext") -> None:
        from igfleet.ui.bus import Change, tell_after_commit
        from igfleet.ui.verification import incidents

        async with ui.database.sessions.begin() as session:
            await incidents.close(session, incident, ACTOR)
            await tell_after_commit(session, Change("challenge", 0))

    on_database(work)
    say("The incident is closed.")


def _done(challenge: int, act: "Callable[[UiContext, AsyncSession], Awaitable[Challenge]]", said: str) -> None:
    async def work(ui: "UiContext") -> None:
        from igfleet.ui.bus import Change, tell_after_commit

        async with ui.database.sessions.begin() as session:
            await act(ui, session)
            await tell_after_commit(session, Change("challenge", challenge), Change("work", 0), Change("task", 0))

    on_database(work)
    say(said)


def _row(question: "Question") -> dict[str, object]:
    one = question.challenge
    names = ("id", "kind", "destination", "state", "asked_at", "expires_at")
    return {
        **{name: getattr(one, name) for name in names},
        "account": one.account.username,
        "task": one.account_task.task_id if one.account_task else None,
        "takes_code": question.takes_code,
        "todo": question.asked.todo,
    }


def _incident(one: "PostIncident") -> dict[str, object]:
    from igfleet.ui.verification.incidents import known, told

    words = told(one)
    return {
        "id": one.id,
        "kind": one.kind,
        "post": one.post_id,
        "account": one.post.account.username,
        "video": one.post.file.name,
        "opened_at": one.opened_at,
        "happened": words.happened,
        "todo": words.todo,
        "known": known(one),
    }
