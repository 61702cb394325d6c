"""The master keys: rotation while everything goes on, and what a wrong or missing key does."""

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.domain.conftest import House

from igfleet.errors import Conflict, SetupError
from igfleet.settings import UiSettings, load
from igfleet.ui.answers import Answer, Answers, Turn, rewrap
from igfleet.ui.sealing import ciphers, rotation
from igfleet.ui.sealing.ring import MasterKey, Ring
from igfleet.ui.sealing.rotation import Rotation
from igfleet.ui.vault import Vault

pytestmark = pytest.mark.anyio


class Died(BaseException):
    """As if the process were killed between two steps."""


def ring_of(folder: Path, **given: str) -> Ring:
    return Ring.from_settings(load(UiSettings, IGFLEET_DATA_DIR=str(folder), **given))


async def sealed(house: House, vault: Vault, count: int) -> None:
    async with house.database.sessions.begin() as session:
        await vault.seal_all(session, "account", {number: {"password": f"secret {number}"} for number in range(count)})


async def readable(house: House, vault: Vault, count: int) -> int:
    async with house.database.sessions() as session:
        opened = await vault.open_all(session, "account", dict.fromkeys(range(count), "t"), ["password"], actor="test")
        return sum(opened[number]["password"].secret.get_secret_value() == f"secret {number}" for number in opened)


async def test_a_rotation_that_died_goes_on_and_nothing_is_unreadable_meanwhile(house: House, tmp_path: Path) -> None:
    count, running = 1200, Vault(ring_of(tmp_path))
    await sealed(house, running, count)
    first = running.ring.present().id

    def die(made: Rotation) -> None:
        if made.done >= 1000:
            raise Died

    with pytest.raises(Died):
        await rotation.rotate(house.database, Vault(ring_of(tmp_path)), "test", die)
    async with house.database.sessions() as session:
        halfway = await rotation.standing(session, running)
    at_half = await readable(house, running, count)
    await sealed(house, running, count + 1)  # with the new key, though nobody restarted it
    resumed = await rotation.rotate(house.database, Vault(ring_of(tmp_path)), "test", lambda _: None)

    assert halfway.wrapped == {first: 200, halfway.present: 1000}
    assert halfway.present != first
    assert at_half == count
    assert (resumed.to, resumed.done, resumed.damaged) == (halfway.present, 200, [])
    assert await readable(house, running, count + 1) == count + 1
    async with house.database.sessions() as session:
        assert (await rotation.standing(session, running)).wrapped == {halfway.present: count + 1}


async def test_kept_answers_are_sealed_anew_too(house: House, tmp_path: Path) -> None:
    """After a rotation the earlier key may go: no repeat needs it."""
    old, new = ciphers.written(), ciphers.written()
    before = Answers(house.database, Vault(ring_of(tmp_path, MASTER_KEY=old)))
    await sealed(house, Vault(ring_of(tmp_path, MASTER_KEY=old)), 1)
    for number in range(250):
        turn = await before.begin(b"mark %d" % number, b"asked", "test")
        assert isinstance(turn, Turn)
        await before.keep(turn, Answer(200, "text/plain", b"secret %d" % number))
    both = Vault(ring_of(tmp_path, MASTER_KEY=new, MASTER_KEYS_BEFORE=old))

    first = await rotation.rotate(house.database, both, "test", lambda _: None)
    again = await rewrap(house.database, both.ring)

    after = Answers(house.database, Vault(ring_of(tmp_path, MASTER_KEY=new)))
    answers = [await after.begin(b"mark %d" % number, b"asked", "test") for number in range(250)]
    assert answers == [Answer(200, "text/plain", b"secret %d" % number) for number in range(250)]
    assert (first.answers, again) == (250, 0)


async def test_a_rotation_runs_beside_work(house: House, tmp_path: Path) -> None:
    running = Vault(ring_of(tmp_path))
    await sealed(house, running, 600)
    over = asyncio.Event()

    async def work() -> int:
        rounds = 0
        while not over.is_set() or rounds < 3:
            assert await readable(house, running, 600) == 600
            rounds += 1
        return rounds

    async def rotate() -> None:
        for _ in range(2):
            await rotation.rotate(house.database, Vault(ring_of(tmp_path)), "test", lambda _: None)
        over.set()

    _, rounds = await asyncio.gather(rotate(), work())

    assert rounds >= 3
    assert len(list((tmp_path / "keys" / "earlier").iterdir())) == 2


async def test_a_data_key_that_does_not_open_is_left_and_named(house: House, tmp_path: Path) -> None:
    vault = Vault(ring_of(tmp_path))
    await sealed(house, vault, 3)
    async with house.database.sessions.begin() as session:
        await session.execute(text("UPDATE data_keys SET wrapped = 'x' || wrapped WHERE owner_id = 1"))

    made = await rotation.rotate(house.database, vault, "test", lambda _: None)

    assert (made.done, made.damaged) == (2, ["account:1"])


async def test_a_key_of_the_environment_is_changed_by_giving_both(house: House, tmp_path: Path) -> None:
    old, new = ciphers.written(), ciphers.written()
    await sealed(house, Vault(ring_of(tmp_path, MASTER_KEY=old)), 2)
    with pytest.raises(Conflict, match="MASTER_KEYS_BEFORE"):
        await rotation.rotate(house.database, Vault(ring_of(tmp_path, MASTER_KEY=old)), "test", lambda _: None)
    both = Vault(ring_of(tmp_path, MASTER_KEY=new, MASTER_KEYS_BEFORE=f"{old}, {ciphers.written()}"))
    assert await readable(house, both, 2) == 2

    await rotation.rotate(house.database, both, "test", lambda _: None)

    assert await readable(house, Vault(ring_of(tmp_path, MASTER_KEY=new)), 2) == 2


async def test_a_wrong_or_missing_key_is_refused_at_the_start(house: House, tmp_path: Path) -> None:
    vault = Vault(ring_of(tmp_path))
    await sealed(house, vault, 1)
    right = vault.ring.present().id
    wrong = Vault(ring_of(tmp_path / "elsewhere", MASTER_KEY=ciphers.written()))
    missing = Vault(ring_of(tmp_path / "empty"))

    async with house.database.sessions() as session:
        with pytest.raises(SetupError, match=f"sealed with key {right}, this is key {wrong.ring.present().id}"):
            await wrong.check(session)
        with pytest.raises(SetupError, match=f"sealed with key {right}, and there is no key here"):
            await missing.check(session)
        await vault.check(session)
    assert not (tmp_path / "empty" / "keys" / "master.key").exists(), "no fresh key is left where one is missing"


def test_keys_are_private_files_and_never_shown(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    ring.replace()

    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == 2
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert not any(path.read_text() in repr((ring.present(), vars(ring))) for path in files)
    assert MasterKey(os.urandom(32)).id != ring.present().id
