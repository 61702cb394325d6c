"""Hosts that lead into our own network in disguise: whatever is given as a proxy, a webhook, a mail server or an
address that changes an IP, no connection is even begun. Every connect of this process is seen, by Python's audit."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from igfleet.addresses import system_names
from igfleet.contracts.leases import LeasedProxy
from igfleet.instagram.adapters.browser.dolphin_api import DolphinApi
from igfleet.instagram.gateway import Browser
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings, WorkerSettings, load
from igfleet.ui.mail.postman import NotDelivered, Postman
from igfleet.ui.outbound import NoAnswer, Outbound
from igfleet.worker.upstream import Refused, Upstream

pytestmark = pytest.mark.anyio
LOOPBACK = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "0177.0.0.1", "017700000001",
    "00000177.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "ⓛocalhost", "１２７.0.0.1", "127。0。0。1",
    "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:127.0.0.1",
)  # fmt: skip
ELSEWHERE = (
    "0", "0.0.0.0", "0x0", "::", "10.0.0.1", "10.1", "0xa000001", "167772161", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "192.168.1", "0300.0250.1.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.43518",
    "100.64.0.1", "192.0.0.192", "198.18.0.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "255.255.255.255",
    "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::a00:1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2001:0:7f00:1::", "2001:db8::1",
    "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
)  # fmt: skip
NAMED = {
    "localhost.": ["127.0.0.1"], "127.0.0.1.": ["127.0.0.1"], "127.0.0.1.nip.example": ["127.0.0.1"],
    "metadata.internal": ["169.254.169.254"], "metadata.internal.": ["169.254.169.254"],
    "one-of-two.example": ["93.184.216.34", "10.0.0.1"], "six.example": ["2001:500:88::1", "::ffff:127.0.0.1"],
    "xn--lcalhost-55a.example": ["127.0.0.1"], "evil.example": ["127.0.0.1"], "nothing.example": [],
}  # fmt: skip
"""What a hostile name server says."""
DISGUISES = (
    "http://a:b@127.0.0.1:8080/", "http://evil.example@127.0.0.1:8080/", "http://127.0.0.1:8080\\@evil.example/",
    "http://127.0.0.1:8080#@evil.example/", "http://[::1]:8080/", "http://[::ffff:127.0.0.1%25lo]:8080/",
    "http://127.0.0.1:8080%2f@evil.example", "http:127.0.0.1:8080/", "http:///127.0.0.1/", "file:///etc/passwd",
    "gopher://127.0.0.1:8080/_x", "http://%31%32%37.0.0.1:8080/", "http://127.0.0.1\t:8080/", "//127.0.0.1:8080/",
)  # fmt: skip
HOSTS = (*LOOPBACK, *ELSEWHERE, *NAMED)
_WATCHED: list[object] | None = None


def _see(event: str, arguments: tuple[object, ...]) -> None:
    if _WATCHED is not None and event in ("socket.connect", "socket.sendto"):
        _WATCHED.append(arguments[1])


sys.addaudithook(_see)  # cannot be taken back: it does nothing but within `connects`


@contextmanager
def connects() -> Iterator[list[object]]:
    """The addresses to which this process connects within the block."""
    global _WATCHED
    _WATCHED = seen = []
    try:
        yield seen
    finally:
        _WATCHED = None


async def names(host: str) -> Sequence[str]:
    return NAMED[host] if host in NAMED else await system_names(host)


def _ui(folder: Path, **settings: object) -> UiSettings:
    return load(UiSettings, IGFLEET_DATA_DIR=folder, IGFLEET_MODE="live", **settings)


def _worker(folder: Path, **settings: object) -> WorkerSettings:
    return load(WorkerSettings, IGFLEET_DATA_DIR=folder, IGFLEET_MODE="live", UI_API_TOKEN="t" * 20, **settings)


def _url(host: str) -> str:
    return f"http://[{host}]:8080/hook" if ":" in host else f"http://{host}:8080/hook"


def test_there_are_sixty_of_them() -> None:
    assert len(set(HOSTS)) == len(HOSTS) >= 60


async def test_no_webhook_and_no_provider_is_asked_there(tmp_path: Path) -> None:
    outbound = Outbound(_ui(tmp_path), names)
    with connects() as seen:
        for host in HOSTS:
            for ask in (outbound.send(_url(host), b"{}", {}), outbound.post(_url(host))):
                with pytest.raises(NoAnswer):
                    await ask
            assert seen == [], host


async def test_no_mail_is_handed_over_there(tmp_path: Path) -> None:
    with connects() as seen:
        for host in HOSTS:
            address = f"smtp://[{host}]:25" if ":" in host else f"smtp://{host}:25"
            with pytest.raises(NotDelivered, match=r"not a public address|not reached"):
                await Postman(_ui(tmp_path, SMTP_URL=address), names).deliver(EmailMessage())
            assert seen == [], host


async def test_no_disguise_of_the_whole_address_helps(tmp_path: Path) -> None:
    outbound = Outbound(_ui(tmp_path), names)
    with connects() as seen:
        for address in DISGUISES:
            with pytest.raises(NoAnswer):
                await outbound.send(address, b"{}", {})
            assert seen == [], address


async def test_no_proxy_of_an_account_stands_there(tmp_path: Path) -> None:
    settings = _worker(tmp_path)
    with connects() as seen:
        for host in HOSTS:
            for scheme in ("http", "socks5"):
                proxy = LeasedProxy(id=1, scheme=scheme, host=host, port=8080)
                with pytest.raises(Refused) as refused:
                    await Upstream(settings, proxy, names=names).connect("www.instagram.com", 443)
                assert refused.value.reason in (ReasonCode.EGRESS_REFUSED, ReasonCode.PROXY_UNREACHABLE), host
            assert seen == [], host


async def test_no_run_goes_there_when_it_may_go_directly(tmp_path: Path) -> None:
    settings = _worker(tmp_path, REQUIRE_PROXY="false")
    with connects() as seen:
        for host in HOSTS:
            with pytest.raises(Refused):
                await Upstream(settings, None, names=names).connect(host, 443)
        assert seen == []


async def test_dolphin_stands_on_this_machine_in_the_sandbox_and_nowhere_public_or_link_local_live() -> None:
    never = ["169.254.169.254", "93.184.216.34"]
    with connects() as seen:
        for only_simulated, hosts in ((True, ["10.0.0.1"]), (False, never)):
            for host in hosts:
                browser = Browser(dolphin_host=_url(host)[:-5], dolphin_token="t" * 20, only_simulated=only_simulated)
                async with DolphinApi(browser) as api:
                    with pytest.raises(Exception, match="DOLPHIN_API_HOST"):
                        await api.sign_in()
        assert seen == []


async def test_a_name_that_is_another_the_second_time_is_asked_once_and_pinned(tmp_path: Path) -> None:
    told = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    async def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return next(told)

    outbound = Outbound(_ui(tmp_path, PRIVATE_NETWORKS="127.0.0.2/32"), rebinding)
    with connects() as seen, pytest.raises(NoAnswer):  # nobody listens there
        await outbound.send("http://rebinding.example:9/", b"{}", {})

    assert asked == ["rebinding.example"]
    assert seen == [("127.0.0.2", 9)]
