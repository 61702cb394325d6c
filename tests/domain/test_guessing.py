"""Guesses by several processes at once, sealed values that were tampered with, and what a wrong name costs."""

import asyncio
import json
import sys
from itertools import permutations

import pytest
from sqlalchemy import text
from tests.domain.conftest import House

from igfleet.errors import SecretUnreadable
from igfleet.ui.models import Role, User
from igfleet.ui.security import attempts, passwords

pytestmark = pytest.mark.anyio
_PUT = "UPDATE sealed_secrets SET sealed = :sealed WHERE (owner, owner_id, field) = (:owner, :key, :field)"
_GUESSES = """
import asyncio, collections, json, multiprocessing, sys
from igfleet.errors import NotSignedIn, TooManyRequests
from igfleet.ui.db import Database
from igfleet.ui.security.passwords import verify

async def guesses(database, process):
    async def guess(number):
        try:
            await verify(database, "Anna", f"wrong {number}", f"10.0.{process}.{number}")
        except (NotSignedIn, TooManyRequests) as error:
            return type(error).__name__
    counted = collections.Counter(await asyncio.gather(*map(guess, range(50))))
    await database.close()
    return counted

def main(process, told):
    told.put(asyncio.run(guesses(Database(sys.argv[1], pool_size=8), process)))

forking = multiprocessing.get_context("fork")  # what they import is imported once
told = forking.Queue()
processes = [forking.Process(target=main, args=(number, told)) for number in range(4)]
for one in processes:
    one.start()
print(json.dumps([told.get(timeout=100) for _ in processes]))
"""


async def test_of_two_hundred_guesses_by_four_processes_exactly_ten_are_looked_at(house: House) -> None:
    """Each guess comes from an address of its own: the name alone is what they have in common."""
    async with house.database.sessions.begin() as session:
        session.add(User(name="anna", password_hash="x", role=Role.ADMIN))

    command = (sys.executable, "-c", _GUESSES, house.database.url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told = json.loads((await process.communicate())[0])

    assert len(told) == 4
    assert sum(one.get("NotSignedIn", 0) for one in told) == attempts.PASSWORDS == 10
    assert sum(one.get("TooManyRequests", 0) for one in told) == 190


async def test_no_two_sealed_fields_can_be_swapped_and_no_byte_flipped(house: House) -> None:
    fields = {"password": "canary-1", "totp_secret": "canary-2"}
    async with house.database.sessions.begin() as session:
        for owner, key in (("account", 1), ("account", 2), ("proxy", 1)):
            await house.vault.seal(session, owner, key, fields)
    async with house.database.sessions() as session:
        query = "SELECT owner, owner_id, field, sealed FROM sealed_secrets ORDER BY 1, 2, 3"
        rows = [row for row in (await session.execute(text(query))).all() if row.field in fields]
    assert len(rows) == 6

    for here, other in permutations(rows, 2):
        await _opens_not(house, here, other.sealed)
    for at in range(len(rows[0].sealed)):
        flipped = bytearray(rows[0].sealed)
        flipped[at] ^= 1
        await _opens_not(house, rows[0], bytes(flipped))
    opened = await _opened(house, rows[0])
    assert opened == fields[rows[0].field]


async def _opens_not(house: House, row: object, sealed: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        await _opened(house, row, sealed)


async def _opened(house: House, row: object, sealed: bytes | None = None) -> str:
    """What the vault says when this is stored in the row; the row stays as it was."""
    async with house.database.sessions() as session:
        if sealed is not None:
            await session.execute(
                text(
                    "UPDATE sealed_secrets SET sealed = :sealed WHERE (owner, owner_id, field) = (:owner, :key, :field)"
                ),
                {"sealed": sealed, "owner": row.owner, "key": row.owner_id, "field": row.field},
            )
        found = await house.vault.open(session, row.owner, row.owner_id, [row.field], actor="test", reason="test")
        await session.rollback()
    return found[row.field].get_secret_value()


async def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(house: House) -> None:
    """By the work that is asked for, not by a clock: the hash of nobody asks for what a fresh one does."""
    fresh, nobody = passwords._HASHER.hash("x"), passwords._DUMMY

    assert nobody.split("$")[:4] == fresh.split("$")[:4]
    assert [len(part) for part in nobody.split("$")] == [len(part) for part in fresh.split("$")]
    assert not await passwords._matches(nobody, "x")
