"""A second house, restored from a backup of the first, on the same sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e import commands
from tests.faults.ground import Ground


@dataclass
class Elsewhere:
    ground: Ground
    told: str
    """What the restore said."""


@contextmanager
def restored(ground: Ground, archive: Path, database_url: str) -> Iterator[Elsewhere]:
    """Another data folder and database; the key comes from where its owner keeps it. Its ui runs within the block."""
    key = (ground.fleet.folder / "data" / "keys" / "master.key").read_text()
    folder = ground.fleet.folder / "elsewhere"
    folder.mkdir()
    own = {"DATABASE_URL": database_url, "IGFLEET_DATA_DIR": str(folder / "data"), "MASTER_KEY": key}
    fleet = replace(
        ground.fleet, folder=folder, database_url=database_url, settings={**ground.fleet.settings, **own}, processes={}
    )
    ended, told, wrong = commands.run(("restore", str(archive)), fleet.environment(), folder)
    assert ended == 0, wrong
    fleet.start("ui", "serve", "--role", "ui", "--port", "0", "--parent", str(commands.parent()))
    try:
        fleet.until(lambda: "igfleet is at " in fleet.log("ui"))
        fleet.ui = fleet.log("ui").split("igfleet is at ", 1)[1].split()[0]
        yield Elsewhere(replace(ground, fleet=fleet), told + wrong)
    finally:
        fleet.processes["ui"].terminate()
        fleet.processes["ui"].wait(20)
