"""The audit cannot be changed from within, and a change behind its back shows."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from tests.domain.conftest import House

from igfleet.ui.audit import chain
from igfleet.ui.audit.trail import Wanted, filtered
from igfleet.ui.models import AuditEntry

pytestmark = pytest.mark.anyio
_BEHIND = "SET LOCAL session_replication_role = replica"


async def write(house: House, *actions: str) -> None:
    async with house.database.sessions.begin() as session:
        for action in actions:
            session.add(AuditEntry(actor="user:anna", action=action, subject="account:1", facts={"ä": "\u2028 “x”"}))


async def look(house: House, noted: chain.Head | None = None) -> chain.Verdict:
    async with house.database.sessions() as session:
        return await chain.verify(session, noted)


@pytest.mark.parametrize("table", ["audit", "audit_seals"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_database_refuses_to_change_it(house: House, table: str, verb: str) -> None:
    await write(house, "one")
    column = "action" if table == "audit" else "hash"
    async with house.database.sessions() as session:
        with pytest.raises(ProgrammingError, match="append-only"):
            await session.execute(text(verb.format(table, column, column)))


async def test_entries_of_many_transactions_at_once_make_one_chain(house: House) -> None:
    await asyncio.gather(*(write(house, f"a{number}", f"b{number}") for number in range(12)))

    verdict = await look(house)

    assert (verdict.entries, verdict.wrong) == (24, [])


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("UPDATE audit SET actor = 'user:otto' WHERE id = 2", "entry 2 is not what it was"),
        ("UPDATE audit SET facts = '{}' WHERE id = 2", "entry 2 is not what it was"),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 2", "entry 2 is not what it was"),
        ("DELETE FROM audit WHERE id = 2", "entry 2 is gone"),
        ("DELETE FROM audit WHERE id = 2; DELETE FROM audit_seals WHERE audit_id = 2", "between the places 1 and 3"),
        ("INSERT INTO audit (actor, action, subject) VALUES ('a', 'b', 'c')", "entry 5 has no link"),
    ],
)
async def test_what_is_done_behind_its_back_shows(house: House, deed: str, told: str) -> None:
    await write(house, "one", "two", "three", "four")
    async with house.database.sessions.begin() as session:
        for statement in (_BEHIND, *deed.split("; ")):
            await session.execute(text(statement))

    verdict = await look(house)

    assert told in verdict.wrong[0]


async def test_a_head_that_was_noted_tells_of_a_chain_that_was_cut(house: House) -> None:
    await write(house, "one", "two", "three")
    noted = chain.read_head(str((await look(house)).head))
    async with house.database.sessions.begin() as session:
        for statement in (_BEHIND, "DELETE FROM audit WHERE id = 3", "DELETE FROM audit_seals WHERE audit_id = 3"):
            await session.execute(text(statement))

    assert (await look(house)).is_sound, "nothing within tells of it"
    assert "not part of the chain any more" in (await look(house, noted)).wrong[0]


async def test_entries_are_found_by_who_what_and_on_what(house: House) -> None:
    await write(house, "one", "two")
    async with house.database.sessions() as session:
        found = {
            name: len((await session.scalars(filtered(wanted))).all())
            for name, wanted in {
                "anna": Wanted(actor="anna"), "otto": Wanted(actor="otto"), "one": Wanted(action="one"),
                "account": Wanted(subject="account"), "account 1": Wanted(subject="account:1"),
                "account 10": Wanted(subject="account:10"),
            }.items()
        }  # fmt: skip

    assert found == {"anna": 2, "otto": 0, "one": 1, "account": 2, "account 1": 2, "account 10": 0}
