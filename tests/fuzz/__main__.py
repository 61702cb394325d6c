"""`./igfleet fuzz`: requests that schemathesis makes up, as every kind of caller. Ends with 1 when any fails."""

import argparse
import asyncio
import math
import tempfile
from pathlib import Path

from igfleet import log
from igfleet.embedded import EmbeddedPostgres
from igfleet.ui import migrating, restricted
from tests.fuzz.campaign import BROWSER, Found, attack, attack_pages, callers, set_stage
from tests.serving import served

_CALLS = 100
"""Of the part of the APIs that one caller calls, about."""


def main() -> None:
    given = _arguments()
    log.set_up("json", "error")
    with tempfile.TemporaryDirectory(prefix="igfleet-fuzz-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "pg", durable=False).running() as server:
            url = server.dsn("fuzz")
            migrating.upgrade(url)
            restricted.restrict(url)
            found = asyncio.run(_campaign(url, folder, given.cases, given.seed, given.only))
    cases, failures = sum(one.cases for one in found), sum(one.failures for one in found)
    print(f"{cases:,} cases by {len(found)} callers, {failures} failures (seed {given.seed})")
    raise SystemExit(bool(failures) or cases < given.cases)


async def _campaign(url: str, folder: Path, cases: int, seed: int, only: str) -> list[Found]:
    found = []
    async with served(url, folder / "ui", REQUIRE_PROXY="false") as ui:
        stage = await set_stage(ui)
        chosen = [one for one in await callers(ui, stage) if only in one.name]
        examples = max(1, math.ceil(cases / (len(chosen) + (only in BROWSER)) / _CALLS))
        for caller in chosen:
            one = await attack(ui, stage, caller, folder, examples=examples, seed=seed)
            print(one.told if one.failures else "", f"{one.caller}: {one.cases} cases, {one.failures} failures")
            found.append(one)
        if only in BROWSER:
            one = await attack_pages(ui, stage, folder, paths="", examples=examples, seed=seed)
            print(one.told if one.failures else "", f"{one.caller}: {one.cases} cases, {one.failures} failures")
            found.append(one)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./igfleet fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=5000, help="at least so many requests in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="callers with this in their name")
    return parser.parse_args()


if __name__ == "__main__":
    main()
