import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.imports.proxies import apply_proxies, preview_proxies
from igfleet.ui.imports.source import decoded
from igfleet.ui.imports.verdicts import Verdict
from igfleet.ui.models import Proxy
from igfleet.ui.vault import Vault

pytestmark = pytest.mark.anyio

FILE = "proxy.example:80:u:first\nproxy.example:81\nPROXY.example:81\nbroken\n"


async def test_each_line_gets_its_verdict(session: AsyncSession, vault: Vault) -> None:
    preview = await preview_proxies(session, vault, FILE)

    assert [line.verdict for line in preview.lines] == [Verdict.NEW, Verdict.NEW, Verdict.DUPLICATE, Verdict.ERROR]


async def test_good_lines_are_stored_and_their_passwords_sealed(session: AsyncSession, vault: Vault) -> None:
    imported = await apply_proxies(session, vault, FILE, "user:anna")

    stored = (await session.scalars(select(Proxy).order_by(Proxy.id))).all()
    opened = await vault.open(session, "proxy", stored[0].id, ["password"], actor="system", reason="a test")
    assert [proxy.id for proxy in stored] == list(imported.ids)
    assert [proxy.has_password for proxy in stored] == [True, False]
    assert opened["password"].get_secret_value() == "first"


async def test_a_new_password_is_an_update(session: AsyncSession, vault: Vault) -> None:
    await apply_proxies(session, vault, FILE, "user:anna")

    preview = await preview_proxies(session, vault, "u:second@proxy.example:80\nproxy.example:81")

    assert [(line.verdict, line.changed) for line in preview.lines] == [
        (Verdict.UPDATE, ("password",)),
        (Verdict.DUPLICATE, ()),
    ]


async def test_a_file_of_another_system_is_read_too(session: AsyncSession, vault: Vault) -> None:
    text = decoded("\ufeff# ours\r\nproxy.example:80\r\n\r\n  proxy.example:81  \r\n".encode())

    preview = await preview_proxies(session, vault, text)

    assert [(line.line, line.verdict) for line in preview.lines] == [(2, Verdict.NEW), (4, Verdict.NEW)]


async def test_an_address_that_changes_the_ip_is_an_update_and_blanks_nothing(
    session: AsyncSession, vault: Vault
) -> None:
    await apply_proxies(session, vault, "u:first@proxy.example:80", "user:anna")

    preview = await preview_proxies(session, vault, "u@proxy.example:80 [https://rotate.example/k]")
    await apply_proxies(session, vault, "u@proxy.example:80 [https://rotate.example/k]", "user:anna")
    again = await preview_proxies(session, vault, "u@proxy.example:80")

    assert [(line.verdict, line.changed) for line in preview.lines] == [(Verdict.UPDATE, ("change_ip_url",))]
    assert [line.verdict for line in again.lines] == [Verdict.DUPLICATE]
    (proxy,) = (await session.scalars(select(Proxy))).all()
    assert (proxy.has_password, proxy.has_change_ip_url) == (True, True)


async def test_proxies_that_differ_by_their_user_are_told_apart(session: AsyncSession, vault: Vault) -> None:
    preview = await preview_proxies(session, vault, "gate.example:80:one:pw-one\ngate.example:80:two:pw-two")

    assert [line.subject for line in preview.lines] == ["http://one@gate.example:80", "http://two@gate.example:80"]


async def test_the_bad_lines_can_be_taken_away_without_what_stood_in_them(session: AsyncSession, vault: Vault) -> None:
    preview = await preview_proxies(session, vault, "proxy.example:80\nhttp://u:hunter2hunter2@proxy.example:no\n")

    assert preview.bad_csv().splitlines()[1:] == ["2,,The proxy's port is not a number from 1 to 65535"]
