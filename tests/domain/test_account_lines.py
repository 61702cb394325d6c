import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfleet.errors import Invalid, TooLarge
from igfleet.ui.imports import source
from igfleet.ui.imports.account_lines import parse_accounts
from igfleet.ui.imports.source import decoded

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_reads_a_csv_with_columns_in_any_order_and_by_other_names() -> None:
    text = f'2FA,Login,pass,Tags\n{SEED[:16]},@Nord_01,geheim 1,"a, b"\n'

    (line,) = parse_accounts(text)

    assert line.username == "nord_01"
    assert line.fields["password"] == "geheim 1"
    assert line.fields["totp_secret"] == SEED[:16]
    assert line.fields["tags"] == "a b"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nord_01:pw", {"password"}),
        (f"nord_01:pw:{SEED}", {"password", "totp_secret"}),
        ("nord_01:pw:a@b.example:mailpw", {"password", "email", "email_password"}),
        (f"nord_01:pw:a@b.example:mailpw:{SEED}", {"password", "email", "email_password", "totp_secret"}),
    ],
)
def test_reads_lines_between_colons(text: str, names: set[str]) -> None:
    (line,) = parse_accounts(text)

    assert not line.trouble
    assert set(line.fields) == names | {"username"}


def test_a_quoted_value_keeps_its_colons_and_commas() -> None:
    (line,) = parse_accounts('nord_01:"p:a,s""s"')
    (row,) = parse_accounts('username,password\nnord_01,"p:a,s""s"')

    assert line.fields["password"] == row.fields["password"] == 'p:a,s"s'


def test_a_bom_and_other_line_ends_do_not_matter() -> None:
    text = decoded(b"\xef\xbb\xbfusername,password\r\nnord_01,pw\r\n\r\nnord_02,pw\r\n")

    assert [line.username for line in parse_accounts(text)] == ["nord_01", "nord_02"]
    assert [line.line for line in parse_accounts(text)] == [2, 4]


def test_a_quote_that_is_never_closed_spoils_its_own_line_only() -> None:
    lines = parse_accounts('username,password\nnord_01,"open\nnord_02,pw\nnord_03,pw')

    assert [bool(line.trouble) for line in lines] == [True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "nord_01:hunter2hunter2:not-base32-0189",
        "nord 01:hunter2hunter2",
        "nord_01:hunter2hunter2:x:y:z:w",
        "username,password,email\nnord_01,hunter2hunter2,nomail",
        "username,password\nnord_01,hunter2hunter2,more",
        "username,password,proxy\nnord_01,pw,u:hunter2hunter2@host",
    ],
)
def test_a_bad_line_says_why_and_never_a_secret(text: str) -> None:
    (line,) = parse_accounts(text)

    assert line.trouble
    assert "hunter2" not in line.trouble


@pytest.mark.parametrize("column", ["device_id", "cookies", "sessionid", "android_id", "user_agent", "Authorization"])
def test_a_column_of_foreign_sessions_refuses_the_file(column: str) -> None:
    with pytest.raises(Invalid, match="not accepted"):
        parse_accounts(f"username,password,{column}\nnord_01,pw,x")


@pytest.mark.parametrize(
    "line",
    [
        "nord_01:pw:android-0123456789abcdef",
        "nord_01:pw|Bearer IGT:2:abc",
        "nord_01:pw:Instagram 300.0.0.29 Android:x:y:6f1d0f3a-7c1e-4b57-9a57-0a5b8f2b1c11",
    ],
)
def test_a_line_with_a_foreign_session_is_refused(line: str) -> None:
    (read,) = parse_accounts(line)

    assert "not accepted" in read.trouble


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(Invalid, match="'shoe'"):
        parse_accounts("username,password,shoe\nnord_01,pw,44")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"username\xff,password", b"a\x00b:c"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        parse_accounts(decoded(content))


def test_a_file_beyond_the_limits_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_accounts("a:b\n" * (source.MAX_ROWS + 1))
    with pytest.raises(TooLarge):
        decoded(b"x" * (source.MAX_BYTES + 1))


_SECRETS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40)


@given(st.lists(st.tuples(st.from_regex(r"[a-z0-9._]{1,30}", fullmatch=True), _SECRETS), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("username", "password"), *rows])

    read = parse_accounts(out.getvalue())

    assert [(line.username, line.fields["password"]) for line in read] == rows


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_as_a_whole(text: str) -> None:
    try:
        lines = parse_accounts(text)
    except Invalid:
        return

    assert all(line.trouble or line.username for line in lines)
