"""igfleet doctor: is everything there that a run needs?"""

import typer

from igfleet.cli.exits import Exit
from igfleet.cli.output import AsJson, as_json


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor(json: AsJson = False) -> None:
    """Check configuration, database, migrations, clock, key, ffmpeg, browser and disk; say what mends each."""
    from igfleet.cli.checks import findings
    from igfleet.ui.system.checks import Grade

    found = []
    for one in findings():
        found.append(one)
        if not json:
            mend = f"  Mend: {one.mend}" if one.mend else ""
            stop = "" if one.found.endswith("?") else "."
            print(f"{one.grade.value:4}  {one.name}: {one.found}{stop}{mend}", flush=True)
    if json:
        as_json([{"name": one.name, "grade": one.grade, "found": one.found, "mend": one.mend} for one in found])
    if any(one.grade is Grade.BAD for one in found):
        raise typer.Exit(Exit.NOT_ALL_DONE)
