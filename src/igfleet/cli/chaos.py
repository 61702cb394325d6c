"""igfleet chaos: a campaign of faults in the sandbox, and its verdict."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.exits import Exit, plain_errors
from igfleet.cli.output import AsJson, as_json, say

if TYPE_CHECKING:
    from igfleet.chaos.campaign import Result

Count = typer.Option(min=0, max=100_000)


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("chaos")(chaos)


def chaos(
    posts: Annotated[int, typer.Option(min=1, max=50_000, help="Posts to publish.")] = 500,
    kills: Annotated[int, Count] = 50,
    freezes: Annotated[int, Count] = 5,
    ui_kills: Annotated[int, Count] = 2,
    db_crashes: Annotated[int, Count] = 1,
    partitions: Annotated[int, Count] = 2,
    faults: Annotated[int, typer.Option(min=0, help="Lost, late and odd answers of the simulated Instagram.")] = 25,
    by_hand: Annotated[int, typer.Option(min=0, help="Reels that a person posts meanwhile.")] = 10,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything that is drawn; printed when not given.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=50, help="So many that some work while others are frozen, killed or cut off.")
    ] = 5,
    slots: Annotated[int, typer.Option(min=1, max=50, help="Runs at once of each worker.")] = 6,
    client: Annotated[str, typer.Option(help="lean (fast) or instagrapi (the real library).")] = "lean",
    without: Annotated[str, typer.Option(help="Take a safeguard away: nothing, gate or protocol.")] = "nothing",
    linger: Annotated[float, typer.Option(min=0, max=1, help="Seconds each commit waits before its first byte.")] = 0,
    timeout: Annotated[float, typer.Option(min=10, help="Seconds until the campaign is judged in any case.")] = 900,
    folder: Annotated[Path | None, typer.Option(help="Keep its data and logs here; else they are thrown away.")] = None,
    json: AsJson = False,
) -> None:
    """Publish in the sandbox while processes die, freeze and lose each other; count what was lost or doubled.

    Exit code 1 when anything was lost, duplicated, unexpected or left unresolved.
    """
    with plain_errors():
        import secrets

        from igfleet import log
        from igfleet.chaos.order import Order
        from igfleet.chaos.worker import Client, Without
        from igfleet.errors import Invalid

        if client not in set(Client) or without not in set(Without):
            raise Invalid(f"--client is one of {', '.join(Client)}; --without is one of {', '.join(Without)}.")
        log.set_up("text", "warning")
        order = Order(
            posts=posts, seed=secrets.randbelow(10**6) if seed is None else seed, kills=kills, freezes=freezes,
            ui_kills=ui_kills, db_crashes=db_crashes, partitions=partitions, faults=faults, by_hand=by_hand,
            workers=workers, slots=slots, client=Client(client), without=Without(without), timeout_s=timeout,
            linger_s=linger,
        )  # fmt: skip
        result = _run(order, folder)
    if json:
        as_json(result.facts())
    else:
        _print(result)
    if not result.verdict.is_good:
        raise typer.Exit(Exit.NOT_ALL_DONE)


def _run(order: "object", folder: Path | None) -> "Result":
    import asyncio
    import tempfile

    from igfleet.chaos.campaign import run
    from igfleet.chaos.order import Order

    assert isinstance(order, Order)
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return asyncio.run(run(order, folder.absolute(), say))
    with tempfile.TemporaryDirectory(prefix="igfleet-chaos-") as made:
        return asyncio.run(run(order, Path(made), say))


def _print(result: "Result") -> None:
    found = result.verdict
    print(f"seed        {result.order.seed}")
    print(f"posts       {found.posts}, {found.published} published in {result.seconds:.0f} s")
    for name, count in result.events.items():
        print(f"            {count} x {name}")
    for name in ("lost", "duplicated", "unexpected", "recovered", "unresolved", "needs_person", "false_quarantines"):
        print(f"{name.replace('_', ' '):11s} {getattr(found, name)}")
    print(f"doubts      {found.unknowns}, {found.settled_by_reading} settled by reading: {_times(found.doubts)}")
    print(f"taken up    {_times(found.taken_up_again)}")
    for name, times in found.recovery.items():
        print(f"{name}: before the permit {_times(times.before_permit)}; after it {_times(times.after_permit)}")
        if times.before_permit_beset.count:
            print(f"            before the permit, with another fault meanwhile {_times(times.before_permit_beset)}")
    print(f"moves       {len(found.moves)} of posts exercised, not: {', '.join(found.unexercised) or 'none'}")
    for example in found.examples:
        print(f"            {example}")


def _times(times: object) -> str:
    return f"p50 {times.p50} s, p95 {times.p95} s, longest {times.longest} s ({times.count})"  # type: ignore[attr-defined]  # Times, imported late
