"""Codes from mailboxes: a real dovecot over TLS, and the sandbox's own mail server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import Cancelled, SetupError
from igfleet.mail_servers import MailRules, MailSecurity, MailServer, parse
from igfleet.sandbox.sandbox import Sandbox
from igfleet.settings import WorkerSettings, load
from igfleet.worker.egress import Gate
from igfleet.worker.mailbox import Mailbox, MailTrouble, code_in
from igfleet.worker.upstream import Upstream
from tests import peers
from tests.worker.dovecot import ADDRESS, PASSWORD, Dovecot, dovecot

pytestmark = pytest.mark.anyio
INSTAGRAM = "Instagram <security@mail.instagram.com>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    folder = tmp_path_factory.mktemp("dovecot")
    for parent in list(folder.parents)[:3]:
        parent.chmod(0o755)
    with dovecot(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(server: Dovecot) -> None:
    """Each test begins with an empty mailbox."""
    for path in (server.folder / "mail").glob("**/*.test*"):
        path.unlink()


def mail(code: str, sender: str = INSTAGRAM, text: str = "Your code is {code}.") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, ADDRESS, "Confirm that it is you"
    made.set_content(text.format(code=code))
    return made.as_bytes()


def mailbox(server: Dovecot, security: MailSecurity = MailSecurity.TLS, **given: object) -> Mailbox:
    port = server.tls_port if security is MailSecurity.TLS else server.port
    rules = {
        "servers": {"example.com": MailServer("127.0.0.1", port, security)},
        "senders": ("instagram.com",),
        "wait_s": 0.0,
        "only_loopback": True,
        "ca_file": server.ca_file,
        **given,
    }
    account = LeasedAccount(id=1, username="nord_01", email=ADDRESS, email_password=SecretStr(PASSWORD))
    made = Mailbox.of(account, MailRules(**rules))  # type: ignore[arg-type]
    assert made is not None
    return made


def just_now() -> datetime:
    return datetime.now(UTC)


def never() -> None:
    """Nobody asks the run to stop."""


@pytest.mark.parametrize("security", list(MailSecurity))
async def test_the_newest_code_since_the_request_is_found(server: Dovecot, security: MailSecurity) -> None:
    asked_at = just_now()
    server.deliver(mail("111111"), asked_at - timedelta(minutes=5))
    server.deliver(mail("222222"), asked_at + timedelta(seconds=1))
    server.deliver(mail("333333"), asked_at + timedelta(seconds=2))

    assert await mailbox(server, security).code(asked_at, never) == "333333"


async def test_older_mails_others_mails_and_mails_without_a_code_do_not_count(server: Dovecot) -> None:
    asked_at = just_now()
    server.deliver(mail("111111"), asked_at - timedelta(minutes=1))
    server.deliver(mail("222222", "Somebody <me@notinstagram.com>"))
    server.deliver(mail("333333", "security@mail.instagram.com.example.net"))
    server.deliver(mail("444444"), box=".Archive")
    server.deliver(mail("", text="Somebody signed in on a new phone."))

    assert await mailbox(server).code(asked_at, never) is None


async def test_a_notice_that_comes_after_the_code_does_not_hide_it(server: Dovecot) -> None:
    asked_at = just_now()
    server.deliver(mail("111111"), asked_at + timedelta(seconds=1))
    server.deliver(mail("", text="Somebody signed in on a new phone."), asked_at + timedelta(seconds=2))

    assert await mailbox(server).code(asked_at, never) == "111111"


async def test_a_code_that_is_still_on_its_way_is_waited_for(server: Dovecot) -> None:
    asked_at = just_now()
    waiting = asyncio.create_task(mailbox(server, wait_s=30.0).code(asked_at, never))

    await asyncio.sleep(1)
    server.deliver(mail("555555"))

    assert await asyncio.wait_for(waiting, 30) == "555555"


async def test_looking_changes_nothing_in_the_mailbox(server: Dovecot) -> None:
    asked_at = just_now()
    server.deliver(mail("111111"))

    found = [await mailbox(server).code(asked_at, never) for _ in range(2)]

    assert found == ["111111", "111111"]
    assert server.flags() == ""


async def test_a_run_that_is_asked_to_stop_does_not_wait(server: Dovecot) -> None:
    def stop() -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        await mailbox(server, wait_s=30.0).code(just_now(), stop)


async def test_a_wrong_password_is_told_without_it(server: Dovecot) -> None:
    box = Mailbox(ADDRESS, MailServer("127.0.0.1", server.tls_port), mailbox(server).rules, "canary-wrong")

    with pytest.raises(MailTrouble, match="refuses the mailbox's address or password") as raised:
        await box.code(just_now(), never)

    assert "canary" not in str(raised.value)
    assert "canary" not in repr(box)


async def test_a_certificate_of_nobody_known_is_not_trusted(server: Dovecot) -> None:
    with pytest.raises(MailTrouble, match="certificate"):
        await mailbox(server, ca_file=None).code(just_now(), never)


async def test_a_server_that_does_not_answer_is_told(server: Dovecot) -> None:
    box = mailbox(server, servers={"example.com": MailServer("127.0.0.1", 9)})

    with pytest.raises(MailTrouble, match="does not answer"):
        await box.code(just_now(), never)


async def test_in_the_sandbox_no_mail_server_elsewhere_is_asked(server: Dovecot) -> None:
    box = mailbox(server, servers={"*": MailServer("192.0.2.1", 993)})

    with pytest.raises(MailTrouble, match="not this machine"):
        await box.code(just_now(), never)


async def test_a_password_is_not_sent_in_the_clear_to_another_machine(server: Dovecot) -> None:
    plain = {"*": MailServer("192.0.2.1", 143, MailSecurity.PLAIN)}

    with pytest.raises(MailTrouble, match="in the clear"):
        await mailbox(server, servers=plain, only_loopback=False).code(just_now(), never)


async def test_the_sandbox_s_mailboxes_hold_what_its_instagram_mails(tmp_path: Path) -> None:
    async with Sandbox(tmp_path) as sandbox:
        account = sandbox.world.add_account("nord_01", "pw", email=ADDRESS, email_password=PASSWORD)
        other = sandbox.world.add_account("nord_02", "pw", email="nord_02@example.com", email_password="x")
        rules = MailRules(parse(f"*={sandbox.mail_address}/plain"), ("instagram.com",), 0, only_loopback=True)
        box = Mailbox(ADDRESS, rules.servers["*"], rules, PASSWORD)
        asked_at = just_now()
        assert await box.code(asked_at, never) is None

        sandbox.world.letters.by_mail(account)
        sandbox.world.letters.by_mail(other)
        sandbox.world.letters.by_sms(account)

        assert await box.code(asked_at, never) == sandbox.world.letters.sent[0].code


async def test_an_account_s_address_does_not_lead_into_a_private_network(server: Dovecot) -> None:
    rules = mailbox(server, servers=parse("*={domain}:993/tls"), only_loopback=False).rules
    account = LeasedAccount(id=1, username="nord_01", email="a@127.0.0.1", email_password=SecretStr("x"))
    box = Mailbox.of(account, rules)

    assert box is not None
    with pytest.raises(MailTrouble, match="not a public address"):
        await box.code(just_now(), never)


@dataclass(frozen=True)
class WayOut:
    """The gate of a run and its address, before the account's proxy."""

    gate: Gate
    address: str
    peer: peers.Peer


@asynccontextmanager
async def by_proxy(folder: Path, allowed: int | None, password: str | None = None) -> AsyncIterator[WayOut]:
    """For an account with a tinyproxy. `allowed` is the mail server's port; `password` is a wrong one."""
    with peers.tinyproxy(None) as peer:
        upstream = Upstream(load(WorkerSettings, IGFLEET_DATA_DIR=folder), peer.leased(password=password))
        gate = Gate(upstream, ("127.0.0.1", allowed) if allowed else None)
        try:
            yield WayOut(gate, await gate.open(), peer)
        finally:
            await gate.close()


@pytest.mark.parametrize("security", [MailSecurity.TLS, MailSecurity.STARTTLS])
async def test_a_mailbox_is_read_through_the_account_s_proxy(
    server: Dovecot, tmp_path: Path, security: MailSecurity
) -> None:
    asked_at = just_now()
    server.deliver(mail("666666"))
    port = server.tls_port if security is MailSecurity.TLS else server.port
    async with by_proxy(tmp_path, port) as way:
        found = await mailbox(server, security, gate=way.address).code(asked_at, never)

        assert found == "666666"
        assert f"CONNECT 127.0.0.1:{port}" in way.peer.log.read_text()


async def test_the_mail_server_s_certificate_is_checked_behind_a_proxy_too(server: Dovecot, tmp_path: Path) -> None:
    async with by_proxy(tmp_path, server.tls_port) as way:
        with pytest.raises(MailTrouble, match="certificate"):
            await mailbox(server, gate=way.address, ca_file=None).code(just_now(), never)


@pytest.mark.parametrize(
    ("password", "says"), [("wrong", "through the account's proxy: the proxy http://127"), (None, "not a host")]
)
async def test_a_mailbox_that_the_proxy_does_not_carry_is_not_read_another_way(
    server: Dovecot, tmp_path: Path, password: str | None, says: str
) -> None:
    server.deliver(mail("777777"))
    async with by_proxy(tmp_path, server.tls_port if password else None, password) as way:
        with pytest.raises(MailTrouble, match=says):
            await mailbox(server, gate=way.address).code(just_now() - timedelta(minutes=1), never)

        assert way.gate.last_trouble is None  # what a proxy does not carry for mail tells nothing of Instagram


def test_a_code_is_read_from_the_text_and_not_from_colours_or_numbers() -> None:
    made = EmailMessage()
    made["Subject"] = "Your order 12345678"
    made.set_content("<style>p { color: #262626 }</style><p style='width:600000px'>Code: <b>123 456</b></p>", "html")

    assert code_in(made) == "123456"


def test_servers_are_found_by_domain() -> None:
    rules = MailRules(
        parse("example.com=imap.example.com:993/tls, *=mail.{domain}:143/starttls"), (), 0, only_loopback=False
    )

    assert rules.server_of("a@Example.com") == MailServer("imap.example.com", 993, MailSecurity.TLS)
    derived = MailServer("mail.example.net", 143, MailSecurity.STARTTLS, is_derived=True)
    assert rules.server_of("a@example.net") == derived
    assert rules.server_of("nonsense") is None


@pytest.mark.parametrize("text", ["imap.example.com", "*=host", "*=host:0", "*=host:99999", "*=host:1/ssl3"])
def test_a_rule_that_makes_no_sense_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SetupError, match="MAILBOX_SERVERS") as raised:
        load(WorkerSettings, MAILBOX_SERVERS=text)

    assert "\n" not in str(raised.value)


def test_a_run_may_be_told_not_to_wait_at_all() -> None:
    settings = load(WorkerSettings, MAILBOX_WAIT_SECS="0", CHALLENGE_WAIT_SECS="0")

    assert (settings.mailbox_wait, settings.challenge_wait) == (timedelta(), timedelta())
    with pytest.raises(SetupError, match="CHALLENGE_WAIT_SECS"):
        load(WorkerSettings, CHALLENGE_WAIT_SECS="-1")
