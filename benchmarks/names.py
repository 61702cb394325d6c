"""Whether the time of a refused sign-in tells who exists: a known name against an unknown one, in turns."""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from igfleet.embedded import EmbeddedPostgres
from igfleet.errors import NotSignedIn
from igfleet.ui import migrating
from igfleet.ui.db import Database
from igfleet.ui.models import Role
from igfleet.ui.people import add_user
from igfleet.ui.security.passwords import verify

_KNOWN, _UNKNOWN = "anna", "nobody"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./igfleet bench names", description=__doc__)
    parser.add_argument("--tries", type=int, default=2000, help="of each name")
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory(prefix="igfleet-bench-") as name, EmbeddedPostgres(Path(name)).running() as server:
        url = server.dsn()
        migrating.upgrade(url)
        found = asyncio.run(_measured(url, tries))
    known, unknown = (statistics.median(found[name]) for name in (_KNOWN, _UNKNOWN))
    print(f"a known name {known:.2f} ms, an unknown one {unknown:.2f} ms, medians of {tries:,} each")
    print(f"they differ by {abs(known - unknown) / known:.2%}")


async def _measured(url: str, tries: int) -> dict[str, list[float]]:
    """Milliseconds by name."""
    database = Database(url)
    async with database.sessions.begin() as session:
        await add_user(session, _KNOWN, "correct horse battery", Role.ADMIN, "bench")
    found: dict[str, list[float]] = {_KNOWN: [], _UNKNOWN: []}
    for number in range(tries):
        for name in random.sample((_KNOWN, _UNKNOWN), 2):
            began = time.perf_counter()
            try:
                await verify(database, name, f"wrong {number}", "127.0.0.1")
            except NotSignedIn:
                found[name].append((time.perf_counter() - began) * 1000)
            async with database.sessions.begin() as session:
                await session.execute(text("DELETE FROM sign_in_failures"))
    await database.close()
    return found


if __name__ == "__main__":
    main()
