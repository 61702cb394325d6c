"""Follows the TLS records that leave on one connection."""

_HEADER_BYTES = 5
_HANDSHAKES = frozenset({20, 21, 22})
"""Change of cipher, alert, handshake in the clear."""


class Records:
    """Tells whether any record of the application may have left.

    The end of a TLS 1.3 handshake looks like one, so a broken handshake may count as data: never the other way round.
    """

    def __init__(self) -> None:
        self.has_data = False
        self._header = b""
        self._left = 0

    def feed(self, data: bytes) -> None:
        """The next bytes that are about to leave."""
        while data and not self.has_data:
            if self._left:
                skipped = min(self._left, len(data))
                self._left, data = self._left - skipped, data[skipped:]
                continue
            wanted = _HEADER_BYTES - len(self._header)
            self._header, data = self._header + data[:wanted], data[wanted:]
            self.has_data = self._header[0] not in _HANDSHAKES
            if len(self._header) == _HEADER_BYTES:
                self._left, self._header = int.from_bytes(self._header[3:]), b""
