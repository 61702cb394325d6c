import base64
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountStatus
from igfleet.errors import Invalid
from igfleet.ui.imports.accounts import apply_accounts, preview_accounts
from igfleet.ui.imports.verdicts import Verdict
from igfleet.ui.models import Account, AuditEntry, Base, Proxy
from igfleet.ui.vault import Vault

pytestmark = pytest.mark.anyio

BASIS = "the agency's contract of May"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HEADER = "username,password,totp_secret,email,proxy,tags,timezone,authorised_until\n"
FULL = HEADER + f"nord_01,first secret,{SEED},a@b.example,proxy.example:80:u:ppppp,north new,Europe/Berlin,2030-01-01\n"


async def _import(session: AsyncSession, vault: Vault, text: str) -> None:
    await apply_accounts(session, vault, text, authorised_by=BASIS, actor="user:anna")


async def _account(session: AsyncSession, username: str) -> Account:
    await session.flush()
    found = await session.scalars(select(Account).where(Account.username == username))
    return found.one()


async def test_a_preview_gives_each_line_its_verdict_and_writes_nothing(session: AsyncSession, vault: Vault) -> None:
    text = "username,password\nnord_01,pw\nnord_01,pw\nn o,pw\nnord_02,\n"

    preview = await preview_accounts(session, vault, text)

    assert [line.verdict for line in preview.lines] == [Verdict.NEW, Verdict.DUPLICATE, Verdict.ERROR, Verdict.ERROR]
    assert await session.scalar(select(Account.id)) is None


async def test_good_lines_are_stored_with_their_secrets_sealed(session: AsyncSession, vault: Vault) -> None:
    await _import(session, vault, FULL + "no good,x\n")

    account = await _account(session, "nord_01")
    opened = await vault.open(
        session, "account", account.id, ["password", "totp_secret"], actor="system", reason="a test"
    )
    proxy = (await session.scalars(select(Proxy))).one()
    assert opened["password"].get_secret_value() == "first secret"
    assert (account.has_password, account.has_totp, account.has_email_password) == (True, True, False)
    assert account.tags == ["north", "new"]
    assert account.authorised_by == BASIS
    assert account.authorised_until == date(2030, 1, 1)
    assert account.proxy_id == proxy.id
    assert proxy.has_password


async def test_the_statement_is_required_and_audited(session: AsyncSession, vault: Vault) -> None:
    with pytest.raises(Invalid):
        await apply_accounts(session, vault, FULL, authorised_by="  ", actor="user:anna")

    await _import(session, vault, FULL)

    entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts_imported"))).one()
    assert entry.facts["authorised_by"] == BASIS
    assert entry.facts["new"] == 1
    assert "first secret" not in str(entry.facts)


async def test_the_same_file_again_changes_nothing(session: AsyncSession, vault: Vault) -> None:
    await _import(session, vault, FULL)

    preview = await preview_accounts(session, vault, FULL)

    assert [line.verdict for line in preview.lines] == [Verdict.DUPLICATE]


async def test_a_later_file_changes_the_given_fields_only(session: AsyncSession, vault: Vault) -> None:
    await _import(session, vault, FULL)
    again = "username,password,totp_secret,email,tags\nNORD_01,second secret,,c@d.example,\n"

    preview = await preview_accounts(session, vault, again)
    await _import(session, vault, again)

    account = await _account(session, "nord_01")
    opened = await vault.open(
        session, "account", account.id, ["password", "totp_secret"], actor="system", reason="test"
    )
    assert set(preview.lines[0].changed) == {"password", "email"}
    assert account.email == "c@d.example"
    assert account.tags == ["north", "new"]
    assert {name: secret.get_secret_value() for name, secret in opened.items()} == {
        "password": "second secret",
        "totp_secret": SEED,
    }


async def test_an_import_never_revives_a_blocked_account(session: AsyncSession, vault: Vault) -> None:
    await _import(session, vault, FULL)
    (await _account(session, "nord_01")).status = AccountStatus.BLOCKED

    await _import(session, vault, "nord_01:another secret")

    assert (await _account(session, "nord_01")).status == AccountStatus.BLOCKED


async def test_a_new_account_needs_a_password(session: AsyncSession, vault: Vault) -> None:
    preview = await preview_accounts(session, vault, "username,email\nnord_01,a@b.example\n")

    assert preview.lines[0].verdict is Verdict.ERROR
    assert "password" in preview.lines[0].why


async def test_bad_lines_are_downloaded_without_their_values(session: AsyncSession, vault: Vault) -> None:
    preview = await preview_accounts(session, vault, "nord_01:hunter2hunter2:0189\nnord_02:pw\n")

    assert preview.bad_csv().startswith('line,subject,why\r\n1,nord_01,"totp_secret: is not base32')
    assert "hunter2" not in preview.bad_csv()


async def test_no_secret_is_in_any_table(session: AsyncSession, vault: Vault) -> None:
    secrets = ["c4nary-password", "C4NARYSEEDPEHPK3", "c4nary-mail", "c4nary-proxy"]
    secrets[1] = secrets[1].replace("4", "A")
    header = "username,password,totp_secret,email_password,proxy\n"
    await _import(
        session, vault, f"{header}nord_01,{secrets[0]},{secrets[1]},{secrets[2]},proxy.example:80:u:{secrets[3]}\n"
    )
    await session.flush()

    rows = [
        row
        for table in Base.metadata.sorted_tables
        for row in await session.scalars(text(f"SELECT CAST(t AS text) FROM {table.name} t"))  # our own table names
    ]

    written = "\n".join(rows).lower()
    assert "nord_01" in written
    for secret in secrets:
        for form in (secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode()):
            assert form.lower() not in written


async def test_ten_thousand_accounts_are_imported_in_seconds(session: AsyncSession, vault: Vault) -> None:
    text = "".join(f"nord_{number}:secret {number}:{SEED}\n" for number in range(10_000))

    await _import(session, vault, text)

    preview = await preview_accounts(session, vault, text)
    assert preview.counts[Verdict.DUPLICATE] == 10_000
