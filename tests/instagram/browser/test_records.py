"""What counts as a byte of the request."""

import pytest

from igfleet.instagram.adapters.browser.records import Records

HELLO = b"\x16\x03\x01\x00\x04abcd"
CHANGE = b"\x14\x03\x03\x00\x01\x01"
DATA = b"\x17\x03\x03\x00\x02hi"


@pytest.mark.parametrize(
    ("sent", "has_data"), [(b"", False), (HELLO, False), (HELLO + CHANGE, False), (HELLO + DATA, True)]
)
def test_only_a_record_of_the_application_is_data(sent: bytes, has_data: bool) -> None:
    records = Records()

    records.feed(sent)

    assert records.has_data is has_data


def test_records_are_followed_however_the_bytes_are_cut() -> None:
    records = Records()

    for byte in HELLO + CHANGE:
        records.feed(bytes([byte]))
        assert not records.has_data
    records.feed(DATA[:1])

    assert records.has_data


def test_what_looks_like_data_inside_a_handshake_is_none() -> None:
    records = Records()

    records.feed(b"\x16\x03\x01\x00\x03\x17\x17\x17")

    assert not records.has_data
