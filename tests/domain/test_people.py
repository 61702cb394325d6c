"""Joining, roles, second factors: what holds without a page."""

import asyncio
import random
import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain.conftest import House
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from igfleet import totp
from igfleet.errors import Conflict, Forbidden, Invalid, NothingToDo, NotSignedIn, TooManyRequests
from igfleet.ui.models import AuditEntry, Role, User, UserSession
from igfleet.ui.people import SHORTEST_PASSWORD, add_invited
from igfleet.ui.security import attempts, passwords, sessions
from igfleet.ui.security.guessable import is_guessable
from igfleet.ui.users import joining, roster, second_factor

pytestmark = pytest.mark.anyio
PASSWORD, HERE = "correct horse battery", "127.0.0.1"


async def person(house: House, name: str = "anna", role: Role = Role.ADMIN) -> User:
    """Somebody whose password does not matter."""
    user = User(name=name, password_hash="x", role=role)
    async with house.database.sessions.begin() as session:
        session.add(user)
    return user


def test_no_password_of_the_lists_is_taken_nor_one_that_differs_little(sample_seed: int) -> None:
    listed = [one for words in FREQUENCY_LISTS.values() for one in words if len(one) >= SHORTEST_PASSWORD]
    drawn = random.Random(sample_seed).sample(listed, 100)
    alike = ("P@ssw0rd2024", "qwertyuiop123", "1234567890123", "aaaaaaaaaaaaaaa", "anna.nord.2019", "Igfleet12345")

    assert len(listed) > 3_000
    assert [one for one in (*drawn, *alike) if not is_guessable(one, "anna.nord")] == []
    assert not any(is_guessable(one, "anna.nord") for one in (PASSWORD, "vD7-k2Lq-0sXw", "lorries under seven moons"))


async def test_whoever_was_invited_chooses_a_password_once(house: House) -> None:
    async with house.database.sessions.begin() as session:
        vera = await add_invited(session, "vera", Role.VIEWER, "test")
        old = (await joining.link_for(session, vera, "test")).partition("=")[2]
        token = (await joining.link_for(session, vera, "test")).partition("=")[2]
    with pytest.raises(NotSignedIn):
        await passwords.verify(house.database, "vera", "nobody has this password", HERE)
    async with house.database.sessions.begin() as session:
        with pytest.raises(Forbidden):
            await joining.join(session, old, PASSWORD)
        with pytest.raises(Invalid):
            await joining.join(session, token, "short")

        await joining.join(session, token, PASSWORD)

        with pytest.raises(Forbidden):
            await joining.join(session, token, PASSWORD)
    assert (await passwords.verify(house.database, "vera", PASSWORD, HERE)).role == Role.VIEWER


async def test_the_last_admin_stays_also_when_two_leave_at_once(house: House) -> None:
    anna, otto = await person(house), await person(house, "otto")
    async with house.database.sessions.begin() as session:
        await add_invited(session, "never_joined", Role.ADMIN, "test")

    async def leave(user: User) -> None:
        async with house.database.sessions.begin() as session:
            await roster.change_role(session, await roster.find(session, user.id), Role.VIEWER, "test")

    left = await asyncio.gather(leave(anna), leave(otto), return_exceptions=True)

    assert sorted(type(one) for one in left if one) == [Conflict]
    async with house.database.sessions() as session:
        last = (await session.scalars(select(User).where(User.role == Role.ADMIN, User.password_hash != ""))).one()
        with pytest.raises(Conflict, match="only admin"):
            await roster.disable(session, last, "test")


async def test_another_role_or_none_ends_every_session_and_is_audited(session: AsyncSession) -> None:
    otto = User(name="otto", password_hash="x", role=Role.OPERATOR)
    session.add_all([User(name="anna", password_hash="x", role=Role.ADMIN), otto])
    await session.flush()
    for change in (
        roster.change_role(session, otto, Role.MANAGER, "user:anna"),
        roster.disable(session, otto, "user:anna"),
    ):
        await sessions.open_session(session, otto, HERE, "")
        await change
        assert (await session.scalars(select(UserSession))).all() == []
    with pytest.raises(NothingToDo):
        await roster.disable(session, otto, "user:anna")

    entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "user_role_changed"))).one()
    assert (entry.facts["before"], entry.facts["after"]) == ({"role": "operator"}, {"role": "manager"})


async def test_a_code_lets_in_once_and_a_recovery_code_too(house: House) -> None:
    user = await person(house)
    async with house.database.sessions.begin() as session:
        anna = await roster.find(session, user.id)
        seed = await second_factor.begin(session, house.vault, anna)
        with pytest.raises(Invalid):
            await second_factor.confirm(session, house.vault, anna, "000000 ")
        codes = await second_factor.confirm(session, house.vault, anna, totp.code_at(seed))
        used = totp.code_at(seed)

    async def enter(code: str) -> None:
        async with house.database.sessions.begin() as session:
            who = await roster.find(session, user.id)
            await second_factor.check(session, house.database, house.vault, who, code, HERE)

    with pytest.raises(Invalid):
        await enter(used)
    await enter(codes[3].upper().replace("-", " "))
    with pytest.raises(Invalid):
        await enter(codes[3])
    async with house.database.sessions() as session:
        anna = await roster.find(session, user.id)
        assert await second_factor.codes_left(session, anna) == second_factor.RECOVERY_CODES - 1
        stored = (await session.execute(text("SELECT string_agg(t::text, '') FROM recovery_codes t"))).scalar_one()
    assert not any(code.replace("-", "") in stored for code in codes)


async def test_codes_can_be_guessed_five_times_whoever_counts(house: House) -> None:
    user = await person(house)
    async with house.database.sessions.begin() as session:
        anna = await roster.find(session, user.id)
        seed = await second_factor.begin(session, house.vault, anna)
        await second_factor.confirm(session, house.vault, anna, totp.code_at(seed))

    async def guess(number: int) -> type[Exception] | None:
        async with house.database.sessions() as session:
            try:
                who = await roster.find(session, user.id)
                address = f"10.0.0.{number}"
                await second_factor.check(session, house.database, house.vault, who, "123 45x", address)
            except (Invalid, TooManyRequests) as error:
                return type(error)
        return None

    answers = await asyncio.gather(*(guess(number) for number in range(10)))

    assert sorted(answers, key=str) == sorted([Invalid] * 5 + [TooManyRequests] * 5, key=str)


async def test_who_was_wrong_is_in_the_audit_and_what_was_typed_is_not(house: House) -> None:
    user = await person(house)
    for name in ("anna", "correct horse battery"):
        with pytest.raises(NotSignedIn):
            await passwords.verify(house.database, name, "typed by mistake", HERE)
    async with house.database.sessions.begin() as session:
        anna = await roster.find(session, user.id)
        seed = await second_factor.begin(session, house.vault, anna)
        await second_factor.confirm(session, house.vault, anna, totp.code_at(seed))
        with pytest.raises(Invalid):
            await second_factor.check(session, house.database, house.vault, anna, "123 45x", HERE)

    async with house.database.sessions() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.actor == "visitor")))
    assert [(one.action, one.subject) for one in entries] == [
        ("wrong_password", f"user:{user.id}"),
        ("wrong_password", "user:unknown"),
        ("wrong_code", f"user:{user.id}"),
    ]
    assert [one.facts for one in entries] == [{"address": HERE}] * 3


async def test_who_knows_one_password_may_not_try_others_for_ever(house: House) -> None:
    for number in range(9):
        await attempts.note(house.database, f"user:other_{number}", HERE)
    await attempts.note(house.database, "user:anna", HERE)
    await attempts.forgive(house.database, "user:anna", HERE)
    await attempts.note(house.database, "user:other_9", HERE)

    with pytest.raises(TooManyRequests):
        await attempts.note(house.database, "user:other_10", HERE)


def test_the_picture_holds_the_address_of_the_seed() -> None:
    user = User(name="anna@north", role=Role.ADMIN, password_hash="x")

    address = second_factor.address_of(user, "JBSWY3DPEHPK3PXP")
    side, dots = second_factor.picture(address)

    assert address == "otpauth://totp/igfleet%3Aanna%40north?secret=JBSWY3DPEHPK3PXP&issuer=igfleet"
    assert side > 30
    assert re.fullmatch(r"(M\d+ \d+h1v1h-1z)+", dots)
