"""CSV cells that know where they stand, which the standard library's reader does not tell."""

from dataclasses import dataclass

from igfleet.runners.caption_errors import CaptionError

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and the place of its first character, from 1."""

    line: int
    column: int
    text: str


def cells(text: str) -> list[list[Cell]]:
    """The records of a CSV text; empty lines are left out. The first line decides between comma, semicolon and tab."""
    first = text.partition("\n")[0]
    return _Reader(text, max(_DELIMITERS, key=first.count)).records()


class _Reader:
    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._at = 0
        self._line = 1
        self._line_start = 0

    def records(self) -> list[list[Cell]]:
        records = []
        while self._at < len(self._text):
            record = self._record()
            if len(record) > 1 or record[0].text.strip():
                records.append(record)
        return records

    def _record(self) -> list[Cell]:
        record = [self._cell()]
        while self._at < len(self._text) and self._text[self._at] == self._delimiter:
            self._at += 1
            record.append(self._cell())
        if self._at < len(self._text):
            self._newline()
        return record

    def _cell(self) -> Cell:
        line, column = self._line, self._column
        if self._at < len(self._text) and self._text[self._at] == '"':
            return Cell(line, column, self._quoted(line, column))
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in (self._delimiter, "\n"):
            self._at += 1
        return Cell(line, column, self._text[start : self._at])

    def _quoted(self, line: int, column: int) -> str:
        parts: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "\n":
                self._newline()
            else:
                self._at += 1
            if character == '"':
                if self._text[self._at : self._at + 1] != '"':
                    self._expect_end()
                    return "".join(parts)
                self._at += 1
            parts.append(character)
        raise CaptionError(line, column, "This quote is never closed")

    def _expect_end(self) -> None:
        if self._at < len(self._text) and self._text[self._at] not in (self._delimiter, "\n"):
            raise CaptionError(
                self._line, self._column, 'Text after a closing quote: write a quote inside quotes as ""'
            )

    @property
    def _column(self) -> int:
        return self._at - self._line_start + 1

    def _newline(self) -> None:
        self._at += 1
        self._line += 1
        self._line_start = self._at
