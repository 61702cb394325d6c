"""igfleet backup and restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.exits import Exit, plain_errors
from igfleet.cli.output import AsJson, as_json, say

if TYPE_CHECKING:
    from igfleet.backup.restoring import Restored
    from igfleet.settings import UiSettings

_File = Annotated[Path, typer.Argument(help="A file that `igfleet backup` wrote.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    out: Annotated[Path, typer.Option(help="The file to write; one that is there is replaced.")],
    json: AsJson = False,
) -> None:
    """Write database and media into one file, while everything goes on. The master key is not in it: keep it elsewhere.

    Exit 1 when the library names files whose bytes are gone.
    """
    from igfleet.backup.taking import take
    from igfleet.cli.database import migrated_url, ui_settings
    from igfleet.ui.storage import Storage

    with plain_errors():
        settings = ui_settings()
        with migrated_url(settings) as url:
            taken = take(url, Storage(settings.data_dir / "media", settings.media_max_bytes), out.absolute())
    keys = ", ".join(taken.manifest.master_keys)
    if json:
        facts = taken.manifest.model_dump(mode="json", exclude={"files"})
        as_json({**facts, "file": str(out), "bytes": taken.size_bytes, "media": taken.media})
    else:
        print(f"{out}: {taken.media} media, {taken.size_bytes / 1024**2:,.1f} MB, of {taken.manifest.taken_at:%F %T}")
        say(f"It needs the master key {keys}, which is not in it." if keys else "It holds no secrets yet.")
    if taken.manifest.absent:
        say(f"The bytes of {len(taken.manifest.absent)} media are gone or damaged: {taken.manifest.absent[0]}, …")
        raise typer.Exit(Exit.NOT_ALL_DONE)


def restore(
    file: _File,
    verify: Annotated[bool, typer.Option("--verify", help="Only try it out; nothing that is here is touched.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if the database is not empty: it is put aside under another name.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Bring database and media back, into an empty database. Stop every ui first.

    What was not published when the backup was taken is looked for on the account before it is published: it may have
    been published since.
    """
    from igfleet.cli.database import ui_settings

    with plain_errors():
        settings = ui_settings()
        if verify:
            _verify(settings, file, json=json)
            return
        done = _restore(settings, file, force=force)
    if json:
        facts = {name: getattr(done, name) for name in ("leases_ended", "unsent", "doubtful", "passed_over", "aside")}
        as_json({**done.manifest.model_dump(mode="json", exclude={"files"}), **facts})
    else:
        _tell(done)


def _restore(settings: "UiSettings", file: Path, *, force: bool) -> "Restored":
    from igfleet.backup import restoring
    from igfleet.cli.database import database_url, service_url

    with database_url(settings) as url:
        done = restoring.restore(settings, url, file, force=force, tell=say)
        service_url(settings, url)
        return done


def _tell(done: "Restored") -> None:
    print(f"Restored as of {done.manifest.taken_at:%F %T} UTC.")
    say(f"{done.unsent} posts are looked for on their accounts before they are published.")
    say(f"{done.doubtful} were under way or in doubt: they are settled by reading.")
    if done.passed_over:
        say(f"What was due since is passed over of: {', '.join(done.passed_over)}. See Schedule.")
    if done.aside is not None:
        say(f"The database that was here is called {done.aside} now. Drop it when you need it no more.")
    say("Everybody signs in again. Tokens, keys and people that were revoked after the backup are back: revoke them.")


def _verify(settings: "UiSettings", file: Path, *, json: bool) -> None:
    from igfleet.backup.checking import findings
    from igfleet.ui.system.checks import Grade

    found: list[dict[str, Any]] = []
    for one in findings(settings, file):
        found.append({"name": one.name, "grade": one.grade, "found": one.found, "mend": one.mend})
        if not json:
            mend = f"  Mend: {one.mend}" if one.mend else ""
            print(f"{one.grade.value:4}  {one.name}: {one.found}{mend}", flush=True)
    if json:
        as_json(found)
    if any(one["grade"] is Grade.BAD for one in found):
        raise typer.Exit(Exit.NOT_ALL_DONE)
