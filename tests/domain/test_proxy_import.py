import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.imports.proxies import apply_proxies, preview_proxies
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
