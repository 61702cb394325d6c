import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfleet.ui.imports.proxy_lines import SCHEMES, ProxyLine, parse_proxy

_PLAIN = st.text(string.ascii_letters + string.digits + "-_.!$*", min_size=1, max_size=20)
_HOSTS = st.from_regex(r"[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{0,10}){1,2}", fullmatch=True)
_PORTS = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("198.51.100.7:8080", ProxyLine("http", "198.51.100.7", 8080)),
        ("proxy.example:8080:nord:secret", ProxyLine("http", "proxy.example", 8080, "nord", "secret")),
        ("nord:secret@proxy.example:8080", ProxyLine("http", "proxy.example", 8080, "nord", "secret")),
        ("nord:p@ss@proxy.example:8080", ProxyLine("http", "proxy.example", 8080, "nord", "p@ss")),
        ("socks5://nord:sec%3Aret@proxy.example:1080", ProxyLine("socks5", "proxy.example", 1080, "nord", "sec:ret")),
        ("socks5h:proxy.example:1080:nord:secret", ProxyLine("socks5h", "proxy.example", 1080, "nord", "secret")),
        ("HTTPS://proxy.example:443/", ProxyLine("https", "proxy.example", 443)),
        ("socks5:1080", ProxyLine("http", "socks5", 1080)),
        ("http://[2001:db8::1]:8080", ProxyLine("http", "2001:db8::1", 8080)),
        ("[2001:db8::1]:8080:nord:secret", ProxyLine("http", "2001:db8::1", 8080, "nord", "secret")),
        (
            "proxy.example:80:nord:secret [https://rotate.example/k?x=1]",
            ProxyLine("http", "proxy.example", 80, "nord", "secret", "https://rotate.example/k?x=1"),
        ),
        ("[2001:db8::1]:80[http://[::1]:9/k]", ProxyLine("http", "2001:db8::1", 80, change_ip_url="http://[::1]:9/k")),
    ],
)
def test_reads_every_notation(text: str, proxy: ProxyLine) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text", ["", "proxy.example", "proxy.example:0", "proxy.example:99999", "ftp://a:1", "a b:80", "host:80[ftp://x.y]"]
)
def test_refuses_what_is_no_proxy(text: str) -> None:
    with pytest.raises(ValueError):
        parse_proxy(text)


def test_a_refusal_never_repeats_the_password() -> None:
    with pytest.raises(ValueError) as refused:
        parse_proxy("http://nord:hunter2hunter2@proxy.example:notaport")

    assert "hunter2" not in str(refused.value)


@given(st.sampled_from(SCHEMES), _HOSTS, _PORTS, _PLAIN, _PLAIN)
def test_all_notations_mean_the_same(scheme: str, host: str, port: int, user: str, password: str) -> None:
    expected = ProxyLine(scheme, host, port, user, password)

    assert parse_proxy(f"{scheme}://{user}:{password}@{host}:{port}") == expected
    assert parse_proxy(f"{scheme}:{host}:{port}:{user}:{password}") == expected
    if scheme == "http":
        assert parse_proxy(f"{host}:{port}:{user}:{password}") == expected
        assert parse_proxy(f"{user}:{password}@{host}:{port}") == expected


@given(st.text(max_size=100))
def test_any_text_is_a_proxy_or_a_value_error(text: str) -> None:
    try:
        proxy = parse_proxy(text)
    except ValueError:
        return

    assert proxy.scheme in SCHEMES
    assert 1 <= proxy.port <= 65535
